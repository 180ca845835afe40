import type { PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';

/**
 * Erases what seals the passwords of an org's shared accounts, in the caller's transaction: from its
 * commit on nothing of them opens on any node. Returns how many passwords can't be read any more;
 * null: there was no key. A later password makes a new one.
 */
export async function eraseAccountKey(client: PoolClient, orgId: string, by: By): Promise<number | null> {
  const { rowCount } = await client.query('DELETE FROM org_account_keys WHERE org_id = $1', [orgId]);
  if (rowCount === 0) return null;
  const { rows } = await client.query<{ passwords: number }>(
    `SELECT (SELECT count(*) FROM account_versions WHERE org_id = $1)::int
          + (SELECT count(*) FROM accounts WHERE org_id = $1 AND admin_password IS NOT NULL)::int AS passwords`,
    [orgId],
  );
  const passwords = rows[0]?.passwords ?? 0;
  const target = { type: 'org', id: orgId };
  await recordEvent(client, { orgId, action: 'account.key_erased', by, target, detail: { passwords } });
  return passwords;
}
