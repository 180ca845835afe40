import type { Chore } from '../database/chores.ts';

/** Removes what is over for 90 days, and how people were called who left a day ago. */
export const sweepDownstream: Chore = async (client) => {
  await client.query(`DELETE FROM departed_people WHERE left_at < now() - interval '1 day'`);
  await client.query(
    `DELETE FROM app_people p USING users u
     WHERE u.org_id = p.org_id AND u.id = p.user_id AND u.deleted_at < now() - interval '1 day'`,
  );
  await client.query(`DELETE FROM org_forwards WHERE done_at < now() - interval '1 day'`);
  const { rowCount } = await client.query(
    `DELETE FROM forwards WHERE (org_id, id) IN (
       SELECT org_id, id FROM forwards WHERE finished_at < now() - interval '90 days' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
};
