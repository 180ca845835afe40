import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { AppError } from '../errors.ts';
import { type Loss, mayBeSet } from './remove-account.ts';

/**
 * What would be unreadable without the org's key. With `lock` nobody seals anything more with it
 * until the transaction ends. @throws AppError conflict where there is no key
 */
export async function lookAtKey(db: Pool | PoolClient, orgId: string, lock: boolean): Promise<Loss> {
  // Each transaction that seals a password holds the key's row: this waits for those under way.
  const text = `SELECT created_at FROM org_account_keys WHERE org_id = $1 ${lock ? 'FOR UPDATE' : ''}`;
  const { rows: keys } = await db.query<{ created_at: Date }>({
    name: `account-key-look-${lock}`,
    text,
    values: [orgId],
  });
  if (!keys[0]) throw new AppError('conflict', ({ answers }) => answers.accounts.noKey);
  const { rows } = await db.query<Omit<Loss, 'standing' | 'mayBeLive'>>({
    name: 'account-key-loss',
    text: `SELECT (SELECT count(*)::int FROM accounts WHERE org_id = $1) AS accounts,
                  (SELECT count(*)::int FROM account_versions WHERE org_id = $1) AS versions,
                  (SELECT count(*)::int FROM account_rights WHERE org_id = $1) AS rights,
                  (SELECT count(*)::int FROM account_rotations r WHERE r.org_id = $1 AND ${mayBeSet}) AS "underWay"`,
    values: [orgId],
  });
  const loss = rows[0] as Omit<Loss, 'standing' | 'mayBeLive'>;
  // Rotations make new versions all the time: these change nothing of what is confirmed.
  return { ...loss, mayBeLive: [], standing: `${keys[0].created_at.toISOString()} ${loss.accounts}` };
}

/**
 * Erases the key that the org's passwords are sealed with, and what nobody can open any more.
 * Accounts and rights stay: a new password may be given, under a new key. What is on its way to a
 * system just now is let go.
 */
export async function eraseKey(client: PoolClient, orgId: string, by: By): Promise<void> {
  await client.query('DELETE FROM org_account_keys WHERE org_id = $1', [orgId]);
  // Rotations before accounts: in that order the rotator locks them.
  await client.query(
    `UPDATE account_rotations SET state = 'cancelled', claim = claim + 1, finished_at = clock_timestamp(), do_until = NULL, error = 'key_erased'
     WHERE org_id = $1 AND state NOT IN ('done', 'cancelled')`,
    [orgId],
  );
  await client.query('DELETE FROM account_versions WHERE org_id = $1', [orgId]);
  await client.query(
    `UPDATE accounts SET version = NULL, changed_at = NULL, wrong_tried_at = NULL, admin_user_name = NULL, admin_password = NULL,
       revision = revision + 1, updated_at = now()
     WHERE org_id = $1 AND (version IS NOT NULL OR admin_user_name IS NOT NULL OR wrong_tried_at IS NOT NULL)`,
    [orgId],
  );
  await recordEvent(client, { orgId, action: 'account.key_erased', by, target: { type: 'org', id: orgId } });
}
