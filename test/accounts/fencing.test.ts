import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { askRotation } from '../../src/accounts/ask-rotation.ts';
import { type Rotator, startRotator } from '../../src/accounts/rotator.ts';
import { createVault } from '../../src/accounts/vault.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startProxy, type TcpProxy } from './proxy.ts';
import { passTime, passwordsOf, plantAccount, rotationsOf, until } from './support.ts';
import { type System, startSystem } from './system.ts';

// Two nodes. What one of them says to the database stands still on its way, for longer than its claim
// lasts, and the other one takes over.
const orgId = 'org_of_fencing';
const log = pino({ level: 'silent' });
const keyring = createKeyring([Buffer.alloc(32, 5)]);
let database: TestDatabase;
let pool: pg.Pool;
let slow: { pool: pg.Pool; proxy: TcpProxy };
let system: System;
let product: Parameters<typeof plantAccount>[0];
let account: string;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ connectionString: database.url, max: 5, applicationName: 'quick node', log });
  product = { context: { pool, keyring } } as unknown as typeof product;
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'fencing', 'Fencing')`, [orgId]);
  const proxy = await startProxy(Number(new URL(database.url).port));
  const url = Object.assign(new URL(database.url), { port: String(proxy.port) }).href;
  slow = { proxy, pool: createPool({ connectionString: url, max: 5, applicationName: 'slow node', log }) };
});
afterAll(async () => {
  await Promise.all([slow.pool.end(), pool.end()]);
  await slow.proxy.stop();
  await database.drop();
});
beforeEach(async () => {
  system = await startSystem('the first password');
  const admin = { userName: 'admin', password: system.state.admin };
  account = await plantAccount(product, orgId, {
    userName: 'root',
    password: 'the first password',
    settings: {},
    admin,
  });
});

/** A node whose calls of the system are counted. */
function startNode(ofPool: pg.Pool): { rotator: Rotator; calls: string[] } {
  const calls: string[] = [];
  const { connector } = system;
  const counting: typeof connector = {
    ...connector,
    set(...call) {
      calls.push('set');
      return connector.set(...call);
    },
    verify(...call) {
      calls.push('verify');
      return connector.verify(...call);
    },
  };
  const vault = createVault({ pool: ofPool, keyring });
  return { calls, rotator: startRotator({ pool: ofPool, vault, connectorOf: () => counting, log }) };
}

it.each([
  ['before it makes a candidate', /SET state = \$5, sent_at/, []],
  ['before it sends the candidate', /sent_at = clock/, []],
  ['before it writes that it was set', /SET state = \$5, error = \$6, due/, ['set']],
  ['before it promotes', /promoted_at = clock/, ['set', 'verify']],
] as const)('a node that stands still %s, and is overtaken, sends and writes nothing', async (_, pattern, itsCalls) => {
  slow.proxy.hold({ what: 'request', patterns: [pattern], all: true });
  await askRotation(pool, { orgId, accountId: account, cause: 'hand' });
  const first = startNode(slow.pool);
  await until(async () => slow.proxy.held() > 0);
  expect(first.calls).toEqual(itsCalls);

  // Its claim has run out, and another node takes the rotation over.
  await passTime(product, account);
  const second = startNode(pool);
  await until(async () => {
    if ((await rotationsOf(product, account))[0]?.state === 'done') return true;
    const { rows } = await pool.query('SELECT claim FROM account_rotations WHERE account_id = $1', [account]);
    // Pauses are over at once, but not the other node's claim.
    if (rows[0].claim > 1) await passTime(product, account);
    return false;
  });
  await second.rotator.stop();
  const [done] = await rotationsOf(product, account);
  const versions = await passwordsOf(product, orgId, account);
  const { length } = system.state.sets;

  // What the first one had to say arrives.
  slow.proxy.release();
  await first.rotator.stop();
  expect(first.calls).toEqual(itsCalls);
  expect(system.state.sets).toHaveLength(length);
  expect(await rotationsOf(product, account)).toEqual([done]);
  expect(await passwordsOf(product, orgId, account)).toEqual(versions);
  expect(versions.filter(({ state }) => state === 'current')).toEqual([
    expect.objectContaining({ password: system.state.password }),
  ]);
  const { rows } = await pool.query(`SELECT FROM audit_events WHERE target_id = $1 AND action = 'account.rotated'`, [
    account,
  ]);
  expect(rows).toHaveLength(1);
  await system.stop();
});
