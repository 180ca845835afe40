import type { PoolClient } from 'pg';
import { AppError } from '../errors.ts';
import type { Administrator } from './account.ts';
import { rightTo } from './rights.ts';
import type { Vault } from './vault.ts';

/** As it is given: with the password of a user name that is no shared account. */
export type GivenAdministrator = Readonly<{ accountId: string } | { userName: string; password: string }>;

/** Who changes an account, and whether their role lets them change all of the org. */
export type Changer = Readonly<{ userId: string; changesAll: boolean }>;

/** The columns of an account's administrator. */
export type AdministratorColumns = readonly [
  accountId: string | null,
  userName: string | null,
  password: string | null,
];

/**
 * Seals an administrator as it was given. Another shared account may be named by whoever changes or
 * manages that one. @throws AppError invalid_request, conflict for a circle
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
  await requireMayUse(client, orgId, { id, administrator: { accountId } }, changer);
  await refuseCircle(client, orgId, id, accountId);
  return [accountId, null, null];
}

/**
 * Whether somebody may have the password of an account's administrator sent to where they say, or
 * used for another user name: else whoever manages one account could have the administrator of it
 * change any other. @throws AppError invalid_request
 */
export async function requireMayUse(
  client: PoolClient,
  orgId: string,
  { id, administrator }: Readonly<{ id: string; administrator: Administrator | null }>,
  { userId, changesAll }: Changer,
): Promise<void> {
  if (administrator === null) return;
  if ('userName' in administrator) throw wrong(({ answers }) => answers.accounts.administratorAgain);
  const { accountId } = administrator;
  // One answer for both: nobody learns of accounts that they have no right to.
  const allowed = accountId === id || changesAll || (await rightTo(client, { orgId, userId }, accountId)) === 'manage';
  if (!allowed) throw wrong(({ answers }) => answers.accounts.noAdministrator);
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
