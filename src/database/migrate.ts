import { setTimeout } from 'node:timers/promises';
import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { MigrationError } from './migration-error.ts';
import { applyMigrations } from './migrations.ts';
import { applyRules, readRules } from './rules.ts';

/** Two-part key of the advisory lock of migrations; the number is arbitrary, and stays. */
export const migrationLock = [0x554c4f47, 1] as const;

/**
 * Brings a database to the current schema: the missing prisma/migrations, then prisma/rules if the
 * database has an older version of them, then the job queue's own tables. Safe when several nodes
 * start at once. `directUrl` must not lead through a pooler. Returns the names of what was applied.
 * @throws MigrationError
 */
export async function migrate(directUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: directUrl, connectionTimeoutMillis: 5000, keepAlive: true });
  client.on('error', () => {});
  await client.connect();
  try {
    await waitForTurn(client);
    // A lock that others would queue behind is given up: live traffic goes first.
    await client.query(`SET lock_timeout = '10s'`);
    const applied = await applyMigrations(client);
    const rules = await readRules();
    if (await applyRules(client, rules)) applied.push(`rules ${rules.version}`);
    await migrateJobs(directUrl);
    return applied;
  } finally {
    await client.end();
  }
}

/** No migration takes longer: a node that waits beyond it fails and says so. */
const longestWait = 600_000;

/**
 * Takes the migration lock, which ends with the connection. It is asked for again and again: a
 * statement that waits is itself waited for by CREATE INDEX CONCURRENTLY, of whoever has the lock.
 * @throws MigrationError
 */
async function waitForTurn(client: pg.Client): Promise<void> {
  const until = Date.now() + longestWait;
  for (;;) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS taken', [...migrationLock]);
    if (rows[0].taken) return;
    if (Date.now() > until) throw new MigrationError('Another node has been migrating the database for ten minutes.');
    await setTimeout(200);
  }
}

/** graphile-worker keeps its own tables and list of migrations in the schema graphile_worker. */
async function migrateJobs(directUrl: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: directUrl, max: 1, options: '-c lock_timeout=10000' });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    await runMigrations({ pgPool: pool, logger: new Logger(() => () => {}) });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new MigrationError(`The job queue's own migration failed: ${text}`, { cause: error });
  } finally {
    await pool.end();
  }
}
