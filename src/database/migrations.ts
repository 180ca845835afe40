import { hash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { hasFirstMigrations } from './first-migrations.ts';
import { stopIndexBuild } from './index-build.ts';
import { describeScriptError, MigrationError } from './migration-error.ts';

export const migrationsPath = path.resolve(import.meta.dirname, '../../prisma/migrations');

/** A folder of prisma/migrations; `checksum`: SHA-256 of the file in hex, as Prisma keeps it. */
type Migration = Readonly<{ name: string; sql: string; checksum: string }>;

/** Prisma's own definition: its command knows the table, and reads the rows written here. */
const createTable = `CREATE TABLE _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

/** prisma/migrations, oldest first. */
export async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(migrationsPath, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(migrationsPath, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: hash('sha256', sql, 'hex') };
    }),
  );
}

/**
 * Applies the missing migrations, each in a transaction of its own, and records them as Prisma's
 * own command does, so either can be used. The caller holds the migration lock on `client`. Returns
 * the names applied.
 * @throws MigrationError
 */
export async function applyMigrations(client: pg.Client): Promise<string[]> {
  const migrations = await readMigrations();
  const checksums = await appliedChecksums(client);
  const tables = migrations[0] as Migration;
  if (!checksums.has(tables.name) && hasFirstMigrations(checksums)) {
    // The older rows stay: a node of version 0.1.0 can still be started beside this one.
    await recordMigration(client, tables, { startedAt: new Date(), steps: 0 });
    checksums.set(tables.name, tables.checksum);
  }
  refuseEdited(migrations, checksums);
  const pending = migrations.filter(({ name }) => !checksums.has(name));
  if (pending.length > 0) await stopIndexBuild(client);
  for (const migration of pending) await apply(client, migration);
  return pending.map(({ name }) => name);
}

/** Name and checksum of each migration of this database. An empty one gets the table for them. */
async function appliedChecksums(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists`);
  if (!rows[0].exists) {
    await refuseForeign(client);
    await client.query(createTable);
    return new Map();
  }
  const recorded = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const unfinished = recorded.rows.filter(({ finished }) => !finished).map(({ name }) => name);
  if (unfinished.length > 0)
    throw new MigrationError(
      `Begun by Prisma's own command on this database and not finished: ${unfinished.join(', ')}. Settle it with "npx prisma migrate resolve" first.`,
    );
  return new Map(recorded.rows.map(({ name, checksum }) => [name, checksum]));
}

/** A foreign database, named by mistake, stays as it is. Tables of extensions don't count. */
async function refuseForeign(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p', 'v', 'm', 'f')
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND classid = 'pg_class'::regclass AND deptype = 'e')
     ORDER BY relname LIMIT 3`,
  );
  if (rows.length > 0)
    throw new MigrationError(
      `The database holds something else already (${rows.map(({ name }) => name).join(', ')}): name an empty one in DATABASE_URL.`,
    );
}

/** An applied migration that was edited later is refused: databases would silently differ. */
function refuseEdited(migrations: readonly Migration[], checksums: ReadonlyMap<string, string>): void {
  const edited = migrations.filter(({ name, checksum }) => (checksums.get(name) ?? checksum) !== checksum);
  if (edited.length > 0)
    throw new MigrationError(
      `Edited after being applied to this database: ${edited.map(({ name }) => name).join(', ')}. Put the file back and write a new migration (node prisma/new-migration.ts <name>). A development database can be thrown away instead: stop it and delete its DATA_DIR.`,
    );
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  // No transaction may hold CREATE INDEX CONCURRENTLY; such a migration stands alone in its file.
  // It may wait for older transactions: nobody waits behind it.
  const transactional = !/\bCONCURRENTLY\b/i.test(migration.sql);
  const startedAt = new Date();
  try {
    await client.query(transactional ? 'BEGIN' : `SET lock_timeout = '10min'; SET statement_timeout = 0`);
    if (!transactional) await dropUnfinished(client, migration.sql);
    await client.query(migration.sql);
    await recordMigration(client, migration, { startedAt, steps: 1 });
    if (transactional) await client.query('COMMIT');
    else await client.query(`SET lock_timeout = '10s'; RESET statement_timeout`);
  } catch (error) {
    if (transactional) await client.query('ROLLBACK').catch(() => {});
    const outcome = transactional ? 'Nothing of it was kept.' : 'Part of it may have been kept.';
    throw new MigrationError(
      `The migration ${migration.name} failed: ${describeScriptError(error, migration.sql)} ${outcome}`,
      { cause: error },
    );
  }
}

/** An index that an earlier attempt at this migration left behind can't be used, only made anew. */
async function dropUnfinished(client: pg.Client, sql: string): Promise<void> {
  const name = /\bINDEX\s+CONCURRENTLY\s+(\w+)/i.exec(sql)?.[1];
  const { rows } = await client.query('SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid', [
    name,
  ]);
  if (rows.length > 0) await client.query(`DROP INDEX CONCURRENTLY ${name}`);
}

/** `steps` is 1 for a script that ran, 0 for one that was found applied, as Prisma counts. */
async function recordMigration(
  client: pg.Client,
  { name, checksum }: Migration,
  { startedAt, steps }: { startedAt: Date; steps: 0 | 1 },
): Promise<void> {
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     VALUES ($1, $2, $3, $4, clock_timestamp(), $5)`,
    [randomUUID(), checksum, name, startedAt, steps],
  );
}
