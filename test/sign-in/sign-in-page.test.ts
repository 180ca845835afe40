import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { type BrowserResponse, createBrowser } from '../support/browser.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { findForm } from '../support/html-form.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

const newBrowser = () => createBrowser({ baseUrl: product.url });

/** Where the page leads on to by itself, and by its button. */
function onward({ status, text }: BrowserResponse): string {
  expect(status).toBe(200);
  const [, address = ''] = /<meta http-equiv="refresh" content="0; url=([^"]*)">/.exec(text) ?? [];
  expect(text).toContain(`<a class="button" href="${address}">`);
  return address.replaceAll('&amp;', '&');
}

/** Types into the field of the sign-in page, and sends its form. */
async function send(fields: Record<string, string>, page = '/', browser = newBrowser()): Promise<BrowserResponse> {
  const answer = await browser.submitForm(await browser.get(page), fields, Object.keys(fields)[0]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return answer;
}

const start = '/openid/start/whiterabbit';

describe('the form of the sign-in page', () => {
  test.each([trinity.email, ` Somebody@WhiteRabbit.fake `])('leads on by the domain of %j', async (username) => {
    const address = onward(await send({ username }));
    expect(address).toBe(`${start}?login_hint=${encodeURIComponent(username.trim())}&returnTo=%2Ftodos`);
  });

  test('tells the identity provider the address that was typed', async () => {
    const browser = newBrowser();
    const step = await browser.get(onward(await send({ username: trinity.email }, '/', browser)));
    expect(new URL(String(step.headers.get('location'))).searchParams.get('login_hint')).toBe(trinity.email);
  });

  test('takes where to end, and a wish for a new authentication, from its own address', async () => {
    const page = `/?returnTo=%2Foauth%2Finteraction%2Fabc&prompt=login`;
    const query = `login_hint=${encodeURIComponent(trinity.email)}&returnTo=%2Foauth%2Finteraction%2Fabc&prompt=login`;
    expect(onward(await send({ username: trinity.email }, page))).toBe(`${start}?${query}`);
    const wrong = await send({ username: 'x' }, page);
    expect(findForm(wrong.text, 'username').fields).toMatchObject({
      returnTo: '/oauth/interaction/abc',
      prompt: 'login',
    });
  });

  test.each(['//evil.example', 'https://evil.example', '/\\evil.example'])('never leads to %s', async (returnTo) => {
    const answer = await send({ username: trinity.email }, `/?returnTo=${encodeURIComponent(returnTo)}`);
    expect(onward(answer)).toMatch(/&returnTo=%2Ftodos$/);
    expect(answer.text).not.toContain('evil');
  });

  test('takes the short name of an organisation, its id, or its link', async () => {
    const { id } = product.orgs.whiterabbit;
    for (const organisation of ['whiterabbit', ' WhiteRabbit ', id, start, `${product.url}${start}?returnTo=/x`])
      expect([organisation, onward(await send({ organisation }))]).toEqual([
        organisation,
        `${start}?returnTo=%2Ftodos`,
      ]);
    const link = `${product.url}${start}?connection=con_1&prompt=login`;
    expect(onward(await send({ organisation: link }))).toBe(`${start}?connection=con_1&returnTo=%2Ftodos`);
  });

  test.each([
    [{ username: '' }, 400, 'Enter your work e-mail'],
    [{ username: 'trinity' }, 400, 'Enter your work e-mail'],
    [{ username: '"><b>@x' }, 404, 'No organisation signs in'],
    [{ username: 'trinity@nowhere.example' }, 404, 'No organisation signs in'],
    [{ organisation: '' }, 400, 'Enter the short name'],
    [{ organisation: 'not a name' }, 400, 'Enter the short name'],
    [{ organisation: 'https://evil.example/openid/start/whiterabbit' }, 400, 'Enter the short name'],
    [{ organisation: '/openid/start/%00' }, 400, 'Enter the short name'],
    [{ organisation: 'nowhere' }, 404, 'There is no organisation of this name'],
  ])('says what is wrong with %j, keeps it, and leads back to its field', async (fields, status, problem) => {
    const [[field, typed]] = Object.entries(fields) as [[string, string]];
    const page = await send(fields);
    expect(page.status).toBe(status);
    const input = new RegExp(`<input id="${field}"[^>]*>\\s*<p[^>]* role="alert">([^<]*)`).exec(page.text);
    expect(input?.[0]).toMatch(/ aria-invalid="true" autofocus>/);
    expect(input?.[1]).toContain(problem);
    expect(page.text.match(/ autofocus/g)).toHaveLength(1);
    expect(findForm(page.text, field).fields[field]).toBe(typed);
    expect(page.text).not.toContain('<b>');
    if (field === 'organisation') expect(page.text).toContain('<details open>');
  });

  test('counts a field that comes twice as empty', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const raw = `username=${trinity.email}&username=${trinity.email}&organisation[]=x&returnTo=/a&returnTo=/b`;
    const page = await newBrowser().post('/openid/start', { raw, headers });
    expect(page.status).toBe(400);
  });

  test('is taken from our own pages only', async () => {
    const page = await newBrowser().post('/openid/start', { form: { username: trinity.email }, crossSite: true });
    expect(page.status).toBe(403);
  });

  test('refuses a form that is too long with a page', async () => {
    const page = await newBrowser().post('/openid/start', { form: { username: 'x'.repeat(20_000) } });
    expect([page.status, page.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
  });

  test('leads back to the page when its answer is loaded anew', async () => {
    const page = await newBrowser().get('/openid/start');
    expect([page.status, page.headers.get('location')]).toEqual([303, '/']);
  });
});

describeInChromium('signing in', () => {
  let browser: Chromium;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function enterPassword(page: Page, { hint = trinity.email } = {}) {
    await page.locator('input[name=password]').waitFor();
    expect(await page.locator('input[name=email]').inputValue()).toBe(hint);
    await page.locator('input[name=email]').fill(trinity.email);
    await page.locator('input[name=password]').fill(trinity.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/todos');
  }

  it('works without any script, by the keyboard alone', async () => {
    const { page, close } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(product.url);
    await page.locator('#username:focus').waitFor();
    await page.keyboard.type('trinity@nowhere.example');
    await page.keyboard.press('Enter');
    await page.getByText('No organisation signs in with this address.').waitFor();
    await page.locator('#username:focus').waitFor();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type(trinity.email);
    await page.keyboard.press('Enter');
    await enterPassword(page);
    await page.getByText(`Signed in as ${trinity.email}`).waitFor();
    await close();
  });

  it('works by the name of the organisation without any script', async () => {
    const { page, close } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(product.url);
    await page.getByText('I have a sign-in link or an organisation name').click();
    await page.getByLabel('Organisation or link').fill('whiterabbit');
    await page.keyboard.press('Enter');
    // The back button leads to the page, not to what its form was answered with.
    await page.locator('input[name=password]').waitFor();
    await page.goBack();
    expect(page.url()).toBe(`${product.url}/`);
    await page.goForward();
    await enterPassword(page, { hint: '' });
    await close();
  });

  it('works for whoever presses Enter before a script has come, and shows the address to nobody', async () => {
    const { page, context, close } = await openPage(browser);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await context.route('**/assets/*.js', () => {});
    await page.goto(product.url, { waitUntil: 'commit' });
    await page.getByLabel('Work e-mail').fill(trinity.email);
    await page.keyboard.press('Enter');
    await page.locator('input[name=password]').waitFor();
    expect(asked.filter((url) => url.startsWith(`${product.url}/?`))).toEqual([]);
    await context.unroute('**/assets/*.js');
    await enterPassword(page);
    await close();
  });
});
