import type { PoolClient } from 'pg';
import { recordEvent } from '../../audit/record.ts';
import { bySystem } from '../../by.ts';
import { withoutReasons } from '../forgotten.ts';
import { type Failed, recordFailed } from '../record-failed.ts';
import { inactivityTimeout, tellStreamUpdated } from './stream.ts';

/** Streams of one turn. */
const atOnce = 100;
/** What was held for as long is of no use to anybody any more. */
const heldFor = '30 days';

/**
 * Pauses polled streams whose receivers did not ask for anything for long (SSF 1.0 §8.1.1): what
 * comes is held from now on. Receivers are told by the way that events go, administrators by the
 * record. A receiver of pushes never has to call us, and hears nothing while nothing happens: its
 * silence says nothing, and one that fails is away.
 */
export async function pauseSilentStreams(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ org_id: string; app_id: string; name: string }>(
    `UPDATE event_streams p SET status = 'paused', reason = $2
     FROM apps WHERE apps.org_id = p.org_id AND apps.id = p.app_id AND (p.org_id, p.id) IN (
       SELECT s.org_id, s.id FROM event_streams s JOIN apps a ON a.org_id = s.org_id AND a.id = s.app_id
       WHERE s.status = 'enabled' AND s.method = 'poll' AND greatest(s.last_used_at, a.last_received_at) < now() - make_interval(secs => $1)
       LIMIT ${atOnce} FOR NO KEY UPDATE OF s SKIP LOCKED)
     RETURNING p.org_id, p.app_id, apps.name`,
    [inactivityTimeout, silent],
  );
  for (const { org_id: orgId, app_id: appId, name } of rows) {
    await tellStreamUpdated(client, orgId, appId, silent);
    const detail = { name, changed: 'stream', stream: 'paused' };
    const target = { type: 'app', id: appId };
    await recordEvent(client, { orgId, action: 'app.changed', by: bySystem(null), target, detail });
  }
}

const silent = 'The receiver was silent for too long.';

/**
 * Gives up what nobody fetched, and forgets what was said about streams themselves. Administrators
 * are told once of each app, whatever it missed.
 */
export async function sweepEvents(client: PoolClient): Promise<void> {
  const { rows } = await client.query<Failed>(
    `WITH missed AS (
       UPDATE forwards f SET status = 'dead', error = 'not_fetched', names = '{}', said = ${withoutReasons}, finished_at = clock_timestamp()
       WHERE f.status = 'pending' AND (f.org_id, f.id) IN (
         SELECT a.org_id, old.id FROM apps a CROSS JOIN (VALUES (false), (true)) AS kinds (mass) CROSS JOIN LATERAL (
           SELECT w.id FROM forwards w
           WHERE w.org_id = a.org_id AND w.app_id = a.id AND w.status = 'pending' AND w.mass = kinds.mass
             AND w.created_at < now() - interval '${heldFor}'
           ORDER BY w.created_at LIMIT 1000
         ) old WHERE a.kind = 'ssf')
       RETURNING f.*
     )
     SELECT DISTINCT ON (a.org_id, a.id) a.org_id AS "orgId", a.id AS "appId", a.name, m.id, m.revocation_id AS revocation, m.error, m.attempts
     FROM missed m JOIN apps a ON a.org_id = m.org_id AND a.id = m.app_id
     WHERE m.event_id IS NOT NULL
     ORDER BY a.org_id, a.id, m.revoked_at DESC`,
  );
  for (const row of rows) await recordFailed(client, row, null);
  await client.query(
    `DELETE FROM forwards WHERE (org_id, id) IN (
       SELECT org_id, id FROM forwards
       WHERE finished_at < now() - interval '1 day' AND event_id IS NULL AND type IN ('verification', 'stream-updated') LIMIT 1000)`,
  );
}
