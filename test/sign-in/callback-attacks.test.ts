import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { startNode, stopProcess } from '../support/product.ts';
import { addHostileOrg, heading, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
  await addHostileOrg(bed.product, bed.hostile, 'sibling');
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const newBrowser = () => createBrowser({ baseUrl: bed.url });

/** A callback that is refused for `reason`: a page without a stack, no session, an audit event. */
async function expectRefused(browser: ReturnType<typeof newBrowser>, url: string, reason: string, status = 400) {
  const page = await browser.get(url);
  expect([page.status, (await bed.refusals()).at(-1)]).toEqual([status, reason]);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.text).not.toMatch(/\bat .*\.ts:\d+|Error:/);
  expect((await browser.get('/api/users/me')).status).toBe(401);
  return page;
}

const changed = (url: string, change: (query: URLSearchParams) => void) => {
  const target = new URL(url);
  change(target.searchParams);
  return target.href;
};

describe('a callback that is not what was asked for', () => {
  test('of another browser (login CSRF)', async () => {
    await expectRefused(newBrowser(), await bed.begin(newBrowser()), 'state_missing');
  });

  test('with a state nobody made', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    await expectRefused(
      browser,
      changed(url, (query) => query.set('state', 'x'.repeat(43))),
      'state_missing',
    );
  });

  test('that shares the name of the cookie but not the state', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    const forge = (query: URLSearchParams) => query.set('state', `${query.get('state')?.slice(0, 8)}${'A'.repeat(35)}`);
    await expectRefused(browser, changed(url, forge), 'state_missing');
  });

  test.each([
    ['neither code nor error', (query: URLSearchParams) => query.delete('code')],
    ['both', (query: URLSearchParams) => query.set('error', 'access_denied')],
    ['two codes', (query: URLSearchParams) => query.append('code', 'another')],
    ['two states', (query: URLSearchParams) => query.append('state', 'another')],
    ['two issuers', (query: URLSearchParams) => query.append('iss', 'another')],
    ['no state', (query: URLSearchParams) => query.delete('state')],
    ['an empty code', (query: URLSearchParams) => query.set('code', '')],
  ])('with %s', async (_name, change) => {
    const browser = newBrowser();
    await expectRefused(browser, changed(await bed.begin(browser), change), 'request_malformed');
  });

  test('with an error but without a state of ours: its words are not shown', async () => {
    const url = `${bed.url}/openid/callback/hostile?state=x&error=access_denied&error_description=pay+at+evil.example`;
    const page = await expectRefused(newBrowser(), url, 'state_missing');
    expect(page.text).not.toContain('evil.example');
  });

  test('at another org, even one with the same IdP', async () => {
    const browser = newBrowser();
    const url = (await bed.begin(browser)).replace('/callback/hostile', '/callback/sibling');
    const page = await browser.get(url);
    expect([page.status, heading(page)]).toEqual([400, 'This sign-in belongs to another organisation']);
    const sibling = await bed.prisma.org.findUniqueOrThrow({ where: { slug: 'sibling' } });
    expect((await bed.refusals(sibling.id)).at(-1)).toBe('state_foreign');
  });

  test('at an org that does not exist', async () => {
    expect((await newBrowser().get('/openid/callback/nobody?state=x&code=y')).status).toBe(404);
  });

  test('answered by another issuer (mix-up), or by none where the IdP promised one', async () => {
    const browser = newBrowser();
    const mixed = changed(await bed.begin(browser), (query) => query.set('iss', 'https://evil.example'));
    await expectRefused(browser, mixed, 'issuer_mixed_up');
    const silent = changed(await bed.begin(browser), (query) => query.delete('iss'));
    await expectRefused(browser, silent, 'issuer_mixed_up');
  });

  test('that comes after ten minutes', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    // The database's clock decides, so the sealed start is moved instead of waiting.
    await reseal(browser, (state) => ({ ...state, startedAt: state.startedAt - 601 }));
    await expectRefused(browser, url, 'state_expired');
  });

  test('with a cookie that was tampered with', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    const cookie = await stateCookie(browser);
    const tampered = `${cookie.value.slice(0, -6)}${cookie.value.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`;
    await browser.jar.setCookie(`${cookie.key}=${tampered}; Path=/`, bed.url);
    await expectRefused(browser, url, 'state_missing');
  });

  test('with a cookie sealed for another purpose', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    const { keyring } = bed.product.context;
    const cookie = await stateCookie(browser);
    const text = await keyring.decrypt(cookie.value, 'sign-in-state');
    await browser.jar.setCookie(`${cookie.key}=${await keyring.encrypt(text, 'other')}; Path=/`, bed.url);
    await expectRefused(browser, url, 'state_missing');
  });

  test('with a state of another shape', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    await reseal(browser, (state) => ({ ...state, round: 3 }));
    await expectRefused(browser, url, 'state_missing');
  });

  test('with an error code of the IdP', async () => {
    bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({ state, iss, error: 'server_error' }));
    const browser = newBrowser();
    await expectRefused(browser, await bed.begin(browser), 'idp_error', 502);
  });
});

describe('a callback that is used again', () => {
  let other: Awaited<ReturnType<typeof startNode>>;
  beforeAll(async () => {
    other = await startNode(bed.product.env);
  });
  afterAll(async () => {
    if (other) await stopProcess(other.process);
  });
  const exchanges = () => bed.hostile.requests.filter(({ endpoint }) => endpoint === 'token').length;

  test('by the browser itself, signed in by now: it goes on to the app, and nothing is completed', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser, { returnTo: '/devices' });
    const kept = await stateCookie(browser);
    const before = { sessions: await bed.countSessions(), refusals: await bed.refusals() };
    expect((await browser.get(url)).headers.get('location')).toBe(`${bed.url}/devices`);
    const exchanged = exchanges();
    const session = await browser.cookiesFor(bed.url);

    const again = await browser.get(url);
    expect([again.status, again.headers.get('location')]).toEqual([303, `${bed.url}/`]);
    // Its cookie is still there in a tab that was restored: that tells the page too.
    await browser.jar.setCookie(kept.toString(), bed.url);
    const restored = await browser.get(url);
    expect([restored.status, restored.headers.get('location')]).toEqual([303, `${bed.url}/devices`]);

    expect((await browser.get('/api/users/me')).status).toBe(200);
    expect(await browser.cookiesFor(bed.url)).toContain(session);
    expect(exchanges()).toBe(exchanged);
    expect({ sessions: (await bed.countSessions()) - 1, refusals: await bed.refusals() }).toEqual(before);
  });

  test('by somebody whose session is dead: a page', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    expect((await browser.get(url)).status).toBe(303);
    const { id } = (await browser.get('/api/users/me')).json();
    await bed.pool.query('UPDATE users SET generation = generation + 1 WHERE org_id = $1 AND id = $2', [
      bed.org.id,
      id,
    ]);
    await expectRefused(browser, url, 'state_missing');
  });

  test('by somebody who is signed in at another org, or in another browser: a page', async () => {
    const url = await bed.begin(newBrowser());
    const elsewhere = await bed.product.signIn();
    const page = await elsewhere.get(url);
    expect([page.status, heading(page)]).toEqual([400, 'This sign-in was not started here']);
    expect((await elsewhere.get('/api/users/me')).json()).toMatchObject({ orgSlug: 'whiterabbit' });
    expect((await newBrowser().get(url)).status).toBe(400);
  });

  test('by somebody who is signed in: another refusal is still a page', async () => {
    const { browser } = await bed.attempt();
    bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({ state, iss, error: 'access_denied' }));
    const page = await browser.get(await bed.begin(browser));
    expect([page.status, heading(page)]).toEqual([403, 'Sign-in cancelled or not allowed']);
  });

  test('by somebody who is signed in, where the state made no session: a page, with the way on', async () => {
    const { browser } = await bed.attempt();
    const forget = async () => {
      const { key } = await stateCookie(browser);
      await browser.jar.setCookie(`${key}=; Path=/; Max-Age=0`, bed.url);
    };
    const goOn = (href: string) => `<a class="button quiet" href="${href}">Go on as mallory@hostile.fake</a>`;
    const expectPage = async (url: string, title: string, href: string) => {
      const page = await browser.get(url);
      expect([page.status, heading(page)]).toEqual([400, title]);
      expect(page.text).toContain(goOn(href));
    };
    // The browser drops the cookie after ten minutes. The sign-in was as somebody else, or anew.
    for (const query of [{ login_hint: 'trinity@hostile.fake' }, { prompt: 'login' }]) {
      const url = await bed.begin(browser, query);
      await forget();
      await expectPage(url, 'This sign-in was not started here', '/todos');
    }
    const late = await bed.begin(browser, { returnTo: '/devices' });
    await reseal(browser, (state) => ({ ...state, startedAt: state.startedAt - 601 }));
    await expectPage(late, 'This sign-in took too long', '/devices');
    await forget();
    bed.hostile.set('token', answers.json({ error: 'invalid_grant' }, 400));
    const failed = await bed.begin(browser);
    const kept = await stateCookie(browser);
    expect((await browser.get(failed)).status).toBe(400);
    await expectPage(failed, 'This sign-in was not started here', '/todos');
    await browser.jar.setCookie(kept.toString(), bed.url);
    await expectPage(failed, 'This sign-in was already used', '/todos');
    expect((await browser.get('/api/users/me')).status).toBe(200);
    await expectPage(
      `${bed.url}/openid/callback/hostile?state=%00&code=c`,
      'This sign-in was not started here',
      '/todos',
    );
    const stranger = await newBrowser().get(failed);
    expect(stranger.text).not.toMatch(/Go on as|mallory/);
  });

  test('with the cookie kept (stolen), at either node: the IdP is not asked again', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    const cookie = await browser.cookiesFor(bed.url);
    expect((await browser.get(url)).status).toBe(303);
    const before = exchanges();
    for (const node of [bed.url, other.url]) {
      const again = await newBrowser().get(url.replace(bed.url, node), { headers: { cookie } });
      expect([again.status, heading(again)]).toEqual([400, 'This sign-in was already used']);
    }
    expect((await bed.refusals()).at(-1)).toBe('state_spent');
    expect(exchanges()).toBe(before);
  });

  test('after the IdP refused the code (with the cookie kept): it is not asked again', async () => {
    bed.hostile.set('token', answers.json({ error: 'invalid_grant' }, 400));
    const browser = newBrowser();
    const url = await bed.begin(browser);
    const cookie = await browser.cookiesFor(bed.url);
    await expectRefused(browser, url, 'code_refused');
    const before = exchanges();
    const again = await newBrowser().get(url, { headers: { cookie } });
    expect([again.status, heading(again)]).toEqual([400, 'This sign-in was already used']);
    expect(exchanges()).toBe(before);
  });

  test('ten times at once at two nodes, at an IdP that takes codes twice: one exchange a node, one session', async () => {
    const browser = newBrowser();
    const url = await bed.begin(browser);
    const cookie = await browser.cookiesFor(bed.url);
    const before = { sessions: await bed.countSessions(), exchanges: exchanges() };
    const nonce = bed.hostile.requests.at(-1)?.url.searchParams.get('nonce') ?? '';
    const both = Promise.withResolvers<void>();
    bed.hostile.set('token', async (request, response) => {
      if (exchanges() === before.exchanges + 2) both.resolve();
      await both.promise;
      return answers.json({ id_token: bed.hostile.signIdToken({ nonce }) })(request, response);
    });
    const urls = Array.from({ length: 10 }, (_, i) => url.replace(bed.url, i % 2 ? other.url : bed.url));
    const pages = await Promise.all(urls.map((each) => newBrowser().get(each, { headers: { cookie } })));
    expect(pages.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(pages.filter((page) => heading(page) === 'This sign-in was already used')).toHaveLength(9);
    expect(exchanges()).toBe(before.exchanges + 2);
    expect(await bed.countSessions()).toBe(before.sessions + 1);
  });
});

type Browser = ReturnType<typeof newBrowser>;

async function stateCookie(browser: Browser) {
  const cookies = await browser.jar.getCookies(bed.url);
  const cookie = cookies.find(({ key }) => key.startsWith('sign-in.'));
  if (!cookie) throw new Error('no sealed state');
  return cookie;
}

async function reseal(browser: Browser, change: (state: { startedAt: number }) => object) {
  const { keyring } = bed.product.context;
  const cookie = await stateCookie(browser);
  const state = JSON.parse(await keyring.decrypt(cookie.value, 'sign-in-state'));
  const value = await keyring.encrypt(JSON.stringify(change(state)), 'sign-in-state');
  await browser.jar.setCookie(`${cookie.key}=${value}; Path=/`, bed.url);
}
