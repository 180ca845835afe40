import type { PoolClient } from 'pg';
import { AppError } from '../errors.ts';
import type { Changer, GivenAdministrator } from './administrator.ts';
import { isManual } from './connectors/manual.ts';
import { placeOf } from './place.ts';
import { rightTo } from './rights.ts';

/** What signs in where. */
type Login = Readonly<{ userName: string; place: string; connector: string; settings: unknown }>;

/** Of accounts that are kept, or come before in the same file: its id, or its line. */
export type Logins = Map<string, Readonly<{ id: string; name: string; line?: number }>>;

/**
 * Names a login: two accounts that are one would each set a password that the other calls wrong. Null:
 * nobody can tell. Told as finely as systems tell people apart: at one host there may be several
 * directories, tenants and apps, and a refusal that is wrong has no way round.
 */
export function loginOf({ userName, place, connector, settings }: Login): string | null {
  const parts = settings as Readonly<Record<string, unknown>>;
  const words = (text: string) => text.trim().toLowerCase();
  if (isManual(connector)) return place.trim() === '' ? null : JSON.stringify([connector, words(place), userName]);
  const at = placeOf(connector, settings);
  switch (connector) {
    case 'ldap':
      return JSON.stringify([at, words(String(parts.userDn).replaceAll('{{user}}', () => userName))]);
    case 'scim':
      return JSON.stringify([at, parts.baseUrl, words(userName)]);
    case 'http':
      // A tenant may stand in a header or the body, too.
      return JSON.stringify([at, parts.url, parts.headers, parts.body, userName]);
    case 'mariadb':
      return JSON.stringify([at, userName, parts.at]);
    default:
      return JSON.stringify([at, userName]);
  }
}

/** Of an administrator that is given by name. To a token of SCIM the name says nothing; whom MariaDB takes it for, neither. */
function administratorsLogins(account: Login, userName: string): readonly string[] {
  const { connector, settings } = account;
  if (isManual(connector) || connector === 'scim') return [];
  const { at, userDn } = settings as Readonly<Record<string, unknown>>;
  const places =
    connector === 'mariadb' ? [at, '%', 'localhost'].map((from) => ({ ...Object(settings), at: from })) : [];
  if (connector === 'ldap') places.push({ ...Object(settings), userDn: '{{user}}' }, { ...Object(settings), userDn });
  return (places.length > 0 ? places : [settings]).flatMap(
    (where) => loginOf({ ...account, userName, settings: where }) ?? [],
  );
}

/** Those of an org that may be the login of any of these names. Behind the lock of `lockAccounts`. */
export async function readLogins(client: PoolClient, orgId: string, userNames: readonly string[]): Promise<Logins> {
  const { rows } = await client.query<Login & { id: string; name: string }>({
    name: 'account-logins',
    text: `SELECT id, name, user_name AS "userName", place, connector, settings FROM accounts
           WHERE org_id = $1 AND (lower(user_name) = ANY ($2::text[]) OR connector = 'ldap') ORDER BY id DESC`,
    values: [orgId, userNames.map((name) => name.toLowerCase())],
  });
  return new Map(
    rows.flatMap(({ id, name, ...login }) => {
      const key = loginOf(login);
      return key === null ? [] : [[key, { id, name }] as const];
    }),
  );
}

/** Makes what compares accounts, or counts them, wait for each other until the transaction ends. */
export const lockAccounts = (client: Pick<PoolClient, 'query'>, orgId: string) =>
  client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`accounts ${orgId}`]);

/**
 * Behind that lock. @throws AppError conflict where another account is the same login, or where the
 * administrator that is given by name is a shared account, whose changes this one would not learn of
 */
export async function refuseTwin(
  client: PoolClient,
  orgId: string,
  account: Login & Readonly<{ id: string | null; administrator: GivenAdministrator | null }>,
  { userId, changesAll }: Changer,
): Promise<void> {
  const { id, administrator } = account;
  const adminName = administrator && 'userName' in administrator ? administrator.userName : null;
  const known = await readLogins(client, orgId, [account.userName, ...(adminName === null ? [] : [adminName])]);
  const login = loginOf(account);
  const nameFor = async (other: Readonly<{ id: string; name: string }>) =>
    changesAll || (userId !== null && (await rightTo(client, { orgId, userId }, other.id)) !== null)
      ? other.name
      : null;
  const twin = login === null ? undefined : known.get(login);
  if (twin && twin.id !== id) {
    const name = await nameFor(twin);
    throw new AppError('conflict', ({ answers }) => answers.accounts.twin({ name }), { field: 'userName' });
  }
  const keys = adminName === null ? [] : administratorsLogins(account, adminName);
  if (login !== null && keys.includes(login))
    throw new AppError('conflict', ({ answers }) => answers.accounts.administratorItself, { field: 'administrator' });
  const admin = keys.map((key) => known.get(key)).find((found) => found !== undefined);
  if (!admin) return;
  const name = await nameFor(admin);
  throw new AppError('conflict', ({ answers }) => answers.accounts.administratorShared({ name }), {
    field: 'administrator',
  });
}
