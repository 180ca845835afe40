import type { Pool } from 'pg';
import { type AnswerRow, type AskedRow, endWaiting } from '../src/revocation/asked-rows.ts';
import { endPeopleSql } from '../src/revocation/statements.ts';

const mostAtOnce = 100;

/**
 * Today's statement, one for each request. As in the product, one that has waited 20 ms for a lock
 * (on a busy machine a table that grows is one) is asked again, and waits.
 */
export const createAlone = (pool: Pool) => ({
  async ask(row: AskedRow): Promise<readonly AnswerRow[]> {
    const values = [JSON.stringify([row])];
    const asked = pool.query<AnswerRow>({ name: 'end-people', text: endPeopleSql.skipping, values });
    return asked.then(
      ({ rows }) => rows,
      (error) => {
        if (error.code !== '55P03') throw error;
        return endWaiting(pool, [row]);
      },
    );
  },
});

/** The statement before 0.2.0, one for each request, as a comparison in the same run. */
export const createOldWay = (pool: Pool) => ({
  async ask(row: AskedRow): Promise<[AnswerRow]> {
    const { rows } = await pool.query({ name: 'revoke-access-plain', text: revokeUserSql, values: valuesOf(row) });
    const { user_id, sessions_ended: sessions, grants_ended: grants, tombstones_pending: more } = rows[0];
    return [{ revocation: row.revocation, result: user_id ? 'revoked' : 'unknown', user_id, sessions, grants, more }];
  },
  async endMany(orgId: string, userIds: readonly string[]): Promise<number> {
    const values = [orgId, userIds, 'operator', null, null, 'operator', null, null, null, null];
    const { rowCount } = await pool.query({ name: 'revoke-access-many', text: revokeManySql, values });
    return rowCount ?? 0;
  },
});

const valuesOf = ({ org, revocation, by, user_ids, email_keys, issuers, subjects, reach }: AskedRow) => [
  org,
  user_ids,
  email_keys,
  issuers,
  subjects,
  false,
  revocation,
  by.event,
  by.initiator,
  by.asked === undefined ? null : JSON.stringify(by.asked),
  by.reason ?? null,
  by.actor_type,
  by.actor_id,
  by.ip,
  by.request_id,
  by.reason_for_person ?? null,
  reach ?? null,
];

/** Two steps after `bumped`, the users: `found_…`, and `ended_…`, the tombstones themselves. */
const tombstones = (table: 'sessions' | 'grants') => `found_${table} AS (
    SELECT bumped.id AS user_id, bumped.revoked_at, bumped.revocation_id, bumped.last_generation, d.id
    FROM bumped, LATERAL (
      SELECT d.id FROM ${table} d
      WHERE d.org_id = $1 AND d.user_id = bumped.id AND d.revoked_at IS NULL AND d.ended_at IS NULL
        AND d.org_generation = bumped.org_generation
      LIMIT ${mostAtOnce + 1}
    ) d
  ), ended_${table} AS (
    UPDATE ${table} d SET revoked_at = f.revoked_at, revocation_id = f.revocation_id${table === 'sessions' ? ", data = '{}', id_token = NULL" : ''}
    FROM found_${table} f
    WHERE d.org_id = $1 AND d.id = f.id AND d.revoked_at IS NULL AND d.ended_at IS NULL
    RETURNING d.user_id, d.user_generation = f.last_generation AND d.expires_at > now() AND d.idle_expires_at > now() AS was_live
  )`;

const duration = 'extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000';

const revokeUserSql = `
  WITH named AS (
    SELECT u.id FROM users u WHERE u.org_id = $1 AND u.id = ANY ($2::text[]) AND u.deleted_at IS NULL
    UNION
    SELECT u.id FROM users u WHERE u.org_id = $1 AND u.email_key = ANY ($3::text[])
    UNION
    SELECT i.user_id FROM unnest($4::text[], $5::text[]) AS asked (issuer, subject)
    JOIN connections c ON c.org_id = $1 AND (c.issuer = asked.issuer OR asked.issuer = ANY (c.accepted_issuers))
      AND ($17::text IS NULL OR c.id = $17)
    JOIN identities i ON i.org_id = $1 AND i.connection_id = c.id AND i.subject = asked.subject
      AND (i.issuer = c.issuer OR i.issuer = ANY (c.accepted_issuers))
  ), target AS (
    SELECT n.id FROM named n
    WHERE CASE WHEN $17::text IS NULL THEN true ELSE
      EXISTS (SELECT FROM identities i WHERE i.org_id = $1 AND i.connection_id = $17 AND i.user_id = n.id)
      OR EXISTS (SELECT FROM users u JOIN domains d ON d.org_id = $1 AND d.domain = substring(u.email_key FROM '[^@]*$')
                 WHERE u.org_id = $1 AND u.id = n.id AND d.verified_at IS NOT NULL AND d.connection_id = $17) END
  ), bumped AS (
    UPDATE users u SET generation = u.generation + 1, active = u.active AND NOT $6, revoked_at = clock_timestamp(),
                       revoked_xid = pg_current_xact_id(), last_revocation_id = $7
    FROM target, orgs o
    WHERE u.org_id = $1 AND u.id = target.id AND (SELECT count(*) FROM target) = 1 AND o.id = $1
    RETURNING u.org_id, u.id, u.revoked_at, u.generation, u.generation - 1 AS last_generation,
              o.generation AS org_generation, $7 AS revocation_id
  ), ${tombstones('sessions')},
  ${tombstones('grants')},
  counted AS (
    SELECT (SELECT count(*) FILTER (WHERE was_live) FROM ended_sessions) AS sessions,
           (SELECT count(*) FILTER (WHERE was_live) FROM ended_grants) AS grants,
           greatest((SELECT count(*) FROM found_sessions), (SELECT count(*) FROM found_grants)) > ${mostAtOnce} AS more
  ), recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, reason, caller_id, sessions_ended, grants_ended,
                             request_id, reason_for_person, user_generation, tombstones_pending, created_at, duration_ms)
    SELECT org_id, $7, id, $9::"Initiator", $10::jsonb, $11, CASE WHEN $12 IN ('api_key', 'connection') THEN $13 END,
           sessions, grants, $15, $16, generation, more, revoked_at, ${duration}
    FROM bumped, counted
    RETURNING org_id, id, user_id, sessions_ended, grants_ended, tombstones_pending
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT org_id, $8, CASE WHEN $6 THEN 'user.deactivated' ELSE 'access.revoked' END, $12, $13, 'user', user_id, $14, $15,
           jsonb_build_object('revocation', id, 'initiator', $9::text, 'sessionsEnded', sessions_ended,
                              'grantsEnded', grants_ended, 'more', tombstones_pending)
    FROM recorded
  )
  SELECT true AS fresh, (SELECT count(*)::int FROM target) AS matched,
         recorded.user_id, recorded.sessions_ended, recorded.grants_ended, recorded.tombstones_pending
  FROM (VALUES (1)) AS always (row) LEFT JOIN recorded ON true`;

/**
 * Ids like those of `newId`, of 122 random bits, made in the statement: no list has to be joined.
 */
const newIdSql = (prefix: 'rev' | 'evt') => `'${prefix}_' || replace(gen_random_uuid()::text, '-', '')`;

// PostgreSQL estimates a few people, and would compare every person with every other (10,000: 9 s
// instead of 1 or 2). So no two lists are joined; counts are, by FULL JOIN, which equals LEFT here
// and is always hashed.
const revokeManySql = `
  WITH locked AS (
    SELECT u.id FROM users u WHERE u.org_id = $1 AND u.id = ANY ($2) AND u.deleted_at IS NULL ORDER BY u.id FOR NO KEY UPDATE
  ), bumped AS (
    UPDATE users u SET generation = u.generation + 1, revoked_at = clock_timestamp(), revoked_xid = pg_current_xact_id(),
                       last_revocation_id = ${newIdSql('rev')}
    FROM locked, orgs o
    WHERE u.org_id = $1 AND u.id = locked.id AND o.id = $1
    RETURNING u.org_id, u.id, u.revoked_at, u.generation, u.generation - 1 AS last_generation, o.generation AS org_generation,
              u.last_revocation_id AS revocation_id
  ), ${tombstones('sessions')},
  ${tombstones('grants')},
  counted AS (
    SELECT b.*, coalesce(s.ended, 0) AS sessions, coalesce(g.ended, 0) AS grants,
           coalesce(greatest(s.found, g.found) > ${mostAtOnce}, false) AS more
    FROM bumped b
    FULL JOIN (SELECT user_id, count(*) FILTER (WHERE was_live) AS ended, count(*) AS found
               FROM ended_sessions GROUP BY user_id) s ON s.user_id = b.id
    FULL JOIN (SELECT user_id, count(*) FILTER (WHERE was_live) AS ended, count(*) AS found
               FROM ended_grants GROUP BY user_id) g ON g.user_id = b.id
  ), recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, reason, caller_id, sessions_ended, grants_ended,
                             request_id, reason_for_person, user_generation, tombstones_pending, created_at, duration_ms)
    SELECT org_id, revocation_id, id, $3::"Initiator", $4::jsonb, $5, CASE WHEN $6 IN ('api_key', 'connection') THEN $7 END,
           sessions, grants, $9, $10, generation, more, revoked_at, ${duration}
    FROM counted
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT org_id, ${newIdSql('evt')}, 'access.revoked', $6, $7, 'user', id, $8, $9,
           jsonb_build_object('revocation', revocation_id, 'initiator', $3::text, 'sessionsEnded', sessions, 'grantsEnded', grants,
                              'more', more)
    FROM counted
  )
  SELECT revocation_id AS "revocationId", id AS "userId", sessions::int AS "sessionsEnded", grants::int AS "grantsEnded",
         more
  FROM counted ORDER BY id`;
