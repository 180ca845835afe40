import type { PoolClient } from 'pg';

/** How long notifications, and the log of what was sent, are kept. */
const kept = `interval '90 days'`;

const sweep = (statement: string) => async (client: PoolClient) => {
  const { rowCount } = await client.query(statement);
  return (rowCount ?? 0) > 0;
};

/** For the housekeeping: each removes a batch and says whether there may be more. */
export const sweepNotifications = [
  sweep(`DELETE FROM notifications WHERE (org_id, id) IN (
           SELECT org_id, id FROM notifications WHERE created_at < now() - ${kept} LIMIT 5000 FOR UPDATE SKIP LOCKED)`),
  sweep(`DELETE FROM deliveries WHERE (org_id, id) IN (
           SELECT org_id, id FROM deliveries WHERE created_at < now() - ${kept} LIMIT 1000 FOR UPDATE SKIP LOCKED)`),
  sweep(`DELETE FROM refused_callers WHERE (org_id, caller) IN (
           SELECT org_id, caller FROM refused_callers WHERE last_at < now() - interval '2 days' LIMIT 5000 FOR UPDATE SKIP LOCKED)`),
];
