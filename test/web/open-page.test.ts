import type { BrowserContext, Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openAccount, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

describeInChromium('an open page', () => {
  let product: Product;
  let browser: Chromium;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    product = await startProduct({ processes: 1 });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  beforeEach(async () => {
    const opened = await openPage(browser, { timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
    context = opened.context;
    page = opened.page;
    return opened.close;
  });

  async function signIn() {
    await page.goto(product.url);
    await page.getByLabel('Work e-mail').fill(trinity.email);
    await page.keyboard.press('Enter');
    await page.locator('input[name=password]').waitFor();
    await page.locator('input[name=email]').fill(trinity.email);
    await page.locator('input[name=password]').fill(trinity.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/todos');
    await page.locator('#todos[data-loaded]').waitFor({ state: 'attached' });
  }

  const texts = () => page.locator('#todos .task').allTextContents();

  it('keeps a list, by the keyboard alone', async () => {
    await signIn();
    const streamed = page.waitForRequest('**/api/users/me/events');
    await page.reload();
    await streamed;
    await page.getByLabel('New task').fill('<b>Follow</b> the rabbit');
    await page.keyboard.press('Enter');
    await page.locator('#todos li:not([aria-busy])').waitFor();
    await page.getByRole('checkbox').focus();
    await page.keyboard.press('Space');
    await page.locator('li.done:not([aria-busy])').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.type('Wake up');
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Renamed: Wake up' }).waitFor();
    await page.reload();
    await page.locator('li.done').waitFor();
    expect(await texts()).toEqual(['Wake up']);
    await page.getByRole('button', { name: 'Delete Wake up' }).press('Enter');
    await page.getByText('Nothing to do.').waitFor();
    await openAccount(page);
    await page.getByRole('button', { name: 'Sign out' }).press('Enter');
    await page.getByRole('heading', { name: 'You signed out' }).waitFor();
  });

  it('takes a change back that the server refuses, and says so', async () => {
    await signIn();
    await page.route('**/api/todos', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    );
    await page.getByLabel('New task').fill('Never saved');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: '“Never saved” was not added' }).waitFor();
    expect(await texts()).toEqual([]);
    expect(await page.getByLabel('New task').inputValue()).toBe('Never saved');
  });

  it('is told within a second, by a revocation on another node', async () => {
    await signIn();
    await page.waitForTimeout(300);
    const before = Date.now();
    expect((await product.revoke(undefined, { at: String(product.nodes[1]) })).status).toBe(204);
    await page.waitForURL('**/signed-out?reason=revoked&at=*');
    console.log(`told after ${Date.now() - before} ms`);
    await page.getByRole('heading', { name: 'Your organisation signed you out' }).waitFor();
    const moment = new Date(String(await page.locator('time').getAttribute('datetime')));
    const inTokyo = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tokyo', timeStyle: 'short' }).format(moment);
    expect(await page.locator('time').textContent()).toBe(inTokyo);
    // The page was shown to her. Who it was, and the way back in, name her; nothing else does.
    const again = page.getByRole('link', { name: `Sign in again as ${trinity.email}` });
    const who = page.getByText(`You were signed in here as ${trinity.email}`);
    for (const named of [again, who]) await named.evaluate((element) => element.remove());
    expect(await page.content()).not.toContain('trinity');
    await page.goBack();
    expect(await page.content()).not.toContain('Sign out');
  });

  it('is told why, and whom to turn to, in the administrator’s words', async () => {
    const owner = await plantAdministrator(product, 'owner');
    const { userId } = product.orgs.whiterabbit;
    expect((await owner.send('PATCH', '/policies', { helpText: 'Help desk\n+1 555 0100' })).status).toBe(200);
    await signIn();
    const body = { reason: { person: 'Your laptop was found' } };
    const { confirmation } = (await owner.send('POST', `/users/${userId}/revocations`, body)).body;
    const ended = await owner.send('POST', `/users/${userId}/revocations`, { ...body, confirmation });
    expect(ended.status).toBe(200);
    await page.getByText('Your laptop was found').waitFor();
    // The line break is kept.
    expect(await page.getByText('Help desk').innerText()).toBe('Help desk\n+1 555 0100');
    expect((await owner.send('PATCH', '/policies', { helpText: null })).status).toBe(200);
  });

  it('leaves at the next 401 where the stream is cut off', async () => {
    await context.route('**/api/users/me/events', (route) => route.abort());
    await signIn();
    expect((await product.revoke()).status).toBe(204);
    await page.waitForURL('**/signed-out?reason=revoked&at=*');
  });

  it('goes on to the identity provider to sign out there too, and comes back', async () => {
    const { prisma } = product.context;
    const set = (signOutAtIdp: boolean) =>
      prisma.connection.updateMany({ where: { orgId: product.orgs.whiterabbit.id }, data: { signOutAtIdp } });
    await set(true);
    await signIn();
    const second = await context.newPage();
    await second.goto(`${product.url}/todos`);
    // The other tab's news of the sign-out must not lead this one elsewhere.
    await openAccount(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${product.idp.url}/**`);
    await second.waitForURL('**/signed-out?reason=ended*');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/signed-out?state=ended');
    await page.getByRole('heading', { name: 'You signed out' }).waitFor();
    await set(false);
  });

  it('leaves every tab when one signs out', async () => {
    await signIn();
    const second = await context.newPage();
    await second.goto(`${product.url}/todos`);
    await page.waitForTimeout(300);
    await openAccount(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await second.waitForURL('**/signed-out?reason=ended*');
    await second.getByRole('heading', { name: 'You signed out' }).waitFor();
  });

  it('tells ten tabs by one stream, also after the tab that held it is gone', async () => {
    await signIn();
    const tabs = [];
    for (let count = 0; count < 9; count += 1) {
      const tab = await context.newPage();
      // More than six open connections to a host would keep this from ever loading.
      await tab.goto(`${product.url}/todos`);
      await tab.locator('.account-button').waitFor();
      tabs.push(tab);
    }
    await page.close();
    await tabs[0]?.waitForTimeout(500);
    expect((await product.revoke()).status).toBe(204);
    for (const tab of tabs) await tab.waitForURL('**/signed-out?reason=revoked&at=*');
  });
});
