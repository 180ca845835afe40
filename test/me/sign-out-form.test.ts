import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { describeInChromium, launchChromium, openAccount, openPage } from '../support/chromium.ts';
import { type PlantedUser, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());

it.each(['/todos', '/devices'])('the button of %s signs out of this session alone, without a script', async (path) => {
  const [browser, other, twin] = [await product.signIn(), await product.signIn(), await product.signIn('metacortex')];
  const answer = await browser.submitForm(await browser.get(path));
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/signed-out?reason=ended']);
  expect((await browser.get('/api/users/me')).json()).toMatchObject({ code: 'session_ended' });
  for (const untouched of [other, twin]) expect((await untouched.get('/api/users/me')).status).toBe(200);
  expect((await browser.post('/signout')).status).toBe(303);
});

it('goes on to the identity provider by a page, after the sign-out here', async () => {
  const where = { orgId: product.orgs.whiterabbit.id };
  await product.context.prisma.connection.updateMany({ where, data: { signOutAtIdp: true } });
  const browser = await product.signIn();
  const page = await browser.submitForm(await browser.get('/todos'));
  await product.context.prisma.connection.updateMany({ where, data: { signOutAtIdp: false } });
  expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
  const [, href = ''] = /<meta http-equiv="refresh" content="0; url=([^"]*)">/.exec(page.text) ?? [];
  expect(href.startsWith(`${product.idp.url}/whiterabbit/`)).toBe(true);
  expect((await browser.get('/api/users/me')).status).toBe(401);
  const asked = await browser.get(href.replaceAll('&amp;', '&'), { crossSite: true });
  const back = await browser.follow(await browser.submitForm(asked, { logout: 'yes' }));
  expect(back.url).toBe(`${product.url}/signed-out?state=ended`);
});

it('another site’s page signs nobody out', async () => {
  const browser = await product.signIn();
  expect((await browser.post('/signout', { crossSite: true })).status).toBe(403);
  expect((await browser.get('/api/users/me')).status).toBe(200);
  expect((await createBrowser({ baseUrl: product.url }).post('/signout')).status).toBe(303);
});

describeInChromium('the button “Sign out”', () => {
  it.each(['without any script', 'before the script has come'])('works %s', async (when) => {
    const browser = await launchChromium();
    const { page, context, close } = await openPage(browser, { javaScriptEnabled: when !== 'without any script' });
    const [user] = (await plantUsers(product, 1)) as [PlantedUser];
    const [name, value] = String(user.cookies[0]).split('=') as [string, string];
    await context.addCookies([{ name, value, url: product.url }]);
    await context.route('**/assets/*.js', () => {});
    await page.goto(`${product.url}/todos`, { waitUntil: 'commit' });
    await openAccount(page);
    await page.getByRole('button', { name: 'Sign out' }).press('Enter');
    await page.getByRole('heading', { name: 'You signed out' }).waitFor();
    expect(await statusOfMe(product.url, String(user.cookies[0]))).toBe(401);
    await close();
    await browser.close();
  });
});
