import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isUnavailable, isUniqueViolation, withRetry } from '../../src/database/errors.ts';
import { createPool, createPrisma } from '../../src/database/pool.ts';
import { createTestDatabase, startTestPostgres, type TestDatabase } from '../support/database.ts';

const log = pino({ level: 'silent' });
const poolOn = (connectionString: string, max = 4) =>
  createPool({ connectionString, max, applicationName: 'test', log });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error,
  );

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOn(database.url);
  await pool.query('CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL)');
  await pool.query('INSERT INTO counters VALUES (1, 0), (2, 0)');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test('the limits of a connection hold also where the URL brings options of its own', async () => {
  const url = new URL(database.url);
  url.searchParams.set('options', '-c search_path=public');
  const own = poolOn(url.href, 1);
  const { rows } = await own.query(
    `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
            current_setting('plan_cache_mode') AS plan, current_setting('search_path') AS path`,
  );
  await own.end();
  expect(rows).toEqual([{ lock: '5s', statement: '30s', plan: 'force_generic_plan', path: 'public' }]);
});

test('a row that is there already is told alike by pg and by Prisma', async () => {
  await pool.query('CREATE TABLE IF NOT EXISTS twins (id int PRIMARY KEY)');
  const insert = 'INSERT INTO twins VALUES (1)';
  await pool.query(insert);
  const prisma = createPrisma(pool);
  expect(isUniqueViolation(await failure(pool.query(insert)))).toBe(true);
  expect(isUniqueViolation(await failure(prisma.$executeRawUnsafe(insert)))).toBe(true);
  expect(isUniqueViolation(await failure(pool.query('INSERT INTO twins VALUES (NULL)')))).toBe(false);
});

test('a statement time limit, a lock time limit and a read-only server are unavailable; a wrong statement is not', async () => {
  expect(isUnavailable(await failure(pool.query(`SET statement_timeout = 10; SELECT pg_sleep(1)`)))).toBe(true);
  expect(isUnavailable(await failure(pool.query(`BEGIN READ ONLY; DELETE FROM counters`)))).toBe(true);
  expect(isUnavailable(await failure(pool.query(`SELECT * FROM nothing_of_the_kind`)))).toBe(false);
  expect(isUnavailable(await failure(pool.query(`INSERT INTO counters VALUES (1, 1)`)))).toBe(false);
  expect(isUnavailable(new Error('any'))).toBe(false);
  expect(isUnavailable('Connection terminated')).toBe(false);
  expect(isUnavailable(new Error('outer', { cause: Object.assign(new Error(), { code: '57P01' }) }))).toBe(true);
  const holder = await pool.connect();
  await holder.query('BEGIN; UPDATE counters SET n = n');
  const waiter = failure(pool.query(`BEGIN; SET LOCAL lock_timeout = 10; UPDATE counters SET n = n`));
  expect(isUnavailable(await waiter)).toBe(true);
  await holder.query('ROLLBACK');
  holder.release(true);
});

test('a server that refuses, and one that accepts and says nothing, are unavailable, through pg and through Prisma', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => mute.once('listening', resolve));
  const { port } = mute.address() as AddressInfo;
  for (const target of [1, port]) {
    const dead = poolOn(`postgresql://u:p@127.0.0.1:${target}/d`);
    const prisma = createPrisma(dead);
    expect(isUnavailable(await failure(dead.query('SELECT 1')))).toBe(true);
    expect(isUnavailable(await failure(prisma.org.count()))).toBe(true);
    expect(isUnavailable(await failure(prisma.$transaction([prisma.org.count()])))).toBe(true);
    await dead.end();
  }
  mute.close();
});

test('no free connection in time is unavailable', async () => {
  const narrow = poolOn(database.url, 1);
  const client = await narrow.connect();
  expect(isUnavailable(await failure(narrow.query('SELECT 1')))).toBe(true);
  client.release();
  await narrow.end();
});

test('deadlocks and serialization failures are tried again, and nothing else is', async () => {
  let runs = 0;
  const transfer = (first: number, second: number) =>
    withRetry(async () => {
      runs += 1;
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('UPDATE counters SET n = n + 1 WHERE id = $1', [first]);
        await sleep(50);
        await client.query('UPDATE counters SET n = n + 1 WHERE id = $1', [second]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    });
  await Promise.all([transfer(1, 2), transfer(2, 1)]);
  expect(runs).toBeGreaterThan(2);
  expect((await pool.query('SELECT n FROM counters ORDER BY id')).rows).toEqual([{ n: 2 }, { n: 2 }]);
  let others = 0;
  const wrong = withRetry(() => {
    others += 1;
    return pool.query('SELECT 1 / 0');
  });
  expect(isUnavailable(await failure(wrong))).toBe(false);
  expect(others).toBe(1);
  const conflict = Object.assign(new Error('conflict'), { code: '40001' });
  let conflicts = 0;
  expect(
    await failure(
      withRetry(() => {
        conflicts += 1;
        return Promise.reject(conflict);
      }),
    ),
  ).toBe(conflict);
  expect(conflicts).toBe(4);
});

test('the pool outlives a server that is killed, also under queries and in a transaction, and Prisma with it', async () => {
  const server = await startTestPostgres();
  const own = poolOn(server.url);
  const prisma = createPrisma(own);
  await prisma.org.count();
  const held = await own.connect();
  await held.query('BEGIN');
  const running = failure(own.query('SELECT pg_sleep(20)'));
  await sleep(100);
  await server.kill();
  expect(isUnavailable(await running)).toBe(true);
  expect(isUnavailable(await failure(held.query('SELECT 1')))).toBe(true);
  held.release(true);
  expect(isUnavailable(await failure(own.query('SELECT 1')))).toBe(true);
  expect(isUnavailable(await failure(prisma.org.count()))).toBe(true);
  await server.restart();
  expect((await own.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  expect(await prisma.org.count()).toBe(0);
  await prisma.$disconnect();
  await own.end();
  await server.stop();
});
