import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { createKeyring } from '../../src/keyring.ts';
import { announceSql } from '../../src/sessions/live-channel.ts';
import { createTestDatabase, openPool, type TestDatabase } from '../support/database.ts';
import { startNode } from '../support/product.ts';
import { type Hold, startProxy, type TcpProxy } from './proxy.ts';
import { openTarget, passwordsOf, plantAccount, rotationsOf, until } from './support.ts';

// An account whose administrator is a shared account, too, and both change: a role of PostgreSQL that
// may change its own password, and one whose password it changes.
const orgId = 'org_of_administrator_kills';
const keys = Buffer.alloc(32, 9);
const target = openTarget();
let database: TestDatabase;
let pool: pg.Pool;
let product: Parameters<typeof plantAccount>[0];
let toDatabase: TcpProxy;
let toSystem: TcpProxy;
/** Names whose password was wrong, each time. */
let wrong: string[] = [];
let node: ChildProcess | null = null;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool({ connectionString: database.url });
  product = { context: { pool, keyring: createKeyring([keys]) } } as unknown as typeof product;
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'administrator-kills', 'Kills')`, [orgId]);
  toDatabase = await startProxy(Number(new URL(database.url).port));
  toSystem = await startProxy(target.place.port, {
    onAnswer: (chunk) => {
      const name = /password authentication failed for user "(\w+)"/.exec(chunk.toString('latin1'))?.[1];
      if (name) wrong.push(name);
    },
  });
});
afterAll(async () => {
  await kill();
  await Promise.all([toDatabase.stop(), toSystem.stop()]);
  await pool.end();
  await database.drop();
  await target.drop();
});

async function start() {
  const url = Object.assign(new URL(database.url), { port: String(toDatabase.port) }).href;
  const env = {
    DATABASE_URL: url,
    DIRECT_DATABASE_URL: url,
    PUBLIC_URL: 'http://localhost:4711',
    SESSION_SECRETS: 'a-secret-of-the-tests-of-32-letters',
    ENCRYPTION_KEYS: keys.toString('base64'),
    LOG_LEVEL: 'silent',
  };
  node = (await startNode(env, `${import.meta.dirname}/rotating-process.ts`)).process;
}
async function kill() {
  const child = node;
  node = null;
  if (!child || child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

type Account = Readonly<{ id: string; name: string }>;
let admin: Account;
let app: Account;
beforeEach(async () => {
  const settings = { ...target.place, port: toSystem.port };
  const [administrating, shared] = [await target.makeRole(), await target.makeRole()];
  await target.run(`ALTER ROLE ${administrating.name} CREATEROLE`);
  await target.run(`GRANT ${shared.name} TO ${administrating.name} WITH ADMIN OPTION`);
  const plant = async ({ name, password }: typeof shared, by: string) => ({
    name,
    id: await plantAccount(product, orgId, { userName: name, password, settings, admin: by }),
  });
  admin = await plant(administrating, 'itself');
  app = await plant(shared, admin.id);
  wrong = [];
  if (!node) await start();
});
afterEach(async () => {
  for (const proxy of [toDatabase, toSystem]) proxy.release();
  await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
});

const ask = async ({ id }: Account) => {
  await askRotation(pool, { orgId, accountId: id, cause: 'hand' });
  await pool.query(announceSql);
};
const rotationOf = async ({ id }: Account) => (await rotationsOf(product, id))[0];

/**
 * No pause is waited for, nor a try of the administrator that nobody ends any more. `claims`: nor a
 * claim of what has died. When a wrong password may be tried again stays as it is.
 */
async function passPauses({ claims = false } = {}) {
  await pool.query(
    `UPDATE account_rotations SET due_at = clock_timestamp()
     WHERE org_id = $1 AND finished_at IS NULL AND ($2 OR due_at < clock_timestamp() + interval '40 seconds' OR why = 'denied')`,
    [orgId, claims],
  );
  await passTries();
}
async function passTries() {
  await pool.query(
    `UPDATE account_administrator_tries SET tried_at = tried_at - interval '1 minute' WHERE org_id = $1 AND tried_at > now() - interval '1 minute'`,
    [orgId],
  );
  await pool.query(announceSql);
}
async function untilDone(...accounts: readonly Account[]) {
  await until(async () => {
    const states = await Promise.all(accounts.map(async (account) => (await rotationOf(account))?.state));
    if (states.every((state) => state === 'done')) return true;
    // Nothing may be left to people.
    expect(states).not.toContain('manual');
    await passPauses();
    return false;
  });
}

/** Of each exactly one version is current, and it alone signs in. */
async function expectNothingLost() {
  for (const { id, name } of [admin, app]) {
    const signIn: string[] = [];
    for (const { state, password } of await passwordsOf(product, orgId, id))
      if (await target.signsIn(name, password)) signIn.push(state);
    expect(signIn).toEqual(['current']);
    expect((await passwordsOf(product, orgId, id)).filter(({ state }) => state === 'current')).toHaveLength(1);
  }
}

const points: readonly (readonly [string, () => TcpProxy, Hold])[] = [
  ['when the system has taken it', () => toSystem, { what: 'answer', patterns: [/ALTER ROLE/, /COMMIT/] }],
  [
    'before it is noted that it is set',
    () => toDatabase,
    { what: 'request', patterns: [/SET state = \$5, error = \$6, due/] },
  ],
  ['after that is noted', () => toDatabase, { what: 'answer', patterns: [/SET state = \$5, error = \$6, due/] }],
  ['before it is promoted', () => toDatabase, { what: 'request', patterns: [/promoted_at = clock/, /COMMIT/] }],
];

describe('a node is killed while the administrator’s own change is between set and promoted', () => {
  it.each(points)('%s: the account waits for it, and both are changed', async (_, proxy, hold) => {
    proxy().hold(hold);
    await ask(admin);
    await until(async () => proxy().held() > 0);
    await ask(app);
    // Nobody guesses which password the administrator has.
    await until(async () => (await rotationOf(app))?.error === 'administrator_uncertain');
    await kill();
    proxy().release();
    await passPauses({ claims: true });
    await start();
    await untilDone(admin, app);
    await expectNothingLost();
    // Of each its former one, once.
    expect(wrong.sort()).toEqual([admin.name, app.name].sort());
  });
});

it('a node is killed when it has set the account, and the administrator has changed meanwhile', async () => {
  toSystem.hold({ what: 'answer', patterns: [new RegExp(`ALTER ROLE "${app.name}"`), /COMMIT/] });
  await ask(app);
  await until(async () => toSystem.held() > 0);
  await ask(admin);
  await untilDone(admin);
  await kill();
  toSystem.release();
  await passPauses({ claims: true });
  await start();
  await untilDone(app);
  await expectNothingLost();
  expect(wrong.sort()).toEqual([admin.name, app.name].sort());
});

it('a password of the administrator that was read before it changed is tried once, and then the new one', async () => {
  // The first time that a byte may leave, and no later one.
  toDatabase.hold({ what: 'request', patterns: [/sent_at = clock/], nth: 1 });
  await ask(app);
  await until(async () => toDatabase.held() > 0);
  await ask(admin);
  // No longer, and without a look at the one that stands still: its claim is to last.
  await until(async () => {
    if ((await rotationOf(admin))?.promoted_at) return true;
    await passTries();
    return false;
  });
  toDatabase.release();
  await until(async () => (await rotationOf(app))?.error === 'wrong_administrator');
  await untilDone(admin, app);
  await expectNothingLost();
  expect(wrong.sort()).toEqual([admin.name, admin.name, app.name].sort());
});
