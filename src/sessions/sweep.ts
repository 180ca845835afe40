import type { PoolClient } from 'pg';

/** Removes sessions a day after their greatest possible age: later than any request can last. */
export async function sweepSessions(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM sessions WHERE (org_id, id) IN (
       SELECT org_id, id FROM sessions WHERE expires_at < now() - interval '1 day' LIMIT 5000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
}
