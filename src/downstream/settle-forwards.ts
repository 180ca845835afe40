import type { Pool } from 'pg';
import { transaction } from '../database/pool.ts';
import { type AppHealth, noteHealth } from './app-health.ts';
import { isForgotten, withoutReasons } from './forgotten.ts';
import type { ClaimedForward, ForwardOutcome } from './forward.ts';
import { type Failed, recordFailed } from './record-failed.ts';

/** Tries of a forward that an app refuses our credential for, at most: the last comes after six minutes. */
const mostUnauthorized = 6;

/** Seconds until the next try: 2 to 4 after the first, three times as long each time, an hour at most. */
const pauseAfter = (attempts: number): number => Math.min(3600, (2 + 2 * Math.random()) * 3 ** Math.min(attempts, 10));

/** A try that is over. */
export type Tried = Readonly<{ forward: ClaimedForward; outcome: ForwardOutcome; durationMs: number }>;

type Settled = { org_id: string; id: string; status: string; attempts: number; revocation_id: string | null };

/**
 * Writes what came of tries, in one transaction: the log, each forward's state or its next try, and
 * how the apps are doing. Only whoever holds the latest claim writes. What is told to administrators
 * is on record in the same transaction. Apps are locked before forwards, as where they are changed.
 */
export async function settleForwards(pool: Pool, tries: readonly Tried[]): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query({
      name: 'apps-lock',
      text: `SELECT FROM apps WHERE (org_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
             ORDER BY org_id, id FOR NO KEY UPDATE`,
      values: [tries.map(({ forward }) => forward.orgId), tries.map(({ forward }) => forward.app.id)],
    });
    const { rows } = await client.query<Settled>({ text: settleSql, values: valuesOf(tries) });
    const settled = new Map(rows.map((row) => [`${row.org_id} ${row.id}`, row]));
    // The others were superseded, cancelled, removed with their app, or settled by a later claim.
    const counted = tries.filter(({ forward }) => settled.has(`${forward.orgId} ${forward.id}`));
    await noteHealth(client, healthOf(counted));
    for (const tried of counted) {
      const row = settled.get(`${tried.forward.orgId} ${tried.forward.id}`);
      if (row?.status === 'dead') await recordFailed(client, failedOf(tried, row), tried.outcome.status);
    }
  });
}

const failedOf = ({ forward: { orgId, id, app }, outcome }: Tried, row: Settled): Failed => ({
  orgId,
  appId: app.id,
  name: app.name,
  id,
  revocation: row.revocation_id,
  error: outcome.error ?? null,
  attempts: row.attempts,
});

const valuesOf = (tries: readonly Tried[]) => [
  tries.map(({ forward }) => forward.orgId),
  tries.map(({ forward }) => forward.id),
  tries.map(({ forward }) => forward.claim),
  tries.map(({ outcome }) => outcome.result),
  tries.map(({ outcome }) => outcome.status),
  tries.map(({ outcome }) => outcome.error ?? null),
  tries.map(({ durationMs }) => Math.round(durationMs)),
  tries.map(({ forward, outcome }) => Math.max(pauseAfter(forward.attempts), waitOf(outcome))),
];

/** Seconds that the app asked us to wait. */
const waitOf = (outcome: ForwardOutcome): number => (outcome.result === 'again' ? (outcome.afterMs ?? 0) / 1000 : 0);

// Without a name, as in plan-forwards.ts: a kept plan of a queue that was empty reads all of it.
// What waited for an app that was away or paused is tried for a day from its return.
// The rows are locked in one order: whoever supersedes many of them meets no deadlock of ours.
const settleSql = `
  WITH tried AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::int[], $8::float8[])
      AS t (org_id, id, claim, result, http_status, error, duration_ms, pause)
  ), held AS MATERIALIZED (
    SELECT f.org_id, f.id, t.result, t.http_status, t.error, t.duration_ms, t.pause,
           CASE WHEN t.result <> 'again' THEN t.result
                WHEN t.error = 'not_authorized' AND ${mostUnauthorized} <= 1 + (
                  SELECT count(*) FROM forward_attempts l
                  WHERE l.org_id = f.org_id AND l.forward_id = f.id AND l.error = 'not_authorized') THEN 'dead'
                WHEN greatest(f.tried_until, a.held_until + interval '24 hours') > clock_timestamp() THEN 'pending' ELSE 'dead' END AS status
    FROM tried t JOIN forwards f ON f.org_id = t.org_id AND f.id = t.id JOIN apps a ON a.org_id = f.org_id AND a.id = f.app_id
    WHERE f.claim = t.claim AND f.status = 'pending'
    ORDER BY f.org_id, f.id FOR NO KEY UPDATE OF f
  ), settled AS (
    UPDATE forwards f SET
      attempts = f.attempts + 1, http_status = h.http_status, error = h.error, status = h.status,
      (names, said) = (SELECT CASE WHEN gone THEN '{}' ELSE f.names END, CASE WHEN gone THEN ${withoutReasons} ELSE f.said END
                       FROM (SELECT h.status IN ('delivered', 'left_out') OR (h.status = 'dead' AND ${isForgotten})) AS over (gone)),
      due_at = CASE h.status WHEN 'pending' THEN clock_timestamp() + make_interval(secs => h.pause) ELSE f.due_at END,
      finished_at = CASE WHEN h.status <> 'pending' THEN clock_timestamp() END
    FROM held h WHERE f.org_id = h.org_id AND f.id = h.id
    RETURNING f.org_id, f.id, f.attempts, f.status, f.revocation_id, f.http_status, f.error, h.duration_ms
  ), logged AS (
    INSERT INTO forward_attempts (org_id, forward_id, number, status, duration_ms, error)
    SELECT org_id, id, attempts, http_status, duration_ms, error FROM settled
  )
  SELECT org_id, id, status, attempts, revocation_id FROM settled`;

/**
 * Of each app, in the order of its answers. Without an answer it is the app that isn't well; one that
 * refuses a person is, and so is one that says how long to wait: it is left alone as long.
 */
function healthOf(tries: readonly Tried[]): AppHealth[] {
  const apps = new Map<string, AppHealth>();
  for (const { forward, outcome } of tries) {
    const { orgId, app } = forward;
    const { result, status, error = null } = outcome;
    const key = `${orgId} ${app.id}`;
    const begun = {
      orgId,
      appId: app.id,
      name: app.name,
      answered: false,
      received: false,
      failures: 0,
      error: null,
      waitSeconds: 0,
    };
    const before: AppHealth = apps.get(key) ?? begun;
    const waitSeconds = Math.max(before.waitSeconds, waitOf(outcome));
    const asksToWait = error === 'asked_to_wait' && waitSeconds > 0;
    const received = before.received || result === 'delivered';
    if (result === 'delivered' || (result === 'dead' && status !== null))
      apps.set(key, { ...before, answered: true, received, failures: 0, waitSeconds: 0 });
    else if (asksToWait) apps.set(key, { ...before, waitSeconds });
    else if (result === 'again' || result === 'dead')
      apps.set(key, { ...before, failures: before.failures + 1, error, waitSeconds });
  }
  return [...apps.values()];
}
