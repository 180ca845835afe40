import { afterAll, beforeAll, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let twin: typeof owner;
let orgId: string;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
  orgId = product.orgs.whiterabbit.id;
});
afterAll(() => product.stop());

const typed = (clientId: string) => ({
  ...{ issuer: 'https://idp.example', authorizationEndpoint: 'https://idp.example/a', clientId },
  ...{ tokenEndpoint: 'https://idp.example/t', jwksUri: 'https://idp.example/k', clientSecret: 'secret' },
});

it.each<[string, string, number, (n: number) => string, (n: number) => object]>([
  [
    ...(['/connections', 'connections', 50] as const),
    (n) =>
      `INSERT INTO connections (org_id, id, name, issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, client_secret)
       SELECT $1, 'con_' || i, 'x', 'https://x.example/' || i, 'x', 'x', 'x', 'x', 'x' FROM generate_series(1, ${n}) i`,
    (n) => typed(`client-${n}`),
  ],
  [
    ...(['/domains', 'domains', 500] as const),
    (n) =>
      `INSERT INTO domains (org_id, id, domain) SELECT $1, 'dom_' || i, i || '.many.example' FROM generate_series(1, ${n}) i`,
    (n) => ({ domain: `new-${n}.example` }),
  ],
  [
    ...(['/api-keys', 'api_keys', 100] as const),
    (n) =>
      `INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes)
       SELECT $1, 'key_' || i, 'x', sha256(i::text::bytea), 'x', '{revoke}' FROM generate_series(1, ${n}) i`,
    (n) => ({ name: `Key ${n}` }),
  ],
])('of %s an organisation adds so many and no more, also at once', async (path, table, most, fill, body) => {
  const { pool } = product.context;
  const count = async () =>
    (await pool.query(`SELECT count(*)::int AS n FROM ${table} WHERE org_id = $1`, [orgId])).rows[0].n;
  await pool.query(fill(most - 2 - (await count())), [orgId]);
  const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => owner.send('POST', path, body(n))));
  expect(answers.map(({ status, body: { code } }) => [status, code]).sort()).toEqual([
    ...[201, 201].map((status) => [status, undefined]),
    ...[409, 409, 409].map((status) => [status, 'conflict']),
  ]);
  expect(await count()).toBe(most);
  expect((await twin.send('POST', path, body(1))).status).toBe(201);
});

it('makes this backend look outward only so often, each organisation for itself', async () => {
  const ask = (by: typeof owner) => by.send('POST', '/connections', { ...typed('x'), issuer: 'http://10.0.0.1' });
  const answers = await Promise.all(Array.from({ length: 61 }, () => ask(owner)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 429]));
  const refused = answers.find(({ status }) => status === 429);
  expect([refused?.body.code, Number(refused?.headers.get('retry-after')) > 0]).toEqual(['too_many_requests', true]);
  expect((await ask(twin)).status).toBe(400);
});
