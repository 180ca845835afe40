import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { type AccountRow, findAccount, listAccounts } from './account.ts';
import { type Changer, type GivenAdministrator, givenSql, toColumns } from './administrator.ts';
import { type AccountChanges, changeAccount } from './change-account.ts';
import { noteLedElsewhere } from './led-elsewhere.ts';
import { lockAccounts, refuseTwin } from './logins.ts';
import type { PasswordRules } from './make-password.ts';
import { rightTo } from './rights.ts';
import { checkedSettings } from './settings.ts';
import { createVault, type Vault } from './vault.ts';
import { addCurrent, givePassword, listVersions } from './versions.ts';

/** Shared accounts of one org. */
export const mostAccounts = 5_000;

export type NewAccount = Readonly<{
  name: string;
  userName: string;
  place: string;
  notes: string;
  connector: string;
  settings: Readonly<Record<string, unknown>>;
  administrator: GivenAdministrator | null;
  passwordRules: PasswordRules;
  everyDays: number | null;
  /** The one that signs in now; undefined: none is known yet. */
  password?: string | undefined;
}>;

type Doing = Readonly<{ changer: Changer; by: By }>;

/** The shared accounts of orgs. Passwords go in, and come out in src/accounts/reveal.ts alone. */
export function createAccounts({ pool, keyring }: Readonly<{ pool: Pool; keyring: Keyring }>) {
  const vault = createVault({ pool, keyring });
  return {
    /** A page of them, by their names. */
    list: (orgId: string, page: Parameters<typeof listAccounts>[2]) => listAccounts(pool, orgId, page),

    /** The greatest right that a person has to an account; null: none. */
    rightOf: (person: Readonly<{ orgId: string; userId: string }>, id: string) => rightTo(pool, person, id),

    /** Null when the org has no such account. */
    find: (orgId: string, id: string) => findAccount(pool, orgId, id),

    /** @throws AppError invalid_request; conflict for a login that is there, or when the org has as many as it may */
    add(orgId: string, account: NewAccount, doing: Doing): Promise<AccountRow> {
      return transaction(pool, async (client) => {
        await requireRoom(client, orgId, 1);
        const settings = checkedSettings(account.connector, account.settings);
        await refuseTwin(client, orgId, { ...account, settings, id: null }, doing.changer);
        const id = await addAccount({ client, vault }, orgId, account, doing);
        return (await findAccount(client, orgId, id)) as AccountRow;
      });
    },

    /** See `changeAccount`. */
    change: (orgId: string, id: string, changes: AccountChanges, doing: Doing) =>
      changeAccount({ pool, vault }, orgId, id, changes, doing),

    /** See `listVersions`. */
    listVersions: (orgId: string, id: string, page: Parameters<typeof listVersions>[3]) =>
      listVersions(pool, orgId, id, page),

    /** See `givePassword`. */
    givePassword: (orgId: string, id: string, password: string, by: By) =>
      givePassword({ pool, vault }, orgId, id, password, by),
  };
}

export type Accounts = ReturnType<typeof createAccounts>;

/** Makes additions to an org wait for each other, so that the count holds. @throws AppError conflict */
export async function requireRoom(client: PoolClient, orgId: string, more: number): Promise<void> {
  await lockAccounts(client, orgId);
  const { rows } = await client.query<{ count: number }>({
    name: 'accounts-count',
    text: 'SELECT count(*)::int AS count FROM accounts WHERE org_id = $1',
    values: [orgId],
  });
  if ((rows[0]?.count ?? 0) + more > mostAccounts)
    throw new AppError('conflict', ({ answers }) => answers.limits.accounts({ most: mostAccounts }));
}

/** Adds an account in the transaction of `requireRoom`; returns its id. @throws AppError invalid_request */
export async function addAccount(
  { client, vault }: Readonly<{ client: PoolClient; vault: Vault }>,
  orgId: string,
  account: NewAccount,
  { changer, by }: Doing,
): Promise<string> {
  const { name, userName, place, notes, connector, passwordRules, everyDays, password, administrator } = account;
  const settings = checkedSettings(connector, account.settings);
  const id = newId('account');
  await client.query({
    name: 'account-add',
    text: `INSERT INTO accounts (org_id, id, name, user_name, place, notes, connector, settings, password_rules, every_days, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())`,
    values: [orgId, id, name, userName, place, notes, connector, settings, passwordRules, everyDays],
  });
  const columns = await toColumns({ client, vault }, orgId, id, administrator, changer);
  await client.query({
    name: 'account-administrator',
    text: `UPDATE accounts SET admin_account_id = $3, admin_user_name = $4, admin_password = $5, ${givenSql('$4', '$6')} WHERE org_id = $1 AND id = $2`,
    values: [orgId, id, ...columns, changer.userId],
  });
  const led = { id, connector, newPlace: false, administratorId: columns[0] };
  await noteLedElsewhere(client, orgId, led, { userId: changer.userId, by });
  const version =
    password === undefined ? {} : { version: await addCurrent({ client, vault }, orgId, id, password, by) };
  const detail = { connector, ...version };
  await recordEvent(client, { orgId, action: 'account.added', by, target: { type: 'account', id }, detail });
  return id;
}
