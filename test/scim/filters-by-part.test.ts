import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createScimUsers } from '../../src/scim/users.ts';
import { buildSearchIndexes } from '../../src/users/search-index.ts';
import { type Product, startProduct } from '../support/product.ts';
import { provision } from './support.ts';

const many = 10_000;
let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  const { pool } = product.context;
  for (const { id } of [product.orgs.whiterabbit, product.orgs.metacortex])
    await pool.query(
      `INSERT INTO users (org_id, id, email, email_key, name, user_name, user_name_key, profile)
       SELECT $1, 'usr_' || right($1, 4) || n, 'Person' || n || '@whiterabbit.fake', 'person' || n || '@whiterabbit.fake',
              'Name ' || md5(n::text), 'U-' || n, 'u-' || n,
              CASE n % 3 WHEN 0 THEN '{}' ELSE jsonb_build_object(
                'name', jsonb_build_object('givenName', 'Jörg "J" ' || n, 'familyName', 'Müller\\' || n, 'middleName', 5),
                'emails', jsonb_build_array(
                  jsonb_build_object('value', 'Person' || n || '@whiterabbit.fake', 'type', 'work', 'primary', true),
                  jsonb_build_object('value', 'Home_' || n || '@Home.example', 'type', 'home'))) END
       FROM generate_series(1, $2::int) n`,
      [id, many],
    );
  await client.user('jürgen@whiterabbit.fake', { userName: 'jürgen', displayName: '100% Jürgen' });
  await client.user('bob@bücher.example', { userName: 'bob@bücher.example', displayName: 'Bob' });
  await client.user('eve@xn--bcher-kva.example', { userName: 'eve@xn--bcher-kva.example', displayName: 'Eve' });
  await client.user('niko@xn--bcher-kva.example', { userName: 'Νίκος', displayName: 'Niko' });
  await pool.query('ANALYZE users');
}, 120_000);
afterAll(() => product.stop());

/** Filters whose answers must be the same with and without the index, and how many each finds. */
const filters: [string, number][] = [
  ['userName co "U-1234"', 1],
  ['userName sw "u-1234"', 1],
  ['userName ew "-1234"', 1],
  ['userName ew "1234@whiterabbit.fake"', 0],
  ['userName sw "nobody"', 0],
  // A look-up is in another form than what is found by it, also where an index of parts is used.
  ...[
    [' jürgen ', 1],
    ['JÜRGEN', 1],
    ['Ju\u0308rgen', 1],
    ['bob@xn--bcher-kva.example', 1],
    [' BOB@BÜCHER.example', 1],
    ['eve@bu\u0308cher.example', 1],
    ['ΝΊΚΟΣ', 1],
    ['νίκοσ', 1],
    [' U-1234 ', 1],
    ['nobody', 0],
  ].flatMap(([name, found]): [string, number][] => [
    [`userName eq "${name}"`, Number(found)],
    [`userName eq "${name}" and displayName pr`, Number(found)],
    [`userName eq "${name}" or displayName co "nobody"`, Number(found)],
    [`(userName eq "${name}" and active eq true) or displayName sw "nobody"`, Number(found)],
  ]),
  ['emails.value eq " BOB@bu\u0308cher.example"', 1],
  ['emails.value eq "eve@BÜCHER.example"', 1],
  ['emails[value eq "bob@xn--bcher-kva.example"]', 1],
  ['userName co "BÜCHER"', 1],
  ['userName co "bu\u0308cher"', 0],
  ['userName ew "@xn--bcher-kva.example"', 1],
  ['userName sw " jürgen"', 0],
  ['userName co "ΝΊΚΟ"', 1],
  ['userName co "JÜRGEN"', 1],
  ['displayName sw "100%"', 1],
  ['displayName co "1_0% jür"', 0],
  ['displayName eq "100% jürgen"', 1],
  ['displayName co "nobody" or userName co "u-12345"', 0],
  ['displayName sw "name c4ca4238a0b923820dcc509a6f75849b"', 1],
  ['emails.value co "home_1234@"', 1],
  ['emails co "home_1234@"', 1],
  ['emails.value ew "ome_1234@home.example"', 1],
  ['emails.value ew "homex1234@home.example"', 0],
  ['emails[type eq "home" and value sw "home_1234@"]', 1],
  ['emails[type eq "work"].value sw "home_1234@"', 0],
  ['emails.value sw "person3@"', 1],
  ['emails.value eq "PERSON3@whiterabbit.fake"', 1],
  ['emails.value eq " home_1234@home.example "', 1],
  ['emails.value eq "JÜRGEN@whiterabbit.fake"', 1],
  ['name.givenName co "jörg \\"j\\" 1234"', 1],
  ['name.givenName ew "\\" 1234"', 1],
  ['name.familyName sw "MÜLLER\\\\1234"', 1],
  ['name.familyName eq null and userName co "u-999"', 5],
  ['name.middleName eq 5 and userName co "U-1234"', 1],
  ['not (userName co "u-") and emails co "whiterabbit"', 2],
  ['(userName co "u-1234" or title co "boss") and displayName co "name"', 1],
  ['(userName co "u-1234" and emails co "1234") or displayName co "gen"', 2],
  ['userName co "-7" and userName ew "77"', 12],
  ['userName co "%"', 0],
  ['userName co "u-" and active eq false', 0],
];

async function find(filter: string): Promise<string[]> {
  const { status, body } = await client.search('/Users', filter);
  expect([filter, status]).toEqual([filter, 200]);
  expect(body.Resources).toHaveLength(Math.min(body.totalResults, 100));
  return [body.totalResults, ...body.Resources.map(({ id }: { id: string }) => id)];
}

it('finds the same by the index as without', async () => {
  const before = new Map<string, string[]>();
  for (const [filter] of filters) before.set(filter, await find(filter));
  expect(filters.map(([filter]) => [filter, before.get(filter)?.[0]])).toEqual(filters);
  const log = pino({ level: 'silent' });
  expect(await buildSearchIndexes({ directDatabaseUrl: product.databaseUrl, log })).toBe(true);
  for (const [filter] of filters) expect([filter, await find(filter)]).toEqual([filter, before.get(filter)]);
}, 120_000);

it.each([
  'userName co "nobody"',
  'userName sw "u-1234" and displayName co "name"',
  'userName ew "-1234"',
  'displayName co "12345"',
  'name.familyName sw "Müller" and name.givenName ew "1234"',
  'emails.value co "home_1234@"',
  'emails[type eq "home" and value ew "_1234@home.example"]',
  'emails.value eq "home_1234@home.example"',
  'userName eq "u-1234" or displayName co "nobody"',
])('reads the index, neither everybody of the org nor anybody of another: %s', async (filter) => {
  const plans: string[] = [];
  const pool = new pg.Pool({ connectionString: product.databaseUrl, max: 1 });
  pool.on('connect', (connection) => {
    // The database goes before the server hears that the connection is ended.
    connection.on('error', () => {});
    connection.on('notice', ({ message }) => plans.push(message ?? ''));
    void connection.query(
      `LOAD 'auto_explain'; SET plan_cache_mode = force_generic_plan; SET auto_explain.log_min_duration = 0;
       SET client_min_messages = log`,
    );
  });
  const users = createScimUsers({ ...product.context, pool });
  const asked = { filter, sortBy: null, descending: false, startIndex: 1, count: 100 };
  await users.list(client.orgId, { ...asked, attributes: [], excludedAttributes: [] }, false);
  await pool.end();
  const found = plans.join('\n');
  expect(found).toContain('Bitmap Index Scan on users_by_any_part');
  expect(found).not.toContain('Seq Scan on users');
});
