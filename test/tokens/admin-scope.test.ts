import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { api, approveDevice, beginDevice, heading, poll, post, refresh, startOf, tokensOf, walk } from './support.ts';

const withAdmin = 'openid email profile offline_access admin';
const current = { path: '/api/orgs/current' };

let product: Product;
let browser: Browser;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());
beforeEach(async () => {
  await product.context.prisma.user.updateMany({
    where: { orgId: product.orgs.whiterabbit.id },
    data: { role: 'owner' },
  });
  browser = await product.signIn();
});

/** What the command line holds after `login`, or `login --admin`. */
async function deviceTokens(scope?: string) {
  const { device_code, user_code } = await beginDevice(product, scope ? { scope } : {});
  await approveDevice(product, browser, user_code);
  return (await poll(product, device_code)).body;
}

describe('the scope "admin"', () => {
  it('lets the command line administer; without it nothing of an administrator’s own is in reach', async () => {
    const { access_token, scope } = await deviceTokens(withAdmin);
    expect(scope?.split(' ')).toContain('admin');
    expect((await api(product, access_token, current)).status).toBe(200);

    for (const token of [(await deviceTokens()).access_token, (await tokensOf(product, {}, browser)).access_token]) {
      const refused = await api(product, token, current);
      expect([refused.status, refused.body.code]).toEqual([403, 'insufficient_scope']);
      expect(refused.headers.get('www-authenticate')).toContain('scope="admin"');
      expect((await api(product, token)).status).toBe(200);
    }
  });

  it('gives no more than the role does', async () => {
    const { access_token } = await deviceTokens(withAdmin);
    await product.context.prisma.user.updateMany({
      where: { orgId: product.orgs.whiterabbit.id },
      data: { role: 'member' },
    });
    const refused = await api(product, access_token, current);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
  });

  it('is for no other app: neither asked for nor by a refresh', async () => {
    for (const client of ['mobile-app', 'browser-extension']) {
      const { next, page } = await walk(
        product,
        browser,
        await browser.get(startOf(product, { client_id: client, scope: withAdmin }).url),
      );
      const { searchParams } = next ?? new URL(page.url);
      expect([client, searchParams.get('error'), searchParams.get('code')]).toEqual([client, 'invalid_scope', null]);
    }
    const { refresh_token } = await tokensOf(product, {}, browser);
    const form = { grant_type: 'refresh_token', refresh_token, client_id: 'mobile-app', scope: withAdmin };
    expect((await post(product, '/oauth/token', form)).body.error).toBe('invalid_scope');
  });

  it('is not in a token that was refreshed to less', async () => {
    const { refresh_token } = await deviceTokens(withAdmin);
    const form = { grant_type: 'refresh_token', refresh_token, client_id: 'cli', scope: 'openid' };
    const { body } = await post(product, '/oauth/token', form);
    expect((await api(product, body.access_token, current)).body.code).toBe('insufficient_scope');
    const again = await refresh(product, body.refresh_token, { clientId: 'cli' });
    expect((await api(product, again.body.access_token, current)).status).toBe(200);
  });
});

describe('the page where the code is compared', () => {
  it('says plainly that the app would administer, and only then', async () => {
    for (const [scope, says] of [
      [withAdmin, true],
      ['openid offline_access', false],
    ] as const) {
      const { user_code } = await beginDevice(product, { scope });
      const page = await browser.submitForm(await browser.get('/oauth/device'), { user_code }, 'user_code');
      expect(page.text).toContain(user_code);
      expect(page.text.includes('administer your organisation')).toBe(says);
    }
  });

  it('asks for a recent sign-in, and goes on after one', async () => {
    await product.context.pool.query(`UPDATE sessions SET authenticated_at = now() - interval '2 hours'`);
    const { device_code, user_code } = await beginDevice(product, { scope: withAdmin });
    const asked = await approveDevice(product, browser, user_code);
    expect([asked.status, heading(asked)]).toEqual([200, 'Sign in again']);
    expect((await poll(product, device_code)).body.error).toBe('authorization_pending');

    const link = /class="button" href="([^"]+)"/.exec(asked.text)?.[1]?.replaceAll('&amp;', '&') as string;
    expect(new URL(link, product.url).searchParams.get('prompt')).toBe('login');
    const form = await browser.follow(await browser.get(link));
    const done = await browser.finish(await browser.submitLogin({ page: form }, trinity));
    expect(heading(done)).toBe('Command line is signed in');
    const { body } = await poll(product, device_code);
    expect((await api(product, body.access_token, { ...current, method: 'GET' })).status).toBe(200);
  });

  it('asks nothing of the kind for a command line that does not administer', async () => {
    await product.context.pool.query(`UPDATE sessions SET authenticated_at = now() - interval '2 hours'`);
    const { user_code } = await beginDevice(product);
    expect(heading(await approveDevice(product, browser, user_code))).toBe('Command line is signed in');
  });

  it('leads through the sign-in where nobody is signed in', async () => {
    const stranger = createBrowser({ baseUrl: product.url });
    const { user_code } = await beginDevice(product, { scope: withAdmin });
    const page = await approveDevice(product, stranger, user_code);
    expect(page.text).toContain('<label for="username">Work e-mail</label>');
  });
});
