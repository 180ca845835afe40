import { randomUUID } from 'node:crypto';
import type { Browser as Chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { provision, urns } from '../scim/support.ts';
import { logoutEvent, now } from '../signals/support.ts';
import { type Browser, createBrowser, hasLoginForm } from '../support/browser.ts';
import { describeInChromium, launchChromium, openAccount, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type PlantedUser, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity, twin } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
  await nameLongAgo();
});
afterAll(() => product?.stop());

const again = `Sign in again as ${trinity.email}`;

/** The page about the end of the browser's session, as `/devices` leads to it. */
async function whyOut(browser: Browser) {
  const page = await browser.follow(await browser.get('/devices'));
  expect(new URL(page.url).pathname).toBe('/signed-out');
  return page;
}

/** The page's buttons: where they lead, by what they say. */
function buttonsOf({ text }: { text: string }): Record<string, string> {
  const links = text.matchAll(/<a class="button[^"]*" href="([^"]*)">([^<]*)</g);
  return Object.fromEntries([...links].map(([, href = '', label = '']) => [label, href.replaceAll('&amp;', '&')]));
}

async function changeTrinity(sql: string) {
  await product.context.pool.query(`UPDATE users SET ${sql} WHERE org_id = $1 AND id = $2`, [
    product.orgs.whiterabbit.id,
    product.orgs.whiterabbit.userId,
  ]);
}

/** Lets Trinity have her address for a week: the tests let sessions have ended long ago. */
const nameLongAgo = () => changeTrinity(`named_at = now() - interval '1 week'`);

/** The end of every session of Trinity's is set to be that long ago. */
async function endedAgo(interval: string) {
  await product.context.pool.query(
    `UPDATE sessions SET revoked_at = revoked_at - $3::interval WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NOT NULL`,
    [product.orgs.whiterabbit.id, product.orgs.whiterabbit.userId, interval],
  );
}

describe('after a revocation', () => {
  test('one click leads to the identity provider, which knows whom to expect, and ends at the page', async () => {
    const browser = await product.signIn();
    expect((await product.revoke()).status).toBe(204);
    const page = await whyOut(browser);
    const { connectionId } = product.orgs.whiterabbit;
    const [[label, href], [other, elsewhere]] = Object.entries(buttonsOf(page)) as [[string, string], [string, string]];
    expect([label, other, elsewhere]).toEqual([again, 'Sign in as somebody else', '/?returnTo=%2Fdevices']);
    expect(href).toBe(
      `/openid/start/whiterabbit?login_hint=trinity%40whiterabbit.fake&returnTo=%2Fdevices&connection=${connectionId}`,
    );
    const form = await browser.follow(await browser.get(href));
    expect(form.text).toMatch(/name="email"[^>]*value="trinity@whiterabbit.fake"/);
    const last = await browser.finish(await browser.submitLogin({ page: form }, trinity));
    expect([last.status, last.url]).toEqual([200, `${product.url}/devices`]);
  });

  test('the page names the person, and tells nothing else of them', async () => {
    const browser = await product.signIn();
    await browser.post('/api/todos', { json: { task: 'Follow the white rabbit' } });
    await product.revoke();
    const { text } = await whyOut(browser);
    const { id, userId } = product.orgs.whiterabbit;
    for (const personal of ['Trinity', 'Follow the white', id, userId]) expect(text).not.toContain(personal);
    expect(text).toContain(`You were signed in here as ${trinity.email}, at `);
    expect(text.split(trinity.email)).toHaveLength(3);
    expect((await browser.get('/api/users/me')).text).not.toContain('trinity');
  });

  test('of everyone, and after an expiry, it is the same', async () => {
    const browser = await product.signIn();
    const { id: orgId, userId } = product.orgs.whiterabbit;
    await revokeOrgAccess(product.context.pool, { orgId, initiator: 'operator', by: byOperator });
    expect(buttonsOf(await whyOut(browser))).toHaveProperty(again);

    const idle = await product.signIn();
    await product.context.pool.query(
      `UPDATE sessions SET idle_expires_at = now() - interval '1 minute' WHERE user_id = $1 AND revoked_at IS NULL`,
      [userId],
    );
    const page = await whyOut(idle);
    expect(page.text).toContain('Your session expired');
    expect(buttonsOf(page)).toHaveProperty(again);
  });

  test('the twin of the same address in another org is led back to their own', async () => {
    const browser = await product.signIn('metacortex', twin);
    await product.revoke(undefined, { apiKey: product.orgs.metacortex.apiKey });
    expect(buttonsOf(await whyOut(browser))[again]).toMatch(/^\/openid\/start\/metacortex\?/);
  });

  test('no other browser is told anything', async () => {
    await product.signIn();
    await product.revoke();
    const stranger = createBrowser({ baseUrl: product.url });
    const page = await stranger.get('/signed-out?reason=revoked&returnTo=/devices');
    expect(buttonsOf(page)).toEqual({ 'Sign in again': '/?returnTo=%2Fdevices' });
  });

  test.each([
    ['//evil.example', '/'],
    ['https://evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['/todos"><b>', '/?returnTo=%2Ftodos%22%3E%3Cb%3E'],
  ])('a link can’t have it end at %j', async (returnTo, href) => {
    const stranger = createBrowser({ baseUrl: product.url });
    const page = await stranger.get(`/signed-out?returnTo=${encodeURIComponent(returnTo)}`);
    expect(buttonsOf(page)).toEqual({ 'Sign in again': href });
    expect(page.text).not.toContain('evil');
  });
});

describe('nobody is named', () => {
  const plain = ['Sign in again'];

  test('who signed out themselves, here or elsewhere', async () => {
    const [here, elsewhere] = [await product.signIn(), await product.signIn()];
    const everywhere = { json: { keepCurrent: false } };
    expect((await elsewhere.post('/api/users/me/sessions/revoke', everywhere)).status).toBe(200);
    expect(Object.keys(buttonsOf(await whyOut(here)))).toEqual(plain);

    const browser = await product.signIn();
    expect((await browser.post('/api/signout')).status).toBe(204);
    await product.revoke();
    const page = await whyOut(browser);
    expect(page.text).toContain('You signed out');
    expect([Object.keys(buttonsOf(page)), page.url.includes('returnTo')]).toEqual([plain, false]);
  });

  test('who signs out after they were signed out: the browser forgets', async () => {
    const browser = await product.signIn();
    await product.revoke();
    expect(buttonsOf(await browser.get('/signed-out?reason=revoked'))).toHaveProperty(again);
    expect(Object.keys(buttonsOf(await browser.get('/signed-out?reason=ended')))).toEqual(plain);
    expect((await browser.post('/api/signout')).status).toBe(204);
    expect(Object.keys(buttonsOf(await browser.get('/signed-out?reason=revoked')))).toEqual(plain);
  });

  test('whose address is another one by now, or who is switched off', async () => {
    const browser = await product.signIn();
    await product.revoke();
    await changeTrinity(`email = 'secret@whiterabbit.fake', email_key = 'secret@whiterabbit.fake'`);
    const page = await whyOut(browser);
    expect([Object.keys(buttonsOf(page)), page.text.includes('@')]).toEqual([plain, false]);
    await changeTrinity(`email = '${trinity.email}', email_key = '${trinity.email}'`);
    await nameLongAgo();

    const off = await product.signIn();
    await product.revoke();
    await changeTrinity('active = false');
    expect(Object.keys(buttonsOf(await whyOut(off)))).toEqual(['Sign in with another address']);
    await changeTrinity('active = true');
    expect(buttonsOf(await whyOut(off))).toHaveProperty(again);
  });

  test('whom the IdP signed out of a session of its own: mostly they signed out there', async () => {
    const logOut = async (claims: object) => {
      const { issuer, sign } = product.idp.tenant('whiterabbit');
      const base = { iss: issuer, aud: 'whiterabbit-app', iat: now(), exp: now() + 120, jti: randomUUID() };
      const token = await sign({ ...base, events: { [logoutEvent]: {} }, ...claims }, { typ: 'logout+jwt' });
      const body = new URLSearchParams({ logout_token: token });
      const answer = await fetch(`${product.url}/openid/backchannel-logout/whiterabbit`, { method: 'POST', body });
      expect(answer.status).toBe(200);
    };
    const newest = async () => {
      const where = { orgId: product.orgs.whiterabbit.id, revokedAt: null, endedAt: null };
      return product.context.prisma.session.findFirstOrThrow({ where, orderBy: { createdAt: 'desc' } });
    };
    const named = await product.signIn();
    await logOut({ sid: (await newest()).idpSid });
    expect(Object.keys(buttonsOf(await whyOut(named)))).toEqual(plain);

    // The session is older than the first `sid` of the IdP, and ends with the person's named one.
    const older = await product.signIn();
    const { id, orgId } = await newest();
    await product.context.pool.query('UPDATE sessions SET idp_sid = NULL WHERE org_id = $1 AND id = $2', [orgId, id]);
    await logOut({ sid: 'of no session', sub: 'whiterabbit-trinity' });
    expect(Object.keys(buttonsOf(await whyOut(older)))).toEqual(plain);

    // The IdP means all of the person's access: a revocation, as at the endpoint.
    const all = await product.signIn();
    await logOut({ sub: 'whiterabbit-trinity' });
    expect(buttonsOf(await whyOut(all))).toHaveProperty(again);
  });

  test('by the address that the very end of the session brought', async () => {
    const scim = await provision(product);
    const owner = await plantAdministrator(product, 'owner');
    const people = (await plantUsers(product, 40)) as PlantedUser[];
    for (const [index, { id, cookies }] of people.entries()) {
      const email = `renamed-${index}@whiterabbit.fake`;
      if (index % 2 === 0) {
        const emails = [{ primary: true, value: email, type: 'work' }];
        const answer = await scim.put(`/Users/${id}`, { schemas: [urns.user], userName: email, emails });
        expect(answer.status).toBe(200);
      } else {
        const asked = await owner.send('PATCH', `/users/${id}`, { email });
        const { confirmation } = asked.body;
        expect((await owner.send('PATCH', `/users/${id}`, { email, confirmation })).status).toBe(200);
      }
      const page = await fetch(`${product.url}/signed-out`, { headers: { cookie: cookies[0] as string } });
      const text = await page.text();
      expect(text).toContain('<h1>Your organisation signed you out');
      expect([index, Object.keys(buttonsOf({ text })), text.includes('@')]).toEqual([index, plain, false]);
    }
  });

  test('a day later', async () => {
    const browser = await product.signIn();
    await product.revoke();
    await endedAgo('23 hours');
    expect(buttonsOf(await whyOut(browser))).toHaveProperty(again);
    await endedAgo('1 hour');
    expect(Object.keys(buttonsOf(await whyOut(browser)))).toEqual(plain);
  });

  test('who has signed in again since', async () => {
    const browser = await product.signIn();
    await product.revoke();
    const page = await browser.follow(await browser.get(buttonsOf(await whyOut(browser))[again] ?? ''));
    expect(hasLoginForm(page)).toBe(true);
    await browser.finish(await browser.submitLogin({ page }, trinity));
    const since = await browser.get('/signed-out?reason=revoked');
    expect(buttonsOf(since)).toEqual({ 'Back to your list': '/todos' });
  });
});

test('a connection that is switched off by now isn’t the way back', async () => {
  const browser = await product.signIn();
  await product.revoke();
  const where = { orgId_id: { orgId: product.orgs.whiterabbit.id, id: product.orgs.whiterabbit.connectionId } };
  await product.context.prisma.connection.update({ where, data: { active: false } });
  expect(buttonsOf(await whyOut(browser))[again]).not.toContain('connection');
  await product.context.prisma.connection.update({ where, data: { active: true } });
});

describeInChromium('an open page that is signed out', () => {
  let browser: Chromium;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('is signed in again by one click and the password, and is where it was', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${product.url}/openid/start/whiterabbit`);
    await page.locator('input[name=email]').fill(trinity.email);
    await page.locator('input[name=password]').fill(trinity.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/todos');
    await page.goto(`${product.url}/devices`);
    await page.locator('#devices[data-loaded]').waitFor();
    await page.waitForTimeout(300);
    expect((await product.revoke()).status).toBe(204);
    await page.getByRole('link', { name: again }).click();
    await page.locator('input[name=password]').fill(trinity.password);
    expect(await page.locator('input[name=email]').inputValue()).toBe(trinity.email);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${product.url}/devices`);
    await openAccount(page);
    await page.locator('#sign-out').click();
    await page.getByRole('heading', { name: 'You signed out' }).waitFor();
    expect(page.url()).not.toContain('returnTo');
    expect(await page.content()).not.toContain('trinity');
    await close();
  });
});
