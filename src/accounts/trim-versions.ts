import type { PoolClient } from 'pg';
import { AppError } from '../errors.ts';

/** Kept versions of one account. */
export const mostVersions = 100;
/** As many are kept of an account whose system proves none: only a later one that signs in lets one go. */
export const mostUnproven = 1_000;

/**
 * Lets the oldest versions go where an account has more than it may: first those that never counted,
 * then former ones behind which a later one has signed in, or, where nobody but people can tell, is
 * said to. One that a rotation may still need stays.
 */
export async function trimVersions(client: PoolClient, orgId: string, accountId: string): Promise<void> {
  await client.query({
    name: 'account-versions-trim',
    text: `DELETE FROM account_versions WHERE org_id = $1 AND account_id = $2 AND version IN (
             SELECT v.version FROM account_versions v JOIN accounts a ON a.org_id = v.org_id AND a.id = v.account_id
             WHERE v.org_id = $1 AND v.account_id = $2
               AND (v.state = 'dead' OR (v.state = 'former' AND EXISTS (
                 SELECT FROM account_versions l WHERE l.org_id = $1 AND l.account_id = $2 AND l.version > v.version
                   AND (l.accepted_at IS NOT NULL OR (l.state = 'current' AND a.connector = 'manual')))))
               AND NOT EXISTS (
                 SELECT FROM account_rotations r WHERE r.org_id = $1 AND r.account_id = $2 AND r.finished_at IS NULL
                   AND v.version IN (r.candidate, r.previous))
             ORDER BY v.state = 'dead' DESC, v.version
             LIMIT greatest(0, (SELECT count(*) FROM account_versions WHERE org_id = $1 AND account_id = $2) - ${mostVersions}))`,
    values: [orgId, accountId],
  });
}

/**
 * Before people add a version, or have one made: they stop where nothing lets go of those that are
 * kept. A revocation never does. @throws AppError conflict
 */
export async function requireRoomForVersion(client: PoolClient, orgId: string, accountId: string): Promise<void> {
  await trimVersions(client, orgId, accountId);
  const { rows } = await client.query<{ count: number }>({
    name: 'account-versions-count',
    text: 'SELECT count(*)::int AS count FROM account_versions WHERE org_id = $1 AND account_id = $2',
    values: [orgId, accountId],
  });
  if ((rows[0]?.count ?? 0) >= mostUnproven)
    throw new AppError('conflict', ({ answers }) => answers.limits.accountVersions({ most: mostUnproven }));
}
