import type { DeviceKind } from '../sessions/principal.ts';

/**
 * What ends access, in SQL: three statements in the same words and of the same pieces. Each reads what is *asked* from one
 * JSON array ($1), so that one row and ten thousand are the same text, and what is asked of it has a name, not a number.
 *
 * endPeople   bumps people's generations: `waiting` for the rows that others hold, or `skipping` them
 * endOrg      bumps an org's
 * endRows     ends some sessions and grants, with no generation moved: a device, or an IdP's session
 */

/** Sessions, and as many grants, of a person that are tombstoned at once. The rest is as dead; a job explains and counts it. */
export const mostAtOnce = 100;

export type Table = `${DeviceKind}s`;
const tables = ['sessions', 'grants'] as const;

// Who asks, and why: written into the revocation and its audit event.
const by = `revocation text, event text, org text, initiator "Initiator", asked jsonb, reason text, reason_for_person text,
            actor_type text, actor_id text, ip text, request_id text`;

const asked = (members: string, condition = '') => `
  asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1) AS asked (n bigint, ${by}, ${members})${condition}
  )`;

// Rows of many callers stand in one statement: whatever somebody else holds (a `jti` that is being spent) breaks it off soon,
// and each row is asked alone.
const neverWaitLong = `
    WHERE set_config('lock_timeout', '20ms', true) IS NOT NULL`;

const once = 'once_kind text, once_id text, once_until timestamptz';

/** A revoked session's data and ID token are of no more use to anybody. */
export const erased = (table: Table) => (table === 'sessions' ? ", data = '{}', id_token = NULL" : '');

const tombstone = (table: Table) => `revoked_at = ended.revoked_at, revocation_id = ended.revocation${erased(table)}`;

// One clock, the database's. What waited for a lock is in it, what Node and the network took isn't.
const duration = 'extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000';

/** Of `done`, whose rows have what is written; those without a revocation are in the audit trail alone. */
const record = `
  recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, reason, reason_for_person, caller_id, request_id,
                             sessions_ended, grants_ended, user_generation, org_generation, tombstones_pending, created_at,
                             duration_ms)
    SELECT org, revocation, user_id, initiator, asked, reason, reason_for_person,
           CASE WHEN actor_type IN ('api_key', 'connection') THEN actor_id END, request_id,
           sessions, grants, user_generation, org_generation, more, revoked_at, ${duration}
    FROM done WHERE revocation IS NOT NULL
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT org, event, action, actor_type, actor_id, CASE WHEN target IS NOT NULL THEN target_type END, target, ip, request_id,
           jsonb_build_object('revocation', revocation) || detail
    FROM done
  )`;

// Whom the names of a row mean: every name that was given, and only whom the connection that asks reaches. Looked up row by
// row: PostgreSQL would guess at a hundred rows, and read the whole table where it is small.
const named = `
      SELECT u.id FROM unnest(a.user_ids) AS given (id)
      JOIN users u ON u.org_id = a.org AND u.id = given.id AND u.deleted_at IS NULL
      UNION
      SELECT u.id FROM unnest(a.email_keys) AS given (email_key)
      JOIN users u ON u.org_id = a.org AND u.email_key = given.email_key
      UNION
      SELECT i.user_id FROM unnest(a.issuers, a.subjects) AS given (issuer, subject)
      JOIN connections c ON c.org_id = a.org AND (c.issuer = given.issuer OR given.issuer = ANY (c.accepted_issuers))
        AND (a.reach IS NULL OR c.id = a.reach)
      JOIN identities i ON i.org_id = a.org AND i.connection_id = c.id AND i.subject = given.subject
        AND (i.issuer = c.issuer OR i.issuer = ANY (c.accepted_issuers))`;

const reached = `
        EXISTS (SELECT FROM identities i WHERE i.org_id = a.org AND i.connection_id = a.reach AND i.user_id = named.id)
        OR EXISTS (SELECT FROM users u JOIN domains d ON d.org_id = a.org AND d.domain = substring(u.email_key FROM '[^@]*$')
                   WHERE u.org_id = a.org AND u.id = named.id AND d.verified_at IS NOT NULL AND d.connection_id = a.reach)`;

/**
 * Ends the access of people, each row's own. Columns of what it returns: `revocation`, `result`, `user_id`, `sessions`,
 * `grants`, `more`. Nobody is locked twice: of two rows for one person the second is `behind`, and is to be asked again.
 *
 * - A row goes on only if exactly one person is meant.
 * - People are locked first, in the order of their keys (two lists never wait for each other); `skipping` leaves out whom
 *   somebody else holds (`held`).
 * - What may be used `once` is spent behind the lock, by rows that get a final answer, and of two that bring the same one is
 *   done: the other is a replay, whoever it names.
 * - `revoked_xid` is compared with the snapshot that a sign-in seals at its start, so that one under way cannot complete.
 * - What an org-wide sign-out ended before is left to it, and a sign-in that committed while this waited for the person's row
 *   is dead by its generation without a tombstone.
 * - No two steps are joined but by FULL JOIN, which is always hashed: PostgreSQL takes a few people for granted, and would
 *   compare every row with every other (10,000: 9 s in place of 1).
 */
const endPeople = (way: 'waiting' | 'skipping') => `
  WITH ${asked(
    `user_ids text[], email_keys text[], issuers text[], subjects text[], reach text, ${once}${
      way === 'waiting'
        ? ', deactivate boolean, keep_session text, keep_grant text, new_email text, new_email_key text, new_user_name text, new_user_name_key text'
        : ''
    }`,
    way === 'skipping' ? neverWaitLong : '',
  )}, target AS MATERIALIZED (
    SELECT a.*, m.matched, m.user_id,
           row_number() OVER (PARTITION BY a.org, CASE WHEN m.matched = 1 THEN m.user_id END ORDER BY a.n) AS turn
    FROM asked a CROSS JOIN LATERAL (
      SELECT count(*) AS matched, min(id) AS user_id FROM (${named}
      ) named WHERE CASE WHEN a.reach IS NULL THEN true ELSE ${reached} END
    ) m
  ), locked AS MATERIALIZED (
    SELECT t.* FROM target t JOIN users u ON u.org_id = t.org AND u.id = t.user_id
    WHERE t.matched = 1 AND t.turn = 1
    ${way === 'waiting' ? 'ORDER BY t.org, t.user_id ' : ''}FOR NO KEY UPDATE OF u${way === 'skipping' ? ' SKIP LOCKED' : ''}
  ), final AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY org, once_kind, once_id ORDER BY n) AS claim
    FROM (SELECT * FROM target WHERE matched <> 1 UNION ALL SELECT * FROM locked) either
  ), spent_now AS (
    INSERT INTO spent (org_id, kind, id, expires_at)
    SELECT org, once_kind, once_id, once_until FROM final WHERE once_id IS NOT NULL AND claim = 1
    ORDER BY org, once_kind, once_id
    ON CONFLICT DO NOTHING
    RETURNING org_id, kind, id
  ), judged AS MATERIALIZED (
    SELECT *, once_id IS NULL OR (claim = 1 AND (org, once_kind, once_id) IN (SELECT org_id, kind, id FROM spent_now)) AS fresh
    FROM final
  ), bumped AS (
    UPDATE users u SET generation = u.generation + 1, revoked_at = clock_timestamp(), revoked_xid = pg_current_xact_id(),
                       last_revocation_id = a.revocation${way === 'waiting' ? switchedOff + renamed : ''}
    FROM judged a, orgs o
    WHERE a.fresh AND a.matched = 1 AND u.org_id = a.org AND u.id = a.user_id AND o.id = a.org
    RETURNING a.*, o AS of_org, u.revoked_at, u.generation, o.generation AS org_generation
  ), ${way === 'waiting' ? tables.map(keepOfPerson).join('') : ''}${tables.map((table) => endOfPerson(table, way)).join(',')},
  counted AS (
    SELECT revocation AS of, count(*) FILTER (WHERE step = 'sessions' AND was_live) AS sessions,
           count(*) FILTER (WHERE step = 'grants' AND was_live) AS grants,
           count(*) FILTER (WHERE step = 'found sessions') > ${mostAtOnce} OR count(*) FILTER (WHERE step = 'found grants') > ${mostAtOnce}
           ${way === 'skipping' ? "OR count(*) FILTER (WHERE step LIKE 'found %') > count(*) FILTER (WHERE step NOT LIKE 'found %')" : ''} AS more
    FROM (${tables
      .map(
        (table) => `
      SELECT revocation, '${table}' AS step, was_live FROM ended_${table}
      UNION ALL SELECT revocation, 'found ${table}', NULL FROM found_${table}`,
      )
      .join(' UNION ALL ')}
    ) steps GROUP BY revocation
  ), done AS MATERIALIZED (
    SELECT org, revocation, event, user_id, initiator, asked, reason, reason_for_person, actor_type, actor_id, ip, request_id,
           coalesce(sessions, 0) AS sessions, coalesce(grants, 0) AS grants, coalesce(more, false) AS more,
           generation AS user_generation, NULL::int AS org_generation, revoked_at,
           ${way === 'waiting' ? "CASE WHEN deactivate THEN 'user.deactivated' ELSE 'access.revoked' END" : "'access.revoked'"} AS action, 'user' AS target_type, user_id AS target,
           jsonb_build_object('initiator', initiator, 'sessionsEnded', coalesce(sessions, 0), 'grantsEnded', coalesce(grants, 0),
                              'more', coalesce(more, false)) AS detail
    FROM bumped FULL JOIN counted ON of = revocation
  ), ${record}
  SELECT revocation, 'revoked' AS result, user_id, sessions::int, grants::int, more FROM done
  UNION ALL
  SELECT revocation, CASE WHEN NOT fresh THEN 'replayed' WHEN matched = 0 THEN 'unknown' ELSE 'ambiguous' END, NULL, 0, 0, false
  FROM judged WHERE NOT fresh OR matched <> 1
  UNION ALL
  SELECT revocation, CASE WHEN turn > 1 THEN 'behind' ELSE 'held' END, user_id, 0, 0, false
  FROM target WHERE matched = 1 AND revocation NOT IN (SELECT revocation FROM locked)`;

const switchedOff = ', active = u.active AND a.deactivate IS NOT TRUE';

const renamed = `,
      ${['email', 'email_key']
        .map((column) => `${column} = coalesce(a.new_${column}, u.${column})`)
        .concat(
          ['user_name', 'user_name_key'].map(
            (column) => `${column} = CASE WHEN a.new_email_key IS NULL THEN u.${column} ELSE a.new_${column} END`,
          ),
        )
        .join(', ')},
      updated_at = CASE WHEN a.new_email_key IS NULL THEN u.updated_at ELSE clock_timestamp() END`;

// From exactly the generation before, and only while it is alive: a revocation at the same time, the person's or the org's, wins.
const keepOfPerson = (table: Table) => `kept_${table} AS (
    UPDATE ${table} k SET user_generation = b.generation FROM bumped b
    WHERE k.org_id = b.org AND k.id = b.keep_${table.slice(0, -1)} AND k.user_id = b.user_id AND k.user_generation = b.generation - 1
      AND k.org_generation = b.org_generation AND k.revoked_at IS NULL AND k.ended_at IS NULL AND in_time(k, b.of_org, now())
  ), `;

const endOfPerson = (table: Table, way: 'waiting' | 'skipping') => `
  found_${table} AS (
    SELECT b.org, b.revocation, b.revoked_at, b.generation, b.of_org, d.id
    FROM bumped b, LATERAL (
      SELECT d.id FROM ${table} d
      WHERE d.org_id = b.org AND d.user_id = b.user_id AND d.revoked_at IS NULL AND d.ended_at IS NULL
        AND d.org_generation = b.org_generation${way === 'waiting' ? ` AND d.id IS DISTINCT FROM b.keep_${table.slice(0, -1)}` : ''}
      LIMIT ${mostAtOnce + 1}
    ) d
  ), ${
    way === 'skipping'
      ? `free_${table} AS (
    SELECT f.* FROM found_${table} f JOIN ${table} d ON d.org_id = f.org AND d.id = f.id FOR NO KEY UPDATE OF d SKIP LOCKED
  ), `
      : ''
  }ended_${table} AS (
    UPDATE ${table} d SET ${tombstone(table)}
    FROM ${way === 'skipping' ? 'free' : 'found'}_${table} ended
    WHERE d.org_id = ended.org AND d.id = ended.id AND d.revoked_at IS NULL AND d.ended_at IS NULL
    RETURNING ended.revocation, d.user_generation = ended.generation - 1 AND in_time(d, ended.of_org, now()) AS was_live
  )`;

export const endPeopleSql = { waiting: endPeople('waiting'), skipping: endPeople('skipping') };

// From exactly the org's generation before, and only while it is alive: another org-wide sign-out, or a revocation of the
// person, at the same time wins.
const keepOfOrg = (table: Table) => `kept_${table} AS (
    UPDATE ${table} k SET org_generation = b.org_generation FROM bumped b
    WHERE k.org_id = b.org AND k.id = b.keep_${table.slice(0, -1)} AND k.org_generation = b.org_generation - 1
      AND k.revoked_at IS NULL AND k.ended_at IS NULL AND in_time(k, b.of_org, now())
  ), `;

/** Ends the access of everyone in an org: one bump, however many they are. A job writes the tombstones, and nobody counts. */
export const endOrgSql = `
  WITH ${asked('keep_session text, keep_grant text')}, bumped AS (
    UPDATE orgs o SET generation = o.generation + 1, revoked_at = clock_timestamp(), revoked_xid = pg_current_xact_id(),
                      last_revocation_id = a.revocation
    FROM asked a WHERE o.id = a.org
    RETURNING a.*, o AS of_org, o.revoked_at, o.generation AS org_generation
  ), ${tables.map(keepOfOrg).join('')}done AS (
    SELECT *, NULL AS user_id, NULL::int AS sessions, NULL::int AS grants, NULL::int AS user_generation, true AS more,
           'access.revoked_for_everyone' AS action, 'org' AS target_type, org AS target,
           jsonb_build_object('initiator', initiator) AS detail
    FROM bumped
  ), ${record}
  SELECT revocation FROM done`;

// What a revocation of the person or an org-wide sign-out has ended is left to it. The row's own tombstones are compared beside
// all else: of two endings at the same time the second sees the first's row, but not its snapshot.
const endRows = (table: Table) => `
  ended_${table} AS (
    UPDATE ${table} d SET ${tombstone(table)}
    FROM people ended, users u, orgs o
    WHERE d.org_id = ended.org AND d.user_id = ended.user_id
      AND (d.id = ended.device
           OR (d.connection_id = ended.connection AND (d.idp_sid = ended.idp_sid OR (ended.named AND d.idp_sid IS NULL))))
      AND u.org_id = d.org_id AND u.id = d.user_id AND u.active AND u.generation = d.user_generation
      AND o.id = d.org_id AND o.generation = d.org_generation
      AND d.revoked_at IS NULL AND d.ended_at IS NULL AND in_time(d, o, now())
    RETURNING ended.revocation, d.id
  )`;

/**
 * Ends some rows, and moves no generation: one session or grant of a person (`person`, `device`), or what was born of one
 * session at an IdP (`connection`, `idp_sid`), which is then remembered for a day. Whom anything ended for gets a revocation
 * and an event of their own (nearly always that is one person; the ids of further ones are numbered), for a revocation without a
 * user would read as the whole org's. Where no IdP's session ended anything there is the event alone.
 * Returns no row for what was spent before, else how many `sessions` and `grants` ended.
 */
export const endRowsSql = `
  WITH ${asked(`person text, device text, connection text, idp_sid text, issuer text, subject text, ${once}`)}, spent_now AS (
    INSERT INTO spent (org_id, kind, id, expires_at)
    SELECT org, once_kind, once_id, once_until FROM asked WHERE once_id IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING org_id, kind, id
  ), fresh AS MATERIALIZED (
    SELECT * FROM asked
    WHERE once_id IS NULL OR (org, once_kind, once_id) IN (SELECT org_id, kind, id FROM spent_now)
  ), remembered AS (
    INSERT INTO spent AS s (org_id, kind, id, expires_at)
    SELECT org, 'idp_session', connection || ' ' || idp_sid, now() + interval '1 day' FROM fresh WHERE idp_sid IS NOT NULL
    ON CONFLICT (org_id, kind, id) DO UPDATE SET expires_at = greatest(s.expires_at, excluded.expires_at)
    RETURNING 1
  ), people AS MATERIALIZED (
    SELECT f.org, f.device, f.connection, f.idp_sid, concerned.user_id, concerned.named, clock_timestamp() AS revoked_at,
           concat(f.revocation, '_' || nullif(row_number() OVER numbered, 1)) AS revocation,
           concat(f.event, '_' || nullif(row_number() OVER numbered, 1)) AS event
    FROM fresh f CROSS JOIN LATERAL (
      SELECT user_id, bool_or(named) AS named FROM (
        SELECT f.person AS user_id, false AS named WHERE f.device IS NOT NULL
        UNION ALL
        SELECT user_id, false FROM sessions WHERE org_id = f.org AND connection_id = f.connection AND idp_sid = f.idp_sid
        UNION ALL
        SELECT user_id, false FROM grants WHERE org_id = f.org AND connection_id = f.connection AND idp_sid = f.idp_sid
        UNION ALL
        SELECT i.user_id, true FROM connections c
        JOIN identities i ON i.org_id = f.org AND i.connection_id = c.id AND i.subject = f.subject
          AND (i.issuer = c.issuer OR i.issuer = ANY (c.accepted_issuers))
        WHERE c.org_id = f.org AND c.id = f.connection AND (c.issuer = f.issuer OR f.issuer = ANY (c.accepted_issuers))
      ) either GROUP BY user_id
    ) concerned
    WINDOW numbered AS (PARTITION BY f.revocation ORDER BY concerned.user_id)
  ), ${tables.map(endRows).join(',')}, counted AS (
    SELECT revocation AS of, count(*) FILTER (WHERE type = 'session') AS sessions, count(*) FILTER (WHERE type = 'grant') AS grants,
           min(type) AS type
    FROM (SELECT revocation, 'session' AS type FROM ended_sessions UNION ALL SELECT revocation, 'grant' FROM ended_grants) rows
    GROUP BY revocation
  ), done AS MATERIALIZED (
    SELECT f.org, p.revocation, coalesce(p.event, f.event) AS event, p.user_id, f.initiator, f.asked, f.reason, f.reason_for_person, f.actor_type, f.actor_id,
           f.ip, f.request_id, coalesce(sessions, 0) AS sessions, coalesce(grants, 0) AS grants, false AS more,
           NULL::int AS user_generation, NULL::int AS org_generation, p.revoked_at,
           CASE WHEN f.device IS NULL THEN 'idp_session.ended' ELSE 'access.revoked' END AS action,
           'user' AS target_type, p.user_id AS target,
           CASE WHEN f.device IS NULL THEN jsonb_build_object('connection', f.connection)
                ELSE jsonb_build_object('initiator', f.initiator, type, f.device) END
           || jsonb_build_object('sessionsEnded', coalesce(sessions, 0), 'grantsEnded', coalesce(grants, 0)) AS detail
    FROM fresh f
    LEFT JOIN (people p JOIN counted ON of = p.revocation) ON true
    WHERE of IS NOT NULL OR f.idp_sid IS NOT NULL
  ), ${record}
  SELECT coalesce(sum(sessions), 0)::int AS sessions, coalesce(sum(grants), 0)::int AS grants
  FROM fresh LEFT JOIN done ON true HAVING count(fresh.org) > 0`;
