import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deploy } from '../../prisma/schema-engine.ts';
import { migrate } from '../../src/database/migrate.ts';
import { readRules } from '../../src/database/rules.ts';
import { readCatalog } from '../support/catalog.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const released = path.join(import.meta.dirname, 'released');
/** The last version that was released. */
const dump = readdirSync(released)
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .at(-1) as string;

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  await ask(readFileSync(path.join(released, dump), 'utf8'));
});
afterEach(() => database.drop());

async function ask(sql: string, url = database.url): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client
    .query({ text: sql })
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

/** The dump's ids say what they are: alive-…, or dead-<of what>. */
async function living(): Promise<unknown[]> {
  const rows = await ask(`SELECT 'session' AS what, org_id, id FROM live_sessions
                          UNION ALL SELECT 'grant', org_id, id FROM live_grants ORDER BY 1, 2, 3`);
  return rows.map(({ what, org_id, id }) => `${what} ${org_id} ${id}`);
}

test(`a database of the last released version (${dump}) becomes one like any new one`, async () => {
  await migrate(database.url);
  const fresh = await createTestDatabase();
  const [migrated, made] = [await readCatalog(database.url), await readCatalog(fresh.url)];
  await fresh.drop();
  expect(made.functions.length).toBeGreaterThan(0);
  expect(migrated).toEqual(made);
  expect(await migrate(database.url)).toEqual([]);
});

test('what was alive in it is alive, what was dead is dead, and nothing is lost', async () => {
  const tables = [
    'sessions',
    'grants',
    'tokens',
    'users',
    'revocations',
    'audit_events',
    'outbox',
    'released_names',
    'todos',
  ];
  const count = `SELECT ${tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(', ')}`;
  const before = { living: await living(), counts: await ask(count) };
  expect(before.living).toContain('session acme alive-1');
  await migrate(database.url);
  expect({ living: await living(), counts: await ask(count) }).toEqual(before);
  const named = `SELECT 'session ' || org_id || ' ' || id AS row FROM sessions WHERE id LIKE 'alive-%'
                 UNION ALL SELECT 'grant ' || org_id || ' ' || id FROM grants WHERE id LIKE 'alive-%'`;
  expect([...before.living].sort()).toEqual((await ask(named)).map(({ row }) => row).sort());
});

test('the connection that was authoritative for a domain is so, alone', async () => {
  await migrate(database.url);
  expect(await ask('SELECT * FROM domain_connections')).toEqual([
    { org_id: 'acme', domain_id: 'dom', connection_id: 'con' },
  ]);
});

test('the dead stay dead: triggers guard the rows of before', async () => {
  await migrate(database.url);
  for (const statement of [
    `UPDATE sessions SET revoked_at = NULL WHERE id = 'dead-tombstone'`,
    `UPDATE users SET generation = 0 WHERE generation > 0`,
    `DELETE FROM audit_events WHERE org_id = 'acme'`,
  ])
    await expect(ask(statement), statement).rejects.toMatchObject({ code: '23001' });
});

test('everybody in it has names for the events of before, which a check holds against their hash', async () => {
  await migrate(database.url);
  const named = `SELECT org_id, id, name, email FROM users WHERE deleted_at IS NULL
                 UNION ALL SELECT org_id, id, name, NULL FROM api_keys UNION ALL SELECT org_id, id, name, NULL FROM connections`;
  const people = await ask(`${named} ORDER BY 1, 2`);
  expect(people.length).toBeGreaterThan(3);
  expect(await ask('SELECT org_id, subject_id AS id, name, email FROM audit_names ORDER BY 1, 2')).toEqual(people);
  expect((await ask('SELECT count(DISTINCT salt)::int AS salts FROM audit_names'))[0]).toEqual({
    salts: people.length,
  });
});

test('its rules are older than the current ones, or the same', async () => {
  const rules = await readRules();
  const exists = await ask(`SELECT to_regclass('rules_versions') IS NOT NULL AS exists`);
  const latest = exists[0]?.exists
    ? (await ask('SELECT version, sha256 FROM rules_versions ORDER BY version DESC LIMIT 1'))[0]
    : { version: 0, sha256: '' };
  // Failed: prisma/rules changed since the release, so the number in prisma/rules/version.json has
  // to go up.
  if (latest?.sha256 !== rules.sha256) expect(rules.version).toBeGreaterThan(Number(latest?.version));
});

test("afterwards Prisma's own command finds nothing to do", async () => {
  await migrate(database.url);
  expect(await deploy(database.url)).toEqual([]);
});
