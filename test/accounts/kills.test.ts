import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askRotation } from '../../src/accounts/ask-rotation.ts';
import { createKeyring } from '../../src/keyring.ts';
import { announceSql } from '../../src/sessions/live-channel.ts';
import { openPool, startTestPostgres, type TestPostgres } from '../support/database.ts';
import { startNode } from '../support/product.ts';
import { type Hold, startProxy, type TcpProxy } from './proxy.ts';
import { openTarget, passTime, passwordsOf, plantAccount, rotationsOf, type Target, until } from './support.ts';

/** At each point. More of them by hand: TRIALS=50. */
const trials = Number(process.env.TRIALS ?? 3);
/** Accounts that are under way at once when something is killed: as many as a node has connections for. */
const accountsOfTrial = Math.min(trials, 4);

// A node is the product in a process of its own. A step is held by what it says to a database: the
// connection stands still there, and then something dies.
let database: TestPostgres;
let there: TestPostgres;
let toDatabase: TcpProxy;
let toSystem: TcpProxy;
let target: Target;
let pool: pg.Pool;
let node: Awaited<ReturnType<typeof startNode>> | null = null;
const orgId = 'org_of_kills';
const keys = Buffer.alloc(32, 7);
let product: Parameters<typeof plantAccount>[0];

beforeAll(async () => {
  [database, there] = await Promise.all([startTestPostgres(), startTestPostgres()]);
  toDatabase = await startProxy(Number(new URL(database.url).port));
  toSystem = await startProxy(Number(new URL(there.url).port));
  target = openTarget(Object.assign(new URL(there.url), { pathname: '/postgres' }).href);
  pool = openPool({ connectionString: database.url });
  product = { context: { pool, keyring: createKeyring([keys]) } } as unknown as typeof product;
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'kills', 'Kills')`, [orgId]);
});
afterAll(async () => {
  if (node) await end(node.process);
  await pool.end();
  await Promise.all([toDatabase.stop(), toSystem.stop()]);
  await Promise.all([database.stop(), there.stop()]);
});

const start = async () => {
  const direct = new URL(database.url);
  direct.port = String(toDatabase.port);
  node = await startNode({
    DATABASE_URL: database.url,
    DIRECT_DATABASE_URL: direct.href,
    PUBLIC_URL: 'http://localhost:4711',
    SESSION_SECRETS: 'a-secret-of-the-tests-of-32-letters',
    ENCRYPTION_KEYS: keys.toString('base64'),
    LOG_LEVEL: 'silent',
  });
};
async function end(child: ChildProcess) {
  node = null;
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Accounts of roles of their own, which change at once. */
async function plant(): Promise<{ id: string; name: string }[]> {
  const accounts = [];
  for (let count = 0; count < accountsOfTrial; count += 1) {
    const { name, password } = await target.makeRole();
    const settings = { ...target.place, port: toSystem.port };
    const id = await plantAccount(product, orgId, { userName: name, password, settings, admin: target.admin });
    accounts.push({ id, name });
  }
  for (const { id } of accounts) await askRotation(pool, { orgId, accountId: id, cause: 'hand' });
  return accounts;
}

/** No pause is waited for, and no claim of what has died. */
async function untilOver(id: string): Promise<void> {
  await until(async () => {
    const [rotation] = await rotationsOf(product, id);
    if (rotation && ['done', 'manual', 'old_works'].includes(rotation.state)) return true;
    await passTime(product, id);
    await pool.query(announceSql);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  });
}

/** What nothing may break, wherever it died. */
async function expectNothingLost(accounts: readonly { id: string; name: string }[]): Promise<void> {
  for (const { id, name } of accounts) {
    const versions = await passwordsOf(product, orgId, id);
    const works: boolean[] = [];
    for (const version of versions) works.push(await target.signsIn(name, version.password));
    const states = versions.map(({ state }, index) => `${state} ${works[index] ? 'works' : 'is refused'}`);
    const [rotation] = await rotationsOf(product, id);
    expect(states.filter((state) => state.startsWith('current'))).toEqual(['current works']);
    expect(states.filter((state) => state.endsWith('works'))).toEqual(['current works']);
    expect(rotation).toMatchObject({ state: 'done' });
  }
}

const atDatabase: [string, Hold][] = [
  ['before the candidate is committed', { what: 'request', patterns: [/version-keep/, /COMMIT/] }],
  ['after the candidate is committed', { what: 'answer', patterns: [/version-keep/, /COMMIT/] }],
  ['before it is noted that a byte may leave', { what: 'request', patterns: [/sent_at = clock/] }],
  ['after it is noted that a byte may leave', { what: 'answer', patterns: [/sent_at = clock/] }],
  ['before it is noted that it was set', { what: 'request', patterns: [/SET state = \$5, error = \$6, due/] }],
  ['after it is noted that it was set', { what: 'answer', patterns: [/SET state = \$5, error = \$6, due/] }],
  ['before it is promoted', { what: 'request', patterns: [/promoted_at = clock/, /COMMIT/] }],
  ['after it is promoted', { what: 'answer', patterns: [/promoted_at = clock/, /COMMIT/] }],
  ['after connections have ended', { what: 'request', patterns: [/SET probe = \$5, connections_left = /] }],
  ['before it is done', { what: 'request', patterns: [/finished_at = clock/] }],
  ['after it is done', { what: 'answer', patterns: [/finished_at = clock/] }],
];
const atSystem: [string, Hold][] = [
  ['before the system is given the password', { what: 'request', patterns: [/ALTER ROLE/] }],
  ['after the system was given the password', { what: 'answer', patterns: [/ALTER ROLE/] }],
  ['while the new one is verified', { what: 'request', patterns: [/user\0role_\w+/], nth: 1 }],
  ['before connections end', { what: 'request', patterns: [/pg_terminate_backend/] }],
  ['while connections end', { what: 'answer', patterns: [/pg_terminate_backend/] }],
  ['while the former one is verified', { what: 'request', patterns: [/user\0role_\w+/], nth: 2 }],
];
const points = [
  ...atDatabase.map(([name, hold]) => ({ name, hold, proxy: () => toDatabase })),
  ...atSystem.map(([name, hold]) => ({ name, hold, proxy: () => toSystem })),
];

/** One trial: all accounts are held at the point, something dies, and everything starts again. */
async function trial({ hold, proxy }: (typeof points)[number], kill: () => Promise<void>): Promise<void> {
  proxy().hold(hold);
  const accounts = await plant();
  if (!node) await start();
  await until(async () => proxy().held() >= accounts.length);
  await kill();
  proxy().release();
  if (!node) await start();
  for (const { id } of accounts) await untilOver(id);
  await expectNothingLost(accounts);
  await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
}
const rounds = Math.ceil(trials / accountsOfTrial);

describe.each(points)('$name', (point) => {
  it('a node that is killed loses no password', async () => {
    for (let round = 0; round < rounds; round += 1)
      await trial(point, async () => {
        if (node) await end(node.process);
      });
  });

  it('a database that is killed loses no password', async () => {
    for (let round = 0; round < rounds; round += 1)
      await trial(point, async () => {
        await database.kill();
        await database.restart();
      });
  });

  it('a system that is killed loses no password', async () => {
    for (let round = 0; round < rounds; round += 1)
      await trial(point, async () => {
        await there.kill();
        await there.restart();
      });
  });
});
