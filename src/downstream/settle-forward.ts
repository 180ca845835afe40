import type { Pool } from 'pg';
import { recordEvent } from '../audit/record.ts';
import { bySystem } from '../by.ts';
import { transaction } from '../database/pool.ts';
import type { ClaimedForward, ForwardOutcome } from './forward.ts';

/** Failures in a row after which an app counts as away: it is tried once a minute until it answers. */
const failuresUntilAway = 10;
const secondsToProbe = 60;
/** Milliseconds that an app may ask us to wait, at most. */
const longestWaitMs = 3_600_000;

/** Seconds until the next try: 2 to 4 after the first, three times as long each time, an hour at most. */
const pauseAfter = (attempts: number): number => Math.min(3600, (2 + 2 * Math.random()) * 3 ** Math.min(attempts, 10));

const by = bySystem(null);

/**
 * Writes what came of a try: the log, the forward's state or its next try, and how the app is doing.
 * Only whoever holds the latest claim writes. What is told to administrators is on record in the
 * same transaction.
 */
export async function settleForward(
  pool: Pool,
  { orgId, id, claim, attempts, app }: ClaimedForward,
  outcome: ForwardOutcome,
  durationMs: number,
): Promise<void> {
  const { result, status, error = null } = outcome;
  const asked = result === 'again' ? Math.min(outcome.afterMs ?? 0, longestWaitMs) : 0;
  const pause = Math.max(pauseAfter(attempts), asked / 1000);
  // Without an answer, or with one that says nothing of this person, it is the app that isn't well.
  const isIll = result === 'again' || (result === 'dead' && status === null);
  await transaction(pool, async (client) => {
    const { rows } = await client.query<{ status: string; attempts: number; revocation_id: string }>({
      name: 'forward-settle',
      text: settleSql,
      values: [orgId, id, claim, result, status, error, Math.round(durationMs), pause],
    });
    const [settled] = rows;
    // Superseded, cancelled, removed with its app, or settled by whoever claimed it after us.
    if (!settled) return;
    const health = result === 'delivered' ? 'well' : isIll ? 'ill' : 'unsaid';
    const { rows: changed } = await client.query<{ went_away: boolean; came_back: boolean }>({
      name: 'app-health',
      text: healthSql,
      values: [orgId, app.id, health],
    });
    const target = { type: 'app', id: app.id } as const;
    if (changed[0]?.went_away)
      await recordEvent(client, { orgId, by, action: 'app.away', target, detail: { name: app.name, error } });
    if (changed[0]?.came_back) {
      await recordEvent(client, { orgId, by, action: 'app.back', target, detail: { name: app.name } });
      await client.query({ name: 'forwards-go-on', text: goOnSql, values: [orgId, app.id] });
    }
    if (settled.status === 'dead') {
      const detail = {
        name: app.name,
        forward: id,
        revocation: settled.revocation_id,
        error,
        status,
        attempts: settled.attempts,
      };
      await recordEvent(client, { orgId, by, action: 'forward.failed', target, detail });
    }
  });
}

const settleSql = `
  WITH settled AS (
    UPDATE forwards f SET
      attempts = f.attempts + 1, http_status = $5, error = $6,
      status = next.status,
      names = CASE WHEN next.status IN ('delivered', 'left_out') THEN '{}' ELSE f.names END,
      due_at = CASE next.status WHEN 'pending' THEN clock_timestamp() + make_interval(secs => $8) ELSE f.due_at END,
      finished_at = CASE WHEN next.status <> 'pending' THEN clock_timestamp() END
    FROM (SELECT CASE WHEN $4 = 'again' AND (
                   SELECT tried_until FROM forwards WHERE org_id = $1 AND id = $2) > clock_timestamp() THEN 'pending'
                 WHEN $4 = 'again' THEN 'dead' ELSE $4 END AS status) next
    WHERE f.org_id = $1 AND f.id = $2 AND f.claim = $3 AND f.status = 'pending'
    RETURNING f.org_id, f.id, f.attempts, f.status, f.revocation_id
  ), logged AS (
    INSERT INTO forward_attempts (org_id, forward_id, number, status, duration_ms, error)
    SELECT org_id, id, attempts, $5, $7, $6 FROM settled
  )
  SELECT status, attempts, revocation_id FROM settled`;

// What failed while the app was away is due at once. What wasn't tried meanwhile is due already.
const goOnSql = `
  UPDATE forwards SET due_at = clock_timestamp()
  WHERE org_id = $1 AND app_id = $2 AND status = 'pending' AND attempts > 0 AND due_at > clock_timestamp() + interval '60 seconds'`;

// A success writes the app's row at most once a second, unless it changes something.
const healthSql = `
  UPDATE apps a SET
    failures = CASE $3 WHEN 'well' THEN 0 WHEN 'ill' THEN a.failures + 1 ELSE a.failures END,
    away_since = CASE WHEN $3 = 'well' THEN NULL
                      WHEN $3 = 'ill' AND a.failures + 1 >= ${failuresUntilAway} THEN coalesce(a.away_since, clock_timestamp())
                      ELSE a.away_since END,
    probe_at = CASE WHEN $3 = 'ill' AND a.failures + 1 >= ${failuresUntilAway}
                    THEN clock_timestamp() + interval '${secondsToProbe} seconds' ELSE a.probe_at END,
    last_received_at = CASE WHEN $3 = 'well' THEN clock_timestamp() ELSE a.last_received_at END
  FROM (SELECT org_id, id, away_since FROM apps WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE) before
  WHERE a.org_id = before.org_id AND a.id = before.id
    AND ($3 = 'ill' OR ($3 = 'well' AND (a.failures > 0 OR a.away_since IS NOT NULL
         OR a.last_received_at IS NULL OR a.last_received_at < clock_timestamp() - interval '1 second')))
  RETURNING before.away_since IS NULL AND a.away_since IS NOT NULL AS went_away,
            before.away_since IS NOT NULL AND a.away_since IS NULL AS came_back`;
