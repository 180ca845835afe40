import { createHash } from 'node:crypto';
import type { MigrationDirectory } from '@prisma/schema-engine-wasm';
import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { createSchemaEngine, nothingFiltered, readMigrations, schemaFiles } from './schema-engine.ts';

/** Two-part key of the advisory lock that lets one node at a time migrate; the number is arbitrary, and stays. */
const migrationLock = [0x554c4f47, 1] as const;

/** Thrown when a migration can't be applied; the message says which, why, and what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * Applies what is missing of prisma/migrations, each in a transaction of its own, and keeps `_prisma_migrations` as
 * Prisma's own command does, so either can be used; then the job queue's own. Safe when several nodes start at once. `directUrl` must not lead
 * through a pooler. Returns the names applied. @throws MigrationError
 */
export async function migrate(directUrl: string): Promise<string[]> {
  const lock = new pg.Client({ connectionString: directUrl, connectionTimeoutMillis: 5000, keepAlive: true });
  lock.on('error', () => {});
  await lock.connect();
  try {
    // A node that waits here longer than another's migration can last had better say so.
    await lock.query(`SET lock_timeout = '10min'`);
    await lock.query('SELECT pg_advisory_lock($1, $2)', [...migrationLock]);
    const list = await readMigrations();
    const pending = await pendingMigrations(lock, list.migrationDirectories);
    // The engine takes half a second to load, and most starts have nothing to apply.
    const applied = pending === 0 ? [] : await apply(directUrl);
    await migrateJobs(directUrl);
    return applied;
  } finally {
    await lock.end();
  }
}

/** SQL that leads from the migrations to schema.prisma; '' when they agree. Fills the empty database at `shadowUrl`. */
export async function schemaDrift(shadowUrl: string): Promise<string> {
  const pool = new pg.Pool({ connectionString: shadowUrl, max: 1 });
  try {
    const engine = await createSchemaEngine(pool);
    const from = { tag: 'migrations' as const, ...(await readMigrations()) };
    const to = { tag: 'schemaDatamodel' as const, ...(await schemaFiles()) };
    const diff = await engine.diff({ from, to, script: true, exitCode: null, filters: nothingFiltered });
    engine.free();
    const sql = (diff.stdout ?? '').trim();
    return sql === '-- This is an empty migration.' ? '' : sql;
  } finally {
    await pool.end();
  }
}

/** How many are left. An applied migration that was edited since is refused: databases would silently differ. */
async function pendingMigrations(client: pg.Client, directories: readonly MigrationDirectory[]): Promise<number> {
  const table = await client.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists`);
  if (!table.rows[0].exists) return directories.length;
  const applied = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const checksums = new Map(applied.rows.map((row) => [row.migration_name, row.checksum]));
  const edited = directories.filter(({ path, migrationFile: { content } }) => {
    const checksum = createHash('sha256').update(content.value).digest('hex');
    return checksums.has(path) && checksums.get(path) !== checksum;
  });
  if (edited.length > 0)
    throw new MigrationError(
      `Edited after being applied to this database: ${edited.map(({ path }) => path).join(', ')}. Put the file back and write a new migration (node src/database/new-migration.ts <name>). A development database can be thrown away instead: stop it and delete its DATA_DIR.`,
    );
  return directories.filter(({ path }) => !checksums.has(path)).length;
}

async function apply(directUrl: string): Promise<string[]> {
  // One connection, so that BEGIN and COMMIT enclose what the engine sends. A lock that would hold up live traffic
  // behind it is given up after 10 s rather than waited for.
  const pool = new pg.Pool({
    connectionString: directUrl,
    max: 1,
    idleTimeoutMillis: 0,
    options: '-c lock_timeout=10000',
  });
  pool.on('error', () => {});
  let reason: unknown;
  try {
    const engine = await createSchemaEngine(pool, (error) => {
      reason = error;
    });
    const list = await readMigrations();
    const applied: string[] = [];
    for (const [index, { path, migrationFile }] of list.migrationDirectories.entries()) {
      const migrationsList = { ...list, migrationDirectories: list.migrationDirectories.slice(0, index + 1) };
      // PostgreSQL refuses CREATE INDEX CONCURRENTLY in a transaction; such a migration stands alone in its file.
      const transactional = !/\bCONCURRENTLY\b/i.test(migrationFile.content.value);
      if (transactional) await pool.query('BEGIN');
      try {
        const output = await engine.applyMigrations({ migrationsList, filters: nothingFiltered });
        if (transactional) await pool.query('COMMIT');
        applied.push(...output.appliedMigrationNames);
      } catch (error) {
        if (transactional) await pool.query('ROLLBACK').catch(() => {});
        const text = reason instanceof Error ? describe(reason, migrationFile.content.value) : String(error);
        const outcome = transactional ? 'Nothing of it was kept.' : 'Part of it may have been kept.';
        throw new MigrationError(`The migration ${path} failed: ${text} ${outcome}`, { cause: reason ?? error });
      }
    }
    engine.free();
    return applied;
  } finally {
    await pool.end();
  }
}

/** The job queue keeps its own tables, in the schema graphile_worker, and its own list of what was applied. */
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

/** PostgreSQL's message with the line of the script it points at. */
function describe(error: Error & { position?: string }, script: string): string {
  const line = error.position ? script.slice(0, Number(error.position)).split('\n').length : undefined;
  return `${error.message}${line ? ` (line ${line})` : ''}.`;
}
