import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { AppError } from '../errors.ts';

/** What would be lost for good: `standing` changes with it. */
export type Loss = Readonly<{ accounts: number; versions: number; rights: number; standing: string }>;

/**
 * What goes with an account. Null: the org has no such account. With `lock` it stays as it is until
 * the transaction ends. @throws AppError conflict where it changes the passwords of others
 */
export async function lookAtAccount(
  db: Pool | PoolClient,
  orgId: string,
  id: string,
  lock: boolean,
): Promise<Loss | null> {
  // Whoever names it as an administrator takes the same lock: nobody does meanwhile.
  if (lock) {
    await db.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`accounts ${orgId}`]);
    await db.query('SELECT FROM accounts WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId, id]);
  }
  const { rows } = await db.query<Omit<Loss, 'accounts'> & { others: number }>({
    name: 'account-loss',
    text: `SELECT concat_ws(' ', a.next_version, a.version, a.revision) AS standing,
                  (SELECT count(*)::int FROM account_versions v WHERE v.org_id = a.org_id AND v.account_id = a.id) AS versions,
                  (SELECT count(*)::int FROM account_rights r WHERE r.org_id = a.org_id AND r.account_id = a.id) AS rights,
                  (SELECT count(*)::int FROM accounts b WHERE b.org_id = a.org_id AND b.admin_account_id = a.id AND b.id <> a.id) AS others
           FROM accounts a WHERE a.org_id = $1 AND a.id = $2`,
    values: [orgId, id],
  });
  if (!rows[0]) return null;
  const { others, ...loss } = rows[0];
  if (others > 0) throw new AppError('conflict', ({ answers }) => answers.accounts.administers({ others }));
  return { ...loss, accounts: 1 };
}

/** Removes an account that the transaction has looked at, with its versions, rights, reveals and rotations. */
export async function removeAccount(client: PoolClient, orgId: string, id: string, by: By): Promise<void> {
  const { rows } = await client.query<{ name: string }>({
    name: 'account-own-administrator',
    text: 'UPDATE accounts SET admin_account_id = NULL WHERE org_id = $1 AND id = $2 RETURNING name',
    values: [orgId, id],
  });
  const detail = { name: rows[0]?.name ?? '' };
  await recordEvent(client, { orgId, action: 'account.removed', by, target: { type: 'account', id }, detail });
  await client.query('DELETE FROM accounts WHERE org_id = $1 AND id = $2', [orgId, id]);
}
