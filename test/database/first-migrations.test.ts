import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const dump = readFileSync(path.join(import.meta.dirname, 'released/0.1.0.sql'), 'utf8');

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(dump);
  await client.query('RESET search_path');
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const names = async () =>
  (await client.query('SELECT migration_name AS name FROM _prisma_migrations ORDER BY 1')).rows.map(({ name }) => name);

test('a database of the 22 first migrations is recognised, and a node of that version still knows its own', async () => {
  const before = await names();
  expect(before).toHaveLength(22);
  const applied = await migrate(database.url);
  expect(applied).not.toContain('20261129090000_tables');
  expect(await names()).toEqual(expect.arrayContaining([...before, '20261129090000_tables']));
});

test('one that lacks some of them is refused with what to do, and stays as it is', async () => {
  await client.query(`DELETE FROM _prisma_migrations WHERE migration_name = '20261129080000_refused_sign_ins'`);
  const before = await names();
  await expect(migrate(database.url)).rejects.toMatchObject({
    name: 'MigrationError',
    message: expect.stringMatching(/missing: 20261129080000_refused_sign_ins.*Start version 0\.1\.0/),
  });
  expect(await names()).toEqual(before);
});
