import type { PoolClient } from 'pg';
import type { OutboxEvent } from './kinds.ts';

/**
 * Takes up to `limit` events out of the outbox, the oldest first, skipping those that another node
 * is taking. If the transaction fails, they are in the outbox again.
 */
export async function takeEvents(client: PoolClient, limit: number): Promise<readonly OutboxEvent[]> {
  const { rows } = await client.query<OutboxEvent>({ name: 'outbox-take', text: takeSql, values: [limit] });
  return rows;
}

// A notification names people as they were called then, and outlives them.
const takeSql = `
  WITH taken AS (
    DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id, org_id, event_id
  )
  SELECT e.org_id AS "orgId", e.id AS "eventId", e.at, e.action, e.actor_type AS "actorType", e.actor_id AS "actorId",
         a.name AS "actorName", e.target_type AS "targetType", e.target_id AS "targetId",
         CASE e.target_type
           WHEN 'account' THEN e.detail ->> 'name'
           WHEN 'webhook' THEN substring(w.url FROM '^https?://([^/?#]*)')
           WHEN 'group' THEN coalesce((SELECT g.display_name FROM groups g WHERE g.org_id = e.org_id AND g.id = e.target_id), n.name)
           ELSE n.name
         END AS "targetName",
         e.ip, e.detail
  FROM taken t JOIN audit_events e ON e.org_id = t.org_id AND e.id = t.event_id
  LEFT JOIN audit_names a ON a.org_id = e.org_id AND a.ref = e.actor_ref
  LEFT JOIN audit_names n ON n.org_id = e.org_id AND n.ref = e.target_ref
  LEFT JOIN webhooks w ON w.org_id = e.org_id AND w.id = e.target_id
  ORDER BY t.id`;
