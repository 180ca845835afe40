import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { MigrationError } from './migration-error.ts';
import { applyMigrations } from './migrations.ts';
import { applyRules, readRules } from './rules.ts';

/**
 * Two-part key of the advisory lock that lets one node at a time migrate; the number is arbitrary,
 * and stays.
 */
const migrationLock = [0x554c4f47, 1] as const;

/**
 * Brings a database to the current schema: what is missing of prisma/migrations, then prisma/rules
 * if it has an older version of them, then the job queue's own tables. Safe when several nodes
 * start at once. `directUrl` must not lead through a pooler. Returns what was applied, by name.
 * @throws MigrationError
 */
export async function migrate(directUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: directUrl, connectionTimeoutMillis: 5000, keepAlive: true });
  client.on('error', () => {});
  await client.connect();
  try {
    // A node that waits here longer than another's migration can last had better say so.
    await client.query(`SET lock_timeout = '10min'`);
    await client.query('SELECT pg_advisory_lock($1, $2)', [...migrationLock]);
    // A lock that would hold up live traffic behind it is given up rather than waited for.
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

/**
 * The job queue keeps its own tables, in the schema graphile_worker, and its own list of what was
 * applied.
 */
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
