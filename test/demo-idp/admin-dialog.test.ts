import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { startTestIdp, type TestIdp } from '../support/idp.ts';
import { startReceiver } from './receiver.ts';

const trinity = { subject: 'trinity', email: 'trinity@whiterabbit.fake', name: 'Trinity', password: 'Zion123$' };
const client = { id: 'the-app', secret: 'secret-of-the-app', redirectUris: ['http://localhost:9/callback'] };

describeInChromium("the admin console's dialogs", () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let idp: TestIdp;
  let browser: Chromium;
  let page: Page;

  beforeAll(async () => {
    receiver = await startReceiver();
    const app = {
      name: 'The app',
      revocationEndpoint: `${receiver.url}/global-token-revocation`,
      backchannelLogoutUri: `${receiver.url}/logout`,
      securityEventsUrl: `${receiver.url}/events`,
    };
    idp = await startTestIdp({ tenants: [{ path: '1', name: 'White Rabbit', client, users: [trinity], app }] });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await idp?.stop();
    await receiver?.stop();
  });

  beforeEach(async () => {
    const opened = await openPage(browser);
    page = opened.page;
    return opened.close;
  });

  const focused = async () => (await page.locator(':focus').allTextContents()).join('').trim();

  it('work by the keyboard alone', async () => {
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.goto(`${idp.url}/1/admin/people/trinity`);
    const menu = page.locator('details.menu');
    const dialog = page.getByRole('dialog', { name: 'Clear sessions and revoke access' });
    while ((await focused()) !== 'More actions') await press('Tab');

    await press('Enter', 'Tab');
    expect(await focused()).toBe('Clear user sessions');
    await press('Escape');
    expect([await menu.getAttribute('open'), await focused()]).toEqual([null, 'More actions']);

    await press('Enter', 'Tab', 'Enter');
    await dialog.waitFor();
    const box = dialog.getByRole('checkbox', { name: 'Also include logout enabled apps and Okta API tokens' });
    expect(await dialog.locator('input:focus').getAttribute('name')).toBe('includeApps');
    await press('Space', 'Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await focused()).toBe('More actions');

    await press('Enter', 'Tab', 'Enter');
    await dialog.waitFor();
    expect(await box.isChecked()).toBe(false);
    await press('Tab');
    expect(await focused()).toBe('Cancel');
    await press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    expect(receiver.received).toEqual([]);

    await press('Enter', 'Tab', 'Enter', 'Space', 'Tab', 'Tab');
    expect(await focused()).toBe('Clear and revoke');
    await press('Enter');
    const result = page.getByRole('status', { name: 'Done' });
    await result.waitFor();
    expect(await result.textContent()).toContain('204 No Content');
    expect(receiver.take().url).toBe('/global-token-revocation');
  });

  it('send once, however often the button is pressed', async () => {
    await page.goto(`${idp.url}/1/admin/people/trinity`);
    await page.getByText('More actions').click();
    await page.getByRole('link', { name: 'Send security event' }).click();
    const before = receiver.received.length;
    await page.getByRole('button', { name: 'Send event' }).dblclick();
    await page.getByRole('status', { name: 'Done' }).waitFor();
    expect(receiver.received.slice(before).map(({ url }) => url)).toEqual(['/events']);
  });
});
