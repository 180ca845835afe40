import * as openid from 'openid-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { startServer } from '../../src/server.ts';
import { createBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { type Product, startNode, startProduct } from '../support/product.ts';
import { api, approveDevice, mobileRedirect, startOf, walk } from './support.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const documents = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const get = (path: string, headers: Record<string, string> = {}, at = product.url) =>
  fetch(`${at}${path}`, { headers, redirect: 'manual' });

it('describes itself in one document at both addresses (OpenID Connect Discovery, RFC 8414)', async () => {
  const [openidText, oauthText] = await Promise.all(documents.map(async (path) => (await get(path)).text()));
  expect(openidText).toBe(oauthText);
  const metadata = JSON.parse(oauthText as string);
  const { url } = product;
  expect(metadata).toMatchObject({
    issuer: url,
    authorization_endpoint: `${url}/oauth/authorize`,
    token_endpoint: `${url}/oauth/token`,
    revocation_endpoint: `${url}/oauth/revoke`,
    introspection_endpoint: `${url}/oauth/introspect`,
    userinfo_endpoint: `${url}/oauth/userinfo`,
    device_authorization_endpoint: `${url}/oauth/device/code`,
    jwks_uri: `${url}/oauth/jwks`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    id_token_signing_alg_values_supported: ['RS256'],
    global_token_revocation_endpoint: `${url}/global-token-revocation`,
    global_token_revocation_endpoint_auth_methods_supported: ['Bearer'],
  });
  expect(Object.entries(metadata).filter(([, value]) => Array.isArray(value) && value.length === 0)).toEqual([]);
  for (const off of ['registration_endpoint', 'end_session_endpoint', 'pushed_authorization_request_endpoint'])
    expect(metadata).not.toHaveProperty(off);
});

it('believes no header about where it lives', async () => {
  const headers = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', Forwarded: 'host=evil.example' };
  for (const path of documents) expect(await (await get(path, headers)).text()).not.toContain('evil');
  const answer = await get(startOf(product).url.slice(product.url.length), headers);
  expect(answer.status).toBe(303);
  expect(answer.headers.get('location')).toMatch(/^\/oauth\/interaction\//);
  expect(answer.headers.getSetCookie().join()).not.toMatch(/secure|evil/i);
});

it('publishes public keys alone, the same on every node', async () => {
  const { keys } = (await (await get('/oauth/jwks')).json()) as { keys: Record<string, unknown>[] };
  expect(keys).toHaveLength(1);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  const other = await startNode(product.env);
  try {
    expect(await (await get('/oauth/jwks', {}, other.url)).json()).toEqual({ keys });
  } finally {
    other.process.kill();
  }
  const { rows } = await product.context.pool.query('SELECT private_key FROM signing_keys');
  expect(rows).toHaveLength(1);
  expect(rows[0].private_key).not.toContain(keys[0]?.n);
});

it('makes one key where several nodes start at once', async () => {
  await product.context.pool.query('DELETE FROM signing_keys');
  const nodes = await Promise.all([startNode(product.env), startNode(product.env), startNode(product.env)]);
  try {
    const sets = await Promise.all(nodes.map(async (node) => (await get('/oauth/jwks', {}, node.url)).text()));
    expect(new Set(sets).size).toBe(1);
    expect(await product.context.prisma.signingKey.count()).toBe(1);
  } finally {
    for (const node of nodes) node.process.kill();
  }
});

it('says in its log that ENCRYPTION_KEYS lacks a key, and signs nothing', async () => {
  const port = await freePort();
  const lines: string[] = [];
  const env = { ...product.env, PORT: String(port), ENCRYPTION_KEYS: Buffer.alloc(32, 9).toString('base64') };
  const context = createContext(loadConfig(env, 'development'));
  Object.assign(context.log, { error: (entry: { err: Error }) => lines.push(entry.err.message) });
  const node = await startServer(context);
  try {
    expect((await get('/oauth/jwks', {}, `http://127.0.0.1:${port}`)).status).toBe(500);
    expect(lines.join()).toContain('ENCRYPTION_KEYS lacks the key');
  } finally {
    await node.stop();
  }
});

it('leaves addresses that are not its own to the app', async () => {
  for (const path of ['/oauth', '/oauth/nothing', '/oauth/token/x', '/oauth/session/end', '/oauth/par', '/reg'])
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  const wrong = await get('/oauth/token');
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  expect((await fetch(`${product.url}/oauth/authorize`, { method: 'POST' })).status).toBe(405);
});

it('lets scripts of the extension call it, and of no page', async () => {
  const ask = (origin: string) =>
    fetch(`${product.url}/oauth/token`, {
      method: 'POST',
      headers: { Origin: origin },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'browser-extension' }),
    });
  const extension = await ask('chrome-extension://abcdefghijklmnopabcdefghijklmnop');
  expect(extension.headers.get('access-control-allow-origin')).toBe(
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  );
  expect(((await extension.json()) as { error: string }).error).toBe('invalid_grant');
  const page = await ask('https://elsewhere.example');
  expect(page.headers.get('access-control-allow-origin')).toBe(null);
  expect(((await page.json()) as { error: string }).error).toBe('invalid_request');
});

it('works with a certified client: the code flow, the device flow, a refresh and revocation', async () => {
  const options = { execute: [openid.allowInsecureRequests] };
  const server = new URL(product.url);
  const app = await openid.discovery(server, 'mobile-app', undefined, openid.None(), options);
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const to = openid.buildAuthorizationUrl(app, {
    redirect_uri: mobileRedirect,
    scope: 'openid email offline_access',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const browser = await product.signIn();
  const { next } = await walk(product, browser, await browser.get(to.href));
  const tokens = await openid.authorizationCodeGrant(app, next as URL, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const sub = tokens.claims()?.sub as string;
  expect(await openid.fetchUserInfo(app, tokens.access_token, sub)).toMatchObject({ sub });
  const renewed = await openid.refreshTokenGrant(app, tokens.refresh_token as string);
  expect((await api(product, renewed.access_token)).status).toBe(200);
  expect(await openid.tokenIntrospection(app, renewed.access_token)).toMatchObject({ active: true, sub });
  await openid.tokenRevocation(app, renewed.refresh_token as string);
  expect((await api(product, renewed.access_token)).status).toBe(401);

  const cli = await openid.discovery(server, 'cli', undefined, openid.None(), options);
  const device = await openid.initiateDeviceAuthorization(cli, { scope: 'openid offline_access' });
  await approveDevice(product, browser, device.user_code);
  const polled = await openid.pollDeviceAuthorizationGrant(cli, device);
  expect((await api(product, polled.access_token)).status).toBe(200);
});

it('keeps its cookies to https and this host where the product has https', async () => {
  const port = await freePort();
  const publicUrl = 'https://app.example.test';
  const env = { ...product.env, PORT: String(port), PUBLIC_URL: publicUrl, TRUST_PROXY: 'loopback' };
  const node = await startServer(createContext(loadConfig(env, 'production')));
  try {
    const at = `http://127.0.0.1:${port}`;
    const headers = { 'X-Forwarded-Proto': 'https' };
    const { url } = startOf({ url: at });
    const answer = await fetch(url, { headers, redirect: 'manual' });
    expect(answer.status).toBe(303);
    const cookies = answer.headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(1);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__Secure-oauth_(interaction|resume)(\.sig)?=/);
      expect(cookie).toMatch(/; path=\/oauth\/(interaction|authorize)\/[\w-]+;/);
      expect(cookie.toLowerCase()).toContain('; samesite=lax');
      expect(cookie.toLowerCase()).toContain('; secure');
      expect(cookie.toLowerCase()).toContain('; httponly');
    }
    const page = await fetch(`${at}/oauth/device`, { headers });
    const [session] = page.headers.getSetCookie();
    expect(session).toMatch(/^__Host-oauth_session=[^;]+; path=\/;/);
    const metadata = (await (await fetch(`${at}${documents[0]}`, { headers })).json()) as Record<string, unknown>;
    expect(metadata.token_endpoint).toBe(`${publicUrl}/oauth/token`);
  } finally {
    await node.stop();
  }
});

it('needs no cookie of the app’s own pages to be shown the sign-in', async () => {
  const browser = createBrowser({ baseUrl: product.url });
  const { page } = await walk(product, browser, await browser.get(startOf(product).url));
  expect(page.text).toContain('<h1>Sign in</h1>');
});
