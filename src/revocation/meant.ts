// SQL that says whom an asked row means, for the statements that end access.

// The member `by` carries the values that are only written down: who asks, why, and the new ids.
// Each step of a statement costs by its number of columns, also where it has no rows.
export const asked = (members: string) =>
  `jsonb_to_recordset($1) AS asked (n bigint, org text, revocation text, by jsonb, ${members})`;

// Joins the `given` issuers and subjects to identities in the org of `row`, at connections that
// meet `condition`: a connection accepts several spellings of its issuer.
export const identities = (
  row: string,
  condition: string,
) => `JOIN connections c ON c.org_id = ${row}.org AND (${condition})
        AND (c.issuer = given.issuer OR given.issuer = ANY (c.accepted_issuers))
      JOIN identities i ON i.org_id = ${row}.org AND i.connection_id = c.id AND i.subject = given.subject
        AND (i.issuer = c.issuer OR i.issuer = ANY (c.accepted_issuers))`;

// The users whom any name of an asked row means. The look-up goes row by row: PostgreSQL would
// guess at a hundred rows, and read a small table as a whole.
const named = `
      SELECT u.id FROM unnest(asked.user_ids) AS given (id)
      JOIN users u ON u.org_id = asked.org AND u.id = given.id AND u.deleted_at IS NULL
      UNION
      SELECT meant.user_id FROM unnest(asked.email_keys) AS given (address)
      CROSS JOIN LATERAL named_by_address(asked.org, given.address, asked.reach) AS meant
      UNION
      SELECT i.user_id FROM unnest(asked.issuers, asked.subjects) AS given (issuer, subject)
      ${identities('asked', 'asked.reach IS NULL OR c.id = asked.reach')}`;

export const isSingle = 'cardinality(asked.user_ids) + cardinality(asked.email_keys) + cardinality(asked.subjects) = 1';

// Whether the asking connection reaches the user: one of its own people, or somebody whose names
// stand in a domain that it speaks for, or whom such an address alone names. It says IN for EXISTS:
// PostgreSQL may answer that one by a list of everybody in the org.
const reached = `
        asked.reach IN (SELECT i.connection_id FROM identities i
                        WHERE i.org_id = asked.org AND i.connection_id = asked.reach AND i.user_id = named.id)
        OR asked.reach IN (SELECT a.connection_id FROM users u JOIN authorities a ON a.org_id = asked.org
                             AND a.domain IN (split_part(u.email_key, '@', -1), split_part(u.user_name_key, '@', -1))
                           WHERE u.org_id = asked.org AND u.id = named.id)
        OR (${isSingle} AND asked.reach IN (
              SELECT a.connection_id FROM authorities a
              WHERE a.org_id = asked.org AND a.domain = split_part(asked.email_keys[1], '@', -1)))`;

// Users whom a row names, and whether the asking connection reaches each (`near`).
export const meant = `(
        SELECT named.id, CASE WHEN asked.reach IS NULL THEN true ELSE ${reached} END AS near FROM (${named}
        ) named
      ) each`;

// What a sign-in by these names is compared with (`released_names`). What a connection calls
// somebody counts for the sign-ins by this connection alone.
export const nobodys = `ARRAY(
               SELECT concat('at ' || asked.reach || ' ', 'email ', address) FROM unnest(asked.email_keys) AS given (address)
               UNION ALL
               SELECT 'subject ' || c.id || ' ' || given.subject FROM unnest(asked.issuers, asked.subjects) AS given (issuer, subject)
               JOIN connections c ON c.org_id = asked.org AND (asked.reach IS NULL OR c.id = asked.reach)
                 AND (c.issuer = given.issuer OR given.issuer = ANY (c.accepted_issuers)))`;

export const names = 'user_ids text[], email_keys text[], issuers text[], subjects text[], reach text';

/**
 * The people whom an asked row means, locked in the order of their ids. Returned columns: `id`, and
 * `bears`, whether the name is theirs on record.
 */
export const lockMeantSql = `
  SELECT u.id, u.email_key = ANY (email_keys) OR coalesce(u.user_name_key = ANY (email_keys), false) AS bears
  FROM (
    SELECT DISTINCT asked.org, asked.email_keys, each.id FROM ${asked(names)} CROSS JOIN LATERAL ${meant} WHERE near
  ) meant JOIN users u ON u.org_id = meant.org AND u.id = meant.id
  ORDER BY u.id FOR NO KEY UPDATE OF u`;
