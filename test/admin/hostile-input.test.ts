import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product.stop());

const codeOf = ({ status, body }: Awaited<ReturnType<typeof owner.send>>) => [status, (body as { code?: string }).code];
const refused = [400, 'invalid_request'];
const cursorOf = (...key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');

describe.each([
  ...['/revocations', '/api-keys', '/connections', '/audit-events', '/refused-calls', '/dead-letters'],
  '/users/{id}/sessions',
])('the cursor of %s', (path) => {
  it.each([
    '-271821-04-20T00:00:00.000Z',
    '+275760-09-13T00:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '2026-01-01',
    '1',
    '',
  ])('is refused with the time "%s"', async (time) => {
    const cursor = cursorOf(time, 'x');
    expect(codeOf(await owner.send('GET', `${path.replace('{id}', owner.id)}?cursor=${cursor}`))).toEqual(refused);
  });

  it.each([
    ['half a character', '\ud800'],
    ['NUL', '\0'],
  ])('is refused with %s', async (_name, id) => {
    const cursor = cursorOf('2026-01-01T00:00:00.000Z', id);
    expect(codeOf(await owner.send('GET', `${path.replace('{id}', owner.id)}?cursor=${cursor}`))).toEqual(refused);
  });
});

it.each(['0000-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00', '0000-06-01T00:00:00Z'])(
  'a time outside of the years that can be stored is refused: %s',
  async (time) => {
    const query = encodeURIComponent(time);
    for (const path of [`/audit-events?from=${query}`, `/revocations?from=${query}`, `/refused-calls?from=${query}`])
      expect(codeOf(await owner.send('GET', path))).toEqual(refused);
    expect(codeOf(await owner.send('POST', '/api-keys', { name: 'Late', expiresAt: time }))).toEqual(refused);
  },
);

const typed = {
  ...{ issuer: 'https://idp.example', authorizationEndpoint: 'https://idp.example/a', clientId: 'hostile' },
  ...{ tokenEndpoint: 'https://idp.example/t', jwksUri: 'https://idp.example/k', clientSecret: 'secret' },
};
const half = 'half \udc00 a character';
it.each<[string, string, object]>([
  ['POST', '/api-keys', { name: half }],
  ['POST', '/connections', { ...typed, clientId: half }],
  ['POST', '/connections', { ...typed, issuer: `https://idp.example/${half}` }],
  ['POST', '/connections', { ...typed, clientSecret: half }],
  ['POST', '/connections', { ...typed, roleClaim: 'groups', roleMapping: { [half]: 'admin' } }],
  ['POST', '/domains', { domain: half }],
  ['PATCH', '/users/{id}', { name: half }],
  ['POST', '/users/{id}/revocations', { reason: { person: half } }],
  ['POST', '/users/{id}/revocations', { reason: { administrators: half } }],
  ['POST', '/webhooks', { url: `https://hooks.example/${half}`, kinds: ['revocation'] }],
])('half a character is refused by %s %s %j', async (method, path, body) => {
  const answer = await owner.send(method, path.replace('{id}', owner.id), body);
  expect(codeOf(answer)).toEqual(refused);
  expect((answer.body as { detail?: string }).detail).toMatch(/half a character/);
});

it('half a character is refused however deep it lies, and a body that is very deep is no failure', async () => {
  const deep = `${'['.repeat(100_000)}"\\ud800"${']'.repeat(100_000)}`;
  const response = await fetch(`${product.url}/api/orgs/current/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: owner.cookie },
    body: `{"name":"x","scopes":${deep}}`,
  });
  expect(response.status).toBe(400);
});

it.each([
  ['a change of direction', 'ab\u202edc'],
  ['an isolate', 'ab\u2066dc'],
  ['a zero-width space', 'ab\u200bdc'],
  ['a line separator', 'ab\u2028dc'],
  ['a line break', 'ab\ndc'],
  ['a private character', 'ab\ue000dc'],
])('a name with %s is refused', async (_name, name) => {
  expect(codeOf(await owner.send('POST', '/api-keys', { name }))).toEqual(refused);
  expect(codeOf(await owner.send('PATCH', `/users/${owner.id}`, { name }))).toEqual(refused);
});

it.each(['علی‌رضا', '👩‍💻 Trinity', 'Zoë O’Brien-李'])('a name such as %s is a name', async (name) => {
  expect(await owner.send('PATCH', `/users/${owner.id}`, { name })).toMatchObject({ status: 200, body: { name } });
});
