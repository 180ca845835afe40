import type { PoolClient } from 'pg';
import { inactivityTimeout, tellStreamUpdated } from './stream.ts';

/** Streams of one turn. */
const atOnce = 100;
/** What was held for as long is of no use to anybody any more. */
const heldFor = '30 days';

/**
 * Pauses the streams of receivers that neither asked for anything nor took a push for long (SSF 1.0
 * §8.1.1): what comes is held from now on. It is told by the way that events go.
 */
export async function pauseSilentStreams(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ org_id: string; app_id: string }>(
    `UPDATE event_streams SET status = 'paused', reason = $2
     WHERE (org_id, id) IN (
       SELECT s.org_id, s.id FROM event_streams s JOIN apps a ON a.org_id = s.org_id AND a.id = s.app_id
       WHERE s.status = 'enabled' AND greatest(s.last_used_at, a.last_received_at) < now() - make_interval(secs => $1)
       LIMIT ${atOnce} FOR NO KEY UPDATE OF s SKIP LOCKED)
     RETURNING org_id, app_id`,
    [inactivityTimeout, silent],
  );
  for (const { org_id: orgId, app_id: appId } of rows) await tellStreamUpdated(client, orgId, appId, silent);
}

const silent = 'The receiver was silent for too long.';

/** Gives up what nobody fetched, and forgets what was said about streams themselves. */
export async function sweepEvents(client: PoolClient): Promise<void> {
  await client.query(
    `UPDATE forwards f SET status = 'dead', error = 'not_fetched', names = '{}', finished_at = clock_timestamp()
     WHERE (f.org_id, f.id) IN (
       SELECT a.org_id, old.id FROM apps a CROSS JOIN (VALUES (false), (true)) AS kinds (mass) CROSS JOIN LATERAL (
         SELECT w.id FROM forwards w
         WHERE w.org_id = a.org_id AND w.app_id = a.id AND w.status = 'pending' AND w.mass = kinds.mass
           AND w.created_at < now() - interval '${heldFor}'
         ORDER BY w.created_at LIMIT 1000
       ) old WHERE a.kind = 'ssf')`,
  );
  await client.query(
    `DELETE FROM forwards WHERE (org_id, id) IN (
       SELECT org_id, id FROM forwards
       WHERE finished_at < now() - interval '1 day' AND event_id IS NULL AND type IN ('verification', 'stream-updated') LIMIT 1000)`,
  );
}
