import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool } from '../../src/database/pool.ts';
import { findServerWarnings } from '../../src/database/server-warnings.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '../support/temporary-postgres.ts';

let server: TemporaryPostgres;
beforeAll(async () => {
  server = await startTemporaryPostgres();
});
afterAll(() => server.stop());

const urlOf = (role?: string) => {
  const url = new URL(server.databaseUrl);
  if (role) [url.username, url.password] = [role, role];
  return url.href;
};

async function warnings(role?: string): Promise<string[]> {
  const log = pino({ level: 'silent' });
  const pool = createPool({ connectionString: urlOf(role), max: 2, applicationName: 't', log });
  return findServerWarnings(pool).finally(() => pool.end());
}

async function execute(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf() });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

test('replicas of which none is synchronous are told, also to an ordinary role', async () => {
  await execute(`CREATE ROLE ordinary LOGIN PASSWORD 'ordinary'`);
  for (const role of [undefined, 'ordinary']) expect(await warnings(role)).toEqual([]);
  // A standby's connection, by the replication protocol.
  const standby = new pg.Client({ connectionString: urlOf(), replication: 'true' } as pg.ClientConfig);
  standby.on('error', () => {});
  await standby.connect();
  try {
    for (const role of [undefined, 'ordinary'])
      expect(await warnings(role)).toEqual([
        expect.stringMatching(/has replicas \(1\), and none is synchronous.*docs\/operators\.md, "Replication"/),
      ]);
    const reload = 'SELECT pg_reload_conf(), pg_sleep(0.2)';
    await execute(`ALTER SYSTEM SET synchronous_standby_names = 'somebody'`, reload);
    expect(await warnings('ordinary')).toEqual([]);
    await execute('ALTER SYSTEM RESET synchronous_standby_names', reload);
  } finally {
    await standby.end();
  }
});
