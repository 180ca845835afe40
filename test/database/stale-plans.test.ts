import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { transaction } from '../../src/database/pool.ts';
import type { Browser } from '../support/browser.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let owner: Browser;
beforeAll(async () => {
  product = await startProduct();
  await product.context.prisma.user.updateMany({ data: { role: 'owner' } });
  owner = await product.signIn();
});
afterAll(() => product.stop());

/** Changes the type of every moment that no view stands on, and of those of the views. */
async function changeTypes(type: string): Promise<number> {
  const client = new pg.Client({ connectionString: product.databaseUrl });
  await client.connect();
  const { rows: views } = await client.query(`
    SELECT c.oid::regclass::text AS name, pg_get_viewdef(c.oid) AS definition,
           (SELECT string_agg(CASE a.atttypid WHEN 'timestamptz'::regtype THEN format('v.%1$I::${type} AS %1$I', a.attname)
                                              ELSE format('v.%I', a.attname) END, ', ' ORDER BY a.attnum)
              FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
    FROM pg_class c WHERE c.relname IN ('live_sessions', 'live_grants')`);
  const { rows: columns } = await client.query(`
    SELECT attrelid::regclass::text AS table, quote_ident(attname) AS name FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
      AND atttypid = 'timestamptz'::regtype`);
  for (const { name, definition, columns: list } of views)
    await client.query(
      `BEGIN; DROP VIEW ${name}; CREATE VIEW ${name} AS SELECT ${list} FROM (${definition.replace(/;$/, '')}) AS v; COMMIT`,
    );
  let changed = views.length;
  for (const { table, name } of columns)
    await client.query(`ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${type}`).then(
      () => {
        changed += 1;
      },
      // A view or an index stands on it.
      () => {},
    );
  await client.end();
  return changed;
}

/** Requests of all kinds; each with the status that it has on fresh plans. */
async function askEverything(): Promise<[string, number][]> {
  const { whiterabbit } = product.orgs;
  const [person, second] = await plantUsers(product, 2, { sessions: 2 });
  const target = { orgId: whiterabbit.id, userId: person?.id as string };
  const [grant] = await plantGrants(product, target, 1);
  const { apiKey } = await product.context.apiKeys.create(
    whiterabbit.id,
    { name: 'k', scopes: ['revoke', 'scim'] },
    byOperator,
  );
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/scim+json' };
  const cookie = second?.cookies[0] as string;
  const forms: Record<string, () => Promise<{ status: number }>> = {
    session: () => fetch(`${product.url}/api/users/me`, { headers: { cookie } }),
    devices: () => fetch(`${product.url}/api/users/me/sessions`, { headers: { cookie } }),
    token: () => fetch(`${product.url}/api/users/me`, { headers: { authorization: `Bearer ${grant?.accessToken}` } }),
    'add a todo': () => owner.open('POST', '/api/todos', { json: { task: 'x' } }),
    todos: () => owner.get('/api/todos'),
    people: () => owner.get('/api/orgs/current/users'),
    person: () => owner.get(`/api/orgs/current/users/${person?.id}`),
    record: () => owner.get('/api/orgs/current/audit-events'),
    'SCIM list': () => fetch(`${product.url}/scim/v2/Users?count=2`, { headers }),
    'SCIM post': () =>
      fetch(`${product.url}/scim/v2/Users`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ userName: `${person?.id}-new@whiterabbit.fake` }),
      }),
    'SCIM off': () =>
      fetch(`${product.url}/scim/v2/Users/${person?.id}`, {
        method: 'PATCH',
        headers,
        body: JSON.stringify({ Operations: [{ op: 'replace', path: 'active', value: false }] }),
      }),
    'wrong key': () => product.revoke(undefined, { apiKey: 'wrong' }),
    revocation: () => product.revoke({ format: 'email', email: second?.email }, { apiKey }),
    'a page': () => fetch(`${product.url}/`, { headers: { cookie: person?.cookies[0] as string } }),
    'sign-out': () => fetch(`${product.url}/api/signout`, { method: 'POST', headers: { cookie } }),
    ready: () => fetch(`${product.url}/readyz`),
  };
  const answers: [string, number][] = [];
  for (const [name, ask] of Object.entries(forms)) answers.push([name, (await ask()).status]);
  const browser = await product.signIn('metacortex');
  answers.push(['sign-in', (await browser.get('/api/users/me')).status]);
  return answers;
}

it('a migration that changes columns under running nodes fails no request', async () => {
  // Several at once: every connection of the pools keeps its own plans.
  const all = () => Promise.all(Array.from({ length: 5 }, askEverything));
  const [before] = await all();
  expect((before ?? []).filter(([, status]) => status >= 500)).toEqual([]);
  for (const type of ['timestamptz(5)', 'timestamptz(4)']) {
    expect(await changeTypes(type)).toBeGreaterThan(15);
    for (const after of await all()) expect(after).toEqual(before);
  }
}, 120_000);

it('runs a named statement and a whole transaction again, with every connection on the old plan', async () => {
  const { pool } = product.context;
  await pool.query('CREATE TABLE planned (id int); INSERT INTO planned VALUES (1)');
  const statement = { name: 'planned', text: 'SELECT * FROM planned' };
  const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  for (const client of held) await client.query(statement);
  for (const client of held) client.release();
  await pool.query('ALTER TABLE planned ADD COLUMN further int');
  expect((await pool.query(statement)).rows).toEqual([{ id: 1, further: null }]);
  let tries = 0;
  const rows = await transaction(pool, async (client) => {
    tries += 1;
    await client.query('INSERT INTO planned VALUES (2)');
    return (await client.query(statement)).rows;
  });
  expect([tries, rows]).toEqual([
    2,
    [
      { id: 1, further: null },
      { id: 2, further: null },
    ],
  ]);
});

it('runs nothing again that PostgreSQL refused as not supported', async () => {
  let tries = 0;
  const unsupported = transaction(product.context.pool, (client) => {
    tries += 1;
    return client.query({ name: 'unsupported', text: 'SELECT 1 FROM orgs UNION SELECT 1 FOR UPDATE' });
  });
  await expect(unsupported).rejects.toMatchObject({ code: '0A000' });
  expect(tries).toBe(1);
});
