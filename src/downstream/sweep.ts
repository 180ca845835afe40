import type { Chore } from '../database/chores.ts';
import { pauseSilentStreams, sweepEvents } from './ssf/sweep.ts';

/**
 * Removes what is over for 90 days, and how people were called who left: once all that their
 * organisation's outbox holds is planned, or a day after.
 */
export const sweepDownstream: Chore = async (client) => {
  // What apps call people goes with those who are removed: found by who has left, not by looking at all.
  await client.query(
    `WITH gone AS (
       DELETE FROM departed_people d
       WHERE left_at < now() - interval '1 day' OR NOT EXISTS (SELECT FROM forward_outbox o WHERE o.org_id = d.org_id)
       RETURNING org_id, user_id)
     DELETE FROM app_people p USING gone g, users u
     WHERE p.org_id = g.org_id AND p.user_id = g.user_id
       AND u.org_id = g.org_id AND u.id = g.user_id AND u.deleted_at IS NOT NULL`,
  );
  await client.query(`DELETE FROM org_forwards WHERE done_at < now() - interval '1 day'`);
  await pauseSilentStreams(client);
  await sweepEvents(client);
  const { rowCount } = await client.query(
    `DELETE FROM forwards WHERE (org_id, id) IN (
       SELECT org_id, id FROM forwards WHERE finished_at < now() - interval '90 days' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
};
