import type { PoolClient } from 'pg';
import { deliveryStatuses } from './deliveries.ts';

/**
 * How long notifications and deliveries are kept. They name people, so an org that keeps its record
 * for less time keeps these for less time too.
 */
const kept = `interval '90 days'`;
const keptOfOrg = 'make_interval(days => o.audit_retention_days)';
const orgsThatKeepLess = `orgs o WHERE o.audit_retention_days < 90`;

const sweep =
  (statement: string, values: unknown[] = []) =>
  async (client: PoolClient) => {
    const { rowCount } = await client.query(statement, values);
    return (rowCount ?? 0) > 0;
  };

/** Chores of the housekeeping: each removes a batch and says whether there may be more. */
export const sweepNotifications = [
  sweep(`DELETE FROM notifications WHERE (org_id, id) IN (
           SELECT org_id, id FROM notifications WHERE created_at < now() - ${kept} LIMIT 5000 FOR UPDATE SKIP LOCKED)`),
  sweep(`DELETE FROM deliveries WHERE (org_id, id) IN (
           SELECT org_id, id FROM deliveries WHERE created_at < now() - ${kept} LIMIT 1000 FOR UPDATE SKIP LOCKED)`),
  // The lowest positions of a feed are its oldest notifications.
  sweep(`DELETE FROM notifications WHERE (org_id, id) IN (
           SELECT old.org_id, old.id FROM (SELECT * FROM ${orgsThatKeepLess}) o CROSS JOIN LATERAL (
             SELECT n.org_id, n.id, n.created_at FROM notifications n WHERE n.org_id = o.id ORDER BY n.position LIMIT 1000) old
           WHERE old.created_at < now() - ${keptOfOrg})`),
  sweep(
    `DELETE FROM deliveries WHERE (org_id, id) IN (
           SELECT old.org_id, old.id
           FROM (SELECT * FROM ${orgsThatKeepLess}) o CROSS JOIN unnest($1::text[]) AS of (status) CROSS JOIN LATERAL (
             SELECT d.org_id, d.id FROM deliveries d
             WHERE d.org_id = o.id AND d.status = of.status AND d.created_at < now() - ${keptOfOrg} LIMIT 1000) old)`,
    [deliveryStatuses],
  ),
  sweep(`DELETE FROM refused_callers WHERE (org_id, caller) IN (
           SELECT org_id, caller FROM refused_callers WHERE last_at < now() - interval '2 days' LIMIT 5000 FOR UPDATE SKIP LOCKED)`),
];
