import type { BrowserContext, Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openAccount, openPage } from '../support/chromium.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

const address = '**/api/users/me/sessions';

describeInChromium("the page of one's own devices", () => {
  let product: Product;
  let browser: Chromium;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    product = await startProduct();
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

  /** A person with as many sign-ins; the browser holds the first session's cookie, at the page. */
  async function open({ sessions = 1, grants = 0 }, width = 1280): Promise<PlantedUser> {
    const [user] = (await plantUsers(product, 1, { sessions })) as [PlantedUser];
    await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: user.id }, grants);
    const [name, value] = String(user.cookies[0]).split('=') as [string, string];
    await context.addCookies([{ name, value, url: product.url }]);
    await page.setViewportSize({ width, height: 700 });
    await page.goto(`${product.url}/todos`);
    // On a phone the way there is in the account's menu.
    if (width < 700) await openAccount(page);
    await page.getByRole('link', { name: 'Devices' }).press('Enter');
    await page.locator('#devices[data-loaded]').waitFor();
    return user;
  }
  const entries = () => page.locator('#devices li');
  const dialog = () => page.getByRole('dialog');

  it('shows one sign-in, and that it is the only one', async () => {
    await open({});
    expect(await entries().count()).toBe(1);
    await page.getByText('This device').waitFor();
    await page.getByText('You are signed in nowhere else.').waitFor();
    expect(await page.locator('#sign-out-others').isVisible()).toBe(false);
  });

  it('has this device first, whatever was seen last', async () => {
    const user = await open({ sessions: 3 });
    await product.context.pool.query(
      `UPDATE sessions SET last_seen_at = now() - interval '1 second' * row_number
       FROM (SELECT id, row_number() OVER (ORDER BY id = $2 DESC) * -1 + 10 AS row_number FROM sessions WHERE user_id = $1) n
       WHERE sessions.id = n.id`,
      [user.id, await entries().first().getAttribute('data-id')],
    );
    await page.reload();
    await page.locator('#devices[data-loaded]').waitFor();
    expect(await entries().first().innerText()).toContain('This device');
    expect(await entries().count()).toBe(3);
  });

  it('says where and when, in the time of the person, without trusting what a device calls itself', async () => {
    const [user] = (await plantUsers(product, 1)) as [PlantedUser];
    await product.context.pool.query(
      `UPDATE sessions SET user_agent = '<b>x</b>/1', ip = '192.0.2.7', last_seen_ip = '192.0.2.8', created_at = '2026-01-02T20:42:00Z' WHERE user_id = $1`,
      [user.id],
    );
    const [name, value] = String(user.cookies[0]).split('=') as [string, string];
    await context.addCookies([{ name, value, url: product.url }]);
    await page.goto(`${product.url}/devices`);
    await page.locator('summary').press('Enter');
    const text = (await entries().first().innerText()).replaceAll(/\s+/g, ' ');
    expect(text).toContain('This device Browser · in use now');
    expect(text).toContain('Signed in 3 Jan 2026, 05:42 from 192.0.2.7');
    expect(text).toContain('Last seen from 192.0.2.8');
    expect(text).toContain('Calls itself <b>x</b>/1');
  });

  it('signs one out by the keyboard alone, and goes on with the next', async () => {
    const user = await open({ sessions: 2, grants: 1 });
    const buttons = page.getByRole('button', { name: /^Sign out (Unknown device|Mobile app), / });
    expect(await buttons.count()).toBe(2);
    const ended = await buttons.first().locator('xpath=ancestor::li').getAttribute('data-id');
    await buttons.first().press('Enter');
    await page
      .getByRole('status')
      .filter({ hasText: /^Signed out: (Unknown device|Mobile app)$/ })
      .waitFor();
    expect(await entries().evaluateAll((all) => all.map((one) => one.dataset.id))).not.toContain(ended);
    expect(await page.evaluate(`document.activeElement.closest('li') !== null`)).toBe(true);
    expect(await entries().count()).toBe(2);
    expect(await statusOfMe(product.url, String(user.cookies[0]))).toBe(200);
  });

  it('asks before it signs out everywhere else, and does nothing when told no', async () => {
    const user = await open({ sessions: 3, grants: 2 });
    const everywhereElse = page.locator('#sign-out-others', { hasText: 'Sign out 4 others' });
    await everywhereElse.press('Enter');
    await dialog().getByRole('heading', { name: 'Sign out everywhere else?' }).waitFor();
    // It is as red as on the page, and says the number again.
    await dialog().getByRole('button', { name: 'Sign out 4 others' }).waitFor();
    const styleOf = (id: string, property: string) =>
      page.evaluate(`getComputedStyle(document.getElementById('${id}')).${property}`);
    const red = await styleOf('sign-out-others', 'color');
    await expect.poll(() => styleOf('confirm-yes', 'backgroundColor')).toBe(red);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    await everywhereElse.press('Enter');
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'hidden' });
    expect(await statusOfMe(product.url, String(user.cookies[2]))).toBe(200);
    await everywhereElse.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Signed out elsewhere: 4' }).waitFor();
    await page.getByText('You are signed in nowhere else.').waitFor();
    const statuses = await Promise.all(user.cookies.map((cookie) => statusOfMe(product.url, cookie)));
    expect(statuses).toEqual([200, 401, 401]);
  });

  it('signs out everywhere, this browser too', async () => {
    const user = await open({ sessions: 2 });
    await page.getByRole('button', { name: 'Sign out all 2' }).click();
    await dialog().getByRole('button', { name: 'Sign out all 2' }).click();
    await page.getByRole('heading', { name: 'You signed out' }).waitFor();
    for (const cookie of user.cookies) expect(await statusOfMe(product.url, cookie)).toBe(401);
  });

  it.each(['Sign out this device', 'Sign out'])('leaves by the button “%s”', async (name) => {
    const user = await open({ sessions: 2 });
    if (name === 'Sign out') await openAccount(page);
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('heading', { name: 'You signed out' }).waitFor();
    expect(await statusOfMe(product.url, String(user.cookies[1]))).toBe(200);
  });

  it('leaves by itself when the person signs out everywhere else on another device', async () => {
    const user = await open({ sessions: 2 });
    const answer = await fetch(`${product.url}/api/users/me/sessions/revoke`, {
      method: 'POST',
      headers: { cookie: String(user.cookies[1]), 'content-type': 'application/json' },
      body: '{"keepCurrent":true}',
    });
    expect(answer.status).toBe(200);
    await page.waitForURL('**/signed-out?reason=ended*');
  });

  it('says what failed, and can try again', async () => {
    await context.route(address, (route) => route.abort());
    const [user] = (await plantUsers(product, 1, { sessions: 2 })) as [PlantedUser];
    const [name, value] = String(user.cookies[0]).split('=') as [string, string];
    await context.addCookies([{ name, value, url: product.url }]);
    await page.goto(`${product.url}/devices`);
    await page.getByRole('alert').filter({ hasText: 'The list could not be loaded.' }).waitFor();
    await context.unroute(address);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('#devices[data-loaded]').waitFor();
    await context.route(`${address}/**`, (route) => route.abort());
    await page.getByRole('button', { name: /^Sign out Unknown device/ }).click();
    await page.getByRole('alert').filter({ hasText: '“Unknown device” was not signed out.' }).waitFor();
    await page.getByRole('button', { name: 'Sign out 1 other' }).click();
    await dialog().getByRole('button', { name: 'Sign out 1 other' }).click();
    await dialog().getByRole('alert').filter({ hasText: 'Nobody was signed out.' }).waitFor();
    expect(await entries().count()).toBe(2);
  });

  it.each([375, 1280])('holds 200 entries with long names in a window of %i pixels', async (width) => {
    const user = await open({ sessions: 199, grants: 20 }, width);
    await product.context.pool.query(`UPDATE sessions SET user_agent = repeat('W', 512) WHERE user_id = $1`, [user.id]);
    await page.reload();
    await page.locator('#devices[data-loaded]').waitFor();
    expect(await entries().count()).toBe(200);
    await page.getByText('Only the 200 that were seen last are shown.').waitFor();
    // How many there are is not known then.
    await page.getByRole('button', { name: 'Sign out everywhere else' }).waitFor();
    await page.getByRole('button', { name: 'Sign out everywhere', exact: true }).waitFor();
    await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});
