import pg, { type Pool, type PoolClient } from 'pg';
import type { Logger } from 'pino';
import { buildingLock } from '../database/index-build.ts';
import { migrationLock } from '../database/migrate.ts';

/**
 * What a search of people, and a filter of provisioning, looks through, beside the claims of
 * identities: a superset of what each of them compares. The parts of the name and the addresses
 * that provisioning said stand in it as JSON's texts. Changed here, an index needs another name.
 */
export const haystacks = {
  users: `(lower(email || E'\\n' || name || E'\\n' || coalesce(user_name, '') || E'\\n' ||
    jsonb_path_query_array(profile, '$.name.*')::text || jsonb_path_query_array(profile, '$.emails[*].value')::text
    ) || E'\\n' || email_key || E'\\n' || coalesce(user_name_key, ''))`,
  identities: `(lower(coalesce(claimed_email, '')) || E'\\n' || coalesce(claimed_email_key, ''))`,
} as const;

type Table = keyof typeof haystacks;
const tables = Object.keys(haystacks) as Table[];
const indexes: Record<Table, string> = { users: 'users_by_any_part', identities: 'identities_by_part' };
/** What the index of users was called before it held their profiles. */
const outdated = 'users_by_part';

/** Milliseconds until a build that failed is tried again. */
const againMs = 600_000;

/** Whether both indexes can be used. */
export async function hasSearchIndexes(db: Pool | PoolClient | pg.Client): Promise<boolean> {
  return (await usable(db)).size === tables.length;
}

async function usable(db: Pool | PoolClient | pg.Client): Promise<Set<string>> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
     WHERE i.indisvalid AND c.relname = ANY ($1) AND pg_table_is_visible(c.oid)`,
    [Object.values(indexes)],
  );
  return new Set(rows.map(({ name }) => name));
}

type Deps = Readonly<{ directDatabaseUrl: string; log: Logger }>;

/** Builds the indexes once, and tries again every ten minutes until they are there. */
export async function keepSearchIndexes(deps: Deps): Promise<void> {
  if (!(await buildSearchIndexes(deps))) setTimeout(keepSearchIndexes, againMs, deps).unref();
}

/**
 * Builds the trigram indexes that a search of people uses, beside running nodes: a migration would
 * keep everybody from signing in meanwhile (200,000 people: 5 s). Needs a direct connection, as it
 * isn't done in a transaction. Without the extensions the search goes on as a scan. True once both
 * indexes are there.
 */
export async function buildSearchIndexes({ directDatabaseUrl, log }: Deps): Promise<boolean> {
  const client = new pg.Client({ connectionString: directDatabaseUrl, application_name: 'universal-logout indexes' });
  client.on('error', () => {});
  try {
    await client.connect();
    // A build waits for transactions that are older than itself, and holds migrations up meanwhile.
    await client.query(`SET statement_timeout = 0; SET lock_timeout = '1min'`);
    if (await hasSearchIndexes(client)) return true;
    if (!(await isFree(client))) return false;
    // Another node may have built them since the first look.
    const there = await usable(client);
    for (const table of tables) if (!there.has(indexes[table])) await build(client, table);
    await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${outdated}`);
    log.info('the indexes for searches of people are built');
    return true;
  } catch (err) {
    log.warn({ err }, whyNot(err));
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Whether no other node is building or migrating. The lock ends with the connection. */
async function isFree(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT pg_try_advisory_lock($1)
       AND NOT EXISTS (
         SELECT FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid) = ($2::oid, $3::oid)
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS free`,
    [buildingLock, ...migrationLock],
  );
  return rows[0].free;
}

async function build(client: pg.Client, table: Table): Promise<void> {
  for (const extension of ['pg_trgm', 'btree_gin']) await client.query(`CREATE EXTENSION IF NOT EXISTS ${extension}`);
  // A build that was broken off leaves an index that can't be used.
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${indexes[table]}`);
  // A list of pending entries would be read by every search.
  await client.query(
    `CREATE INDEX CONCURRENTLY ${indexes[table]} ON ${table}
     USING gin (org_id, ${haystacks[table]} gin_trgm_ops) WITH (fastupdate = off)`,
  );
}

/** What the log says of a build that failed, by PostgreSQL's code. */
function whyNot(error: unknown): string {
  const what = 'searches of people read everybody of an organisation for now: the indexes for them';
  switch ((error as { code?: string }).code) {
    case '57014':
      return `${what} were being built, and gave way to a migration; they are tried again in ten minutes`;
    case '55P03':
      return `${what} wait for a transaction that has been open for over a minute (see pg_stat_activity); they are tried again in ten minutes`;
    // Neither the right nor the files.
    case '42501':
    case '0A000':
    case '58P01':
      return `${what} need the extensions pg_trgm and btree_gin, which this role cannot create (docs/operators.md, "Search of people"); they are tried again in ten minutes`;
    default:
      return `${what} could not be built; they are tried again in ten minutes`;
  }
}
