import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { applyRules, type Rules, readRules, rulesPath } from '../../src/database/rules.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const rules = await readRules();
const withText = (version: number, sql: string): Rules => ({
  version,
  sql,
  sha256: createHash('sha256').update(sql).digest('hex'),
});
/** What a newer version could bring: the same view with one more column at its end. */
const newer = withText(
  rules.version + 1,
  rules.sql.replace('\nFROM sessions s\nJOIN', ', 2 AS added\nFROM sessions s\nJOIN'),
);
const versions = async () =>
  (await client.query('SELECT version FROM rules_versions ORDER BY version')).rows.map(({ version }) => version);
const hasNewer = async () =>
  (await client.query(`SELECT FROM pg_attribute WHERE attrelid = 'live_sessions'::regclass AND attname = 'added'`))
    .rowCount === 1;

test('version.json belongs to the text of prisma/rules', () => {
  const { sha256 } = JSON.parse(readFileSync(path.join(rulesPath, 'version.json'), 'utf8'));
  // Failed: raise its version, and put this sha256 there.
  expect(sha256).toBe(rules.sha256);
});

test('the text can be applied again and again, and takes nothing from whoever runs beside', async () => {
  const statements = rules.sql.replace(/--.*$/gm, '');
  expect(statements).not.toMatch(/\b(DROP|ALTER)\b/i);
  expect(statements.match(/\bCREATE\b(?! OR REPLACE (VIEW|FUNCTION|TRIGGER)\b)/gi)).toBeNull();
  await client.query(rules.sql);
  await client.query(rules.sql);
});

test('a node puts newer rules in place, once', async () => {
  expect(await applyRules(client, newer)).toBe(true);
  expect(await applyRules(client, newer)).toBe(false);
  expect([await versions(), await hasNewer()]).toEqual([[rules.version, newer.version], true]);
});

test('a node of an older version, started beside a newer one, leaves the rules of that one', async () => {
  await applyRules(client, newer);
  expect(await migrate(database.url)).toEqual([]);
  expect([await versions(), await hasNewer()]).toEqual([[rules.version, newer.version], true]);
});

test('rules that fail leave the ones of before', async () => {
  const failing = withText(newer.version, `${newer.sql};\nSELECT 1 / 0;`);
  await expect(applyRules(client, failing)).rejects.toMatchObject({
    name: 'MigrationError',
    message: expect.stringMatching(/division by zero.* Nothing of them was kept/),
  });
  expect([await versions(), await hasNewer()]).toEqual([[rules.version], false]);
});

test('a view that loses a column is refused by PostgreSQL', async () => {
  const less = withText(newer.version, rules.sql.replace(',\n       u.language\nFROM sessions s', '\nFROM sessions s'));
  expect(less.sql).not.toBe(rules.sql);
  await expect(applyRules(client, less)).rejects.toThrow(/cannot drop columns from view/);
});

test('the same number with another text is told, not taken for the same', async () => {
  await expect(applyRules(client, { ...newer, version: rules.version })).rejects.toThrow(/raise the number/);
});

test('whoever holds a lock for long holds up neither the others nor, in the end, the new rules', async () => {
  const holder = new pg.Client({ connectionString: database.url });
  const reader = new pg.Client({ connectionString: database.url });
  await Promise.all([holder.connect(), reader.connect()]);
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT FROM live_sessions');
    const applied = applyRules(client, newer);
    // Behind the new rules, which wait for the holder: longer than half a second nobody waits.
    let longest = 0;
    for (const until = Date.now() + 5_000; Date.now() < until; await new Promise((done) => setTimeout(done, 20))) {
      const began = Date.now();
      await reader.query('SELECT FROM live_sessions');
      longest = Math.max(longest, Date.now() - began);
    }
    expect(longest).toBeLessThan(4_900);
    expect(await hasNewerSeenBy(reader)).toBe(false);
    await holder.query('COMMIT');
    expect(await applied).toBe(true);
  } finally {
    await Promise.all([holder.end(), reader.end()]);
  }
});

async function hasNewerSeenBy(reader: pg.Client): Promise<boolean> {
  const { rowCount } = await reader.query('SELECT FROM rules_versions WHERE version = $1', [newer.version]);
  return rowCount === 1;
}
