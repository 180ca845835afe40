import type { PoolClient } from 'pg';
import { AppError } from '../errors.ts';

/** Kept versions of one account. */
export const mostVersions = 100;
/**
 * Where nothing proves that a later one signs in: so many, and behind them only what the system
 * said that it had set. What people type in lets nothing go.
 */
export const mostUnproven = 1_000;

/**
 * Lets the oldest versions go where an account has more than it may: first those that never counted,
 * then former ones behind which a later one has signed in, or, where nobody but people can tell, is
 * said to. One that a rotation may still need stays.
 */
export async function trimVersions(client: PoolClient, orgId: string, accountId: string): Promise<void> {
  await client.query({
    name: 'account-versions-trim',
    text: `WITH kept AS (
             SELECT count(*) AS versions,
                    max(v.version) FILTER (WHERE v.accepted_at IS NOT NULL OR (v.state = 'current' AND a.connector = 'manual')) AS proven,
                    max(v.version) FILTER (WHERE v.rotation_id IS NOT NULL AND v.state IN ('former', 'current')) AS set
             FROM account_versions v JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id
             WHERE v.org_id = $1 AND v.account_id = $2
           ), over AS (
             SELECT v.version, v.is_over, row_number() OVER (ORDER BY v.is_over DESC, v.state = 'dead' DESC, v.version) AS place
             FROM kept k CROSS JOIN LATERAL (
               SELECT version, state, state = 'dead' OR coalesce(version < k.proven, false) AS is_over FROM account_versions
               WHERE org_id = $1 AND account_id = $2 AND (state = 'dead' OR (state = 'former' AND version < greatest(k.proven, k.set)))) v
             WHERE NOT EXISTS (
               SELECT FROM account_rotations r WHERE r.org_id = $1 AND r.account_id = $2 AND r.finished_at IS NULL
                 AND v.version IN (r.candidate, r.previous)))
           DELETE FROM account_versions WHERE org_id = $1 AND account_id = $2 AND version IN (
             SELECT o.version FROM over o, kept k
             WHERE o.place <= k.versions - CASE WHEN o.is_over THEN ${mostVersions} ELSE ${mostUnproven} END)`,
    values: [orgId, accountId],
  });
}

/**
 * Before people type one in: of those a thousand are kept that nothing lets go.
 * @throws AppError conflict
 */
export async function requireRoomForVersion(client: PoolClient, orgId: string, accountId: string): Promise<void> {
  await trimVersions(client, orgId, accountId);
  const { rows } = await client.query<{ count: number }>({
    name: 'account-versions-typed',
    text: `SELECT count(*)::int AS count FROM account_versions WHERE org_id = $1 AND account_id = $2 AND rotation_id IS NULL`,
    values: [orgId, accountId],
  });
  if ((rows[0]?.count ?? 0) >= mostUnproven)
    throw new AppError('conflict', ({ answers }) => answers.limits.accountVersions({ most: mostUnproven }));
}
