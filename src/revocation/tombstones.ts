import type { PoolClient } from 'pg';
import { erased } from '../sessions/session-end.ts';
import type { Table } from './statements.ts';

/**
 * Tombstones up to 5,000 sessions and as many grants of the oldest revocation that left some, so
 * that each row names the revocation that ended it. True while there may be more; a row that is
 * locked now waits for the next round.
 */
export async function writeTombstones(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ org_id: string; id: string; user_id: string | null }>(
    `SELECT org_id, id, user_id FROM revocations WHERE tombstones_pending ORDER BY created_at LIMIT 1`,
  );
  const revocation = rows[0];
  if (!revocation) return false;
  const values = [revocation.org_id, revocation.id];
  const dead = revocation.user_id === null ? deadOfOrg : deadOfUser;
  const sessions = await client.query(tombstonesOf('sessions', dead), values);
  const grants = await client.query(tombstonesOf('grants', dead), values);
  if (sessions.rows[0].dead || grants.rows[0].dead) return true;
  const done = await client.query(
    `UPDATE revocations r SET tombstones_pending = false
     WHERE r.org_id = $1 AND r.id = $2
       AND NOT EXISTS (SELECT FROM sessions d WHERE ${dead}) AND NOT EXISTS (SELECT FROM grants d WHERE ${dead})`,
    values,
  );
  return (done.rowCount ?? 0) > 0;
}

const deadOfOrg = `d.org_id = r.org_id AND d.revoked_at IS NULL AND d.ended_at IS NULL AND d.org_generation < r.org_generation`;
const deadOfUser = `d.org_id = r.org_id AND d.user_id = r.user_id AND d.revoked_at IS NULL AND d.ended_at IS NULL
  AND d.user_generation < r.user_generation`;

// The rows of a user are counted, too; nobody counts those of an org.
const tombstonesOf = (table: Table, dead: string) => `
  WITH dead AS (
    SELECT d.org_id, d.id FROM revocations r, ${table} d
    WHERE r.org_id = $1 AND r.id = $2 AND ${dead}
    LIMIT 5000 FOR NO KEY UPDATE OF d SKIP LOCKED
  ), tombstoned AS (
    UPDATE ${table} d SET revoked_at = r.created_at, revocation_id = r.id${erased(table)}
    FROM dead, revocations r, orgs o
    WHERE d.org_id = dead.org_id AND d.id = dead.id AND r.org_id = $1 AND r.id = $2 AND o.id = r.org_id
    RETURNING d.user_generation = r.user_generation - 1 AND in_time(d, o, r.created_at)
              AND (d.org_generation = o.generation OR o.revoked_at > r.created_at) AS was_live
  ), counted AS (
    UPDATE revocations SET ${table}_ended = ${table}_ended + (SELECT count(*) FILTER (WHERE was_live) FROM tombstoned)
    WHERE org_id = $1 AND id = $2 AND user_id IS NOT NULL
  )
  SELECT count(*)::int AS dead FROM tombstoned`;
