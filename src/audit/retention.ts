import type { PoolClient } from 'pg';

/**
 * Removes up to 5,000 events past their org's retention, oldest first. True while there may be
 * more. The table's trigger judges each event again: nothing younger can go.
 */
export async function sweepAuditEvents(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM audit_events WHERE (org_id, id) IN (
       SELECT old.org_id, old.id
       FROM orgs o CROSS JOIN LATERAL (
         SELECT e.org_id, e.id FROM audit_events e
         WHERE e.org_id = o.id AND e.at < now() - make_interval(days => o.audit_retention_days)
         ORDER BY e.at LIMIT 1000
       ) old
       WHERE o.audit_retention_days IS NOT NULL
       LIMIT 5000)`,
  );
  return (rowCount ?? 0) > 0;
}
