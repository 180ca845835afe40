import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { api, beginDevice, exchange, poll, startOf } from './support.ts';

describeInChromium('in a browser', () => {
  let product: Product;
  let browser: Chromium;
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
    const opened = await openPage(browser, { viewport: { width: 375, height: 700 }, colorScheme: 'dark' });
    page = opened.page;
    return opened.close;
  });

  /** From the sign-in page on, by the keyboard alone. */
  async function signIn(): Promise<void> {
    await page.getByLabel('Work e-mail').fill(trinity.email);
    await page.keyboard.press('Enter');
    await page.locator('input[name=password]').waitFor();
    await page.locator('input[name=email]').fill(trinity.email);
    await page.locator('input[name=password]').fill(trinity.password);
    await page.keyboard.press('Enter');
  }

  const fits = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth');

  it('takes a person through the device flow, sign-in included', async () => {
    const device = await beginDevice(product);
    await page.goto(device.verification_uri);
    expect(await fits()).toBe(true);
    await page.keyboard.type(device.user_code);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in “Command line”?' }).waitFor();
    await page.getByText(device.user_code).waitFor();
    expect(await fits()).toBe(true);
    await page.getByRole('button', { name: 'Yes, sign it in' }).press('Enter');
    await page.getByLabel('Work e-mail').waitFor();
    await signIn();
    await page.getByRole('heading', { name: 'Command line is signed in' }).waitFor();
    const tokens = await poll(product, device.device_code);
    expect((await api(product, tokens.body.access_token)).body.email).toBe(trinity.email);
  });

  it('fills in the code of a link, says what is wrong with one, and lets a person refuse', async () => {
    const device = await beginDevice(product);
    await page.goto(`${product.url}/oauth/device?user_code=WRNG-CODE`);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').getByText('There is no such code').waitFor();
    expect(await page.getByLabel('Code').getAttribute('aria-invalid')).toBe('true');
    await page.goto(device.verification_uri_complete);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'No, refuse' }).click();
    await page.getByRole('heading', { name: 'Access was refused' }).waitFor();
    expect((await poll(product, device.device_code)).body.error).toBe('access_denied');
  });

  it.each(['http://127.0.0.1:51234/callback', 'http://[::1]:51234/callback'])(
    'leads back to the app’s sign-in from the sign-in page, by a button: %s',
    async (redirect_uri) => {
      const started = startOf(product, { redirect_uri });
      const back = page.waitForRequest((request) => request.url().startsWith(started.redirectUri));
      await page.goto(started.url);
      await page.getByLabel('Work e-mail').waitFor();
      await signIn();
      await page.getByText(trinity.email).waitFor();
      expect(await fits()).toBe(true);
      await page.getByRole('button', { name: 'Yes, sign it in' }).press('Enter');
      const code = new URL((await back).url()).searchParams.get('code');
      expect((await exchange(product, started, code ?? '')).status).toBe(200);
    },
  );
});
