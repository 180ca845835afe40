import type { PoolClient } from 'pg';

/**
 * For the housekeeping: removes up to 5,000 events that their org's retention has let go, the
 * oldest first. True while there may be more. The trigger on the table judges each again: nothing
 * younger can go, whatever is asked here.
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
