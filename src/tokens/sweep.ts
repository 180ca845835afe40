import type { PoolClient } from 'pg';

/** Removes grants, with all that is under them, a day after their greatest possible age. */
export async function sweepGrants(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM grants WHERE (org_id, id) IN (
       SELECT org_id, id FROM grants WHERE expires_at < now() - interval '1 day' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
}

/** Removes tokens and codes an hour after they expired: until then a second use is recognised. */
export async function sweepTokens(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM tokens WHERE (kind, id_hash) IN (
       SELECT kind, id_hash FROM tokens WHERE expires_at < now() - interval '1 hour' LIMIT 5000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
}

/** Removes what apps knew sessions by, a month after they were told of the end. */
export async function sweepAppSessions(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    `DELETE FROM app_sessions WHERE (org_id, app_id, id) IN (
       SELECT org_id, app_id, id FROM app_sessions WHERE told_at < now() - interval '30 days' LIMIT 5000 FOR UPDATE SKIP LOCKED)`,
  );
  return (rowCount ?? 0) > 0;
}
