import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { type Rotator, startRotator } from '../../src/accounts/rotation/rotator.ts';
import { usualTimes } from '../../src/accounts/rotation/times.ts';
import { createVault } from '../../src/accounts/vault.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startProxy, type TcpProxy } from './proxy.ts';
import { currentPassword, passTime, passwordsOf, plantAccount, rotationsOf, until } from './support.ts';
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
/** Where the administrator signs in: what it changes there is what `system` takes from then on. */
let ofAdmin: System;
let product: Parameters<typeof plantAccount>[0];
let account: string;
/** A shared account that may be the administrator of the other one. */
let admin: string;

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
  ofAdmin = await startSystem(system.state.admin);
  const ofOne = { password: system.state.admin, settings: {}, admin: null };
  admin = await plantAccount(product, orgId, { ...ofOne, userName: 'admin' });
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map(({ rotator }) => rotator.stop()));
  await Promise.all([system.stop(), ofAdmin.stop()]);
  await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
  await pool.query('DELETE FROM account_administrator_tries WHERE org_id = $1', [orgId]);
});

/** `by`: who changes its password. */
const plant = async (by: NonNullable<Parameters<typeof plantAccount>[2]['admin']>) => {
  const planted = { userName: 'root', password: 'the first password', settings: {}, admin: by };
  account = await plantAccount(product, orgId, planted);
};
const ask = (accountId: string) => askRotation(pool, { orgId, accountId, cause: 'hand' });

/** Pauses are short: only a claim lasts as long as ever. */
const times = { ...usualTimes, wrong: 0.1, unavailable: [0.05], denied: [0.05], oldWorks: [0.05] };
const nodes: { rotator: Rotator }[] = [];
/** A node whose calls of the system are counted, but those for the administrator itself. */
function startNode(ofPool: pg.Pool): { rotator: Rotator; calls: string[] } {
  const calls: string[] = [];
  const { connector } = system;
  const counting: typeof connector = {
    ...connector,
    async set(...call) {
      if (call[0].userName === 'admin') {
        const outcome = await ofAdmin.connector.set(...call);
        system.state.admin = ofAdmin.state.password;
        return outcome;
      }
      calls.push('set');
      return connector.set(...call);
    },
    verify(...call) {
      if (call[0].userName === 'admin') return ofAdmin.connector.verify(...call);
      calls.push('verify');
      return connector.verify(...call);
    },
  };
  const vault = createVault({ pool: ofPool, keyring });
  const node = { calls, rotator: startRotator({ pool: ofPool, vault, connectorOf: () => counting, log, times }) };
  nodes.push(node);
  return node;
}

const untilDone = (...accounts: readonly string[]) =>
  until(async () => {
    const rows = (await Promise.all(accounts.map((id) => rotationsOf(product, id)))).flat();
    return rows.every(({ state }) => state === 'done');
  });
const patterns = [
  ['before it makes a candidate', /SET state = \$5, sent_at/, []],
  ['before it sends the candidate', /sent_at = clock/, []],
  ['before it writes that it was set', /SET state = \$5, error = \$6, due/, ['set']],
  ['before it promotes', /promoted_at = clock/, ['set', 'verify']],
] as const;

describe.each([
  ['an administrator of its own', async () => ({ userName: 'admin', password: system.state.admin })],
  ['a shared account as its administrator, which changes meanwhile', async () => admin],
])('an account with %s', (name, by) => {
  it.each(patterns)(
    'a node that stands still %s, and is overtaken, sends and writes nothing',
    async (_, pattern, itsCalls) => {
      await plant(await by());
      slow.proxy.hold({ what: 'request', patterns: [pattern], all: true });
      await ask(account);
      const first = startNode(slow.pool);
      await until(async () => slow.proxy.held() > 0);
      expect(first.calls).toEqual(itsCalls);

      // Its claim has run out, and another node takes the rotation over.
      const second = startNode(pool);
      if (name.startsWith('a shared account')) {
        await ask(admin);
        await untilDone(admin);
        expect(system.state.admin).not.toBe('the administrator');
      }
      await passTime(product, account);
      await untilDone(account);
      await second.rotator.stop();
      const [done] = await rotationsOf(product, account);
      const versions = await passwordsOf(product, orgId, account);
      const ofAdministrator = await passwordsOf(product, orgId, admin);
      const { length } = system.state.sets;

      // What the first one had to say arrives.
      slow.proxy.release();
      await first.rotator.stop();
      expect(first.calls).toEqual(itsCalls);
      expect(system.state.sets).toHaveLength(length);
      expect(await rotationsOf(product, account)).toEqual([done]);
      expect(await passwordsOf(product, orgId, account)).toEqual(versions);
      expect(await passwordsOf(product, orgId, admin)).toEqual(ofAdministrator);
      expect(versions.filter(({ state }) => state === 'current')).toEqual([
        expect.objectContaining({ password: system.state.password }),
      ]);
      expect(await currentPassword(product, orgId, admin)).toBe(system.state.admin);
      const { rows } = await pool.query(
        `SELECT FROM audit_events WHERE target_id = $1 AND action = 'account.rotated'`,
        [account],
      );
      expect(rows).toHaveLength(1);
    },
  );
});

it.each(patterns)(
  'while its administrator stands still %s, an account waits for it, and changes by the new one',
  async (_, pattern) => {
    await plant(admin);
    slow.proxy.hold({ what: 'request', patterns: [pattern], all: true });
    await ask(admin);
    const first = startNode(slow.pool);
    await until(async () => slow.proxy.held() > 0);
    await passTime(product, admin);
    const second = startNode(pool);
    await ask(account);
    await untilDone(admin, account);
    await second.rotator.stop();
    const before = [await passwordsOf(product, orgId, admin), await passwordsOf(product, orgId, account)];
    const sets = [system.state.sets.length, ofAdmin.state.sets.length];
    slow.proxy.release();
    await first.rotator.stop();
    expect([await passwordsOf(product, orgId, admin), await passwordsOf(product, orgId, account)]).toEqual(before);
    expect([system.state.sets.length, ofAdmin.state.sets.length]).toEqual(sets);
    expect(await currentPassword(product, orgId, admin)).toBe(system.state.admin);
    expect(await currentPassword(product, orgId, account)).toBe(system.state.password);
  },
);
