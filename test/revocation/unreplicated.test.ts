import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isUnavailable } from '../../src/database/errors.ts';
import { startTestPostgres, type TestPostgres } from '../support/database.ts';
import { type Product, startProduct } from '../support/product.ts';

let postgres: TestPostgres;
let product: Product;
let admin: pg.Client;
beforeAll(async () => {
  postgres = await startTestPostgres();
  product = await startProduct({ databaseUrl: postgres.url });
  admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  // A role that doesn't want to hear of warnings must not hide them from the product, in sessions
  // made from now on.
  await admin.query('ALTER ROLE CURRENT_USER SET client_min_messages = error');
  await admin.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
  await admin.query('SELECT pg_reload_conf(), pg_sleep(0.5)');
});
afterAll(async () => {
  await admin.query('ALTER SYSTEM RESET synchronous_standby_names');
  await admin.query('SELECT pg_reload_conf()');
  await admin.end();
  await product.stop();
  await postgres.stop();
});

/**
 * Breaks off every wait for the standby until `work` is done; tells the servers' processes that
 * waited.
 */
async function withoutWaiting<T>(work: Promise<T>): Promise<{ result: T; pids: Set<number> }> {
  const pids = new Set<number>();
  let done = false;
  work.finally(() => (done = true)).catch(() => {});
  while (!done) {
    const { rows } = await admin.query(
      `SELECT pid, pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'universal-logout'`,
    );
    for (const { pid } of rows) pids.add(pid);
    await sleep(20);
  }
  return { result: await work, pids };
}

async function stillThere(pids: Set<number>): Promise<number[]> {
  await sleep(100);
  const { rows } = await admin.query('SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1)', [[...pids]]);
  return rows.map(({ pid }) => pid);
}

it('answers 503, and not 204, when the wait for the standby was broken off, and drops the connection', async () => {
  const { result, pids } = await withoutWaiting(product.revoke());
  expect(result.status).toBe(503);
  expect(Number(result.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(pids.size).toBeGreaterThan(0);
  expect(await stillThere(pids)).toEqual([]);
});

it('fails every kind of statement and transaction like that, Prisma included', async () => {
  const { pool, prisma } = product.context;
  const rename = 'UPDATE users SET name = name || $1';
  const data = { name: 'Another' };
  for (const write of [
    () => pool.query(rename, ['x']),
    () => pool.query({ name: 'rename', text: rename, values: ['x'] }),
    () => pool.query(`BEGIN; UPDATE users SET name = 'y'; COMMIT`),
    () => prisma.user.updateMany({ data }),
    () => prisma.$transaction(async (db) => db.user.updateMany({ data })),
    () => prisma.$transaction([prisma.user.updateMany({ data })]),
  ]) {
    const { result, pids } = await withoutWaiting(
      write().then(
        () => 'it succeeded',
        (error: unknown) => error,
      ),
    );
    expect([String(write), result === 'it succeeded', isUnavailable(result)]).toEqual([String(write), false, true]);
    expect(await stillThere(pids)).toEqual([]);
  }
});
