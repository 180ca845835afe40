import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { startProduct, trinity } from '../support/product.ts';
import { heading, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterAll(() => bed?.stop());

const newBrowser = () => createBrowser({ baseUrl: bed.url });

describe('signing in at a real OpenID provider', () => {
  test('ends at the application with a live session of the right person', async () => {
    const browser = newBrowser();
    const page = await browser.signIn({ appUrl: bed.url, org: 'whiterabbit', returnTo: '/todos?a=1', ...trinity });
    expect(page.url).toBe(`${bed.url}/todos?a=1`);
    const me = await browser.get('/api/users/me');
    expect(me.status).toBe(200);
    expect(me.json()).toMatchObject({ email: trinity.email, id: bed.product.orgs.whiterabbit.userId });
    const events = await bed.prisma.auditEvent.findMany({ where: { orgId: bed.product.orgs.whiterabbit.id } });
    expect(events.map((event) => event.action)).toEqual(
      expect.arrayContaining(['identity.linked', 'sign_in.succeeded']),
    );
    expect(await browser.cookiesFor(bed.url)).not.toContain('sign-in.');
  });

  test('sends PKCE, state, nonce, max_age and the exact callback', async () => {
    const start = await newBrowser().get('/openid/start/whiterabbit');
    expect(start.status).toBe(302);
    expect(start.headers.get('cache-control')).toBe('no-store');
    const asked = new URL(start.headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      scope: 'openid email profile',
      code_challenge_method: 'S256',
      max_age: '604800',
      client_id: 'whiterabbit-app',
      redirect_uri: `${bed.url}/openid/callback/whiterabbit`,
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)).toMatch(/^[\w-]{43}$/);
    expect(asked.has('prompt')).toBe(false);
    const cookie = start.headers.getSetCookie().find((value) => value.startsWith('sign-in.'));
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    expect(cookie).toMatch(/Max-Age=600/);
    expect(cookie).not.toContain(asked.get('nonce'));
  });

  test('proves possession of the verifier and the client secret at the token endpoint', async () => {
    bed.hostile.requests.length = 0;
    expect((await bed.attempt()).me.status).toBe(200);
    const authorize = bed.hostile.requests.find(({ endpoint }) => endpoint === 'authorize');
    const token = bed.hostile.requests.find(({ endpoint }) => endpoint === 'token');
    const form = new URLSearchParams(token?.body);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    expect(challenge).toBe(authorize?.url.searchParams.get('code_challenge'));
    const basic = Buffer.from(`${bed.hostile.clientId}:${bed.hostile.clientSecret}`).toString('base64');
    expect(token?.headers.authorization).toBe(`Basic ${basic}`);
    expect(form.has('client_secret')).toBe(false);
  });

  describe('where PKCE is off', () => {
    const setPkce = (pkce: boolean) =>
      bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { pkce } });
    beforeEach(() => setPkce(false));
    afterEach(() => setPkce(true));
    const formOf = () =>
      new URLSearchParams(bed.hostile.requests.findLast(({ endpoint }) => endpoint === 'token')?.body);

    test('no challenge and no verifier is sent; state and nonce are', async () => {
      bed.hostile.requests.length = 0;
      expect((await bed.attempt()).me.status).toBe(200);
      const asked = bed.hostile.requests.find(({ endpoint }) => endpoint === 'authorize')?.url.searchParams;
      expect([...(asked?.keys() ?? [])].filter((name) => name.startsWith('code_challenge'))).toEqual([]);
      for (const name of ['state', 'nonce']) expect(asked?.get(name)).toMatch(/^[\w-]{43}$/);
      expect(formOf().has('code_verifier')).toBe(false);
    });

    test('a code from another start is refused by its nonce', async () => {
      const [own, foreign] = [newBrowser(), newBrowser()];
      const mine = new URL(await bed.begin(own));
      const theirs = new URL(await bed.begin(foreign));
      mine.searchParams.set('code', theirs.searchParams.get('code') ?? '');
      expect((await own.get(mine.href)).status).toBe(403);
      expect((await bed.refusals()).at(-1)).toBe('id_token_invalid');
      expect((await own.get('/api/users/me')).status).toBe(401);
    });

    test.each([true, false])('a sign-in ends as it began, when that is changed to %s meanwhile', async (after) => {
      const browser = newBrowser();
      await setPkce(!after);
      const callback = await bed.begin(browser);
      await setPkce(after);
      expect((await browser.get(callback)).status).toBe(303);
      expect(formOf().has('code_verifier')).toBe(!after);
    });
  });

  test('takes client_secret_post where the IdP wants it', async () => {
    await bed.prisma.connection.updateMany({
      where: { orgId: bed.org.id },
      data: { tokenEndpointAuth: 'client_secret_post' },
    });
    bed.hostile.requests.length = 0;
    expect((await bed.attempt()).me.status).toBe(200);
    const token = bed.hostile.requests.find(({ endpoint }) => endpoint === 'token');
    expect(new URLSearchParams(token?.body).get('client_secret')).toBe(bed.hostile.clientSecret);
    expect(token?.headers.authorization).toBeUndefined();
    await bed.prisma.connection.updateMany({
      where: { orgId: bed.org.id },
      data: { tokenEndpointAuth: 'client_secret_basic' },
    });
  });

  test('works whatever the case of the slug, and comes back to its own', async () => {
    const start = await newBrowser().get('/openid/start/WhiteRabbit');
    const asked = new URL(start.headers.get('location') ?? '').searchParams;
    expect(asked.get('redirect_uri')).toBe(`${bed.url}/openid/callback/whiterabbit`);
  });

  test('works by the id of the org, and with the connection named', async () => {
    const { whiterabbit } = bed.product.orgs;
    const connection = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: whiterabbit.id } });
    const browser = newBrowser();
    const query = { connection: connection.id };
    await browser.signIn({ appUrl: bed.url, org: whiterabbit.id, query, ...trinity });
    expect((await browser.get('/api/users/me')).status).toBe(200);
  });

  test('in two tabs of one browser, both finish', async () => {
    const browser = newBrowser();
    const [one, two] = [await bed.begin(browser, { returnTo: '/one' }), await bed.begin(browser, { returnTo: '/two' })];
    expect((await browser.get(one)).headers.get('location')).toBe(`${bed.url}/one`);
    expect((await browser.get(two)).headers.get('location')).toBe(`${bed.url}/two`);
  });

  test('keeps four starts at most, the newest', async () => {
    const browser = newBrowser();
    const callbacks: string[] = [];
    for (let i = 0; i < 7; i++) callbacks.push(await bed.begin(browser));
    const cookies = (await browser.cookiesFor(bed.url)).split('; ').filter((cookie) => cookie.startsWith('sign-in.'));
    expect(cookies).toHaveLength(4);
    expect((await browser.get(callbacks[6] ?? '')).status).toBe(303);
  });

  test('changes the session id', async () => {
    const browser = newBrowser();
    await bed.attempt(browser);
    const before = await browser.cookiesFor(bed.url);
    await bed.attempt(browser);
    expect(await browser.cookiesFor(bed.url)).not.toBe(before);
  });
});

describe('where a sign-in begins', () => {
  test('an unknown org, a foreign connection and odd names are pages that say so', async () => {
    const { whiterabbit } = bed.product.orgs;
    const foreign = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.org.id } });
    const browser = newBrowser();
    for (const path of [
      '/openid/start/nobody',
      '/openid/start/%00',
      "/openid/start/1'--",
      `/openid/start/${whiterabbit.slug}?connection=${foreign.id}`,
      `/openid/start/${whiterabbit.slug}?connection=%00`,
      `/openid/start/${whiterabbit.slug}?connection=a&connection=b`,
    ]) {
      const page = await browser.get(path);
      expect([path, page.status]).toEqual([path, 404]);
      expect(page.headers.get('content-type')).toContain('text/html');
    }
  });

  test.each(['start', 'callback'])('a malformed address of the %s is a page that says so', async (step) => {
    const page = await newBrowser().get(`/openid/${step}/%zz?state=x&code=y`);
    expect([page.status, heading(page)]).toEqual([400, 'This sign-in could not be read']);
  });

  test('parameters of a callback mean nothing at the start', async () => {
    const page = await newBrowser().get('/openid/start/whiterabbit?error=access_denied&code=x&state=y');
    expect(page.status).toBe(302);
  });

  test.each([
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    'evil',
    '/@evil\n.example',
    '/a\\b',
    '/\u0000',
    '',
    `/${'a'.repeat(320)}`,
    `/${'\u20ac'.repeat(110)}`,
  ])('returnTo %j is ignored', async (returnTo) => {
    const browser = newBrowser();
    const answer = await browser.get(await bed.begin(browser, { returnTo }));
    expect(answer.headers.get('location')).toBe(`${bed.url}/`);
  });

  test('starts that another site’s links begin leave a browser room in its headers', async () => {
    const browser = newBrowser();
    const longest = encodeURIComponent('"'.repeat(155));
    for (let start = 0; start < 8; start += 1)
      await browser.get(`/openid/start/whiterabbit?returnTo=/${longest}&login_hint=${longest}`, { crossSite: true });
    expect((await browser.cookiesFor('/')).length).toBeLessThan(8_000);
    expect((await browser.get('/')).status).toBe(200);
  });

  test('cookies that only look like ours are left alone', async () => {
    const cookie = Array.from({ length: 6 }, (_, index) => `sign-in.\u00e9${index}=x`).join('; ');
    const answer = await newBrowser().get('/openid/start/whiterabbit', { headers: { cookie } });
    expect(answer.status).toBe(302);
  });

  test('POST /api/openid/check tells the org of a verified domain, and nothing about people', async () => {
    const check = async (username: unknown) => {
      const answer = await newBrowser().post('/api/openid/check', { json: { username } });
      return [answer.status, answer.json()];
    };
    await bed.prisma.domain.create({ data: { orgId: bed.org.id, id: 'dom_x', domain: 'unverified.fake' } });
    expect(await check(trinity.email)).toEqual([200, { org_id: 'whiterabbit' }]);
    for (const written of ['Nobody@WhiteRabbit.fake ', '\u00a0jürgen@whiterabbit.fake\t'])
      expect(await check(written)).toEqual([200, { org_id: 'whiterabbit' }]);
    expect(await check('x@unverified.fake')).toEqual([200, { org_id: null }]);
    for (const odd of [
      'x@nowhere.fake',
      '"x"@whiterabbit.fake',
      'x\u200b@whiterabbit.fake',
      'x',
      '',
      null,
      7,
      {},
      ['a@whiterabbit.fake'],
    ])
      expect(await check(odd)).toEqual([200, { org_id: null }]);
    expect((await newBrowser().post('/api/openid/check', { json: null })).status).toBe(400);
    expect((await newBrowser().post('/api/openid/check', { form: { username: trinity.email } })).status).toBe(400);
  });

  test('POST /api/signin has no passwords, and says where a sign-in begins', async () => {
    const answer = await newBrowser().post('/api/signin', { json: { username: 'a', password: 'b' } });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });
});

test('a cancelled sign-in is a page with a way to try again', async () => {
  bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({
    ...{ state, iss },
    error: 'access_denied',
    error_description: '<script>alert(1)</script> the words of the IdP',
  }));
  const browser = newBrowser();
  const page = await browser.get(await bed.begin(browser, { returnTo: '/todos' }));
  bed.hostile.reset();
  expect([page.status, heading(page)]).toEqual([403, 'Sign-in cancelled or not allowed']);
  expect(page.text).not.toContain('words of the IdP');
  expect(page.text).toMatch(/href="\/openid\/start\/hostile\?[^"]*returnTo=%2Ftodos"/);
  expect((await bed.refusals()).at(-1)).toBe('cancelled');
});

test('on https the sealed state is a Secure __Host- cookie', async () => {
  const product = await startProduct({ env: { PUBLIC_URL: 'https://app.example', TRUST_PROXY: '1' } });
  try {
    const answer = await createBrowser({ baseUrl: product.url }).get('/openid/start/whiterabbit');
    const cookie = answer.headers.getSetCookie().find((value) => value.startsWith('__Host-sign-in.'));
    expect(cookie).toMatch(/; Path=\/;.*; HttpOnly; Secure; SameSite=Lax/);
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(
      'https://app.example/openid/callback/whiterabbit',
    );
  } finally {
    await product.stop();
  }
});
