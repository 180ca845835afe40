import type { Pool, PoolClient } from 'pg';
import { observed } from './observed.ts';
import {
  duration,
  mostAtOnce,
  type Revocation,
  type Revoked,
  recordValues,
  runStatement,
  tombstones,
} from './revoke-access.ts';

/**
 * `revokeAccess` for a list of users of one org by their ids, all or nothing in one statement; ids of nobody are left out of
 * what it returns. Rows are locked in the order of their ids, so that two lists never wait for each other.
 */
export async function revokeAccessOfMany(
  db: Pool | PoolClient,
  revocation: Revocation & Readonly<{ userIds: readonly string[] }>,
): Promise<readonly Revoked[]> {
  const query = {
    name: 'revoke-access-many',
    text: revokeManySql,
    values: [revocation.orgId, [...new Set(revocation.userIds)], ...recordValues(revocation, '').slice(2)],
  };
  const { rows } = await observed(
    db,
    revocation.initiator,
    () => runStatement(db, query),
    ({ rowCount }) => ({ result: 'revoked', times: rowCount ?? 0 }),
  );
  return rows;
}

/** Made in the statement, as `newId` makes them, of 122 random bits: nothing has to be matched with a list of them. */
const newIdSql = (prefix: 'rev' | 'evt') => `'${prefix}_' || replace(gen_random_uuid()::text, '-', '')`;

// PostgreSQL takes a few people for granted, and would compare every person with every other (10,000: 9 s instead of 1 or 2).
// So no two lists are joined; where counts are, by FULL JOIN, which says the same as LEFT here and is always hashed.
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
