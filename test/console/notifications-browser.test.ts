import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { withRetry } from '../../src/database/errors.ts';
import { startReceiver, verify } from '../notifications/receiver.ts';
import { relayed } from '../notifications/support.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { expectNoFindings } from './axe.ts';

describeInChromium('notifications and webhooks', () => {
  let product: Product;
  let browser: Chromium;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let cookie: string;
  beforeAll(async () => {
    product = await startProduct();
    receiver = await startReceiver();
    browser = await launchChromium();
    cookie = (await plantAdministrator(product, 'owner')).cookie;
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    await receiver?.stop();
  });
  beforeEach(async () => {
    await relayed(product);
    await withRetry(() => product.context.pool.query('DELETE FROM webhooks'));
    for (const table of ['notifications', 'notification_readers', 'notification_feeds'])
      await product.context.pool.query(`DELETE FROM ${table}`);
  });

  async function open(options: Parameters<typeof openPage>[1] = {}, session = cookie) {
    const opened = await openPage(browser, options);
    const [name = '', value = ''] = session.split(/=(.*)/s);
    await opened.context.addCookies([{ name, value, url: product.url }]);
    return opened;
  }
  const revoke = async () => expect((await product.revoke()).status).toBe(204);
  const at = (path: string) => product.url + path;
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  it('the bell and the list hear of it at once, in each tab, and marking as read empties both', async () => {
    const { context, page, close } = await open();
    const stream = page.waitForResponse('**/api/users/me/events');
    await page.goto(at('/admin/notifications'));
    await stream;
    await page.getByText('Nothing has happened yet.').waitFor();
    await expectNoFindings(page);
    const second = await context.newPage();
    await second.goto(at('/admin/people'));
    await revoke();
    // The tab in front is told by the other, which holds the stream.
    await second.locator('#bell-number').waitFor();
    expect(await second.getByRole('link', { name: 'Notifications not read: 1' }).count()).toBe(1);
    await page.bringToFront();
    await page.getByText('The API key test ended the access of Trinity').waitFor();
    await expectNoFindings(page);
    await press(page, 'Mark all as read');
    await page.getByText('Marked as read.').waitFor();
    expect(await page.locator('.feed .unread, #bell-number').count()).toBe(0);
    await page.getByRole('link', { name: 'Not read', exact: true }).click();
    await page.getByText('You have read everything.').waitFor();
    await expectNoFindings(page);
    await close();
  });

  it('a list that the keyboard is in stays as it is, and what is new is said', async () => {
    await revoke();
    await relayed(product);
    const { page, close } = await open();
    const stream = page.waitForResponse('**/api/users/me/events');
    await page.goto(at('/admin/notifications'));
    await stream;
    const link = page.locator('.feed a').first();
    await link.focus();
    await product.revoke({ format: 'email', email: 'neo@whiterabbit.fake' });
    await product.context.apiKeys.create(product.orgs.whiterabbit.id, { name: 'New' }, byTest);
    await page.locator('#status').filter({ hasText: 'There are new notifications.' }).waitFor({ state: 'attached' });
    expect(await page.evaluate('document.activeElement.closest(".feed") !== null')).toBe(true);
    await close();
  });

  it('members’ pages hear nothing, and ask nothing', async () => {
    const { cookie: members } = await plantAdministrator(product, 'member');
    const { page, close } = await open({}, members);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(at('/todos'));
    await page.locator('#todos[data-loaded]').waitFor({ state: 'attached' });
    await revoke();
    await relayed(product);
    const { page: other, close: closeOther } = await open();
    await other.goto(at('/admin/notifications'));
    await other.locator('.feed li').waitFor();
    expect(asked.filter((url) => url.includes('notifications'))).toEqual([]);
    await closeOther();
    await close();
  });

  it.each([[true], [false]])(
    'a webhook is added, tested, changed and removed; script: %s',
    async (javaScriptEnabled) => {
      const { page, close } = await open({ javaScriptEnabled });
      const check = () => (javaScriptEnabled ? expectNoFindings(page) : undefined);
      await page.goto(at('/admin/webhooks'));
      await page.getByText('There is no webhook yet.').waitFor();
      await check();
      await page.getByLabel('Address (URL)').fill('https://10.0.0.1/');
      await press(page, 'Add a webhook');
      await page.getByRole('alert').filter({ hasText: 'is not public' }).waitFor();
      if (javaScriptEnabled) expect(await page.evaluate('document.activeElement.id')).toBe('problem');
      await check();
      const path = `/hook-${javaScriptEnabled}`;
      await page.getByLabel('Address (URL)').fill(receiver.url + path);
      await page.getByLabel('Role', { exact: true }).check();
      await press(page, 'Add a webhook');
      await page.getByRole('heading', { name: 'The webhook is added' }).waitFor();
      const secret = (await page.locator('.secret code').textContent()) ?? '';
      await check();
      await page.getByRole('link', { name: 'I have copied it' }).click();
      await check();
      await press(page, 'Send a test');
      await page.getByText('The test is on its way.').waitFor();
      const [message] = await receiver.arrived(path);
      if (!message) throw new Error('nothing arrived');
      expect(verify(secret, message)).toEqual(message.message);
      if (javaScriptEnabled) await page.locator('#delivery').getByText('Delivered', { exact: true }).waitFor();
      await check();
      await page.getByRole('link', { name: 'A webhook', exact: true }).click();
      await press(page, 'Make a new secret');
      await page.getByRole('heading', { name: 'The new secret' }).waitFor();
      await check();
      // The back button leads to the page, not to the secret; a form from memory can be used anew.
      await page.goBack();
      await page.getByLabel('Role', { exact: true }).uncheck();
      await press(page, 'Save');
      await page.getByText('Saved.').waitFor();
      await press(page, 'Pause');
      await page.getByText('It is paused').waitFor();
      await check();
      await page.getByRole('link', { name: 'Remove' }).click();
      await page.getByRole('heading', { name: /^Remove the webhook to / }).waitFor();
      await check();
      await press(page, 'Remove the webhook');
      await page.getByText('There is no webhook yet.').waitFor();
      await close();
    },
  );

  it('what was not delivered is found, read and sent again', async () => {
    receiver.answerWith((res) => void res.writeHead(410).end());
    const { page, close } = await open();
    await page.goto(at('/admin/notifications/undelivered'));
    await page.getByText('Everything has arrived.').waitFor();
    await expectNoFindings(page);
    await page.goto(at('/admin/webhooks'));
    await page.getByLabel('Address (URL)').fill(`${receiver.url}/gone`);
    await press(page, 'Add a webhook');
    await page.getByRole('link', { name: 'I have copied it' }).click();
    await press(page, 'Send a test');
    await page.getByText('the receiver answered 410').first().waitFor();
    await expectNoFindings(page);
    await page.goto(at('/admin/notifications/undelivered'));
    await expectNoFindings(page);
    receiver.answerWith((res) => void res.writeHead(204).end());
    await page.getByRole('link', { name: 'a webhook', exact: true }).click();
    await press(page, 'Switch on');
    await page.goto(at('/admin/notifications/undelivered'));
    await page.getByRole('button', { name: 'Send again: Test' }).click();
    await page.getByText('Everything has arrived.').waitFor();
    await close();
  });

  it('nothing is cut off at 320 px, in the dark or in forced colours', async () => {
    await revoke();
    await relayed(product);
    const { page, close } = await open({ viewport: { width: 320, height: 700 }, colorScheme: 'dark' });
    const ends = ['notifications', 'notifications/mail', 'notifications/undelivered', 'webhooks'];
    for (const end of ends) {
      await page.goto(at(`/admin/${end}`));
      await expectNoFindings(page);
      // axe-core reckons with the page's own colours, so it can't judge forced ones.
      for (const forcedColors of ['active', 'none'] as const) {
        await page.emulateMedia({ forcedColors });
        expect(await page.evaluate('document.documentElement.scrollWidth'), end).toBe(320);
      }
    }
    await close();
  });
});

const byTest = { actor: { type: 'operator', id: null }, ip: null, requestId: null } as const;
