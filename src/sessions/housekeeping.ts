import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { transaction } from '../database/pool.ts';

/** A fixed number for the advisory lock: one node cleans at a time. */
const cleaningLock = 7_262_001;

/** Does a part of a chore within the transaction of `client`; true while there may be more to do. */
export type Batch = (client: PoolClient) => Promise<boolean>;

/**
 * Work that the promise does not rest on, done by one node at a time, every `intervalMs`: writes the tombstones that an
 * org-wide sign-out left, in batches, and sweeps rows that no one needs, then does other rooms' `chores`. `stop` waits for the
 * batch under way.
 */
export function startHousekeeping(deps: { pool: Pool; log: Logger; chores?: readonly Batch[]; intervalMs?: number }) {
  let running: Promise<unknown> | null = null;
  let stopped = false;
  const run = () => {
    running ??= clean(deps.pool, () => stopped, deps.chores)
      .catch((error) => deps.log.warn({ err: error }, 'housekeeping failed; it will be tried again'))
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(run, deps.intervalMs ?? 5_000);
  timer.unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * One round of cleaning: each batch in a transaction of its own, so that no lock is held for long. False if it was cut
 * short: by `stopped`, or because another node is cleaning.
 */
export async function clean(
  pool: Pool,
  stopped: () => boolean = () => false,
  chores: readonly Batch[] = [],
): Promise<boolean> {
  for (const batch of [writeTombstones, sweepSessions, sweepGrants, sweepTokens, sweepSpent, ...chores]) {
    for (let state = 'more'; state === 'more'; ) {
      if (stopped()) return false;
      state = await inTurn(pool, batch);
      if (state === 'taken') return false;
    }
  }
  return true;
}

/** Runs one batch unless another node is cleaning. The lock is the transaction's, which also holds behind a pooler. */
function inTurn(pool: Pool, batch: Batch): Promise<'more' | 'done' | 'taken'> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_try_advisory_xact_lock($1) AS locked', [cleaningLock]);
    if (!rows[0].locked) return 'taken';
    return (await batch(client)) ? 'more' : 'done';
  });
}

/**
 * Tombstones up to 5,000 sessions and as many grants of one revocation that left some, the oldest first, so that each is told
 * of the one that ended it. True while there may be more; a row that is locked now is left for the next round.
 */
async function writeTombstones(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT org_id, id, user_id FROM revocations WHERE tombstones_pending ORDER BY created_at LIMIT 1`,
  );
  const revocation = rows[0];
  if (!revocation) return false;
  const values = [revocation.org_id, revocation.id];
  const dead = revocation.user_id === null ? deadOfOrg : deadOfUser;
  const sessions = await client.query(tombstonesOf('sessions', ", data = '{}', id_token = NULL", dead), values);
  const grants = await client.query(tombstonesOf('grants', '', dead), values);
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

// A user's are counted, too: of an org nobody counts.
const tombstonesOf = (table: 'sessions' | 'grants', erased: string, dead: string) => `
  WITH dead AS (
    SELECT d.org_id, d.id FROM revocations r, ${table} d
    WHERE r.org_id = $1 AND r.id = $2 AND ${dead}
    LIMIT 5000 FOR NO KEY UPDATE OF d SKIP LOCKED
  ), tombstoned AS (
    UPDATE ${table} d SET revoked_at = r.created_at, revocation_id = r.id${erased}
    FROM dead, revocations r
    WHERE d.org_id = dead.org_id AND d.id = dead.id AND r.org_id = $1 AND r.id = $2
    RETURNING d.user_generation = r.user_generation - 1 AND d.expires_at > r.created_at AND d.idle_expires_at > r.created_at AS was_live
  ), counted AS (
    UPDATE revocations SET ${table}_ended = ${table}_ended + (SELECT count(*) FILTER (WHERE was_live) FROM tombstoned)
    WHERE org_id = $1 AND id = $2 AND user_id IS NOT NULL
  )
  SELECT count(*)::int AS dead FROM tombstoned`;

/** Removes sessions a day after the greatest age they could have reached: later than any request can last. */
async function sweepSessions(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM sessions WHERE (org_id, id) IN (
       SELECT org_id, id FROM sessions WHERE expires_at < now() - interval '1 day' LIMIT 5000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
}

/** Removes grants likewise, with what was issued under them. */
async function sweepGrants(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM grants WHERE (org_id, id) IN (
       SELECT org_id, id FROM grants WHERE expires_at < now() - interval '1 day' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
}

/** Removes tokens and codes an hour after they expired: until then a second use of one is told from an unknown one. */
async function sweepTokens(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM tokens WHERE (kind, id_hash) IN (
       SELECT kind, id_hash FROM tokens WHERE expires_at < now() - interval '1 hour' LIMIT 5000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
}

/**
 * Removes burnt states an hour after they could last be replayed. What remembers an ended IdP session is also all that ends
 * a session or grant which was inserted at that very moment: those get their tombstones first.
 */
async function sweepSpent(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `WITH old AS (
       SELECT org_id, kind, id, expires_at FROM spent
       WHERE expires_at < now() - interval '1 hour' LIMIT 5000 FOR UPDATE SKIP LOCKED
     ), idp_sessions AS (
       SELECT org_id, split_part(id, ' ', 1) AS connection_id, substr(id, strpos(id, ' ') + 1) AS sid,
              expires_at - interval '1 day' AS ended_at
       FROM old WHERE kind = 'idp_session'
     ), sessions_left AS (
       ${idpTombstonesOf('sessions', ", data = '{}', id_token = NULL")}
     ), grants_left AS (
       ${idpTombstonesOf('grants', '')}
     )
     DELETE FROM spent s USING old WHERE s.org_id = old.org_id AND s.kind = old.kind AND s.id = old.id`,
  );
  return (rowCount ?? 0) > 0;
}

const idpTombstonesOf = (table: 'sessions' | 'grants', erased: string) => `
       UPDATE ${table} d SET revoked_at = i.ended_at${erased}
       FROM idp_sessions i
       WHERE d.org_id = i.org_id AND d.connection_id = i.connection_id AND d.idp_sid = i.sid
         AND d.revoked_at IS NULL AND d.ended_at IS NULL`;
