import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deploy } from '../../prisma/schema-engine.ts';
import { migrate } from '../../src/database/migrate.ts';
import { readMigrations } from '../../src/database/migrations.ts';
import { readRules } from '../../src/database/rules.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const migrations = (await readMigrations()).map(({ name }) => name);
const rules = await readRules();
const refused = (message: RegExp) =>
  expect(migrate(database.url)).rejects.toMatchObject({
    name: 'MigrationError',
    message: expect.stringMatching(message),
  });

test('several nodes that start at once apply everything once', async () => {
  const outcomes = await Promise.all([1, 2, 3].map(() => migrate(database.url)));
  expect(outcomes.flat().sort()).toEqual([...migrations, `rules ${rules.version}`].sort());
  expect((await client.query('SELECT version FROM rules_versions')).rows).toEqual([{ version: rules.version }]);
});

test("Prisma's own command goes on where we stopped, and we where it did", async () => {
  await migrate(database.url);
  expect(await deploy(database.url)).toEqual([]);
  const other = await createTestDatabase({ empty: true });
  try {
    expect(await deploy(other.url)).toEqual(migrations);
    expect(await migrate(other.url)).toEqual([`rules ${rules.version}`]);
  } finally {
    await other.drop();
  }
});

test('the list of applied migrations is as Prisma makes and fills it', async () => {
  const other = await createTestDatabase({ empty: true });
  const theirs = new pg.Client({ connectionString: other.url });
  await theirs.connect();
  try {
    await migrate(database.url);
    await deploy(other.url);
    const columns = `SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
                     FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`;
    const rows = `SELECT migration_name, checksum, applied_steps_count, logs, rolled_back_at, finished_at >= started_at AS finished
                  FROM _prisma_migrations ORDER BY started_at`;
    for (const sql of [columns, rows]) expect((await client.query(sql)).rows).toEqual((await theirs.query(sql)).rows);
  } finally {
    await theirs.end();
    await other.drop();
  }
});

describe('an index that is built beside running nodes', () => {
  const index = 'audit_events_sign_ins_idx';
  const isValid = async () =>
    (await client.query('SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)', [index])).rows;
  const name = migrations.find((each) => each.endsWith('_sign_ins_of_connections')) as string;
  beforeEach(async () => {
    await migrate(database.url);
    await client.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [name]);
  });

  test('keeps nobody from writing, whoever it waits for', async () => {
    await client.query(`DROP INDEX ${index}`);
    await client.query('BEGIN; LOCK TABLE audit_events IN ROW EXCLUSIVE MODE');
    const migrated = Promise.all([migrate(database.url), migrate(database.url)]);
    const writer = new pg.Client({ connectionString: database.url });
    await writer.connect();
    const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await writer.query(waits)).rows.length, { timeout: 60_000 }).toBeGreaterThan(0);
    await writer.query(`SET lock_timeout = '2s'; BEGIN; LOCK TABLE audit_events IN ROW EXCLUSIVE MODE; COMMIT`);
    await writer.end();
    await client.query('COMMIT');
    expect((await migrated).flat()).toEqual([name]);
    expect(await isValid()).toEqual([{ valid: true }]);
  });

  test('is made anew where an earlier attempt left it unfinished', async () => {
    await client.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${index}'::regclass`);
    expect(await migrate(database.url)).toEqual([name]);
    expect(await isValid()).toEqual([{ valid: true }]);
  });
});

test("somebody else's database is left as it is", async () => {
  await client.query('CREATE TABLE payroll (id int)');
  await refused(/holds something else already \(payroll\)/);
  const { rows } = await client.query(`SELECT count(*)::int AS tables FROM pg_class
                                       WHERE relnamespace = 'public'::regnamespace`);
  expect(rows).toEqual([{ tables: 1 }]);
});

test('a migration that was edited after it was applied is refused', async () => {
  await migrate(database.url);
  await client.query(`UPDATE _prisma_migrations SET checksum = 'another' WHERE migration_name = $1`, [migrations[0]]);
  await refused(new RegExp(`Edited after being applied to this database: ${migrations[0]}`));
});

test("one that Prisma's command left unfinished is refused", async () => {
  await migrate(database.url);
  await client.query('UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1', [migrations[1]]);
  await refused(new RegExp(`not finished: ${migrations[1]}.*prisma migrate resolve`));
});

test('one that fails says why and keeps nothing, and is tried again at the next start', async () => {
  await client.query('CREATE SCHEMA kept');
  await client.query(`CREATE FUNCTION kept.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN IF to_regclass('public.todos') IS NOT NULL THEN RAISE EXCEPTION 'no room'; END IF; END $$`);
  await client.query('CREATE EVENT TRIGGER refusing ON ddl_command_end EXECUTE FUNCTION kept.refuse()');
  await refused(new RegExp(`${migrations[0]} failed: no room.* Nothing of it was kept`));
  const { rows } = await client.query(`SELECT to_regclass('public.orgs') AS orgs`);
  expect(rows).toEqual([{ orgs: null }]);
  await client.query('DROP EVENT TRIGGER refusing');
  expect(await migrate(database.url)).toHaveLength(migrations.length + 1);
});
