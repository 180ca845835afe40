import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { expectNoFindings } from './axe.ts';

describeInChromium('the console’s frame', () => {
  let product: Product;
  let browser: Chromium;
  beforeAll(async () => {
    product = await startProduct();
    browser = await launchChromium();
    await product.context.pool.query(`UPDATE users SET role = 'owner' WHERE id = $1`, [
      product.orgs.whiterabbit.userId,
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });
  beforeEach(async () => {
    await product.context.pool.query('DELETE FROM webhooks');
  });

  const sql = (text: string, values: unknown[] = []) => product.context.pool.query(text, values);
  const count = async () => (await sql('SELECT count(*)::int AS count FROM webhooks')).rows[0].count;
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
  const isFocused = (page: Page, id: string) => page.evaluate(`document.activeElement.id === '${id}'`);

  async function openAs(role: 'owner' | 'admin' | 'member', options: Parameters<typeof openPage>[1] = {}) {
    const person = await plantAdministrator(product, role);
    const opened = await openPage(browser, options);
    const [name = '', value = ''] = person.cookie.split(/=(.*)/s);
    await opened.context.addCookies([{ name, value, url: product.url }]);
    return { ...opened, person };
  }

  async function typePassword(page: Page) {
    await page.locator('input[name=password]').waitFor();
    await page.locator('input[name=email]').fill(trinity.email);
    await page.locator('input[name=password]').fill(trinity.password);
    await page.keyboard.press('Enter');
  }

  it.each([[true], [false]])('the step-up comes back to what was typed; script: %s', async (javaScriptEnabled) => {
    const { page, close } = await openPage(browser, { javaScriptEnabled });
    // Whoever isn't signed in comes to where they wanted to be.
    await page.goto(`${product.url}/admin/webhooks`);
    await page.getByLabel('Work e-mail').fill(trinity.email);
    await page.keyboard.press('Enter');
    await typePassword(page);
    await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
    await sql(`UPDATE sessions SET authenticated_at = now() - interval '2 days'`);
    await page.getByLabel('Address (URL)').fill('https://hooks.example/mine');
    await page.getByLabel('API key', { exact: true }).check();
    await press(page, 'Add a webhook');
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    if (javaScriptEnabled) await expectNoFindings(page);
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await typePassword(page);
    await page.getByText('What you had typed is still here.').waitFor();
    expect(await page.getByLabel('Address (URL)').inputValue()).toBe('https://hooks.example/mine');
    expect(await page.getByLabel('API key', { exact: true }).isChecked()).toBe(true);
    expect(await count()).toBe(0);
    await press(page, 'Add a webhook');
    await page.getByRole('heading', { name: 'The webhook is added' }).waitFor();
    expect(await count()).toBe(1);
    await close();
  });

  it.each([[true], [false]])('a double click does it once; script: %s', async (javaScriptEnabled) => {
    const { page, close } = await openAs('owner', { javaScriptEnabled });
    await page.goto(`${product.url}/admin/webhooks`);
    await page.getByLabel('Address (URL)').fill('https://hooks.example/mine');
    await page.getByRole('button', { name: 'Add a webhook' }).dblclick();
    const heading = javaScriptEnabled ? 'The webhook is added' : /Webhooks|The webhook is added/;
    await page.getByRole('heading', { name: heading }).waitFor();
    await page.goto(`${product.url}/admin/webhooks`);
    expect(await count()).toBe(1);
    await close();
  });

  it('a page that is gone back to can be used again', async () => {
    const { page, close } = await openAs('owner');
    await page.goto(`${product.url}/admin/webhooks`);
    await page.getByLabel('Address (URL)').fill('https://10.0.0.1/');
    await press(page, 'Add a webhook');
    await page.getByRole('alert').waitFor();
    expect(await isFocused(page, 'problem')).toBe(true);
    await page.goBack();
    await page.getByLabel('Address (URL)').fill('https://hooks.example/mine');
    await press(page, 'Add a webhook');
    await page.getByRole('heading', { name: 'The webhook is added' }).waitFor();
    await close();
  });

  it('who has lost role or session in the middle finds what was typed', async () => {
    const { page, person, close } = await openAs('owner');
    await page.goto(`${product.url}/admin/webhooks`);
    await page.getByLabel('Address (URL)').fill('https://hooks.example/mine');
    await sql(`UPDATE users SET role = 'admin' WHERE id = $1`, [person.id]);
    await press(page, 'Add a webhook');
    await page.getByRole('heading', { name: 'That is not for you' }).waitFor();
    await page.getByText('https://hooks.example/mine').waitFor();
    expect(await isFocused(page, 'problem')).toBe(true);
    await expectNoFindings(page);
    await close();

    const without = await openAs('owner', { javaScriptEnabled: false });
    await without.page.goto(`${product.url}/admin/webhooks`);
    await without.page.getByLabel('Address (URL)').fill('https://hooks.example/mine');
    expect((await product.revoke({ format: 'email', email: without.person.email })).status).toBe(204);
    await press(without.page, 'Add a webhook');
    await without.page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await without.page.getByText('https://hooks.example/mine').waitFor();
    await without.page.getByRole('link', { name: 'Sign in again' }).click();
    await without.page.waitForURL(/returnTo=%2Fadmin%2Fwebhooks/);
    await without.close();
  });

  it('a member finds the administrators, also on a phone in the dark', async () => {
    const { page, close } = await openAs('member', { viewport: { width: 320, height: 700 }, colorScheme: 'dark' });
    await page.goto(`${product.url}/admin`);
    await page.getByRole('heading', { name: 'Your administrators' }).waitFor();
    await page.getByRole('link', { name: trinity.email }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    await expectNoFindings(page);
    await close();
  });
});
