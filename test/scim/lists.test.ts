import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  const twin = await provision(product, 'metacortex');
  await twin.user('anna@metacortex.fake', { userName: 'anna', title: 'Director' });
  await client.user('anna@whiterabbit.fake', {
    userName: 'anna',
    displayName: 'Anna 100%',
    title: 'Director',
    externalId: 'x-1',
    emails: [
      { value: 'anna@whiterabbit.fake', type: 'work', primary: true },
      { value: 'anna@home.example', type: 'home' },
    ],
    [urns.enterprise]: { department: 'R_D', manager: { value: 'm1' } },
  });
  await client.user('bert@whiterabbit.fake', {
    userName: 'bert',
    displayName: 'Bert "B" 1000',
    title: 'Guide',
    active: false,
  });
  await client.user('carl@whiterabbit.fake', { userName: 'carl', displayName: 'Carl and Co', externalId: 'X-1' });
  await client.user('dora@whiterabbit.fake', {
    userName: 'dora',
    displayName: 'Dora \\ D',
    title: 'guide',
    roles: [{ value: 'admin' }],
    [urns.enterprise]: { department: 'RxD' },
  });
});
afterAll(() => product.stop());

/** The names that a filter finds, of those that the test has made. */
async function find(filter: string): Promise<string[]> {
  const { status, body } = await client.search('/Users', filter);
  if (status !== 200) return [`${status} ${body.scimType}`];
  const names = body.Resources.map(({ userName }: { userName: string }) => userName);
  expect(body.totalResults).toBe(names.length);
  return names.filter((name: string) => !name.includes('@'));
}

describe('filters', () => {
  it.each([
    ['userName eq "ANNA"', ['anna']],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "anna"', ['anna']],
    ['USERNAME EQ "anna"', ['anna']],
    ['userName ne "anna"', ['bert', 'carl', 'dora']],
    ['userName sw "b" or userName ew "RL"', ['bert', 'carl']],
    ['displayName co "and"', ['carl']],
    ['displayName co "100%"', ['anna']],
    ['displayName co "1_0"', []],
    ['displayName eq "Bert \\"B\\" 1000"', ['bert']],
    ['displayName co "\\\\"', ['dora']],
    [`${urns.enterprise}:department eq "R_D"`, ['anna']],
    [`${urns.enterprise}:department sw "R_"`, ['anna']],
    [`${urns.enterprise}:manager.value eq "m1"`, ['anna']],
    ['externalId eq "x-1"', ['anna']],
    ['title pr', ['anna', 'bert', 'dora']],
    ['title eq "GUIDE"', ['bert', 'dora']],
    ['not (title eq "guide")', ['anna', 'carl']],
    ['not (title pr and active eq true)', ['bert', 'carl']],
    ['title pr and not (displayName eq "Tom and Jerry")', ['anna', 'bert', 'dora']],
    ['userName gt "anna" and userName le "carl"', ['bert', 'carl']],
    ['userName ge "carl"', ['carl', 'dora']],
    ['userName lt "bert"', ['anna']],
    ['active eq false', ['bert']],
    ['active ne true', ['bert']],
    ['(userName eq "anna" or (userName eq "bert" and (active eq false))) and title pr', ['anna', 'bert']],
    ['emails eq "anna@home.example"', ['anna']],
    ['emails.type eq "home"', ['anna']],
    ['emails[type eq "home" and value ew "@home.example"]', ['anna']],
    // One and the same value has to meet all of it.
    ['emails[type eq "work" and value ew "@home.example"]', []],
    ['emails[type eq "home"].value sw "anna"', ['anna']],
    ['emails[primary eq true and value eq "dora@whiterabbit.fake"]', ['dora']],
    ['roles.value eq "admin"', ['dora']],
    ['roles[value eq "admin"] or phoneNumbers pr', ['dora']],
    ['name.givenName eq "test" and name pr', ['anna', 'bert', 'carl', 'dora']],
    ['nickName eq null and userName eq "anna"', ['anna']],
    [
      'meta.created gt "2020-01-01T00:00:00Z" and meta.lastModified lt "2999-01-01T00:00:00+02:00"',
      ['anna', 'bert', 'carl', 'dora'],
    ],
    ['meta.created lt "2020-01-01"', []],
  ])('%s', async (filter, names) => {
    expect((await find(filter)).sort()).toEqual(names);
  });

  it.each([
    'userName',
    'userName eq',
    'userName eq anna',
    'userName is "anna"',
    'userName eq "anna',
    'userName eq "an\\na" "b"',
    'userName eq "\\x"',
    '(userName eq "anna"',
    'userName eq "anna")',
    'emails[type eq "work"',
    'emails[emails[type eq "work"]]',
    'userName[value eq "x"]',
    'unknown eq "x"',
    '__proto__ eq "x"',
    'constructor pr',
    'emails.constructor eq "x"',
    'emails[__proto__ pr]',
    'name eq "x"',
    'active gt true',
    'active eq "perhaps"',
    'meta.created eq "yesterday"',
    'meta.created gt "0000-01-01T00:00:00Z"',
    'meta.created co "2026"',
    'meta.version eq "1"',
    'password eq "x"',
    'userName eq "a\\u0000"',
    'userName eq "\\ud800"',
    'userName co null',
    "userName eq 'anna'",
    'userName eq "x"; DROP TABLE users; --',
    'id eq "x\' OR true --" and',
  ])('400 invalidFilter: %s', async (filter) => {
    expect(await find(filter)).toEqual(['400 invalidFilter']);
  });

  it('takes text that is SQL for text', async () => {
    const attempts = ["' OR '1'='1", "'; DROP TABLE users; --", '$1', '%', '_', '\\\\'];
    for (const text of attempts) expect(await find(`userName eq "${text}"`)).toEqual([]);
    for (const text of attempts) expect(await find(`userName co "${text}"`)).toEqual([]);
  });
});

describe('pages', () => {
  it('are exact, in a lasting order, and bounded', async () => {
    const { body: all } = await client.get('/Users?count=1000');
    expect(all.totalResults).toBe(5);
    const seen: string[] = [];
    for (let startIndex = 1; startIndex <= 5; startIndex += 2) {
      const { body } = await client.get(`/Users?startIndex=${startIndex}&count=2`);
      expect([body.totalResults, body.startIndex]).toEqual([5, startIndex]);
      expect(body.itemsPerPage).toBe(body.Resources.length);
      seen.push(...body.Resources.map(({ id }: { id: string }) => id));
    }
    expect(seen).toEqual(all.Resources.map(({ id }: { id: string }) => id));
    expect((await client.get('/Users?count=0')).body).toMatchObject({
      totalResults: 5,
      itemsPerPage: 0,
      Resources: [],
    });
    expect((await client.get('/Users?startIndex=99')).body).toMatchObject({ totalResults: 5, Resources: [] });
    expect((await client.get('/Users?startIndex=-7&count=-1')).body).toMatchObject({
      totalResults: 5,
      startIndex: 1,
      Resources: [],
    });
    for (const query of [
      'count=many',
      'startIndex=1e3',
      'sortOrder=up',
      'count=99999999999999999999',
      'filter=a&filter=b',
    ])
      expect((await client.get(`/Users?${query}`)).body).toMatchObject({ status: '400', scimType: 'invalidValue' });
  });

  it('are sorted as asked, without a value last', async () => {
    const names = async (query: string) => {
      const { body } = await client.get(
        `/Users?${query}&filter=${encodeURIComponent('emails.value ew "@whiterabbit.fake" and name pr')}`,
      );
      return body.Resources?.map(({ userName }: { userName: string }) => userName) ?? body.scimType;
    };
    expect(await names('sortBy=userName&sortOrder=descending')).toEqual(['dora', 'carl', 'bert', 'anna']);
    expect((await names('sortBy=title'))[3]).toBe('carl');
    expect((await names('sortBy=title&sortOrder=descending'))[0]).toBe('carl');
    expect(await names('sortBy=emails')).toEqual(['anna', 'bert', 'carl', 'dora']);
    expect(await names('sortBy=meta.created')).toEqual(['anna', 'bert', 'carl', 'dora']);
    expect(await names('sortBy=__proto__')).toBe('invalidPath');
    expect(await names('sortBy=id;DROP')).toBe('invalidPath');
  });

  it('have the attributes that were asked for', async () => {
    const filter = `filter=${encodeURIComponent('userName eq "anna"')}`;
    const only = await client.get(`/Users?${filter}&attributes=userName,emails.value,${urns.enterprise}:department`);
    expect(only.body.Resources).toEqual([
      {
        schemas: [urns.user, urns.enterprise],
        id: expect.any(String),
        userName: 'anna',
        emails: [{ value: 'anna@whiterabbit.fake' }, { value: 'anna@home.example' }],
        [urns.enterprise]: { department: 'R_D' },
      },
    ]);
    const without = await client.get(`/Users?${filter}&excludedAttributes=id,meta,NAME.familyName,emails`);
    const [user] = without.body.Resources;
    expect(user.id).toMatch(/^usr_/);
    expect([user.meta, user.emails, user.name]).toEqual([undefined, undefined, { givenName: 'Test' }]);
  });

  it('have none of another org’s, not even of the same id', async () => {
    const { pool } = product.context;
    const { rows } = await pool.query<{ id: string }>(
      `INSERT INTO users (org_id, id, email, email_key, name)
       SELECT $1, id, 'theirs-' || email, 'theirs-' || email_key, 'Theirs' FROM users WHERE org_id = $2 RETURNING id`,
      [product.orgs.metacortex.id, product.orgs.whiterabbit.id],
    );
    expect(rows.length).toBeGreaterThan(3);
    const all = await client.get('/Users?count=200');
    expect([all.body.totalResults, all.body.Resources.length]).toEqual([rows.length, rows.length]);
    expect(all.text).not.toContain('heirs');
  });

  it('can be asked for by a body', async () => {
    const asked = {
      schemas: [searchUrn],
      filter: 'title eq "guide"',
      attributes: ['userName'],
      sortBy: 'userName',
      count: 1,
    };
    const { status, body } = await client.post('/Users/.search', asked);
    expect([status, body.totalResults, body.Resources.length, body.Resources[0].userName]).toEqual([200, 2, 1, 'bert']);
    expect((await client.post('/Groups/.search', { schemas: [searchUrn] })).body.totalResults).toBe(0);
    expect((await client.post('/Users/.search', { filter: 'nothing' })).body.scimType).toBe('invalidFilter');
    expect((await client.post('/Users/.search', { attributes: [1] })).body.scimType).toBe('invalidValue');
  });

  it('of roles and groups are kept to as well, by query and by body', async () => {
    for (const displayName of ['Page 1', 'Page 2', 'Page 3'])
      await client.post('/Groups', { displayName, members: [] });
    const pages = [
      await client.get('/Roles?startIndex=2&count=1'),
      await client.get('/Groups?startIndex=2&count=1&filter=displayName%20sw%20%22Page%22'),
      await client.post('/Groups/.search', { filter: 'displayName sw "Page"', startIndex: 2, count: 1 }),
    ];
    for (const { body } of pages)
      expect([body.totalResults, body.startIndex, body.itemsPerPage, body.Resources.length]).toEqual([3, 2, 1, 1]);
    expect(pages.map(({ body }) => body.Resources[0].displayName)).toEqual(['Admin', 'Page 2', 'Page 2']);
    for (const path of ['/Roles?count=0', '/Roles?startIndex=9'])
      expect((await client.get(path)).body).toMatchObject({ totalResults: 3, itemsPerPage: 0, Resources: [] });
    expect((await client.get('/Roles?filter=id%20eq%20%22admin%22&count=1')).body.totalResults).toBe(1);
  });

  it('are not made of what describes the server (RFC 7644 §4)', async () => {
    for (const [path, total] of [
      ['/ResourceTypes', 3],
      ['/Schemas', 5],
    ])
      expect((await client.get(`${path}?startIndex=2&count=1`)).body).toMatchObject({
        totalResults: total,
        itemsPerPage: total,
        startIndex: 1,
      });
  });
});
