import type { PoolClient } from 'pg';

/**
 * Ends what an app holds of people: its tokens count no longer once the caller's transaction has
 * committed. Returns how many grants it ended. They stay ended when the app is enabled again.
 */
export async function endGrantsOfApp(client: PoolClient, orgId: string, appId: string): Promise<number> {
  const { rowCount } = await client.query(
    // The pattern is that of the index: only an org's own apps have such ids.
    `UPDATE grants SET ended_at = clock_timestamp()
     WHERE org_id = $1 AND client_id = $2 AND client_id LIKE 'app\\_%' AND revoked_at IS NULL AND ended_at IS NULL`,
    [orgId, appId],
  );
  return rowCount ?? 0;
}
