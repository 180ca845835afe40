import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, hasLoginForm } from '../support/browser.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

const where = () => ({ orgId: product.orgs.whiterabbit.id });
const set = (data: { signOutAtIdp?: boolean; endSessionEndpoint?: string | null }) =>
  product.context.prisma.connection.updateMany({ where: where(), data });
const me = async (browser: Browser) => (await browser.get('/api/users/me')).status;
const start = () => ({ appUrl: product.url, org: 'whiterabbit' });
let endpoint: string | null = null;
beforeAll(async () => {
  endpoint = (await product.context.prisma.connection.findFirstOrThrow({ where: where() })).endSessionEndpoint;
});

describe('a connection that signs out at the IdP too', () => {
  beforeAll(() => set({ signOutAtIdp: true }));
  afterEach(() => set({ signOutAtIdp: true, endSessionEndpoint: endpoint }));

  test('ends the session here, goes on to the IdP, ends that one too, and comes back', async () => {
    const browser = await product.signIn();
    const [kept] = await product.context.prisma.session.findMany({ where: where() });
    expect(kept?.idToken).toMatch(/^[\w-]+\.\.[\w-]+\./);
    const answer = await browser.post('/api/signout');
    expect([answer.status, Object.keys(answer.json()), answer.headers.get('cache-control')]).toEqual([
      ...[200, ['logoutUrl'], 'no-store'],
    ]);
    // Before the browser has gone anywhere.
    expect(await me(browser)).toBe(401);
    const erased = await product.context.prisma.session.findMany({ where: where() });
    expect(erased.map(({ idToken }) => idToken)).toEqual([null]);

    const url = new URL(String(answer.json().logoutUrl));
    expect(url.origin + url.pathname).toBe(endpoint);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ client_id: 'whiterabbit-app', post_logout_redirect_uri: `${product.url}/signed-out`, state: 'ended' },
      id_token_hint: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
    });
    const asked = await browser.get(url.href, { crossSite: true });
    const back = await browser.follow(await browser.submitForm(asked, { logout: 'yes' }));
    expect(back.url).toBe(`${product.url}/signed-out?state=ended`);
    expect(back.text).toContain('<h1>You signed out');
    const step = await browser.beginSignIn(start());
    expect([step.callbackUrl, hasLoginForm(step.page)]).toEqual([undefined, true]);
  });

  test('keeps no ID token in the clear', async () => {
    const browser = await product.signIn();
    const { rows } = await product.context.pool.query(`SELECT id_token FROM sessions WHERE id_token LIKE 'ey%.%.%'`);
    expect(rows.map((row) => row.id_token.split('.').length)).toEqual([5]);
    const answer = await browser.post('/api/signout');
    expect(JSON.stringify(rows)).not.toContain(
      new URL(String(answer.json().logoutUrl)).searchParams.get('id_token_hint'),
    );
  });

  test('signs out here whether or not the IdP is there', async () => {
    await set({ endSessionEndpoint: 'http://localhost:1/end' });
    const browser = await product.signIn();
    expect((await browser.post('/api/signout')).status).toBe(200);
    expect(await me(browser)).toBe(401);
  });

  test('keeps what the endpoint has in its own query', async () => {
    await set({ endSessionEndpoint: `${endpoint}?tenant=a&client_id=theirs` });
    const browser = await product.signIn();
    const url = new URL(String((await browser.post('/api/signout')).json().logoutUrl));
    expect([url.searchParams.get('tenant'), url.searchParams.getAll('client_id')]).toEqual(['a', ['whiterabbit-app']]);
  });

  test('goes without a hint where there is none, or none that opens', async () => {
    const hintAfter = async (sql: string) => {
      const browser = await product.signIn();
      await product.context.pool.query(sql);
      const answer = await browser.post('/api/signout');
      expect([answer.status, await me(browser)]).toEqual([200, 401]);
      return new URL(String(answer.json().logoutUrl)).searchParams.get('id_token_hint');
    };
    expect(await hintAfter('SELECT')).toMatch(/^ey/);
    expect(await hintAfter(`UPDATE sessions SET id_token = NULL WHERE id_token IS NOT NULL`)).toBeNull();
    expect(await hintAfter(`UPDATE sessions SET id_token = id_token || 'x' WHERE id_token IS NOT NULL`)).toBeNull();
  });

  test('has nothing to go on with: signed out already, without an endpoint, in the other org', async () => {
    const browser = await product.signIn();
    expect((await browser.post('/api/signout')).status).toBe(200);
    expect((await browser.post('/api/signout')).status).toBe(204);
    await set({ endSessionEndpoint: null });
    const [without, twin] = [await product.signIn(), await product.signIn('metacortex')];
    for (const each of [without, twin]) {
      const answer = await each.post('/api/signout');
      expect([answer.status, answer.text, await me(each)]).toEqual([204, '', 401]);
    }
  });

  test('is not reached from another site', async () => {
    const browser = await product.signIn();
    expect((await browser.post('/api/signout', { crossSite: true })).status).toBe(403);
    expect(await me(browser)).toBe(200);
  });
});

test('by default signing out ends the session here, and the IdP keeps its own', async () => {
  await set({ signOutAtIdp: false });
  const browser = await product.signIn('whiterabbit', trinity);
  const [session] = await product.context.prisma.session.findMany({ where: where(), orderBy: { createdAt: 'desc' } });
  expect(session?.idToken).toBeNull();
  const answer = await browser.post('/api/signout');
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect((await browser.beginSignIn(start())).callbackUrl).toBeDefined();
});

test.each([
  ['?state=ended', 'You signed out'],
  ['?state=ended&reason=revoked', 'Your organisation signed you out'],
  ['?state=%3Cb%3E', 'You are signed out'],
  ['?state=ended&state=ended', 'You are signed out'],
])('/signed-out%s says: %s', async (query, title) => {
  const page = await (await fetch(`${product.url}/signed-out${query}`)).text();
  expect(page).toContain(`<h1>${title}</h1>`);
});
