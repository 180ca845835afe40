import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { emailKey } from '../users/email.ts';
import { addAccount, type NewAccount, requireRoom } from './accounts.ts';
import type { Changer } from './administrator.ts';
import { loginOf, readLogins } from './logins.ts';
import type { Right } from './rights.ts';
import { checkedSettings } from './settings.ts';
import type { Vault } from './vault.ts';

/** Accounts of one import. */
export const mostImported = 1_000;
/** Rights of one import, all accounts together. */
export const mostImportedRights = 5_000;

/** A line: an account, and who has which right to it, by address or by the name of a group. */
export type ImportedAccount = Readonly<{
  line: number;
  account: NewAccount;
  names: Readonly<Record<Right, readonly string[]>>;
}>;

/** A line that is the login of an account, or of an earlier line. */
export type TwinLine = Readonly<{ line: number; why: 'twin'; name: string; ofLine: number | null }>;

/** A name that is nobody's; by its place, for what stands there may be a password in a wrong column. */
export type WrongName = Readonly<{
  line: number;
  right: Right;
  place: number;
  why: 'nobody' | 'switched_off' | 'several_groups';
}>;

export type Imported =
  | Readonly<{ accounts: number; rights: number }>
  | Readonly<{ wrong: readonly (WrongName | TwinLine)[] }>;

type Found = Readonly<{ userId: string | null; groupId: string | null; why: WrongName['why'] | null }>;
type Holder = Readonly<{ userId: string | null; groupId: string | null; right: Right }>;

/**
 * Adds all of these accounts with their rights, or none. `dryRun`: only says what would be added.
 * @throws AppError invalid_request, or conflict when the org would have more than it may
 */
export async function importAccounts(
  { pool, vault }: Readonly<{ pool: Pool; vault: Vault }>,
  orgId: string,
  rows: readonly ImportedAccount[],
  { changer, by, dryRun }: Readonly<{ changer: Changer; by: By; dryRun: boolean }>,
): Promise<Imported> {
  return transaction(pool, async (client) => {
    await requireRoom(client, orgId, rows.length);
    const known = await findHolders(client, orgId, rows);
    const wrong = [...rows.flatMap((row) => wrongNames(row, known)), ...(await findTwins(client, orgId, rows))];
    if (wrong.length > 0) return { wrong };
    const holders = rows.map((row) => holdersOf(row, known));
    const counts = { accounts: rows.length, rights: holders.flat().length };
    if (dryRun) return counts;
    const given: (Holder & { accountId: string })[] = [];
    for (const [index, { account }] of rows.entries()) {
      const accountId = await addAccount({ client, vault }, orgId, account, { changer, by });
      for (const holder of holders[index] ?? []) given.push({ ...holder, accountId });
    }
    await giveAll(client, orgId, given, by);
    return counts;
  });
}

const keyOf = (name: string) => (name.includes('@') ? `@${emailKey(name)}` : name);

/** By `keyOf`. An address is somebody's, any other name a group's. */
async function findHolders(client: PoolClient, orgId: string, rows: readonly ImportedAccount[]) {
  const names = [...new Set(rows.flatMap(({ names }) => [...names.use, ...names.manage]))];
  const emails = names.filter((name) => name.includes('@')).map((name) => emailKey(name));
  const people = await client.query<{ id: string; key: string; active: boolean }>(
    'SELECT id, email_key AS key, active FROM users WHERE org_id = $1 AND email_key = ANY ($2::text[]) AND deleted_at IS NULL',
    [orgId, emails],
  );
  const groups = await client.query<{ id: string; key: string; several: boolean }>(
    `SELECT min(id) AS id, display_name AS key, count(*) > 1 AS several FROM groups
     WHERE org_id = $1 AND display_name = ANY ($2::text[]) GROUP BY display_name`,
    [orgId, names.filter((name) => !name.includes('@'))],
  );
  return new Map<string, Found>([
    ...people.rows.map(
      ({ id, key, active }) => [`@${key}`, { userId: id, groupId: null, why: active ? null : 'switched_off' }] as const,
    ),
    ...groups.rows.map(
      ({ id, key, several }) => [key, { userId: null, groupId: id, why: several ? 'several_groups' : null }] as const,
    ),
  ]);
}

const rights = ['use', 'manage'] as const;

const wrongNames = ({ line, names }: ImportedAccount, known: ReadonlyMap<string, Found>): WrongName[] =>
  rights.flatMap((right) =>
    names[right].flatMap((name, index) => {
      const found = known.get(keyOf(name));
      const why = found ? found.why : 'nobody';
      return why === null ? [] : [{ line, right, place: index + 1, why }];
    }),
  );

/** Whoever imports sees every account of the org. */
async function findTwins(client: PoolClient, orgId: string, rows: readonly ImportedAccount[]): Promise<TwinLine[]> {
  const known = await readLogins(client, orgId, [...new Set(rows.map(({ account }) => account.userName))]);
  return rows.flatMap(({ line, account }) => {
    const login = loginOf({ ...account, settings: checkedSettings(account.connector, account.settings) });
    if (login === null) return [];
    const twin = known.get(login);
    if (!twin) known.set(login, { id: '', name: account.name, line });
    return twin ? [{ line, why: 'twin' as const, name: twin.name, ofLine: twin.line ?? null }] : [];
  });
}

/** Of somebody who is named twice the greater right counts. */
function holdersOf({ names }: ImportedAccount, known: ReadonlyMap<string, Found>): readonly Holder[] {
  const byId = new Map<string, Holder>();
  for (const right of rights)
    for (const name of names[right]) {
      const { userId, groupId } = known.get(keyOf(name)) as Found;
      byId.set(String(userId ?? groupId), { userId, groupId, right });
    }
  return [...byId.values()];
}

/** The people are locked last, and for a moment: a revocation waits for nobody who writes a file. */
async function giveAll(
  client: PoolClient,
  orgId: string,
  given: readonly (Holder & { accountId: string })[],
  by: By,
): Promise<void> {
  for (const { accountId, userId, groupId, right } of given) {
    const detail = { ...(userId === null ? { group: groupId } : { user: userId }), right };
    const target = { type: 'account', id: accountId };
    await recordEvent(client, { orgId, action: 'account.right_given', by, target, detail });
  }
  const people = given.flatMap(({ userId }) => (userId === null ? [] : [userId]));
  const { rows } = await client.query<{ active: boolean }>(
    'SELECT active FROM users WHERE org_id = $1 AND id = ANY ($2::text[]) ORDER BY id FOR NO KEY UPDATE',
    [orgId, people],
  );
  // Somebody was switched off while this was written.
  if (rows.some(({ active }) => !active)) throw new AppError('conflict', ({ answers }) => answers.accounts.switchedOff);
  await client.query(
    `INSERT INTO account_rights (org_id, id, account_id, user_id, group_id, "right")
     SELECT $1, g.id, g.account_id, g.user_id, g.group_id, g."right"::"AccountRightKind"
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS g (id, account_id, user_id, group_id, "right")`,
    [
      orgId,
      given.map(() => newId('accountRight')),
      given.map(({ accountId }) => accountId),
      given.map(({ userId }) => userId),
      given.map(({ groupId }) => groupId),
      given.map(({ right }) => right),
    ],
  );
}
