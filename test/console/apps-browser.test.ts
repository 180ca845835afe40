import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../downstream/receiver.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { expectNoFindings } from './axe.ts';

describeInChromium('the apps behind, in a browser', () => {
  let product: Product;
  let browser: Chromium;
  let receiver: Receiver;
  let owner: Awaited<ReturnType<typeof plantAdministrator>>;
  /** Lets the app answer what it was asked. */
  let answer: () => void;
  beforeAll(async () => {
    product = await startProduct();
    browser = await launchChromium();
    owner = await plantAdministrator(product, 'owner');
    receiver = await startReceiver((_, res) => {
      answer = () => void res.writeHead(204).end();
    });
    const settings = { endpoint: receiver.url, auth: { method: 'bearer' } };
    await owner.send('POST', '/apps', { kind: 'gtr', name: 'Payroll', settings, credential: 'k' });
  });
  afterAll(async () => {
    await browser?.close();
    await receiver?.stop();
    await product?.stop();
  });

  async function open(path: string, { script = true } = {}): Promise<{ page: Page; close: () => Promise<void> }> {
    const { context, page, close } = await openPage(browser, { javaScriptEnabled: script });
    const [name, value] = owner.cookie.split('=') as [string, string];
    await context.addCookies([{ name, value, url: product.url }]);
    await page.goto(product.url + path);
    return { page, close };
  }
  const person = async () => (await plantUsers(product, 1, { sessions: 1 }))[0] as { id: string };

  it('are named in the dialog before a sign-out, and the receipt fills in while one looks', async () => {
    const { page, close } = await open(`/admin/people/${(await person()).id}`);
    await page.getByRole('link', { name: /^Sign out everywhere/ }).click();
    await page.locator('dialog').getByText('Is passed on to').waitFor();
    expect(await page.locator('dialog').getByText('Payroll').isVisible()).toBe(true);
    await page.locator('dialog').getByRole('button', { name: 'Sign out 1 session' }).click();
    await page.getByRole('heading', { name: /access ended/ }).waitFor();
    const state = page.getByRole('row', { name: /Payroll/ }).locator('.badge');
    await state.getByText('On its way').waitFor();
    await page.evaluate('window.isTheSamePage = true');
    expect(await page.getByRole('link', { name: 'Look again' }).isVisible()).toBe(false);
    await expectNoFindings(page);
    await receiver.until(1);
    answer();
    await state.getByText('Told', { exact: true }).waitFor();
    expect(await page.evaluate('window.isTheSamePage')).toBe(true);
    expect(await page.locator('.ticket').textContent()).toContain('Passed on to: Payroll: Told');
    expect(await page.locator('#status').textContent()).toContain('Payroll: Told');
    await close();
  });

  it('are looked at again by a link where there is no script', async () => {
    const { page, close } = await open(`/admin/people/${(await person()).id}/sign-out`, { script: false });
    await page.getByRole('button', { name: 'Sign out 1 session' }).click();
    await receiver.until(2);
    await page.getByRole('link', { name: 'Look again' }).click();
    await page.getByRole('row', { name: /Payroll On its way/ }).waitFor();
    answer();
    while (!(await page.getByRole('row', { name: /Payroll Told/ }).isVisible()))
      await page.getByRole('link', { name: 'Look again' }).click();
    expect(await page.getByRole('link', { name: 'Look again' }).count()).toBe(0);
    await close();
  });

  it('are added by a form that has the fields which the choices need', async () => {
    await product.context.pool.query(
      `INSERT INTO groups (org_id, id, display_name) VALUES ($1, 'grp_sales', 'Sales')`,
      [product.orgs.whiterabbit.id],
    );
    const { page, close } = await open('/admin/apps/new/oauth', { script: false });
    const secret = page.getByLabel('Our client secret there');
    expect(await secret.isVisible()).toBe(false);
    await page.getByLabel('How we prove who we are there').selectOption('client_secret_basic');
    expect(await secret.isVisible()).toBe(true);
    expect(await page.getByLabel('Sales').isVisible()).toBe(false);
    await page.getByLabel('Members of groups').check();
    await page.getByLabel('Sales').check();
    await page.getByLabel('Name', { exact: true }).fill('Okta');
    await page.getByLabel('Address of the revocation endpoint').fill('https://okta.example/revoke');
    await page.getByLabel('Token endpoint').fill('https://okta.example/token');
    await page.getByLabel('Our client id there').fill('0oa');
    await secret.fill('the-secret');
    await page.getByRole('button', { name: 'Add an app' }).click();
    await page.getByRole('heading', { name: 'Okta' }).waitFor();
    expect(await page.getByText('members of these groups').isVisible()).toBe(true);
    expect(await page.getByText('given, and never shown again').isVisible()).toBe(true);
    await close();
  });
});
