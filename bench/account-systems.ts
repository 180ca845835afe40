import { existsSync } from 'node:fs';
import pg from 'pg';
import type { ConnectorKind } from '../src/accounts/connectors/all.ts';
import { mariadbAdmin, mariadbProgram, quoted, startMariadb } from '../test/real/mariadb.ts';
import { redisAdmin, redisProgram, startRedis } from '../test/real/redis.ts';
import { slapdAdmin, slapdProgram, startSlapd, suffix } from '../test/real/slapd.ts';
import { type Child, startChild } from './child.ts';

/** A name of letters and digits, and a password of the same. */
export type User = Readonly<{ name: string; password: string }>;

/** A system whose users are shared accounts. Connections to it are plain: all are on loopback. */
export type AccountSystem = Readonly<{
  name: string;
  kind: ConnectorKind;
  settings: object;
  admin: Readonly<{ userName: string; password: string }>;
  add(users: readonly User[]): Promise<unknown>;
  stop(): Promise<void>;
}>;

const host = '127.0.0.1';

/** The server of the benchmark, in which the product's own database is, too. */
export async function openPostgresql(serverUrl: string): Promise<AccountSystem> {
  const client = new pg.Client({ connectionString: serverUrl });
  // It is lost with the server when the benchmark is ended.
  client.on('error', () => {});
  await client.connect();
  const { port, username, password } = new URL(serverUrl);
  return {
    name: 'PostgreSQL',
    kind: 'postgresql',
    settings: { host, port: Number(port), database: 'postgres', tls: 'off' },
    admin: { userName: decodeURIComponent(username), password: decodeURIComponent(password) },
    add: (users) =>
      client.query(users.map((user) => `CREATE ROLE ${user.name} LOGIN PASSWORD '${user.password}'`).join('; ')),
    stop: () => client.end(),
  };
}

/** One small server that can be asked in both ways. */
export async function startHttpAndScim(): Promise<readonly AccountSystem[]> {
  const child: Child = startChild('servers/account-system.ts');
  const origin = `http://${host}:${await child.call<number>('start')}`;
  const json = (members: object) => ({ type: 'json', template: JSON.stringify(members) });
  const verify = {
    url: `${origin}/sign-in`,
    body: json({ user: '{{user}}', password: '{{new}}' }),
    accepted: { statuses: [204] },
    refused: { statuses: [401] },
  };
  const add = (users: readonly User[]) => child.call('add', users);
  const recipe = {
    method: 'PUT',
    url: `${origin}/passwords/{{user}}`,
    headers: { authorization: 'Basic {{basic_admin}}' },
    body: json({ password: '{{new}}' }),
    accepted: { statuses: [204] },
    rejected: { statuses: [422] },
    verify,
    tls: 'off',
  };
  const admin = { userName: 'admin', password: 'of the administrator' };
  const token = { userName: 'token', password: 'of-the-administrator' };
  const scim = { baseUrl: `${origin}/scim`, verify, tls: 'off' };
  return [
    { name: 'HTTP', kind: 'http', settings: recipe, admin, add, stop: async () => {} },
    { name: 'SCIM', kind: 'scim', settings: scim, admin: token, add, stop: () => child.stop() },
  ];
}

async function startOfMariadb(): Promise<AccountSystem> {
  const { port, sql, stop } = await startMariadb();
  return {
    name: 'MariaDB',
    kind: 'mariadb',
    settings: { host, port, tls: 'off' },
    admin: mariadbAdmin,
    add: (users) =>
      sql(users.map((user) => `CREATE USER ${user.name}@'%' IDENTIFIED BY ${quoted(user.password)}`).join('; ')),
    stop,
  };
}

async function startOfRedis(): Promise<AccountSystem> {
  const { port, cli, stop } = await startRedis();
  return {
    name: 'Redis',
    kind: 'redis',
    settings: { host, port, tls: 'off' },
    admin: redisAdmin,
    async add(users) {
      for (const user of users)
        await cli('default', 'root', 'ACL', 'SETUSER', user.name, 'on', `>${user.password}`, '~*', '+@all');
    },
    stop,
  };
}

async function startOfOpenLdap(): Promise<AccountSystem> {
  const { port, change, stop } = await startSlapd();
  const entryOf = (user: User) => `dn: uid=${user.name},ou=people,${suffix}
changetype: add
objectClass: account
objectClass: simpleSecurityObject
userPassword: ${user.password}
`;
  return {
    name: 'OpenLDAP',
    kind: 'ldap',
    settings: { host, port, tls: 'off', userDn: `uid={{user}},ou=people,${suffix}` },
    admin: slapdAdmin,
    add: (users) => change(users.map(entryOf).join('\n')),
    stop,
  };
}

/** Servers of others, from Debian's packages: where one isn't installed, `start` is null. */
export const serversOfOthers = [
  { name: 'MariaDB', program: mariadbProgram, start: startOfMariadb },
  { name: 'Redis', program: redisProgram, start: startOfRedis },
  { name: 'OpenLDAP', program: slapdProgram, start: startOfOpenLdap },
].map(({ name, program, start }) => ({ name, start: existsSync(program) ? start : null }));
