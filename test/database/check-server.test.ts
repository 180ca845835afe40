import { writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkServer, UnfitServerError } from '../../src/database/check-server.ts';
import { createPool } from '../../src/database/pool.ts';
import { startEmbeddedPostgres } from '../../src/postgres/embedded-postgres.ts';
import { openPool } from '../support/database.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '../support/temporary-postgres.ts';

let server: TemporaryPostgres;
beforeAll(async () => {
  server = await startTemporaryPostgres();
});
afterAll(() => server.stop());

/** The reasons of a refusal, asked through a fresh pool such as the application's. */
async function reasons(pool = appPool()): Promise<readonly string[]> {
  try {
    await checkServer(pool);
    return [];
  } catch (error) {
    if (!(error instanceof UnfitServerError)) throw error;
    return error.reasons;
  } finally {
    await pool.end();
  }
}
const appPool = () =>
  createPool({ connectionString: server.databaseUrl, max: 1, applicationName: 't', log: pino({ level: 'silent' }) });

async function execute(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.databaseUrl });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

const reload = 'SELECT pg_reload_conf(), pg_sleep(0.2)';

test('the embedded server is fit', async () => {
  expect(await reasons()).toEqual([]);
});

test('a server that may lose commits is refused with every reason at once, and accepted when it is put right', async () => {
  const settings = ['fsync', 'synchronous_commit', 'full_page_writes'];
  await execute(...settings.map((name) => `ALTER SYSTEM SET ${name} = off`), reload);
  const found = await reasons();
  expect(found.map((reason) => reason.split(' ')[0])).toEqual(settings);
  await execute(...settings.map((name) => `ALTER SYSTEM RESET ${name}`), reload);
  expect(await reasons()).toEqual([]);
});

test('synchronous_commit off for the database alone is refused', async () => {
  await execute('ALTER DATABASE universal_logout SET synchronous_commit = off');
  expect(await reasons()).toEqual([expect.stringMatching(/^synchronous_commit is off/)]);
  await execute('ALTER DATABASE universal_logout RESET synchronous_commit');
});

test('synchronous_commit local is refused where standbys are configured, and only there', async () => {
  await execute('ALTER DATABASE universal_logout SET synchronous_commit = local');
  expect(await reasons()).toEqual([]);
  await execute(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`, reload);
  expect(await reasons()).toEqual([expect.stringMatching(/^synchronous_commit is local/)]);
  await execute('ALTER SYSTEM RESET synchronous_standby_names', reload);
  await execute('ALTER DATABASE universal_logout RESET synchronous_commit');
});

test('sessions that did not get their settings are refused, as behind a pooler that drops them', async () => {
  await execute(
    `ALTER DATABASE universal_logout SET default_transaction_isolation = 'serializable'`,
    `ALTER DATABASE universal_logout SET timezone = 'Europe/Berlin'`,
    'ALTER DATABASE universal_logout SET client_min_messages = error',
  );
  expect(await reasons()).toEqual([]);
  expect(await reasons(openPool({ connectionString: server.databaseUrl }))).toEqual([
    expect.stringMatching(/^client_min_messages is error/),
    expect.stringMatching(/^default_transaction_isolation is serializable/),
    expect.stringMatching(/TimeZone is Europe\/Berlin/),
  ]);
});

test('a standby is refused at every connection, not only at the start', async () => {
  process.kill(server.pid, 'SIGKILL');
  writeFileSync(path.join(server.dataDir, 'postgres/data/standby.signal'), '');
  const standby = await startEmbeddedPostgres({ dataDir: server.dataDir });
  const pool = createPool({
    connectionString: standby.databaseUrl,
    max: 1,
    applicationName: 't',
    log: pino({ level: 'silent' }),
  });
  await expect(checkServer(pool)).rejects.toMatchObject({ code: '25006' });
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: '25006' });
  await pool.end();
  await standby.stop();
});
