import type { Pool } from 'pg';

/** A connection that is set to `verified`, and whose IdP doesn't tell `auth_time`. */
const withoutReturn = `c.active AND c.reauthentication = 'verified' AND NOT c.tells_auth_time`;

/**
 * Names of the org's connections through which nobody can sign in again after a revocation. With
 * `userIds` only those by which one of these people signs in.
 */
export async function connectionsWithoutReturn(
  pool: Pool,
  orgId: string,
  userIds: readonly string[] | null,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>({
    name: 'connections-without-return',
    text: `SELECT c.name FROM connections c
           WHERE c.org_id = $1 AND ${withoutReturn}
             AND ($2::text[] IS NULL OR EXISTS (
               SELECT FROM identities i
               WHERE i.org_id = c.org_id AND i.connection_id = c.id AND i.user_id = ANY ($2::text[])))
           ORDER BY c.name, c.id`,
    values: [orgId, userIds],
  });
  return rows.map(({ name }) => name);
}

/** SQL: whether administrators were told within a day that this connection's IdP is such. */
export const toldOfAuthTime = (orgId: string, connectionId: string) =>
  `EXISTS (SELECT FROM audit_events e
           WHERE e.org_id = ${orgId} AND e.target_id = ${connectionId}
             AND e.action = 'connection.auth_time_missing' AND e.at > now() - interval '1 day')`;

/**
 * The same of one org, or of all, for whoever is about to end everybody's access: within a second,
 * for no warning is worth a delay. @throws Error when the time is up
 */
export async function connectionsWithoutReturnAtOnce(
  pool: Pool,
  orgId: string | null,
): Promise<readonly { name: string; slug: string }[]> {
  // The types don't know that a query may have a limit of its own.
  const query = {
    text: `SELECT c.name, o.slug FROM connections c JOIN orgs o ON o.id = c.org_id
           WHERE ($1::text IS NULL OR c.org_id = $1) AND ${withoutReturn}
           ORDER BY o.created_at, o.id, c.name, c.id`,
    values: [orgId],
    query_timeout: 1000,
  };
  return (await pool.query<{ name: string; slug: string }>(query)).rows;
}
