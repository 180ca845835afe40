import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { afterCommit, createPool, transaction } from '../../src/database/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({
    connectionString: database.url,
    max: 4,
    applicationName: 'test',
    log: pino({ level: 'silent' }),
  });
  await pool.query('CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL)');
});
beforeEach(() => pool.query('TRUNCATE counters; INSERT INTO counters VALUES (1, 0), (2, 0)'));
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const add = (db: pg.PoolClient | pg.Pool, id: number) => db.query('UPDATE counters SET n = n + 1 WHERE id = $1', [id]);
const counters = async () => (await pool.query<{ n: number }>('SELECT n FROM counters ORDER BY id')).rows;
const conflict = Object.assign(new Error('conflict'), { code: '40001' });

test('of two transactions in a deadlock the one that PostgreSQL breaks off is run again, as a whole', async () => {
  let tries = 0;
  let committed = 0;
  let arrived = 0;
  const bothHoldOne = Promise.withResolvers<void>();
  const transfer = (first: number, second: number) =>
    transaction(pool, async (client) => {
      tries += 1;
      await add(client, first);
      afterCommit(client, () => {
        committed += 1;
      });
      arrived += 1;
      if (arrived === 2) bothHoldOne.resolve();
      await bothHoldOne.promise;
      await add(client, second);
      return [first, second];
    });
  expect(await Promise.all([transfer(1, 2), transfer(2, 1)])).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(tries).toBe(3);
  expect(committed).toBe(2);
  expect(await counters()).toEqual([{ n: 2 }, { n: 2 }]);
});

test('a serialization failure is tried again, and what waited for the commit that failed is dropped', async () => {
  let tries = 0;
  const told: number[] = [];
  await transaction(pool, async (client) => {
    tries += 1;
    const number = tries;
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await client.query('SELECT n FROM counters');
    if (number === 1) await add(pool, 1);
    afterCommit(client, () => told.push(number));
    await add(client, 1);
  });
  expect(tries).toBe(2);
  expect(told).toEqual([2]);
  expect(await counters()).toEqual([{ n: 2 }, { n: 0 }]);
});

test('a conflict that does not end is what it fails with, after four tries that leave nothing', async () => {
  let tries = 0;
  const told: number[] = [];
  const failing = transaction(pool, async (client) => {
    tries += 1;
    afterCommit(client, () => told.push(tries));
    await add(client, 1);
    throw conflict;
  });
  await expect(failing).rejects.toBe(conflict);
  expect(tries).toBe(4);
  expect(told).toEqual([]);
  expect(await counters()).toEqual([{ n: 0 }, { n: 0 }]);
});

test('nothing else is tried again', async () => {
  let tries = 0;
  const failing = transaction(pool, (client) => {
    tries += 1;
    return client.query('SELECT 1 / 0');
  });
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  expect(tries).toBe(1);
});

test('what has committed is not run again, whatever comes after its commit', async () => {
  let tries = 0;
  const failing = transaction(pool, async (client) => {
    tries += 1;
    await add(client, 1);
    afterCommit(client, () => {
      throw conflict;
    });
  });
  await expect(failing).rejects.toBe(conflict);
  expect(tries).toBe(1);
  expect(await counters()).toEqual([{ n: 1 }, { n: 0 }]);
});

test('a transaction that passed over an error in it is a failure: PostgreSQL answers its COMMIT with ROLLBACK', async () => {
  let told = false;
  const passedOver = transaction(pool, async (client) => {
    afterCommit(client, () => {
      told = true;
    });
    await client.query('SELECT 1 / 0').catch(() => {});
  });
  await expect(passedOver).rejects.toThrow(/rolled back/);
  expect(told).toBe(false);
});
