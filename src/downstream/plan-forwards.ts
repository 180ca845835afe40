import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/pool.ts';
import { event, plannedPeople } from './planned-people.ts';
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
    await client.query({
      text: planSql(`
        SELECT e.org_id, e.id AS event_id, r.id AS revocation_id, r.user_id, r.created_at AS revoked_at, false AS mass,
               r.initiator IN ('idp', 'signal') AND coalesce(r.sessions_ended, 0) + coalesce(r.grants_ended, 0) = 0 AS may_echo
        FROM event e JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation
        WHERE r.user_id IS NOT NULL AND r.user_generation IS NOT NULL`),
      values: [taken.map(({ org_id }) => org_id), taken.map(({ event_id }) => event_id)],
    });
    await client.query({
      text: planSessionsSql,
      values: [taken.map(({ org_id }) => org_id), taken.map(({ event_id }) => event_id)],
    });
    await planEvents(client, taken);
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
                   WHERE w.org_id = f.org_id AND w.status = 'pending' AND w.mass AND a.away_since IS NULL AND a.state = 'enabled'
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
  await client.query({
    text: planSql(`
      SELECT u.org_id, e.id AS event_id, r.id AS revocation_id, u.id AS user_id, r.created_at AS revoked_at, true AS mass, false AS may_echo
      FROM event e JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation
      JOIN users u ON u.org_id = r.org_id AND u.id = ANY ($3::text[]) AND u.created_at <= r.created_at`),
    values: [[next.org_id], [next.event_id], rows.map(({ id }) => id)],
  });
  await planEventsOfEveryone(client, next, rows);
  await client.query({
    text: `UPDATE org_forwards SET up_to = coalesce($3, up_to), done_at = CASE WHEN $4 THEN clock_timestamp() END
           WHERE org_id = $1 AND event_id = $2`,
    values: [next.org_id, next.event_id, rows.at(-1)?.id ?? null, rows.length < step],
  });
}

/**
 * Plans forwards from `revoked`: SQL that gives (org_id, event_id, revocation_id, user_id,
 * revoked_at, mass, may_echo). What isn't sent has a row too: a receipt can then say why.
 *
 * - A revocation from outside that ended nothing here, within ten seconds of one that was forwarded
 *   to the same app, is an echo of it: two backends that forward to each other would never stop.
 * - Older forwards of the person that still wait for the same app are superseded: a backlog stays in
 *   the order of apps and people. Of several in one batch the latest stays. They are found by their
 *   person (`|| ''` keeps PostgreSQL from asking the index of what waits for the app, which may be
 *   thousands), and locked in the order in which those are that are settled.
 */
const planSql = (revoked: string) => `${plannedPeople(revoked)}, planned AS MATERIALIZED (
    SELECT p.org_id, 'fwd_' || substr(encode(sha256(convert_to(p.revocation_id || ' ' || p.user_id || ' ' || a.id, 'UTF8')), 'hex'), 1, 32) AS id,
           a.id AS app_id, p.user_id, p.event_id, p.revocation_id, p.revoked_at, p.mass, p.email, p.issuer, p.subject,
           coalesce(there.name_there, CASE a.settings ->> 'attribute' WHEN 'externalId' THEN p.external_id
                                                                      WHEN 'userName' THEN p.user_name END) AS there,
           CASE a.kind WHEN 'oidc' THEN 'sub' ELSE a.settings ->> 'naming' END AS naming,
           row_number() OVER (PARTITION BY p.org_id, a.id, p.user_id ORDER BY p.revoked_at DESC, p.revocation_id DESC) > 1 AS older,
           p.may_echo AND EXISTS (
             SELECT FROM forwards f
             WHERE f.org_id = p.org_id AND f.app_id = a.id AND f.user_id = p.user_id AND f.status <> 'left_out'
               AND f.created_at > p.revoked_at - interval '1 hour'
               AND f.revoked_at > p.revoked_at - interval '10 seconds' AND f.revoked_at < p.revoked_at) AS is_echo
    FROM person p
    JOIN apps a ON a.org_id = p.org_id AND a.state <> 'disabled' AND a.kind IN ('gtr', 'oidc')
    LEFT JOIN app_people there ON there.org_id = a.org_id AND there.app_id = a.id AND there.user_id = p.user_id
    WHERE CASE coalesce(a.settings -> 'concerns' ->> 'who', 'seen')
            WHEN 'everyone' THEN true
            WHEN 'groups' THEN a.settings -> 'concerns' -> 'groups' ?| p.groups
            ELSE there.seen_at IS NOT NULL END
  ), fated AS MATERIALIZED (
    SELECT planned.*, CASE WHEN older THEN 'superseded' WHEN reason IS NOT NULL THEN 'left_out' ELSE 'pending' END AS status,
           CASE WHEN NOT older THEN reason END AS error
    FROM planned, LATERAL (
      SELECT CASE WHEN is_echo THEN 'echo'
                  WHEN naming = 'iss_sub' AND subject IS NULL THEN 'no_identity'
                  WHEN naming = 'id' AND there IS NULL THEN 'no_name_there' END AS reason
    ) why
  ), overtaken AS MATERIALIZED (
    SELECT f.org_id, f.id FROM fated p JOIN forwards f ON f.org_id = p.org_id AND f.user_id = p.user_id
    WHERE p.status = 'pending' AND f.app_id || '' = p.app_id AND f.status || '' = 'pending' AND f.revoked_at < p.revoked_at AND f.id <> p.id
    ORDER BY f.org_id, f.id FOR NO KEY UPDATE OF f
  ), superseded AS (
    UPDATE forwards f SET status = 'superseded', names = '{}', finished_at = clock_timestamp()
    FROM overtaken o WHERE f.org_id = o.org_id AND f.id = o.id
  )
  INSERT INTO forwards (org_id, id, app_id, user_id, event_id, revocation_id, names, status, error, mass, revoked_at, finished_at)
  SELECT org_id, id, app_id, user_id, event_id, revocation_id,
         CASE WHEN status = 'pending' OR error = 'echo' THEN jsonb_build_object('userId', user_id, 'email', email, 'issuer', issuer, 'subject', subject, 'there', there) ELSE '{}' END,
         status, error, mass, revoked_at, CASE WHEN status <> 'pending' THEN clock_timestamp() END
  FROM fated
  ON CONFLICT DO NOTHING`;

/**
 * Where some sessions ended and the person goes on (a device, an IdP's session, the person's own
 * sign-out), web apps hear of the `sid`s that came of these.
 */
const planSessionsSql = `
  WITH ${event}
  INSERT INTO forwards (org_id, id, app_id, user_id, event_id, revocation_id, sid, "full", names, revoked_at)
  SELECT a.org_id, 'fwd_' || substr(encode(sha256(convert_to(e.id || ' ' || a.app_id || ' ' || a.id, 'UTF8')), 'hex'), 1, 32),
         a.app_id, a.user_id, e.id, r.id, a.id, false,
         jsonb_build_object('userId', u.id, 'email', u.email, 'issuer', NULL, 'subject', NULL, 'there', NULL), e.at
  FROM event e
  LEFT JOIN revocations r ON r.org_id = e.org_id AND r.id = e.revocation
  JOIN LATERAL (
    SELECT e.target_id AS id WHERE e.action = 'session.ended'
    UNION
    SELECT s.id FROM sessions s
    WHERE s.org_id = e.org_id AND s.user_id = r.user_id AND s.revocation_id = r.id AND r.user_generation IS NULL
  ) s ON true
  JOIN app_sessions a ON a.org_id = e.org_id AND a.session_id = s.id AND a.told_at IS NULL
  JOIN apps app ON app.org_id = a.org_id AND app.id = a.app_id AND app.state <> 'disabled' AND app.kind = 'oidc'
  JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id
  WHERE e.action IN ('access.revoked', 'idp_session.ended', 'session.ended')
  ON CONFLICT DO NOTHING`;
