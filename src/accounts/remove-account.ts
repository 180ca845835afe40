import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { AppError } from '../errors.ts';
import { holdRotations } from './leave-place.ts';
import { lockAccounts } from './logins.ts';

/**
 * What would be lost for good: `standing` changes with it. `mayBeLive`: where a change of the password
 * is open, the versions of which one may be what signs in. `underWay`: such changes.
 */
export type Loss = Readonly<{
  accounts: number;
  versions: number;
  rights: number;
  mayBeLive: readonly number[];
  underWay: number;
  standing: string;
}>;

/** Of a rotation `r`: a password of it may be set at the system that isn't the current one here. */
export const mayBeSet = `(r.state IN ('uncertain', 'manual') OR (r.state IN ('candidate', 'set') AND r.sent_at IS NOT NULL))`;

type Seen = Omit<Loss, 'accounts'> & Readonly<{ others: number; atWork: boolean }>;

/**
 * What goes with an account. Null: the org has no such account. With `lock` it stays as it is until
 * the transaction ends. @throws AppError conflict where it changes the passwords of others, or while a
 * new one is on its way to the system, which nobody stops: the kept one would be the only one
 */
export async function lookAtAccount(
  db: Pool | PoolClient,
  orgId: string,
  id: string,
  lock: boolean,
): Promise<Loss | null> {
  // Whoever names it as an administrator takes the same lock: nobody does meanwhile.
  if (lock) {
    await lockAccounts(db, orgId);
    await holdRotations(db, orgId, id);
    await db.query('SELECT FROM accounts WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId, id]);
  }
  const { rows } = await db.query<Seen>({ name: 'account-loss', text: lossSql, values: [orgId, id] });
  if (!rows[0]) return null;
  const { others, atWork, ...loss } = rows[0];
  if (others > 0) throw new AppError('conflict', ({ answers }) => answers.accounts.administers({ others }));
  if (atWork) throw new AppError('conflict', ({ answers }) => answers.accounts.removedInChange);
  return { ...loss, accounts: 1 };
}

// One that came to nothing so far may be removed, once its versions were named: its system may be gone
// for ever. Its claim counts for people alone, for the machine raises it with each try.
const lossSql = `
  SELECT concat_ws(' ', a.next_version, a.version, a.revision, r.id, r.state, r.candidate, CASE WHEN r.state = 'manual' THEN r.claim END) AS standing,
         (SELECT count(*)::int FROM account_versions v WHERE v.org_id = a.org_id AND v.account_id = a.id) AS versions,
         (SELECT count(*)::int FROM account_rights h WHERE h.org_id = a.org_id AND h.account_id = a.id) AS rights,
         (SELECT count(*)::int FROM accounts b WHERE b.org_id = a.org_id AND b.admin_account_id = a.id AND b.id <> a.id) AS others,
         coalesce(r.state <> 'manual' AND r.sent_at IS NOT NULL AND r.failing_since IS NULL, false) AS "atWork",
         (r.id IS NOT NULL)::int AS "underWay",
         ARRAY(SELECT v.version FROM account_versions v
               WHERE v.org_id = r.org_id AND v.account_id = r.account_id
                 AND (v.version IN (a.version, r.previous, r.candidate) OR v.rotation_id = r.id
                   OR (r.state = 'uncertain' AND r.candidate IS NULL AND v.state <> 'dead'))
               ORDER BY v.version) AS "mayBeLive"
  FROM accounts a LEFT JOIN account_rotations r ON r.org_id = a.org_id AND r.account_id = a.id AND ${mayBeSet}
  WHERE a.org_id = $1 AND a.id = $2`;

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
