import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { api, beginDevice, deviceGrant, post, tokensOf } from './support.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const form = 'application/x-www-form-urlencoded';
const machine = ['/oauth/token', '/oauth/revoke', '/oauth/introspect', '/oauth/device/code'];
const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe.each(machine)('%s', (path) => {
  const send = async (init: RequestInit) => {
    const response = await fetch(`${product.url}${path}`, { method: 'POST', ...init });
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    return { status: response.status, body: (await response.json()) as { error: string; error_description?: string } };
  };

  it.each(['*/*', 'text/html,application/xhtml+xml,*/*;q=0.8', 'text/html', 'text/plain'])(
    'answers an error in JSON to Accept: %s',
    async (accept) => {
      const headers = { accept, 'content-type': form };
      const wrong = await send({ headers, body: 'client_id=nobody&grant_type=refresh_token&token=x' });
      expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client']);
    },
  );

  it.each<[string, RequestInit]>([
    ['without a body', {}],
    ['with JSON', { body: '{"client_id": "cli"}', headers: { 'content-type': 'application/json' } }],
    ['with a body of no form', { body: new Uint8Array(10), headers: { 'content-type': 'image/png' } }],
    ['with a form that is too large', { body: `a=${'b'.repeat(60_000)}`, headers: { 'content-type': form } }],
    ['with the same member twice', { body: 'client_id=cli&client_id=cli', headers: { 'content-type': form } }],
  ])('answers invalid_request in JSON %s', async (_what, init) => {
    const answer = await send({ ...init, headers: { ...init.headers, accept: 'text/html' } });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    expect(answer.body.error_description).toBeTruthy();
  });
});

it('answers in JSON where a browser asks for claims without a token', async () => {
  const answer = await fetch(`${product.url}/oauth/userinfo`, { headers: { accept: 'text/html' } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/json; charset=utf-8']);
});

it('answers in JSON when the network asked too often, whatever a program accepts', async () => {
  const limited = await startProduct();
  try {
    const ask = () =>
      fetch(`${limited.url}/oauth/device/code`, {
        method: 'POST',
        headers: { accept: 'text/html' },
        body: new URLSearchParams({ client_id: 'cli', scope: 'openid' }),
      });
    let answer = await ask();
    for (let asked = 0; asked < 1_600 && answer.status === 200; asked += 40)
      [answer] = (await Promise.all(Array.from({ length: 40 }, ask))) as [Response];
    expect([answer.status, answer.headers.get('content-type')]).toEqual([429, 'application/json; charset=utf-8']);
    expect(await answer.json()).toMatchObject({ error: 'slow_down' });
  } finally {
    await limited.stop();
  }
});

describe('a public client that is named by Basic with an empty secret', () => {
  it('begins, polls, introspects, refreshes and gives back as by client_id', async () => {
    const headers = basic('cli:');
    const begun = await post(product, '/oauth/device/code', { scope: 'openid offline_access' }, { headers });
    expect(begun.status).toBe(200);
    const polled = await post(
      product,
      '/oauth/token',
      { grant_type: deviceGrant, device_code: String(begun.body.device_code) },
      { headers },
    );
    expect([polled.status, polled.body.error]).toEqual([400, 'authorization_pending']);

    const app = { headers: basic('mobile-app:') };
    const tokens = await tokensOf(product);
    const renewed = await post(
      product,
      '/oauth/token',
      { grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
      app,
    );
    expect(renewed.status).toBe(200);
    const token = renewed.body.access_token;
    expect((await post(product, '/oauth/introspect', { token }, app)).body).toMatchObject({ active: true });
    const back = await post(product, '/oauth/revoke', { token }, app);
    expect([back.status, back.body]).toEqual([200, {}]);
    expect((await api(product, token)).status).toBe(401);
  });

  it('may be encoded like a form’s value (RFC 6749 §2.3.1)', async () => {
    const answer = await post(product, '/oauth/introspect', { token: 'x' }, { headers: basic('mobile%2Dapp:') });
    expect([answer.status, answer.body]).toEqual([200, { active: false }]);
  });

  it('may say client_id in the form too, if it is the same', async () => {
    const headers = basic('cli:');
    const same = await post(product, '/oauth/device/code', { client_id: 'cli', scope: 'openid' }, { headers });
    expect(same.status).toBe(200);
    const other = await post(product, '/oauth/revoke', { client_id: 'mobile-app', token: 'x' }, { headers });
    expect([other.status, other.body]).toMatchObject([
      400,
      { error: 'invalid_request', error_description: 'client_id mismatch' },
    ]);
  });

  it.each([
    ['a secret', basic('cli:secret'), 401, 'invalid_client'],
    ['a colon as secret', basic('cli::'), 401, 'invalid_client'],
    ['a name that nobody has', basic('nobody:'), 400, 'invalid_request'],
    ['a name that is not encoded as it should be', basic('mobile%2:'), 400, 'invalid_request'],
    ['a name that has a colon in it', basic('cli%3A:'), 400, 'invalid_request'],
    ['no name', basic(':'), 400, 'invalid_request'],
    ['no colon', basic('cli'), 400, 'invalid_request'],
    ['no Base64', { Authorization: 'Basic cli:' }, 400, 'invalid_request'],
    ['another scheme', { Authorization: 'Bearer cli:' }, 400, 'invalid_request'],
  ] as [string, Record<string, string>, number, string][])(
    'is refused with %s',
    async (_what, headers, status, error) => {
      for (const path of machine) {
        const answer = await post(
          product,
          path,
          { token: 'x', scope: 'openid', grant_type: 'refresh_token' },
          { headers },
        );
        expect([path, answer.status, answer.body.error]).toEqual([path, status, error]);
      }
    },
  );

  it('proves nothing more than client_id does: the device code is still the app’s own', async () => {
    const { device_code } = await beginDevice(product);
    const polling = { grant_type: deviceGrant, device_code };
    const foreign = await post(product, '/oauth/token', polling, { headers: basic('mobile-app:') });
    expect(foreign.status).toBe(400);
    expect(foreign.body.access_token).toBe(undefined);
  });
});
