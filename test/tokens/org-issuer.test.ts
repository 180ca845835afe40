import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as oauth from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFindClientCredentials } from '../../src/tokens/client-credentials.ts';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { type PlantedApp, plantApp } from './planted-apps.ts';
import { api, heading, newBrowser, walk } from './support.ts';

const redirectUri = 'https://app.fake/callback';
const goodbye = 'https://app.fake/goodbye';

let product: Product;
let ours: PlantedApp;
let theirs: PlantedApp;
let receiver: PlantedApp;
beforeAll(async () => {
  product = await startProduct();
  const { whiterabbit, metacortex } = product.orgs;
  const web = { kind: 'oidc' as const, redirectUris: [redirectUri], postLogoutRedirectUris: [goodbye] };
  ours = await plantApp(product, whiterabbit, web);
  theirs = await plantApp(product, metacortex, web);
  receiver = await plantApp(product, whiterabbit, { kind: 'ssf' });
});
afterAll(() => product.stop());

const issuerOf = ({ orgId }: Pick<PlantedApp, 'orgId'>) => `${product.url}/orgs/${orgId}`;
const discover = (app: PlantedApp, id = app.id) =>
  oauth.discovery(new URL(issuerOf(app)), id, app.secret, oauth.ClientSecretBasic(app.secret), {
    execute: [oauth.allowInsecureRequests],
  });

/** A whole sign-in at an app, by a library that others wrote. */
async function signInAt(app: PlantedApp, browser: Browser, params: Record<string, string> = {}) {
  const client = await discover(app);
  const verifier = oauth.randomPKCECodeVerifier();
  const state = oauth.randomState();
  const url = oauth.buildAuthorizationUrl(client, {
    redirect_uri: redirectUri,
    scope: 'openid email profile offline_access',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...params,
  });
  const { page, next } = await walk(product, browser, await browser.get(url.href));
  const finish = () =>
    oauth.authorizationCodeGrant(client, next as URL, { pkceCodeVerifier: verifier, expectedState: state });
  return { client, page, next, finish };
}

describe('an org’s issuer', () => {
  it('signs a person in at a web app by its own keys, tells it a sid, and ends with the revocation', async () => {
    const browser = await product.signIn();
    const { client, finish } = await signInAt(ours, browser);
    const tokens = await finish();
    const { userId } = product.orgs.whiterabbit;
    expect(tokens.claims()).toMatchObject({ iss: issuerOf(ours), aud: ours.id, sub: userId, email: trinity.email });
    const sid = tokens.claims()?.sid;
    const session = await product.context.prisma.session.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    const where = { orgId: ours.orgId, appId: ours.id };
    expect(await product.context.prisma.appSession.findMany({ where })).toMatchObject([
      { id: sid, userId, sessionId: session.id, userGeneration: session.userGeneration, toldAt: null },
    ]);
    expect(await product.context.prisma.appPerson.findMany({ where })).toMatchObject([
      { userId, seenAt: expect.any(Date) },
    ]);
    const info = await oauth.fetchUserInfo(client, tokens.access_token, userId);
    expect(info).toEqual({ sub: userId, email: trinity.email, email_verified: true, name: 'Trinity' });
    // A web app isn't the person: its token opens nothing at our API.
    expect((await api(product, tokens.access_token)).status).toBe(401);

    const again = await (await signInAt(ours, browser)).finish();
    expect(again.claims()?.sid).toBe(sid);
    const refreshed = await oauth.refreshTokenGrant(client, again.refresh_token as string);
    expect(refreshed.claims()).toMatchObject({ sub: userId, sid });
    expect(await oauth.tokenIntrospection(client, refreshed.access_token)).toMatchObject({ active: true });

    expect((await product.revoke()).status).toBe(204);
    await expect(oauth.refreshTokenGrant(client, refreshed.refresh_token as string)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(oauth.fetchUserInfo(client, refreshed.access_token, userId)).rejects.toThrow();
    const anew = await (await signInAt(ours, await product.signIn())).finish();
    expect(anew.claims()?.sid).not.toBe(sid);
  });

  it('sends whoever is not signed in at this org through its sign-in', async () => {
    for (const browser of [newBrowser(product), await product.signIn('metacortex')]) {
      const client = await discover(ours);
      const url = oauth.buildAuthorizationUrl(client, { redirect_uri: redirectUri, scope: 'openid' });
      const { next } = await walk(product, browser, await browser.get(url.href), ({ pathname }) =>
        pathname.startsWith('/openid/start/'),
      );
      expect(next?.pathname).toBe('/openid/start/whiterabbit');
      expect(next?.searchParams.get('returnTo')).toMatch(new RegExp(`^/orgs/${ours.orgId}/oauth/interaction/`));
      const callback = await browser.submitLogin(
        { page: await browser.follow(await browser.get(next?.href ?? '')) },
        trinity,
      );
      const landed = await walk(product, browser, await browser.get(callback, { crossSite: true }));
      expect(landed.next?.href).toMatch(/^https:\/\/app\.fake\/callback\?code=/);
    }
  });

  it('refuses addresses that were not registered, to the letter', async () => {
    const browser = await product.signIn();
    const { page, next } = await signInAt(ours, browser, { redirect_uri: `${redirectUri}/` });
    expect([page.status, next]).toEqual([400, undefined]);
  });

  it('knows nothing of another org: client, code, tokens, cookies, interactions', async () => {
    const browser = await product.signIn();
    const other = { ...theirs, orgId: ours.orgId };
    expect((await signInAt(other, browser)).page.text).toContain('invalid_client');
    // Their client, as ours registers it: ours is unknown there, and our secret, too.
    const { client, next, finish } = await signInAt(ours, browser);
    const code = next?.searchParams.get('code') as string;
    const at = (app: PlantedApp, path: string, form: Record<string, string>) =>
      fetch(`${issuerOf(app)}/oauth/${path}`, {
        method: 'POST',
        headers: { Authorization: `Basic ${btoa(`${app.id}:${app.secret}`)}` },
        body: new URLSearchParams(form),
      });
    const codeForm = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
    expect(await (await at(theirs, 'token', codeForm)).json()).toMatchObject({ error: 'invalid_grant' });
    expect((await at({ ...ours, orgId: theirs.orgId }, 'token', codeForm)).status).toBe(401);
    const tokens = await finish();
    for (const [form, path] of [
      [{ grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string }, 'token'],
      [{ token: tokens.refresh_token as string }, 'introspect'],
      [{ token: tokens.access_token }, 'introspect'],
      [{ token: tokens.refresh_token as string }, 'revoke'],
    ] as const) {
      const answer = await at(theirs, path, form);
      const body = await answer.json();
      if (path === 'introspect') expect(body).toEqual({ active: false });
      if (path === 'token') expect(body).toMatchObject({ error: 'invalid_grant' });
    }
    const info = await fetch(`${issuerOf(theirs)}/oauth/userinfo`, {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    });
    expect(info.status).toBe(401);
    // What was tried elsewhere ended nothing here.
    expect(await oauth.tokenIntrospection(client, tokens.access_token)).toMatchObject({ active: true });

    const begun = await browser.get(
      oauth.buildAuthorizationUrl(client, { redirect_uri: redirectUri, scope: 'openid' }).href,
    );
    const interaction = begun.headers.get('location') ?? '';
    expect(begun.headers.getSetCookie().every((cookie) => cookie.includes(`path=/orgs/${ours.orgId}`))).toBe(true);
    const cookie = begun.headers
      .getSetCookie()
      .map((set) => set.split(';')[0])
      .join('; ');
    const moved = interaction.replace(ours.orgId, theirs.orgId);
    expect((await fetch(new URL(moved, product.url), { headers: { cookie }, redirect: 'manual' })).status).toBe(400);
    const product404 = await fetch(`${product.url}/orgs/org_nobody/.well-known/openid-configuration`);
    expect(product404.status).toBe(404);
  });

  it('stands at both well-known places', async () => {
    const [own, inserted] = await Promise.all(
      [
        `${issuerOf(ours)}/.well-known/openid-configuration`,
        `${product.url}/.well-known/oauth-authorization-server/orgs/${ours.orgId}`,
      ].map(async (url) => (await fetch(url)).json() as Promise<Record<string, unknown>>),
    );
    expect(own).toEqual(inserted);
    expect(own).toMatchObject({
      issuer: issuerOf(ours),
      jwks_uri: `${issuerOf(ours)}/oauth/jwks`,
      end_session_endpoint: `${issuerOf(ours)}/oauth/end-session`,
      backchannel_logout_session_supported: true,
    });
    const keysOf = async (app: PlantedApp) =>
      ((await (await fetch(`${issuerOf(app)}/oauth/jwks`)).json()) as { keys: { kid: string }[] }).keys;
    const [mine, others] = [await keysOf(ours), await keysOf(theirs)];
    expect(mine).toHaveLength(1);
    expect(mine[0]).not.toHaveProperty('d');
    expect(others.map(({ kid }) => kid)).not.toContain(mine[0]?.kid);
  });

  it('gives a receiver of events tokens of its own, for this org alone', async () => {
    const find = createFindClientCredentials(product.context);
    const client = await discover(receiver);
    const { access_token } = await oauth.clientCredentialsGrant(client, { scope: 'ssf.read' });
    expect(await find(receiver.orgId, access_token)).toEqual({ appId: receiver.id, scopes: ['ssf.read'] });
    expect(await find(theirs.orgId, access_token)).toBeNull();
    expect(await find(receiver.orgId, `${access_token}x`)).toBeNull();
    expect((await api(product, access_token)).status).toBe(401);
    await expect(oauth.clientCredentialsGrant(await discover(ours), {})).rejects.toThrow();
    await product.context.pool.query(`UPDATE apps SET state = 'disabled' WHERE id = $1`, [receiver.id]);
    expect(await find(receiver.orgId, access_token)).toBeNull();
  });

  it('lets an app prove itself by a key', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const { createServer } = await import('node:http');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const server = createServer((_req, res) =>
      res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    // An org of its own would do as well: here the issuer is read anew, as time makes it.
    const app = await plantApp(product, product.orgs.metacortex, {
      kind: 'oidc',
      redirectUris: [redirectUri],
      auth: 'private_key_jwt',
      jwksUri: `http://127.0.0.1:${port}/jwks`,
    });
    const answer = async () => {
      const now = Math.floor(Date.now() / 1000);
      const assertion = await new SignJWT({
        iss: app.id,
        sub: app.id,
        aud: issuerOf(app),
        jti: crypto.randomUUID(),
        iat: now,
        exp: now + 60,
      })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .sign(privateKey);
      const response = await fetch(`${issuerOf(app)}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: 'none',
          redirect_uri: redirectUri,
          client_id: app.id,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }),
      });
      return ((await response.json()) as { error: string }).error;
    };
    await expect.poll(answer, { timeout: 30_000, interval: 1_000 }).toBe('invalid_grant');
    server.close();
  });
});

describe('a sign-out that an app begins', () => {
  const endOf = (app: PlantedApp, query: Record<string, string>) =>
    `${issuerOf(app)}/oauth/end-session?${new URLSearchParams(query)}`;

  it('ends exactly this browser’s session, and leads back to the app', async () => {
    const browser = await product.signIn();
    const stranger = await product.signIn();
    const tokens = await (await signInAt(ours, browser)).finish();
    const query = { id_token_hint: tokens.id_token as string, post_logout_redirect_uri: goodbye, state: 'of the app' };
    // Somebody else's token ends nothing by itself.
    const asked = await stranger.get(endOf(ours, query));
    expect([asked.status, heading(asked)]).toEqual([200, 'Sign out']);
    expect((await stranger.get('/api/users/me')).status).toBe(200);

    const left = await browser.get(endOf(ours, query), { crossSite: true });
    expect([left.status, left.headers.get('location')]).toEqual([303, `${goodbye}?state=of+the+app`]);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    // The page's own button does, and leads to no address that isn't registered.
    const yes = await stranger.submitForm(asked, {}, 'id_token_hint');
    expect(yes.text).toContain(`${goodbye}?state=of+the+app`);
    expect((await stranger.get('/api/users/me')).status).toBe(401);
  });

  it('may begin with a form of the app: from another site it is asked as a link is', async () => {
    const browser = await product.signIn();
    const tokens = await (await signInAt(ours, browser)).finish();
    const fields = { id_token_hint: tokens.id_token as string, post_logout_redirect_uri: goodbye };
    const posted = await fetch(`${issuerOf(ours)}/oauth/end-session`, {
      method: 'POST',
      headers: { origin: 'https://app.fake', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
    expect(posted.status).toBe(303);
    const to = new URL(posted.headers.get('location') as string, issuerOf(ours)).href;
    expect(to).toBe(endOf(ours, fields));
    const left = await browser.get(to, { crossSite: true });
    expect([left.status, left.headers.get('location')]).toEqual([303, goodbye]);
    expect((await browser.get('/api/users/me')).status).toBe(401);
  });

  it('asks without a token, leads nowhere unregistered, and is none of another org’s business', async () => {
    const browser = await product.signIn();
    const tokens = await (await signInAt(ours, browser)).finish();
    const evil = { client_id: ours.id, post_logout_redirect_uri: 'https://evil.fake/' };
    const page = await browser.get(endOf(ours, evil), { crossSite: true });
    expect(heading(page)).toBe('Sign out');
    const elsewhere = await browser.get(endOf(theirs, { id_token_hint: tokens.id_token as string }));
    expect(elsewhere.headers.get('location')).toBe('/signed-out?reason=ended');
    expect((await browser.get('/api/users/me')).status).toBe(200);
    const gone = await browser.submitForm(page, {}, 'client_id');
    expect([gone.status, gone.headers.get('location')]).toEqual([303, '/signed-out?reason=ended']);
    expect((await browser.get('/api/users/me')).status).toBe(401);
  });

  it('opens, in frames, the apps of this browser that take nothing else, and counts none of them as told', async () => {
    const frontchannelLogoutUri = 'https://app.fake/front-channel?of=us';
    const settings = { redirectUris: [redirectUri], postLogoutRedirectUris: [goodbye], frontchannelLogoutUri };
    const [front, both] = [
      await plantApp(product, product.orgs.whiterabbit, { kind: 'oidc', ...settings }),
      await plantApp(product, product.orgs.whiterabbit, {
        kind: 'oidc',
        ...settings,
        backchannelLogoutUri: 'https://app.fake/back-channel',
      }),
    ];
    const [browser, other] = [await product.signIn(), await product.signIn()];
    const tokens = await (await signInAt(front, browser)).finish();
    await (await signInAt(both, browser)).finish();
    const elsewhere = await (await signInAt(front, other)).finish();
    const query = { id_token_hint: tokens.id_token as string, post_logout_redirect_uri: goodbye };
    const page = await browser.get(endOf(front, query), { crossSite: true });
    expect(page.status).toBe(200);
    const frames = [...page.text.matchAll(/<iframe src="([^"]+)"/g)].map(([, src]) => src?.replaceAll('&amp;', '&'));
    const sid = String(tokens.claims()?.sid);
    expect(frames).toEqual([
      `https://app.fake/front-channel?${new URLSearchParams({ of: 'us', iss: issuerOf(front), sid })}`,
    ]);
    expect(page.text).not.toContain(String(elsewhere.claims()?.sid));
    expect(page.text).toContain(`url=${goodbye}`);
    expect(page.headers.get('content-security-policy')).toMatch(/;frame-src https:\/\/app\.fake$/);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    // Nobody knows what the browser did with the frame.
    const { rows } = await product.context.pool.query('SELECT told_at FROM app_sessions WHERE id = $1', [sid]);
    expect(rows).toEqual([{ told_at: null }]);
    const status = async () =>
      (await product.context.pool.query('SELECT status, error FROM forwards WHERE app_id = $1', [front.id])).rows;
    await expect.poll(status, { timeout: 60_000 }).toEqual([{ status: 'left_out', error: 'no_endpoint' }]);
  });

  it('leads past them after a sign-out of the person’s own, too', async () => {
    const front = await plantApp(product, product.orgs.whiterabbit, {
      kind: 'oidc',
      redirectUris: [redirectUri],
      frontchannelLogoutUri: 'https://app.fake/front-channel',
    });
    const browser = await product.signIn();
    const tokens = await (await signInAt(front, browser)).finish();
    const away = new URL(String((await browser.post('/api/signout')).json().logoutUrl));
    expect([away.origin, away.pathname]).toEqual([new URL(product.url).origin, '/signed-out/apps']);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    const page = await browser.get(`${away.pathname}${away.search}`);
    const query = new URLSearchParams({ iss: issuerOf(front), sid: String(tokens.claims()?.sid) });
    expect(page.text.replaceAll('&amp;', '&')).toContain(`<iframe src="https://app.fake/front-channel?${query}"`);
    expect(page.headers.get('content-security-policy')).toMatch(/;frame-src https:\/\/app\.fake$/);
    // It goes on where the sign-out would have gone without.
    expect(page.text).toContain('url=/signed-out?reason=ended');
    const changed = await browser.get(`${away.pathname}${away.search.replace('of=', 'of=x')}`);
    expect([changed.status, changed.headers.get('location')]).toEqual([303, '/signed-out?reason=ended']);
    // Who signs in at no such app goes on as ever.
    const plain = await product.signIn();
    expect((await plain.post('/api/signout')).status).toBe(204);
  });
});
