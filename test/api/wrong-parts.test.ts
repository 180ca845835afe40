import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let cookie: string;
beforeAll(async () => {
  product = await startProduct();
  ({ cookie } = await plantAdministrator(product, 'owner'));
});
afterAll(() => product.stop());

type Problem = Readonly<{ code: string; detail: string; permission?: string; errors?: readonly unknown[] }>;

async function ask(method: string, path: string, body?: unknown, by = cookie): Promise<Problem> {
  const response = await fetch(`${product.url}${path}`, {
    method,
    headers: { cookie: by, 'content-type': 'application/json', origin: product.url },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Problem;
}

const current = '/api/orgs/current';
const connection = { issuer: 'https://idp.example/?tenant=1', clientId: 'a', clientSecret: 'b' };

describe('problem details name the parts of the request that are wrong', () => {
  it('in the body, by a pointer', async () => {
    const { code, errors } = await ask('POST', `${current}/webhooks`, {
      url: 'https://hooks.example/',
      kinds: ['revocation', 'nothing'],
      'un/known~': 1,
    });
    expect(code).toBe('invalid_request');
    expect(errors).toEqual([
      { pointer: '#/kinds/1', detail: expect.any(String) },
      { pointer: '#/un~1known~0', detail: 'Unknown here' },
    ]);
  });

  it('in the query and the address, by the parameter', async () => {
    expect((await ask('GET', `${current}/users?limit=many&role=king`)).errors).toEqual(
      [
        { parameter: 'limit', detail: expect.any(String) },
        { parameter: 'role', detail: expect.any(String) },
      ].map((part) => expect.objectContaining(part)),
    );
    expect((await ask('GET', `${current}/users/a%20b`)).errors).toEqual([{ parameter: 'id', detail: 'is not an id' }]);
  });

  it('where it isn’t their form that is wrong', async () => {
    const insecure = await ask('POST', `${current}/webhooks`, { url: 'ftp://hooks.example/', kinds: ['revocation'] });
    expect(insecure.errors).toEqual([
      { pointer: '#/url', detail: 'hooks.example must be called by https, without a user in the URL' },
    ]);
    const added = await ask('POST', `${current}/connections`, connection);
    expect(added.errors).toEqual([{ pointer: '#/issuer', detail: added.detail }]);
    const domain = await ask('POST', `${current}/domains`, { domain: 'nowhere' });
    expect(domain.errors).toEqual([{ pointer: '#/domain', detail: domain.detail }]);
  });

  it('and not where it is the whole', async () => {
    const nothing = await ask('GET', `${current}/users/usr_none`);
    expect([nothing.code, 'errors' in nothing]).toEqual(['not_found', false]);
    expect('errors' in (await ask('POST', `${current}/webhooks`, []))).toBe(false);
  });
});

it('whoever may not is told what it takes', async () => {
  const { cookie: admin } = await plantAdministrator(product, 'admin');
  expect(await ask('GET', `${current}/webhooks`, undefined, admin)).toMatchObject({
    code: 'forbidden',
    permission: 'settings.change',
  });
});
