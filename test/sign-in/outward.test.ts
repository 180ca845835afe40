import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { discover } from '../../src/connections/discovery.ts';
import { createGuardedFetch } from '../../src/http/guarded-fetch.ts';
import { isAllowedAddress } from '../../src/http/public-address.ts';
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
    ...['169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '192.0.0.192'].flatMap((ipv4) => {
      const [first, second] = ipv4
        .split('.')
        .map((byte) => Number(byte).toString(16).padStart(2, '0'))
        .join('')
        .match(/.{4}/g) as string[];
      const v6 = `${first}:${second}`;
      return [
        ipv4,
        ...[`::ffff:${v6}`, `64:ff9b::${v6}`, `64:ff9b:1::${v6}`, `2002:${v6}::1`, `::${v6}`, `::ffff:0:${v6}`],
      ];
    }),
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    'fe80::a9fe:a9fe',
  ])(
    'what a cloud tells its machines at %s is closed, to a host that may have private addresses too',
    async (address) => {
      const literal = address.includes(':') ? `[${address}]` : address;
      const host = new URL(`https://${literal}`).hostname;
      const named = createGuardedFetch({
        mode: 'development',
        privateHosts: [address, host, 'metadata.google.internal'],
      });
      for (const guarded of [production, named])
        await expect(guarded(`https://${literal}/`)).rejects.toMatchObject({ reason: 'refused_address' });
      // What a name resolves to is judged by the same words.
      const policy = { loopback: true, privateHosts: new Set(['metadata.google.internal']) };
      expect(isAllowedAddress(address, 'metadata.google.internal', policy)).toBe(false);
    },
  );

  test.each(['10.0.0.1', 'fd00::1', '2606:4700::1111', '168.63.129.17'])(
    'a host that may have private addresses may have %s',
    (address) => {
      expect(isAllowedAddress(address, 'idp', { loopback: false, privateHosts: new Set(['idp']) })).toBe(true);
    },
  );

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
    ['a slash more', (issuer: string) => `${issuer}/`, /only by the slash at its end: use it exactly/],
    ['capital letters', (issuer: string) => issuer.replace('http', 'HTTP'), /only by capital and small letters/],
    ['https', (issuer: string) => issuer.replace('http:', 'https:'), /only by http and https/],
    ['a version', (issuer: string) => `${issuer}/v2.0`, /only by \/v2\.0 at its end/],
    ['a path', (issuer: string) => `${issuer}/oauth2/default`, /differs from yours in its path/],
    ['another host', () => 'https://idp.example', /If that is your identity provider, use it exactly/],
    ['a pattern', () => 'https://login.example/{tenantid}/v2.0', /many tenants/],
  ])('an issuer that the metadata spells with %s: the refusal names it', async (_name, spelled, advice) => {
    const named = spelled(idp.issuer);
    idp.set('discovery', answers.json({ ...idp.metadata(), issuer: named }));
    const { detail } = await discovered().then(
      () => ({ detail: '' }),
      (error) => error,
    );
    expect(detail).toContain(`"${named}"`);
    expect(detail).toMatch(advice);
  });

  test('an issuer that was made to look like something else is shown on one line, and bounded', async () => {
    idp.set('discovery', answers.json({ ...idp.metadata(), issuer: `https://a\n\u202eb${'c'.repeat(1_000)}` }));
    const error = await discovered().catch((refused) => refused);
    expect(error.detail).toMatch(/"https:\/\/a bc+…"/);
    expect(error.detail.length).toBeLessThan(500);
  });

  test('the address of the metadata in place of the issuer is refused with the issuer', async () => {
    const issuer = `${idp.issuer}/.well-known/openid-configuration`;
    const discovering = discover(createGuardedFetch({ mode: 'development', privateHosts: [] }), issuer);
    await expect(discovering).rejects.toMatchObject({ detail: expect.stringContaining(`give "${idp.issuer}"`) });
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
