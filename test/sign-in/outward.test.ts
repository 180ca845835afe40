import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { discover } from '../../src/connections/discovery.ts';
import { createGuardedFetch } from '../../src/http/guarded-fetch.ts';
import { createKeyring, UnsealError } from '../../src/keyring.ts';
import { answers, startHostileIdp } from '../support/idp.ts';

let idp: Awaited<ReturnType<typeof startHostileIdp>>;
beforeAll(async () => {
  idp = await startHostileIdp();
});
afterEach(() => idp.reset());
afterAll(() => idp?.stop());

const production = createGuardedFetch({ mode: 'production', privateHosts: [] });
const development = createGuardedFetch({ mode: 'development', privateHosts: [] });

describe('calls to addresses that others chose', () => {
  test.each([
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
    'https://192.168.1.1/',
    'https://172.16.0.1/',
    'https://100.64.0.1/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://localhost/',
  ])('%s is refused in production', async (url) => {
    await expect(production(url)).rejects.toMatchObject({ reason: 'refused_address' });
  });

  test.each([
    'http://example.com/',
    'http://localhost:1/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://a:b@example.com/',
    'nonsense',
  ])('%s is no https address', async (url) => {
    await expect(production(url)).rejects.toMatchObject({ reason: 'insecure' });
  });

  test('a named host may be private; it is then only the connection that fails', async () => {
    const named = createGuardedFetch({ mode: 'production', privateHosts: ['LOCALHOST', '127.0.0.1'] });
    for (const url of ['https://localhost:1/', 'https://127.0.0.1:1/'])
      await expect(named(url)).rejects.toMatchObject({ reason: 'network' });
  });

  test('in development loopback is fine, with http; other private addresses are not', async () => {
    expect((await development(`${idp.issuer}/jwks`)).status).toBe(200);
    await expect(development('https://10.0.0.1/')).rejects.toMatchObject({ reason: 'refused_address' });
    await expect(development('http://10.0.0.1/')).rejects.toMatchObject({ reason: 'insecure' });
  });

  test('time, size and redirects are bounded, and the caller may end it earlier', async () => {
    idp.set('jwks', answers.huge());
    await expect(development(`${idp.issuer}/jwks`)).rejects.toMatchObject({ reason: 'too_large' });
    idp.set('jwks', answers.redirect('https://169.254.169.254/'));
    await expect(development(`${idp.issuer}/jwks`)).rejects.toMatchObject({ reason: 'redirect' });
    idp.set('jwks', answers.reset());
    await expect(development(`${idp.issuer}/jwks`)).rejects.toMatchObject({ reason: 'network' });
    idp.set('jwks', answers.drip());
    const started = performance.now();
    await expect(development(`${idp.issuer}/jwks`)).rejects.toMatchObject({ reason: 'timeout' });
    expect(performance.now() - started).toBeGreaterThan(7_900);
    expect(performance.now() - started).toBeLessThan(9_000);
    const signal = AbortSignal.timeout(100);
    await expect(development(`${idp.issuer}/jwks`, { signal })).rejects.toMatchObject({ reason: 'timeout' });
  });
});

describe('discovery', () => {
  const discovered = () => discover(development, idp.issuer);

  test('gives the columns of a connection', async () => {
    expect(await discovered()).toEqual({
      issuer: idp.issuer,
      authorizationEndpoint: `${idp.issuer}/authorize`,
      tokenEndpoint: `${idp.issuer}/token`,
      userinfoEndpoint: `${idp.issuer}/userinfo`,
      endSessionEndpoint: `${idp.issuer}/end-session`,
      jwksUri: `${idp.issuer}/jwks`,
      tokenEndpointAuth: 'client_secret_basic',
      responseIss: true,
    });
  });

  test('takes client_secret_post where there is nothing else, and nothing optional for granted', async () => {
    const { authorization_response_iss_parameter_supported: _iss, userinfo_endpoint: _info, ...rest } = idp.metadata();
    idp.set('discovery', answers.json({ ...rest, token_endpoint_auth_methods_supported: ['client_secret_post'] }));
    const post = { tokenEndpointAuth: 'client_secret_post', responseIss: false, userinfoEndpoint: null };
    expect(await discovered()).toMatchObject(post);
  });

  test.each([
    ['another issuer', { issuer: 'https://evil.example' }, /another issuer/],
    ['a script as an endpoint', { authorization_endpoint: 'javascript:alert(1)' }, /unusable authorization_endpoint/],
    ['a private token endpoint', { token_endpoint: 'https://169.254.169.254/' }, /unusable token_endpoint/],
    ['http on the network', { jwks_uri: 'http://example.com/jwks' }, /unusable jwks_uri/],
    ['a missing endpoint', { token_endpoint: undefined }, /lacks or misspells: token_endpoint/],
    ['no code flow', { response_types_supported: ['id_token'] }, /code/],
    ['no way to authenticate', { token_endpoint_auth_methods_supported: ['private_key_jwt'] }, /client_secret/],
  ])('%s is refused with what is wrong', async (_name, changes, detail) => {
    idp.set('discovery', answers.json({ ...idp.metadata(), ...changes }));
    await expect(discovered()).rejects.toMatchObject({
      code: 'invalid_request',
      detail: expect.stringMatching(detail),
    });
  });

  test.each([
    ['a page', answers.text('<h1>Hi</h1>'), /not answer with JSON/],
    ['an error', answers.status(500), /status 500/],
    ['a list', answers.json([]), /lacks or misspells/],
    ['a redirect', answers.redirect('https://example.com'), /redirect/],
    ['nothing', answers.reset(), /network/],
  ])('%s is refused', async (_name, answer, detail) => {
    idp.set('discovery', answer);
    await expect(discovered()).rejects.toMatchObject({ detail: expect.stringMatching(detail) });
  });
});

describe('the keyring', () => {
  const key = (byte: number) => new Uint8Array(32).fill(byte);

  test('opens what it sealed, for the same purpose only', async () => {
    const keyring = createKeyring([key(1)]);
    const sealed = await keyring.encrypt('secret', 'connection-secret:a:b');
    expect(sealed).not.toContain('secret');
    expect(await keyring.decrypt(sealed, 'connection-secret:a:b')).toBe('secret');
    await expect(keyring.decrypt(sealed, 'connection-secret:a:c')).rejects.toThrow(UnsealError);
  });

  test('rotates: the first key seals, all open, a removed one does not', async () => {
    const sealed = await createKeyring([key(1)]).encrypt('secret', 'p');
    const rotated = createKeyring([key(2), key(1)]);
    expect(await rotated.decrypt(sealed, 'p')).toBe('secret');
    const anew = await rotated.encrypt('secret', 'p');
    expect(await createKeyring([key(2)]).decrypt(anew, 'p')).toBe('secret');
    await expect(createKeyring([key(2)]).decrypt(sealed, 'p')).rejects.toThrow(UnsealError);
  });

  test('opens nothing that was changed', async () => {
    const keyring = createKeyring([key(1)]);
    const parts = (await keyring.encrypt('secret', 'p')).split('.');
    const header = Buffer.from(JSON.stringify({ ...JSON.parse(atob(parts[0] ?? '')), purpose: 'q' })).toString(
      'base64url',
    );
    for (const text of [
      '',
      'x',
      'a.b.c.d.e',
      [header, ...parts.slice(1)].join('.'),
      [...parts.slice(0, 3), 'AAAA', parts[4]].join('.'),
    ])
      for (const purpose of ['p', 'q']) await expect(keyring.decrypt(text, purpose)).rejects.toThrow(UnsealError);
  });
});
