import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { createPeople, type People } from '../../src/users/people.ts';
import { buildSearchIndexes, hasSearchIndexes } from '../../src/users/search-index.ts';
import { type Product, startProduct } from '../support/product.ts';

const many = Number(process.env.SEARCHED_PEOPLE ?? 20_000);
const log = pino({ level: 'silent' });
let product: Product;
let org: string;
let people: People;
beforeAll(async () => {
  product = await startProduct();
  org = product.orgs.whiterabbit.id;
  people = createPeople(product.context);
  for (const orgId of [org, product.orgs.metacortex.id])
    await product.context.pool.query(
      `INSERT INTO users (org_id, id, email, email_key, name, user_name, user_name_key)
       SELECT $1, 'usr_' || right($1, 4) || n, 'Person' || n || '@whiterabbit.fake', 'person' || n || '@whiterabbit.fake',
              md5(n::text) || ' Müller', 'U' || n, 'u' || n FROM generate_series(1, $2::int) n`,
      [orgId, many],
    );
  await product.context.pool.query(
    `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject, claimed_email, claimed_email_key, claimed_at)
     SELECT $1, 'idn_' || u.id, $2, u.id, $3, u.id, 'Claim-' || u.user_name || '@idp.fake', 'claim-' || u.user_name_key || '@idp.fake', now()
     FROM users u WHERE u.org_id = $1 AND u.id LIKE 'usr_%7'`,
    [org, product.orgs.whiterabbit.connectionId, product.orgs.whiterabbit.issuer],
  );
  await product.context.pool.query('ANALYZE users, identities');
}, 300_000);
afterAll(() => product.stop());

/** Searches whose answers must be the same with and without the indexes. */
const searches = [
  ...[
    'nobody-at-all',
    'person1234@',
    'PERSON1234@',
    'müller',
    'MÜLLER',
    'person',
    'claim-u17@',
    'CLAIM-U17@',
    'ab',
    'zq',
  ],
  ...['%_%', "' OR 1=1", 'son1_', '1 mül', 'whiterabbit.fake', 'u77', '\\', 'a\\%b', 'Person1234@WhiteRabbit.fake'],
];
async function find(search: string, after: string | null = null) {
  const start = performance.now();
  const { rows } = await people.listPeople(org, { search }, { limit: 51, after: after === null ? null : [after] });
  return { ids: rows.map(({ id }) => id), ms: performance.now() - start };
}

it('finds the same by the indexes as without', async () => {
  const figures: Record<string, number[]> = {};
  const before = new Map<string, string[]>();
  for (const search of searches) {
    const { ids, ms } = await find(search);
    before.set(search, ids);
    figures[search] = [ids.length, Math.round(ms)];
  }
  expect(before.get('person1234@')).toHaveLength(1);
  expect(before.get('CLAIM-U17@')).toHaveLength(1);
  expect(before.get('müller')).toHaveLength(51);
  const start = performance.now();
  await buildSearchIndexes({ directDatabaseUrl: product.databaseUrl, log });
  const built = performance.now() - start;
  expect(await hasSearchIndexes(product.context.pool)).toBe(true);
  for (const search of searches) {
    await find(search);
    const { ids, ms } = await find(search);
    expect([search, ids]).toEqual([search, before.get(search)]);
    figures[search]?.push(Math.round(ms * 10) / 10);
  }
  if (process.env.SEARCHED_PEOPLE) console.log(JSON.stringify({ built, figures }));
  // The second page, and another org's person of the same name.
  const last = 'person5@whiterabbit.fake';
  expect((await find('person1234@', last)).ids).toEqual([]);
  expect((await find('person1234@', 'person1')).ids).toEqual(before.get('person1234@'));
}, 300_000);

/** The plans, with what they did, of all that a search asks for. */
async function plansOf(search: string): Promise<string> {
  const client = new pg.Client({ connectionString: product.databaseUrl });
  await client.connect();
  await client.query(`LOAD 'auto_explain'`);
  const plans: string[] = [];
  client.on('notice', ({ message }) => plans.push(message ?? ''));
  await client.query(
    `SET plan_cache_mode = force_generic_plan; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;
     SET client_min_messages = log`,
  );
  const watched = createPeople({ pool: client as unknown as pg.Pool });
  await watched.listPeople(org, { search }, { limit: 51, after: null });
  await client.end();
  return plans.join('\n');
}

it('reads the indexes: neither everybody of the org nor anybody of another', async () => {
  for (const search of ['person1234@', 'nobody-at-all']) {
    const found = await plansOf(search);
    expect(found).toContain('Bitmap Index Scan on users_by_any_part');
    expect(found).toContain('Bitmap Index Scan on identities_by_part');
    expect(found).not.toMatch(/Seq Scan on (users|identities)/);
  }
});

it('reads claims once, not person by person, where the indexes do not know a part', async () => {
  const found = await plansOf('zq');
  expect(found).toMatch(/Scan.* on identities/);
  expect(found).not.toMatch(/loops=\d{2}/);
});

it('finds one or two letters at the beginnings of words, by the indexes, and nobody by none', async () => {
  await product.context.pool.query(
    `INSERT INTO users (org_id, id, email, email_key, name, user_name, user_name_key) VALUES
       ($1, 'usr_begins_1', 'zqbert@whiterabbit.fake', 'zqbert@whiterabbit.fake', 'A', NULL, NULL),
       ($1, 'usr_begins_2', 'a2@whiterabbit.fake', 'a2@whiterabbit.fake', 'Ann O’Zq Zquist', NULL, NULL),
       ($1, 'usr_begins_3', 'a3.zq@whiterabbit.fake', 'a3.zq@whiterabbit.fake', 'B', NULL, NULL),
       ($1, 'usr_begins_4', 'a4@whiterabbit.fake', 'a4@whiterabbit.fake', 'C', 'Dom/ZQ', 'dom/zq'),
       ($1, 'usr_within', 'azq@whiterabbit.fake', 'azq@whiterabbit.fake', 'Bazq', NULL, NULL),
       ($1, 'usr_unspaced', 'a5@whiterabbit.fake', 'a5@whiterabbit.fake', '李小龍', NULL, NULL)`,
    [org],
  );
  expect((await find('zQ')).ids.toSorted()).toEqual(['usr_begins_1', 'usr_begins_2', 'usr_begins_3', 'usr_begins_4']);
  expect((await find('azq')).ids).toEqual(['usr_within']);
  expect((await find('小龍')).ids).toEqual(['usr_unspaced']);
  expect((await find('.z')).ids).toEqual(['usr_begins_3']);
  for (const nothing of ['@', '%', '. ']) expect((await find(nothing)).ids).toEqual([]);
  expect(await plansOf('zq')).not.toMatch(/Seq Scan on (users|identities)/);
});

it('leads page by page to everybody of a common search, also where a page is empty', async () => {
  const seen: string[] = [];
  for (let after: readonly string[] | null = null, page = 0; page === 0 || after; page += 1) {
    const { rows, until } = await people.listPeople(
      org,
      { search: 'müller', live: false },
      { order: '-created', limit: 2_000, after },
    );
    seen.push(...rows.map(({ id }) => id));
    after = rows.length === 2_000 ? (rows.at(-1)?.key ?? null) : until;
  }
  const { rows } = await product.context.pool.query(`SELECT id FROM users WHERE org_id = $1 AND name LIKE '%Müller'`, [
    org,
  ]);
  expect(seen).toHaveLength(rows.length);
  expect(new Set(seen)).toEqual(new Set(rows.map(({ id }) => id)));
  const counted = await people.countPeople(org, { search: 'müller', live: false }, { most: 10_000 });
  expect(counted).toMatchObject({ people: 500, stoppedBy: 'search' });
});

it('is written by no revocation, also of many neighbours and twice', async () => {
  // Room is made of versions of rows that nobody sees any more: autovacuum may be looking just now.
  const looking = `SELECT FROM pg_stat_activity
                   WHERE datname = current_database() AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()`;
  for (let round = 0; round < 2; ) {
    await expect.poll(async () => (await product.context.pool.query(looking)).rowCount, { timeout: 60_000 }).toBe(0);
    const client = await product.context.pool.connect();
    await client.query('BEGIN');
    await client.query(
      `UPDATE users SET generation = generation + 1, revoked_at = now()
       WHERE org_id = $1 AND email_key BETWEEN 'person10000@' AND 'person15000@'`,
      [org],
    );
    const { rows } = await client.query(
      `SELECT pg_stat_get_xact_tuples_updated('users'::regclass)::int AS all,
              pg_stat_get_xact_tuples_hot_updated('users'::regclass)::int AS hot`,
    );
    const { rowCount: looked } = await client.query(looking);
    await client.query('COMMIT');
    client.release();
    // Whoever began to look meanwhile kept all versions: that round says nothing.
    if (looked !== 0) continue;
    round += 1;
    expect(rows[0].all).toBeGreaterThan(3_000);
    // Without room on their pages it was none at all.
    expect(rows[0].hot).toBeGreaterThan(0.9 * rows[0].all);
  }
});

it('goes on without the extensions, says so, and repairs an index whose build was broken off', async () => {
  const { pool } = product.context;
  await pool.query('DROP INDEX users_by_any_part, identities_by_part; DROP EXTENSION pg_trgm, btree_gin');
  // A role that may create nothing.
  const role = `reader_${process.pid}`;
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`);
  const lines: string[] = [];
  const url = new URL(product.databaseUrl);
  [url.username, url.password] = [role, 'reader'];
  const sink = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
  await buildSearchIndexes({ directDatabaseUrl: url.href, log: sink });
  expect(lines).toEqual([expect.stringMatching(/searches of people read everybody.*pg_trgm.*tried again/)]);
  const fresh = createPeople({ pool });
  const { rows } = await fresh.listPeople(org, { search: 'person1234@' }, { limit: 51, after: null });
  expect(rows).toHaveLength(1);
  await pool.query(`DROP ROLE ${role}`);

  // An earlier version called its index so.
  await pool.query('CREATE INDEX users_by_part ON users (name)');
  await buildSearchIndexes({ directDatabaseUrl: product.databaseUrl, log });
  expect((await pool.query(`SELECT to_regclass('users_by_part') AS index`)).rows).toEqual([{ index: null }]);
  await pool.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_by_any_part'::regclass`);
  expect(await hasSearchIndexes(pool)).toBe(false);
  await buildSearchIndexes({ directDatabaseUrl: product.databaseUrl, log });
  expect(await hasSearchIndexes(pool)).toBe(true);
});

it('gives way to a migration, says so, and builds only what is missing the next time', async () => {
  const { pool } = product.context;
  await pool.query('DROP INDEX identities_by_part');
  const { rows } = await pool.query(`SELECT 'users_by_any_part'::regclass::oid::int AS oid`);
  const client = new pg.Client({ connectionString: product.databaseUrl });
  await client.connect();
  // The build waits for a transaction that is older than itself.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM identities LIMIT 1');
  const lines: string[] = [];
  const sink = pino({ level: 'warn' }, { write: (line) => lines.push(line) });
  const building = buildSearchIndexes({ directDatabaseUrl: product.databaseUrl, log: sink });
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock'`;
  await expect.poll(async () => (await pool.query(waits)).rowCount, { timeout: 20_000 }).toBe(1);
  await pool.query('UPDATE rules_versions SET version = 0');
  expect(await migrate(product.databaseUrl)).toEqual([expect.stringMatching(/^rules /)]);
  expect(await building).toBe(false);
  expect(lines).toEqual([expect.stringMatching(/gave way to a migration/)]);
  await client.query('ROLLBACK');
  await client.end();
  expect(await buildSearchIndexes({ directDatabaseUrl: product.databaseUrl, log })).toBe(true);
  expect((await pool.query(`SELECT 'users_by_any_part'::regclass::oid::int AS oid`)).rows).toEqual(rows);
}, 60_000);
