import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { createClient, oktaUser, provision, urns } from './support.ts';

/**
 * The shape of Okta's required test ("SCIM 2.0 SPEC Test"): what it asks, in its order, and what it
 * looks at in the answers. It looks at whoever comes first in the list of people, who didn't come by
 * provisioning here. Its limit of 600 ms an answer is left to the benchmark.
 */
let product: Product;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  product = await startProduct();
  const { apiKey } = await provision(product);
  client = createClient(product.url, {
    Authorization: `Bearer ${apiKey}`,
    Accept: 'application/scim+json',
    'Accept-Charset': 'utf-8',
    'Content-Type': 'application/scim+json; charset=utf-8',
    'User-Agent': 'OKTA SCIM Integration',
  });
});
afterAll(() => product.stop());

const listResponse = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const filterBy = (userName: string) => `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`;

const text = expect.stringMatching(/\S/);
const person = (more: object = {}) =>
  expect.objectContaining({
    id: text,
    userName: text,
    active: expect.any(Boolean),
    name: expect.objectContaining({ givenName: text, familyName: text }),
    emails: [expect.objectContaining({ value: text })],
    meta: expect.objectContaining({ resourceType: 'User', location: text }),
    ...more,
  });

const named = async (name: object) =>
  void (await product.context.prisma.user.updateMany({
    where: { id: product.orgs.whiterabbit.userId },
    data: { profile: { name } },
  }));

describe.each([
  ['was added by hand', async () => {}],
  ['has signed in', async () => void (await product.signIn())],
  ['has one part of a name', () => named({ givenName: 'Cher' })],
  ['has blank parts of a name', () => named({ givenName: '', familyName: ' ' })],
])('Okta’s required test, where the oldest person %s', (_how, prepare) => {
  const userName = `runscope.${Math.floor(Math.random() * 1e9)}@whiterabbit.fake`;
  const wanted = oktaUser(userName, { name: { givenName: 'Runscope', familyName: 'Tester' } });
  let first: string;
  let made: string;

  it('lists people, with all that it needs of the first', async () => {
    await prepare();
    const { status, body } = await client.get('/Users?count=1&startIndex=1');
    expect(status).toBe(200);
    expect(body).toEqual({
      schemas: [listResponse],
      itemsPerPage: 1,
      startIndex: 1,
      totalResults: expect.any(Number),
      Resources: [person({ id: product.orgs.whiterabbit.userId, userName: trinity.email })],
    });
    first = body.Resources[0].id;
  });

  it('gets that person by id', async () => {
    const { status, body } = await client.get(`/Users/${first}`);
    expect([status, body]).toEqual([200, person({ id: first })]);
  });

  it('finds nobody by a userName that is nobody’s', async () => {
    for (const nobody of ['abcdefgh@atko.example', userName]) {
      const { status, body } = await client.get(filterBy(nobody));
      expect([status, body]).toEqual([200, expect.objectContaining({ schemas: [listResponse], totalResults: 0 })]);
    }
  });

  it('is told by an id that is nobody’s that there is nobody', async () => {
    const { status, body } = await client.get('/Users/010101001010101011001010101011');
    expect([status, body]).toEqual([404, { schemas: [urns.error], status: '404', detail: text }]);
  });

  it('makes a person, finds them as they were made, and cannot make them again', async () => {
    const created = await client.post('/Users', wanted);
    const { name } = wanted;
    expect([created.status, created.body]).toEqual([
      201,
      person({ schemas: [urns.user], active: true, userName, name }),
    ]);
    made = created.body.id;
    const read = await client.get(`/Users/${made}`);
    expect([read.status, read.body]).toEqual([200, person({ id: made, userName, name })]);
    const again = await client.post('/Users', wanted);
    expect([again.status, again.body.scimType]).toEqual([409, 'uniqueness']);
  });

  it('lists groups', async () => {
    const { status, body } = await client.get('/Groups?count=100&startIndex=1');
    expect([status, body.schemas, body.startIndex]).toEqual([200, [listResponse], 1]);
    expect(typeof body.totalResults).toBe('number');
  });

  it('changes, switches off and switches on whom it made', async () => {
    const put = await client.put(`/Users/${made}`, { ...wanted, id: made, title: 'Tester' });
    expect([put.status, put.body.title]).toEqual([200, 'Tester']);
    for (const active of [false, true]) {
      const patched = await client.patch(`/Users/${made}`, [{ op: 'replace', value: { active } }]);
      expect([patched.status, patched.body.active]).toEqual([200, active]);
    }
  });
});
