import type { PoolClient } from 'pg';
import { AppError } from '../errors.ts';
import type { Administrator } from './account.ts';
import type { Vault } from './vault.ts';

/** As it is given: with the password of a user name that is no shared account. */
export type GivenAdministrator = Readonly<{ accountId: string } | { userName: string; password: string }>;

/**
 * Who changes an account, and whether their role lets them change all of the org. `userId`: null for
 * an operator, who holds the keys to every password anyway.
 */
export type Changer = Readonly<{ userId: string | null; changesAll: boolean }>;

/** The columns of an account's administrator. */
export type AdministratorColumns = readonly [
  accountId: string | null,
  userName: string | null,
  password: string | null,
];

/** Who typed the password of the administrator `userName` in, and when: columns. Whoever did knows it. */
export const givenSql = (userName: string, userId: string) =>
  `admin_given_by = CASE WHEN ${userName}::text IS NOT NULL THEN ${userId}::text END,
   admin_given_at = CASE WHEN ${userName}::text IS NOT NULL THEN clock_timestamp() END`;

/**
 * Seals an administrator as it was given. Another shared account is named by whoever changes all of
 * the org's. @throws AppError invalid_request, forbidden, conflict for a circle
 */
export async function toColumns(
  { client, vault }: Readonly<{ client: PoolClient; vault: Vault }>,
  orgId: string,
  id: string,
  given: GivenAdministrator | null,
  changer: Changer,
): Promise<AdministratorColumns> {
  if (given === null) return [null, null, null];
  if ('userName' in given) return [null, given.userName, await vault.sealAdmin(orgId, id, given.password, client)];
  const { accountId } = given;
  requireMayUse({ id, administrator: { accountId } }, changer);
  await refuseCircle(client, orgId, id, accountId);
  return [accountId, null, null];
}

/**
 * Whether somebody may have the password of an account's administrator sent to where they say, or
 * used for another user name. That of another account goes there whenever it is used, each new one
 * too, so a right to that account isn't enough: it would outlive its end.
 * @throws AppError invalid_request, forbidden
 */
export function requireMayUse(
  { id, administrator }: Readonly<{ id: string; administrator: Administrator | null }>,
  { changesAll }: Changer,
): void {
  if (administrator === null) return;
  if ('userName' in administrator) throw wrong(({ answers }) => answers.accounts.administratorAgain);
  // Asked before the account is looked for: nobody learns of accounts that they have no right to.
  if (administrator.accountId === id || changesAll) return;
  throw new AppError('forbidden', ({ answers }) => answers.accounts.administratorByRole, { field: 'administrator' });
}

/** Follows who administers whom: an account may administer itself, and nobody each other. @throws AppError */
async function refuseCircle(client: PoolClient, orgId: string, id: string, accountId: string): Promise<void> {
  if (accountId === id) return;
  const { rows } = await client.query<{ id: string }>({
    name: 'account-administrators',
    text: `WITH RECURSIVE above AS (
             SELECT id, admin_account_id FROM accounts WHERE org_id = $1 AND id = $2
             UNION SELECT a.id, a.admin_account_id FROM above b JOIN accounts a ON a.org_id = $1 AND a.id = b.admin_account_id)
           SELECT id FROM above`,
    values: [orgId, accountId],
  });
  if (rows.length === 0) throw wrong(({ answers }) => answers.accounts.noAdministrator);
  if (rows.some((above) => above.id === id))
    throw new AppError('conflict', ({ answers }) => answers.accounts.circle, { field: 'administrator' });
}

const wrong = (says: ConstructorParameters<typeof AppError>[1]) =>
  new AppError('invalid_request', says, { field: 'administrator' });
