import type { PoolClient } from 'pg';

/**
 * Removes up to 5,000 events past their org's retention, oldest first, and the names that no event
 * refers to any more. True while there may be more. The table's trigger judges each event again:
 * nothing younger can go.
 */
export async function sweepAuditEvents(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ org_id: string; ids: string[] }>(
    `WITH gone AS (
       DELETE FROM audit_events WHERE (org_id, id) IN (
         SELECT old.org_id, old.id
         FROM orgs o CROSS JOIN LATERAL (
           SELECT e.org_id, e.id FROM audit_events e
           WHERE e.org_id = o.id AND e.at < now() - make_interval(days => o.audit_retention_days)
           ORDER BY e.at LIMIT 1000
         ) old
         WHERE o.audit_retention_days IS NOT NULL
         LIMIT 5000)
       RETURNING org_id, actor_id, target_id, target_ref
     ), names_of_nobody AS (
       DELETE FROM audit_names n USING gone
       WHERE n.org_id = gone.org_id AND n.ref = gone.target_ref AND n.subject_id = ''
     )
     SELECT org_id, array_agg(DISTINCT id) AS ids
     FROM (SELECT org_id, actor_id AS id FROM gone UNION ALL SELECT org_id, target_id FROM gone) either
     GROUP BY org_id`,
  );
  for (const { org_id, ids } of rows) await client.query(sweepNamesSql, [org_id, ids]);
  return rows.length > 0;
}

// An event that is being written refers to the newest names. Older ones may go, an hour after they
// became so, and the newest of somebody who was removed: no statement takes that long.
const sweepNamesSql = `
  DELETE FROM audit_names n
  WHERE n.org_id = $1 AND n.subject_id = ANY ($2::text[])
    AND (EXISTS (SELECT FROM audit_names later WHERE later.org_id = $1 AND later.subject_id = n.subject_id
                 AND later.made_at > n.made_at AND later.made_at < now() - interval '1 hour')
         OR EXISTS (SELECT FROM users u WHERE u.org_id = $1 AND u.id = n.subject_id AND u.deleted_at < now() - interval '1 hour'))
    AND NOT EXISTS (SELECT FROM audit_events e WHERE e.org_id = $1 AND e.actor_id = n.subject_id
                    AND (e.actor_ref = n.ref OR e.actor_ref IS NULL))
    AND NOT EXISTS (SELECT FROM audit_events e WHERE e.org_id = $1 AND e.target_id = n.subject_id
                    AND (e.target_ref = n.ref OR e.target_ref IS NULL))`;
