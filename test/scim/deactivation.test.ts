import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';
import { provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
});
afterAll(() => product.stop());

it('takes wrapped single values, and leaves out what it does not know, beside a deactivation', async () => {
  const { id } = await client.user('lenient@whiterabbit.fake');
  const changed = await client.patch(`/Users/${id}`, [
    { op: 'Replace', path: 'title', value: [{ value: 'Pilot', $ref: 'x' }] },
    { op: 'Replace', path: 'nickName', value: { value: 'P', type: 'work' } },
    { op: 'Add', path: `${urns.enterprise}:manager`, value: [{ $ref: 'x', value: 'usr_1' }] },
    { op: 'Add', path: 'shoeSize', value: 9 },
    { op: 'Add', path: 'shoes[type eq "left"].size', value: 9 },
    { op: 'Replace', path: 'active', value: [{ value: 'FALSE' }] },
  ]);
  expect([changed.status, changed.body.active]).toEqual([200, false]);
  expect(changed.body).toMatchObject({
    title: 'Pilot',
    nickName: 'P',
    [urns.enterprise]: { manager: { value: 'usr_1' } },
  });
});

describe('a deactivation beside something that is refused', () => {
  const off = { op: 'Replace', path: 'active', value: 'False' };
  const wrong = { op: 'Replace', path: 'title', value: { a: 1 } };
  let browser: Browser;
  let path: string;
  beforeEach(async () => {
    const { userId } = product.orgs.whiterabbit;
    path = `/Users/${userId}`;
    await client.patch(path, [{ op: 'replace', path: 'active', value: true }]);
    browser = await product.signIn();
  });
  const me = async () => (await browser.get('/api/users/me')).status;
  const active = async () => (await client.get(path)).body.active;

  it.each<[string, unknown[]]>([
    ['before it', [wrong, off]],
    ['after it', [off, wrong]],
    ['with an operation that is none', [{ op: 'x' }, off]],
    ['without a path', [{ op: 'replace', value: { active: 'false', title: { a: 1 } } }]],
    ['by its full name', [wrong, { op: 'add', path: `${urns.user}:active`, value: [{ value: 'FALSE' }] }]],
    ['switched on and off', [{ ...off, value: true }, wrong, off]],
    ['with a character that cannot be stored', [{ op: 'add', path: 'title', value: 'a\u0000b' }, off]],
    ['with a read-only attribute', [{ op: 'replace', path: 'groups', value: [] }, off]],
  ])('ends access, and the answer says both: %s', async (_name, operations) => {
    const answer = await client.patch(path, operations);
    expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining('is switched off')]);
    expect(await me()).toBe(401);
    const now = await client.get(path);
    expect([now.body.active, now.body.title]).toEqual([false, undefined]);
    expect(answer.headers.get('etag')).toBe(now.headers.get('etag'));
  });

  it('ends access where the name is taken (409), by PUT as by PATCH', async () => {
    await client.user('taken@whiterabbit.fake');
    const taken = { op: 'replace', path: 'userName', value: 'taken@whiterabbit.fake' };
    expect(await client.patch(path, [taken, off])).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } });
    expect(await me()).toBe(401);
    await client.patch(path, [{ op: 'replace', path: 'active', value: true }]);
    const { body } = await client.get(path);
    const put = await client.put(path, { ...body, title: { a: 1 }, active: 'False' });
    expect([put.status, await active()]).toEqual([400, false]);
  });

  it('ends nothing where the end is another, or nobody may have meant this', async () => {
    const stale = { 'If-Match': 'W/"stale"' };
    for (const [operations, headers, status] of [
      [[off, wrong, { ...off, value: true }], {}, 400],
      [[wrong, { ...off, value: 'perhaps' }], {}, 400],
      [[wrong, off], stale, 412],
      [[...Array(201).fill(wrong), off], {}, 413],
    ] as const) {
      expect((await client.patch(path, [...operations], headers)).status).toBe(status);
      expect([await active(), await me()]).toEqual([true, 200]);
    }
    const half = await client.send(
      'PATCH',
      path,
      '{"schemas":[],"Operations":[{"op":"replace","path":"active","value":false}',
    );
    expect([half.status, await active()]).toEqual([400, true]);
  });

  it('is nothing to another organisation', async () => {
    const other = await provision(product, 'metacortex');
    expect((await other.patch(path, [wrong, off])).status).toBe(404);
    expect([await active(), await me()]).toEqual([true, 200]);
  });
});
