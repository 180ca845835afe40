import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { type Rotator, startRotator } from '../../src/accounts/rotation/rotator.ts';
import { type Times, usualTimes } from '../../src/accounts/rotation/times.ts';
import { createVault } from '../../src/accounts/vault.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';
import { createJsonCli } from '../cli/processes.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startProxy, type TcpProxy } from './proxy.ts';
import { openTarget, passwordsOf, plantAccount, rotationsOf, until } from './support.ts';

// The database is copied, passwords change, and the copy takes its place: what a restore from a
// backup leaves. The systems are roles of a PostgreSQL, which keeps the newer passwords.
const orgId = 'org_of_restores';
const keys = randomBytes(32);
const keyring = createKeyring([keys]);
const log = pino({ level: 'silent' });
const target = openTarget();
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-restore-'));
const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8', '::1/128'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});
const quick: Times = { ...usualTimes, wrong: 0.1, unavailable: [0.05], denied: [0.05], oldWorks: [0.05] };

type Opened = Readonly<{ url: string; pool: pg.Pool; product: Parameters<typeof plantAccount>[0] }>;
let database: TestDatabase;
let db: Opened;
let toSystem: TcpProxy;
/** Names whose password was wrong, each time. */
let wrong: string[] = [];
let rotator: Rotator | null = null;
const copies: string[] = [];

function open(url: string): Opened {
  const pool = createPool({ connectionString: url, max: 5, applicationName: 'restore', log });
  return { url, pool, product: { context: { pool, keyring } } as unknown as Opened['product'] };
}
const asAdmin = async (sql: string) => {
  const client = new pg.Client({ connectionString: inject('adminUrl') });
  await client.connect();
  await client.query(sql).finally(() => client.end());
};
const nameOf = (url: string) => new URL(url).pathname.slice(1);
/** The database as it is now, under another name; nobody may be connected to it meanwhile. */
async function copy(): Promise<string> {
  const name = `${nameOf(database.url)}_${copies.length}`;
  await db.pool.end();
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${nameOf(db.url)}`);
  copies.push(name);
  db = open(db.url);
  return Object.assign(new URL(database.url), { pathname: `/${name}` }).href;
}
/** The backup takes the place of what was lost. */
async function restore(backup: string) {
  await stop();
  await db.pool.end();
  db = open(backup);
}

beforeAll(async () => {
  toSystem = await startProxy(target.place.port, {
    onAnswer: (chunk) => {
      const name = /password authentication failed for user "(\w+)"/.exec(chunk.toString('latin1'))?.[1];
      if (name) wrong.push(name);
    },
  });
});
afterAll(async () => {
  await toSystem.stop();
  await target.drop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  database = await createTestDatabase();
  db = open(database.url);
  await db.pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'restores', 'Restores')`, [orgId]);
});
afterEach(async () => {
  await stop();
  await db.pool.end();
  for (const name of copies.splice(0)) await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await database.drop();
});

const start = (times: Partial<Times> = {}) => {
  const vault = createVault({ pool: db.pool, keyring });
  rotator = startRotator({ pool: db.pool, vault, connectorOf, log, times: { ...quick, ...times } });
};
const stop = async () => {
  await rotator?.stop();
  rotator = null;
};
/** What the next command is given. */
let accountPassword = '';
const { cli } = createJsonCli(() => ({
  DATABASE_URL: db.url,
  DATA_DIR: dataDir,
  PUBLIC_URL: 'http://localhost:3333',
  ENCRYPTION_KEYS: keys.toString('base64'),
  ACCOUNT_PASSWORD: accountPassword,
}));
const shared = (...args: string[]) => cli('shared-account', ...args, '--org', 'restores');

type Account = Readonly<{ id: string; name: string }>;
async function plant(
  role: Readonly<{ name: string; password: string }>,
  admin: NonNullable<Parameters<typeof plantAccount>[2]['admin']>,
): Promise<Account> {
  const settings = { ...target.place, port: toSystem.port };
  const planted = { userName: role.name, password: role.password, settings, admin };
  return { name: role.name, id: await plantAccount(db.product, orgId, planted) };
}
const last = async ({ id }: Account) => (await rotationsOf(db.product, id)).at(-1);
const untilState = (state: string, ...accounts: readonly Account[]) =>
  until(async () => {
    const rows = await Promise.all(accounts.map(last));
    return rows.every((row) => row?.state === state);
  });
async function rotateAll(...accounts: readonly Account[]) {
  start();
  for (const { id } of accounts) {
    await askRotation(db.pool, { orgId, accountId: id, cause: 'hand' });
    await untilState('done', ...accounts.slice(0, accounts.findIndex((each) => each.id === id) + 1));
  }
}
/** Each kept version, the latest first: its state, and whether it signs in. */
async function kept({ id, name }: Account): Promise<string[]> {
  const told: string[] = [];
  for (const { version, state, password } of await passwordsOf(db.product, orgId, id))
    told.push(`${version} ${state} ${(await target.signsIn(name, password)) ? 'works' : 'is refused'}`);
  return told;
}
const actionsOf = async ({ id }: Account) => {
  const { rows } = await db.pool.query<{ action: string }>(
    `SELECT action FROM audit_events WHERE target_id = $1 ORDER BY at, id`,
    [id],
  );
  return rows.map(({ action }) => action);
};

it('what the backup knows and the system has changed since is set anew by the administrator; what it has not stays', async () => {
  const changed = await plant(await target.makeRole(), target.admin);
  const same = await plant(await target.makeRole(), target.admin);
  await rotateAll(changed, same);
  await stop();
  const backup = await copy();
  await rotateAll(changed);
  expect(await kept(changed)).toEqual(['3 current works', '2 former is refused', '1 former is refused']);
  await restore(backup);
  expect(await kept(changed)).toEqual(['2 current is refused', '1 former is refused']);

  expect(await shared('reconcile')).toEqual({ id: orgId, accounts: 2, rests: false });
  start();
  await untilState('done', changed, same);
  expect(await kept(changed)).toEqual(['3 current works', '2 former is refused', '1 former is refused']);
  expect(await kept(same)).toEqual(['2 current works', '1 former is refused']);
  expect(await shared('rotations', '--account', changed.id)).toMatchObject([{ cause: 'reconcile', state: 'done' }, {}]);
});

it('where the administrator is a shared account that has changed too, people give its password, and nothing is lost', async () => {
  const role = await target.makeRole();
  const led = await target.makeRole();
  await target.run(`ALTER ROLE ${role.name} CREATEROLE`);
  await target.run(`GRANT ${led.name} TO ${role.name} WITH ADMIN OPTION`);
  const admin = await plant(role, 'itself');
  const account = await plant(led, admin.id);
  const backup = await copy();
  await rotateAll(admin, account);
  await restore(backup);
  wrong = [];

  expect(await shared('reconcile')).toEqual({ id: orgId, accounts: 2, rests: false });
  // Administrators are told at once of what makes no progress.
  start({ tell: 0 });
  await untilState('manual', admin);
  await until(async () => (await last(account))?.error === 'administrator_uncertain');
  expect(await actionsOf(admin)).toEqual(['account.rotation_manual']);
  await until(async () => (await actionsOf(account)).includes('account.rotation_uncertain'));
  const standing = ['2 candidate is refused', '1 current is refused'];
  expect([await kept(admin), await kept(account)]).toEqual([standing, standing]);
  // The one that is kept of each was tried once, and nobody has gone on with it.
  expect(wrong.sort()).toEqual([role.name, led.name].sort());

  // Whoever operates the system sets one by hand, and says so.
  await target.run(`ALTER ROLE ${role.name} PASSWORD 'given-by-hand'`);
  accountPassword = 'given-by-hand';
  expect(await shared('confirm', admin.id, String((await last(admin))?.id))).toMatchObject({ version: 3 });
  accountPassword = '';
  await untilState('done', admin, account);
  expect(await kept(admin)).toEqual(['3 current works', '2 former is refused', '1 former is refused']);
  expect(await kept(account)).toEqual(['2 current works', '1 former is refused']);
});

it('what was begun with a password of the backup, before the search was asked for, is searched for too', async () => {
  const account = await plant(await target.makeRole(), 'itself');
  const backup = await copy();
  await rotateAll(account);
  await restore(backup);
  await askRotation(db.pool, { orgId, accountId: account.id, cause: 'hand' });
  start({ denied: [600] });
  await until(async () => (await last(account))?.why === 'denied');
  expect(await shared('reconcile')).toMatchObject({ id: orgId });
  // Without the search it would go on with that password for a day.
  await untilState('manual', account);
  expect(await last(account)).toMatchObject({ error: 'none_known' });
});
