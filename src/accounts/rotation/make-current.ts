import type { PoolClient } from 'pg';
import { trimVersions } from '../trim-versions.ts';

/**
 * Makes a version the current one, and whatever was current a former one, in the caller's
 * transaction. Returns the number of that one; null: none was, or it is the same.
 */
export async function makeCurrent(
  client: PoolClient,
  orgId: string,
  accountId: string,
  version: number,
): Promise<number | null> {
  const { rows } = await client.query<{ version: number | null }>({
    name: 'account-lock',
    text: 'SELECT version FROM accounts WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE',
    values: [orgId, accountId],
  });
  const before = rows[0]?.version ?? null;
  // First this one: a unique index lets one be current.
  await client.query({
    name: 'version-demote',
    text: `UPDATE account_versions SET state = 'former' WHERE org_id = $1 AND account_id = $2 AND state = 'current' AND version <> $3`,
    values: [orgId, accountId, version],
  });
  await client.query({
    name: 'version-promote',
    text: `UPDATE account_versions SET state = 'current' WHERE org_id = $1 AND account_id = $2 AND version = $3`,
    values: [orgId, accountId, version],
  });
  await client.query({
    name: 'account-version-set',
    text: `UPDATE accounts SET version = $3, changed_at = clock_timestamp()
           WHERE org_id = $1 AND id = $2 AND version IS DISTINCT FROM $3`,
    values: [orgId, accountId, version],
  });
  await trimVersions(client, orgId, accountId);
  return before === version ? null : before;
}

/** Takes the next number, and keeps a password under it before anybody is given it. */
export async function keepVersion(
  client: PoolClient,
  { orgId, accountId, rotationId }: Readonly<{ orgId: string; accountId: string; rotationId: string | null }>,
  seal: (version: number) => Promise<string>,
): Promise<number> {
  const { rows } = await client.query<{ version: number }>({
    name: 'version-number',
    text: `UPDATE accounts SET next_version = next_version + 1 WHERE org_id = $1 AND id = $2 RETURNING next_version - 1 AS version`,
    values: [orgId, accountId],
  });
  const version = rows[0]?.version;
  if (version === undefined) throw new Error('the account is gone');
  // One that was being tried may have been set: it is kept as a former one.
  await client.query({
    name: 'version-candidates-former',
    text: `UPDATE account_versions SET state = 'former' WHERE org_id = $1 AND account_id = $2 AND state = 'candidate'`,
    values: [orgId, accountId],
  });
  await client.query({
    name: 'version-keep',
    text: `INSERT INTO account_versions (org_id, account_id, version, sealed, state, rotation_id) VALUES ($1, $2, $3, $4, 'candidate', $5)`,
    values: [orgId, accountId, version, await seal(version), rotationId],
  });
  await trimVersions(client, orgId, accountId);
  return version;
}
