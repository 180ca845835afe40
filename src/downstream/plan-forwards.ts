import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/pool.ts';
import { endedNothing } from './echo.ts';
import { tellOfMissingNames } from './missing-names.ts';
import { planEndedSessionsSql } from './plan-ended-sessions.ts';
import { planLogoutsSql } from './plan-logouts.ts';
import { planAccountEvents } from './ssf/plan-account-events.ts';
import { planEvents, planEventsOfEveryone } from './ssf/plan-events.ts';

// These statements have no names, so that each is planned for the tables as they are. A plan that was
// kept since they were nearly empty reads all of them for each row: in an installation of a minute's
// age 116 revocations took 20 seconds. Planning takes a millisecond.

/** Events that one transaction takes. */
const batchSize = 200;
/** People of an org-wide sign-out that one step plans. */
const step = 200;
/** Forwards of an org-wide sign-out that may wait at once, an org. */
const mostWaiting = 2_000;

/**
 * Takes events out of the forwards' outbox and plans what follows from them, in one transaction: a
 * kill before the commit leaves them there, and an event that was rolled back never was there.
 * Returns how many were taken.
 */
export async function planForwards(pool: Pool): Promise<number> {
  // Most rounds find nothing: one statement, no transaction.
  const { rows } = await pool.query({ name: 'forward-outbox-any', text: 'SELECT FROM forward_outbox LIMIT 1' });
  if (rows.length === 0) return 0;
  return transaction(pool, async (client) => {
    const { rows: taken } = await client.query<{ event_id: string; org_id: string }>({
      text: `DELETE FROM forward_outbox
             WHERE id IN (SELECT id FROM forward_outbox ORDER BY id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
             RETURNING org_id, event_id`,
    });
    if (taken.length === 0) return 0;
    const planned = await client.query({
      text: planLogoutsSql(`
        SELECT e.org_id, e.id AS event_id, r.id AS revocation_id, r.user_id, r.created_at AS revoked_at, false AS mass,
               ${endedNothing} AS may_echo
        FROM event e JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation
        WHERE r.user_id IS NOT NULL AND r.user_generation IS NOT NULL`),
      values: [taken.map(({ org_id }) => org_id), taken.map(({ event_id }) => event_id)],
    });
    await tellOfMissingNames(client, planned.rows);
    await client.query({
      text: planEndedSessionsSql,
      values: [taken.map(({ org_id }) => org_id), taken.map(({ event_id }) => event_id)],
    });
    await planEvents(client, taken);
    await planAccountEvents(client, taken);
    await client.query({
      text: `INSERT INTO org_forwards (org_id, event_id)
             SELECT e.org_id, e.id FROM unnest($1::text[], $2::text[]) AS taken (org_id, event_id)
             JOIN audit_events e ON e.org_id = taken.org_id AND e.id = taken.event_id
             WHERE e.action = 'access.revoked_for_everyone'
             ON CONFLICT DO NOTHING`,
      values: [taken.map(({ org_id }) => org_id), taken.map(({ event_id }) => event_id)],
    });
    return taken.length;
  });
}

/**
 * One step of an org-wide sign-out, person by person in the order of their ids: memory and the queue
 * stay bounded however large the org is. People who came after it aren't told of. Returns whether a
 * step was made.
 */
export async function planOrgForwards(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'org-forwards-any',
    text: 'SELECT FROM org_forwards WHERE done_at IS NULL LIMIT 1',
  });
  if (rows.length === 0) return false;
  return transaction(pool, async (client) => {
    const [next] = (
      await client.query<{ org_id: string; event_id: string; up_to: string }>({
        text: `SELECT f.org_id, f.event_id, f.up_to FROM org_forwards f
               WHERE f.done_at IS NULL AND ${mostWaiting} > (
                 SELECT count(*) FROM (
                   SELECT FROM forwards w JOIN apps a ON a.org_id = w.org_id AND a.id = w.app_id
                   WHERE w.org_id = f.org_id AND w.status = 'pending' AND w.mass AND a.state = 'enabled'
                     AND (a.probe_at IS NULL OR a.probe_at <= clock_timestamp())
                     AND (a.kind <> 'ssf' OR EXISTS (SELECT FROM event_streams s WHERE s.org_id = a.org_id AND s.app_id = a.id
                                                       AND s.method = 'push' AND s.status = 'enabled'))
                   LIMIT ${mostWaiting}) waiting)
               ORDER BY f.created_at LIMIT 1 FOR UPDATE OF f SKIP LOCKED`,
      })
    ).rows;
    if (!next) return false;
    await planStep(client, next);
    return true;
  });
}

async function planStep(client: PoolClient, next: { org_id: string; event_id: string; up_to: string }): Promise<void> {
  const { rows } = await client.query<{ id: string }>({
    text: `SELECT id FROM users WHERE org_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT ${step}`,
    values: [next.org_id, next.up_to],
  });
  const planned = await client.query({
    text: planLogoutsSql(`
      SELECT u.org_id, e.id AS event_id, r.id AS revocation_id, u.id AS user_id, r.created_at AS revoked_at, true AS mass, false AS may_echo
      FROM event e JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation
      JOIN users u ON u.org_id = r.org_id AND u.id = ANY ($3::text[]) AND u.created_at <= r.created_at`),
    values: [[next.org_id], [next.event_id], rows.map(({ id }) => id)],
  });
  await tellOfMissingNames(client, planned.rows);
  await planEventsOfEveryone(client, next, rows);
  await client.query({
    text: `UPDATE org_forwards SET up_to = coalesce($3, up_to), done_at = CASE WHEN $4 THEN clock_timestamp() END
           WHERE org_id = $1 AND event_id = $2`,
    values: [next.org_id, next.event_id, rows.at(-1)?.id ?? null, rows.length < step],
  });
}
