import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct, trinity, twin } from '../support/product.ts';
import {
  api,
  codeOf,
  exchange,
  grantsOf,
  heading,
  newBrowser,
  post,
  refresh,
  startOf,
  tokensOf,
  walk,
} from './support.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

describe('a sign-in of an app', () => {
  it('gives the mobile app tokens for the person whose session approved it', async () => {
    const browser = await product.signIn();
    const started = startOf(product, { nonce: 'a nonce of the app' });
    const answer = await exchange(product, started, await codeOf(product, browser, started));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'openid email profile offline_access',
    });
    expect(answer.body.access_token.split('.')).toHaveLength(1);
    const { id: orgId, userId } = product.orgs.whiterabbit;
    const keys = createRemoteJWKSet(new URL(`${product.url}/oauth/jwks`));
    const { payload, protectedHeader } = await jwtVerify(answer.body.id_token ?? '', keys, {
      issuer: product.url,
      audience: 'mobile-app',
    });
    expect(protectedHeader.alg).toBe('RS256');
    const sub = `${orgId}.${userId}`;
    expect(payload).toMatchObject({ sub, nonce: 'a nonce of the app', email: trinity.email, name: 'Trinity' });
    const info = await fetch(`${product.url}/oauth/userinfo`, {
      headers: { Authorization: `Bearer ${answer.body.access_token}` },
    });
    expect(await info.json()).toEqual({ sub, email: trinity.email, name: 'Trinity' });
    const viaCookie = await browser.get('/api/users/me');
    const viaToken = await api(product, answer.body.access_token);
    expect(viaToken.status).toBe(200);
    expect(viaToken.body).toEqual(viaCookie.json());
  });

  it('remembers what approved it: the session, both generations, the app and where from', async () => {
    const browser = await product.signIn();
    await tokensOf(product, {}, browser);
    const session = await product.context.prisma.session.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    const grant = (await grantsOf(product)).at(-1);
    expect(grant).toMatchObject({
      clientId: 'mobile-app',
      sessionId: session.id,
      userId: session.userId,
      identityId: session.identityId,
      userGeneration: session.userGeneration,
      orgGeneration: session.orgGeneration,
      idpSid: session.idpSid,
      userAgent: 'test-browser/1.0',
      scope: 'openid email profile offline_access',
    });
    expect(grant?.idpSid).toBeTruthy();
    const event = await product.context.prisma.auditEvent.findFirstOrThrow({
      where: { action: 'grant.created', targetId: grant?.id ?? '' },
    });
    expect(event).toMatchObject({ actorId: session.userId, detail: { client: 'mobile-app', session: session.id } });
  });

  it.each([
    ['mobile-app', 'com.universal-logout.mobile:/callback'],
    ['mobile-app', 'http://[::1]:60001/callback'],
    ['browser-extension', 'https://abcdefghijklmnopabcdefghijklmnop.chromiumapp.org/callback'],
    ['browser-extension', 'com.universal-logout.extension:/callback'],
    ['browser-extension', 'http://127.0.0.1:9999/callback'],
  ])('takes %s back to %s', async (client_id, redirect_uri) => {
    const body = await tokensOf(product, { client_id, redirect_uri });
    expect((await api(product, body.access_token)).status).toBe(200);
  });

  it('goes through the sign-in first where the browser has no session, and on to the app afterwards', async () => {
    const browser = newBrowser(product);
    const started = startOf(product);
    const { page } = await walk(product, browser, await browser.get(started.url));
    expect(heading(page)).toBe('Sign in');
    const returnTo = new URL(page.url).searchParams.get('returnTo') ?? '';
    expect(returnTo).toMatch(/^\/oauth\/interaction\/[\w-]+$/);
    const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit', returnTo });
    const callback = await browser.get(await browser.submitLogin(step, trinity), { crossSite: true });
    const { next } = await walk(product, browser, callback);
    const answer = await exchange(product, started, next?.searchParams.get('code') ?? '');
    expect(answer.status).toBe(200);
    // The sign-in page, opened again in the meantime, leads on as well.
    const again = await browser.get(`/?returnTo=${encodeURIComponent(returnTo)}`);
    expect([again.status, again.headers.get('location')]).toEqual([303, returnTo]);
    const elsewhere = await browser.get('/?returnTo=https://elsewhere.example/');
    expect(elsewhere.headers.get('location')).toBe('/todos');
  });

  it.each([[{ org: 'whiterabbit' }], [{ login_hint: trinity.email }]])(
    'starts at the person’s organisation at once where %o tells',
    async (hint) => {
      const browser = newBrowser(product);
      const { next } = await walk(product, browser, await browser.get(startOf(product, hint).url), (url) =>
        url.pathname.startsWith('/openid/start/'),
      );
      expect(next?.pathname).toBe('/openid/start/whiterabbit');
      expect(next?.searchParams.get('returnTo')).toMatch(/^\/oauth\/interaction\//);
      const unknown = newBrowser(product);
      const { page } = await walk(product, unknown, await unknown.get(startOf(product, { org: 'nobody' }).url));
      expect(heading(page)).toBe('Sign in');
    },
  );

  it('asks for a new sign-in where the app does, and takes no older session for it', async () => {
    const browser = await product.signIn();
    for (const params of [{ prompt: 'login' }, { max_age: '0' }]) {
      const started = startOf(product, params);
      const { next } = await walk(product, browser, await browser.get(started.url), (url) =>
        url.pathname.startsWith('/openid/start/'),
      );
      expect(next?.searchParams.get('prompt')).toBe('login');
      const start = await browser.get(next?.href ?? '');
      expect(new URL(start.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login');
      const callback = await browser.submitLogin({ page: await browser.follow(start) }, trinity);
      const landed = await walk(product, browser, await browser.get(callback, { crossSite: true }));
      expect((await exchange(product, started, landed.next?.searchParams.get('code') ?? '')).status).toBe(200);
    }
    const young = startOf(product, { max_age: '3600' });
    const tokens = await exchange(product, young, await codeOf(product, browser, young));
    const session = await product.context.prisma.session.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    expect(decodeJwt(tokens.body.id_token ?? '').auth_time).toBe(Math.floor(session.createdAt.getTime() / 1000));
    const nobody = newBrowser(product);
    const { page } = await walk(product, nobody, await nobody.get(startOf(product, { prompt: 'login' }).url));
    expect(new URL(page.url).searchParams.get('prompt')).toBe('login');
  });

  it('means the organisation that the app names, also where the browser is signed in to another', async () => {
    const browser = await product.signIn();
    const started = startOf(product, { org: 'metacortex' });
    const { next } = await walk(product, browser, await browser.get(started.url), (url) =>
      url.pathname.startsWith('/openid/start/'),
    );
    expect(next?.pathname).toBe('/openid/start/metacortex');
    const step = await browser.beginSignIn({
      appUrl: product.url,
      org: 'metacortex',
      returnTo: next?.searchParams.get('returnTo') ?? '',
    });
    const callback = await browser.get(await browser.submitLogin(step, twin), { crossSite: true });
    const landed = await walk(product, browser, callback);
    const { body } = await exchange(product, started, landed.next?.searchParams.get('code') ?? '');
    expect((await api(product, body.access_token)).body.orgSlug).toBe('metacortex');
    expect(await codeOf(product, browser, startOf(product, { org: 'nobody' }))).toBeTruthy();
  });

  it('tells an app that may not show a page that a sign-in or a yes is needed, also with a live session', async () => {
    const browser = await product.signIn();
    const extension = {
      client_id: 'browser-extension',
      redirect_uri: 'https://abcdefghijklmnopabcdefghijklmnop.chromiumapp.org/callback',
    };
    for (const [params, error] of [
      [extension, 'login_required'],
      [{}, 'interaction_required'],
      [{ redirect_uri: 'com.universal-logout.mobile:/callback' }, 'interaction_required'],
    ] as const) {
      const answer = await browser.get(startOf(product, { ...params, prompt: 'none' }).url);
      const target = new URL(answer.headers.get('location') ?? '');
      expect([target.searchParams.get('error'), target.searchParams.get('code')]).toEqual([error, null]);
    }
  });
});

describe('what tokens last', () => {
  it('gives a refresh token for offline_access alone; without it the grant ends with its access token', async () => {
    const body = await tokensOf(product, { scope: 'openid' });
    expect(body.refresh_token).toBeUndefined();
    const grant = (await grantsOf(product)).at(-1);
    const token = await product.context.prisma.token.findFirstOrThrow({
      where: { kind: 'AccessToken', grantId: grant?.id as string },
    });
    expect(grant?.idleExpiresAt).toEqual(token.expiresAt);
    const lasting = await tokensOf(product);
    expect(lasting.refresh_token).toBeTruthy();
    const days = (date: Date | undefined) => Math.round(((date?.getTime() ?? 0) - Date.now()) / 86_400_000);
    const kept = (await grantsOf(product)).at(-1);
    expect([days(kept?.idleExpiresAt), days(kept?.expiresAt)]).toEqual([14, 90]);
  });

  it('rotates the refresh token with each use, moving the idle time on', async () => {
    const first = await tokensOf(product);
    const id = (await grantsOf(product)).at(-1)?.id as string;
    await product.context.pool.query(`UPDATE grants SET idle_expires_at = now() + interval '1 hour' WHERE id = $1`, [
      id,
    ]);
    const second = await refresh(product, first.refresh_token);
    expect(second.status).toBe(200);
    expect(second.body.refresh_token).not.toBe(first.refresh_token);
    const moved = (await grantsOf(product)).find((grant) => grant.id === id);
    expect((moved?.idleExpiresAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(13 * 86_400_000);
    const third = await refresh(product, second.body.refresh_token);
    expect(third.status).toBe(200);
    for (const { access_token } of [first, second.body, third.body])
      expect((await api(product, access_token)).status).toBe(200);
  });

  it('ends the grant with a refresh token’s second use, where the organisation has no grace', async () => {
    const { id } = product.orgs.whiterabbit;
    await product.context.prisma.org.update({ where: { id }, data: { refreshGraceSeconds: 0 } });
    const first = await tokensOf(product);
    const second = await refresh(product, first.refresh_token);
    const again = await refresh(product, first.refresh_token);
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    expect((await refresh(product, second.body.refresh_token)).status).toBe(400);
    const refused = await api(product, second.body.access_token);
    expect([refused.status, refused.body.code]).toEqual([401, 'session_ended']);
    const event = await product.context.prisma.auditEvent.findFirstOrThrow({
      where: { action: 'grant.ended' },
      orderBy: { at: 'desc' },
    });
    expect(event).toMatchObject({
      actorType: 'system',
      detail: { reason: 'token_used_twice', client: 'mobile-app', user: product.orgs.whiterabbit.userId },
    });
    expect(event.requestId).toBeTruthy();
  });

  it('ends the grant with a code’s second use', async () => {
    const started = startOf(product);
    const code = await codeOf(product, await product.signIn(), started);
    const first = await exchange(product, started, code);
    const again = await exchange(product, started, code);
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    expect((await refresh(product, first.body.refresh_token)).body.error).toBe('invalid_grant');
    expect((await api(product, first.body.access_token)).status).toBe(401);
  });
});

describe('revocation (RFC 7009) and introspection (RFC 7662)', () => {
  const revoke = (token: string | undefined, client_id = 'mobile-app') =>
    post(product, '/oauth/revoke', { token, client_id });
  const introspect = (token: string | undefined, client_id = 'mobile-app') =>
    post(product, '/oauth/introspect', { token, client_id });

  it.each(['refresh_token', 'access_token'] as const)('ends the grant by its %s', async (which) => {
    const first = await tokensOf(product);
    const { body } = await refresh(product, first.refresh_token);
    const answer = await revoke(body[which]);
    expect([answer.status, answer.headers.get('content-type'), answer.body]).toEqual([
      200,
      'application/json; charset=utf-8',
      {},
    ]);
    for (const token of [first.access_token, body.access_token]) {
      const ended = await api(product, token);
      expect([ended.status, ended.body.code]).toEqual([401, 'session_ended']);
    }
    expect((await refresh(product, body.refresh_token)).body.error).toBe('invalid_grant');
    const event = await product.context.prisma.auditEvent.findFirstOrThrow({
      where: { action: 'grant.ended' },
      orderBy: { at: 'desc' },
    });
    expect(event).toMatchObject({ actorType: 'user', detail: { reason: 'by_app' } });
    expect((await revoke('never heard of')).status).toBe(200);
  });

  it('tells an app of its own live tokens, and of nothing else', async () => {
    const body = await tokensOf(product);
    const { id: orgId, userId } = product.orgs.whiterabbit;
    const live = await introspect(body.access_token);
    expect(live.body).toMatchObject({
      active: true,
      client_id: 'mobile-app',
      sub: `${orgId}.${userId}`,
      iss: product.url,
      token_type: 'Bearer',
    });
    expect(live.body.exp).toBeGreaterThan(Date.now() / 1000);
    expect((await introspect(body.refresh_token)).body.active).toBe(true);
    expect((await introspect(body.access_token, 'cli')).body).toEqual({ active: false });
    expect((await introspect('never heard of')).body).toEqual({ active: false });
    expect((await product.revoke()).status).toBe(204);
    for (const token of [body.access_token, body.refresh_token])
      expect((await introspect(token)).body).toEqual({ active: false });
  });

  it('lets no app give back another’s token', async () => {
    const body = await tokensOf(product);
    expect((await revoke(body.refresh_token, 'cli')).status).toBe(200);
    expect((await revoke(body.access_token, 'browser-extension')).status).toBe(200);
    expect((await api(product, body.access_token)).status).toBe(200);
    expect((await refresh(product, body.refresh_token)).status).toBe(200);
  });
});
