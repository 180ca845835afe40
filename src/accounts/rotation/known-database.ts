import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';

/** Milliseconds that an answer counts, and between two lines of the log. */
const freshMs = 1_000;
const saidMs = 60 * 60_000;

/**
 * The cluster and the database in it. A failover and a physical restore of the same cluster keep both;
 * a restored dump, a copy of a database and pg_upgrade don't. Null where the rights to ask were taken away.
 */
async function identityOf(db: Pool | PoolClient): Promise<string | null> {
  const { rows } = await db.query<{ allowed: boolean }>(
    "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS allowed",
  );
  if (!rows[0]?.allowed) return null;
  const found = await db.query<{ identity: string }>(
    `SELECT (SELECT system_identifier FROM pg_control_system())::text || ' ' || oid::text AS identity
     FROM pg_database WHERE datname = current_database()`,
  );
  return found.rows[0]?.identity ?? null;
}

/**
 * Whether this is the database that rotations belong to. A copy of it (a drill, staging, a restored
 * dump) would change passwords at the real systems, and those that the original keeps would be
 * refused: there rotations rest until an operator says that this is the real one now.
 */
export function createKnownDatabase({ pool, log }: Readonly<{ pool: Pool; log: Logger }>) {
  let known = true;
  let askedAt = Number.NEGATIVE_INFINITY;
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    /** False: rotations rest. Of a database that nobody has known yet, the first question makes it the real one. */
    async isKnown(): Promise<boolean> {
      if (performance.now() - askedAt < freshMs) return known;
      known = await knowsDatabase(pool);
      askedAt = performance.now();
      if (!known && performance.now() - saidAt >= saidMs) {
        saidAt = performance.now();
        log.error(
          'this database is a copy, or was restored: no password of a shared account is changed. If it is the real one now, say so: shared-account resume',
        );
      }
      return known;
    },
    rests: () => !known,
  };
}

export type KnownDatabase = ReturnType<typeof createKnownDatabase>;

/** See `isKnown`: asked now. */
export async function knowsDatabase(pool: Pool): Promise<boolean> {
  const identity = await identityOf(pool);
  if (identity === null) return true;
  const { rows } = await pool.query<{ same: boolean }>({
    name: 'rotation-database',
    text: 'SELECT database = $1 AND rests_since IS NULL AS same FROM rotation_database',
    values: [identity],
  });
  if (rows[0]) {
    if (!rows[0].same)
      await pool.query('UPDATE rotation_database SET rests_since = clock_timestamp() WHERE rests_since IS NULL');
    return rows[0].same;
  }
  await pool.query('INSERT INTO rotation_database (database) VALUES ($1) ON CONFLICT DO NOTHING', [identity]);
  return true;
}

/** This database is the real one from now on. */
export async function adoptDatabase(client: PoolClient): Promise<void> {
  const identity = await identityOf(client);
  if (identity === null) return void (await client.query('DELETE FROM rotation_database'));
  await client.query(
    `INSERT INTO rotation_database (database) VALUES ($1)
     ON CONFLICT (id) DO UPDATE SET database = EXCLUDED.database, rests_since = NULL`,
    [identity],
  );
}
