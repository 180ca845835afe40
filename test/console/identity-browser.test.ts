import type { BrowserContext, Browser as Chromium, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { startDns } from '../support/dns.ts';
import { answers } from '../support/hostile-answers.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { expectNoFindings } from './axe.ts';

let product: Product;
let idp: HostileIdp;
let dns: Awaited<ReturnType<typeof startDns>>;
let chromium: Chromium;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;

const settings = '/admin/settings';

async function signIn(context: BrowserContext, who = owner) {
  const [name = '', value = ''] = who.cookie.split('=');
  await context.addCookies([{ name, value, url: product.url }]);
}

/** Nothing is wider than the window: at 320 px that is 1280 px at 400 %. */
async function expectNoOverflow(page: Page) {
  const wide = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  expect({ at: page.url(), wide: Math.max(0, wide) }).toEqual({ at: page.url(), wide: 0 });
}

describeInChromium('the identity provider’s pages', () => {
  beforeAll(async () => {
    dns = await startDns();
    product = await startProduct({ env: { DNS_SERVERS: dns.address } });
    idp = await startHostileIdp();
    chromium = await launchChromium();
    owner = await plantAdministrator(product, 'owner');
  });
  afterAll(async () => {
    await chromium?.close();
    await idp?.stop();
    await product?.stop();
    await dns?.stop();
  });
  afterEach(() => idp.reset());

  it.each([
    ['with script', true],
    ['without', false],
  ])('an owner connects an identity provider and tries a sign-in, %s', async (name, javaScriptEnabled) => {
    const { context, page, close } = await openPage(chromium, { javaScriptEnabled });
    await signIn(context);
    await page.goto(`${product.url}${settings}/connections`);
    await page.getByRole('link', { name: 'Add a connection' }).first().click();
    await page.getByRole('link', { name: 'Keycloak' }).click();
    await page.getByLabel('Issuer').fill(`${idp.issuer}/wrong`);
    await page.getByLabel('Client id').fill(`client ${name}`);
    await page.getByLabel('Client secret').fill('a secret');
    await page.getByRole('button', { name: 'Add and read its metadata' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Issuer').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Client secret').inputValue()).toBe('');
    if (javaScriptEnabled) await expectNoFindings(page);
    await page.getByLabel('Issuer').fill(idp.issuer);
    await page.getByLabel('Client secret').fill(idp.clientSecret);
    await page.getByRole('button', { name: 'Add and read its metadata' }).click();
    await page.getByRole('heading', { name: 'It is not proven yet' }).waitFor();
    await page.getByText(idp.metadata().token_endpoint).waitFor();
    if (javaScriptEnabled) await expectNoFindings(page);

    // The hostile IdP's ID tokens are for one client alone.
    const where = page.url().replace(/\?.*/, '');
    idp.setIdToken({ claims: { aud: `client ${name}` } });
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: 'Try sign-in' }).click(),
    ]);
    await tab.getByRole('link', { name: 'Sign in at the identity provider' }).click();
    await tab.getByText('Every step is good').waitFor();
    expect(await tab.getByText('mallory@hostile.fake').first().isVisible()).toBe(true);
    if (javaScriptEnabled) await expectNoFindings(tab);
    // The wrong secret: what it says, and the way to the page that mends it.
    idp.set('token', answers.json({ error: 'invalid_client' }, 401));
    await tab.getByRole('link', { name: 'Try again' }).click();
    await tab.getByRole('link', { name: 'The same, as after a sign-out' }).click();
    await tab.getByText('This sign-in would have been refused.').waitFor();
    if (javaScriptEnabled) await expectNoFindings(tab);
    await tab.getByRole('link', { name: 'Change client or endpoints' }).click();
    await tab.getByLabel('Client secret').waitFor();
    // Whoever tried it is who they were.
    await tab.goto(`${product.url}/api/users/me`);
    expect(await tab.content()).toContain(owner.email);
    await tab.close();

    await page.goto(`${where}/settings`);
    await page.getByLabel('Being asked is enough').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.getByRole('link', { name: 'Switch off' }).click();
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('heading', { name: 'It is switched off' }).waitFor();
    await close();
  });

  it.each([
    ['with script', true],
    ['without', false],
  ])('an owner proves a domain and makes a key for provisioning, %s', async (name, javaScriptEnabled) => {
    const { context, page, close } = await openPage(chromium, { javaScriptEnabled });
    await signIn(context);
    const domain = `${javaScriptEnabled ? 'on' : 'off'}.example`;
    await page.goto(`${product.url}${settings}/domains`);
    await page.getByRole('textbox', { name: 'Domain' }).fill(domain);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name: 'Publish this record' }).waitFor();
    const record = (await page.locator('code').allTextContents()).find((text) => text.includes('verification='));
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByRole('alert').waitFor();
    if (javaScriptEnabled) await expectNoFindings(page);
    dns.say(`_universal-logout.${domain}`, [record as string]);
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByText('It stays verified').waitFor();
    if (javaScriptEnabled) await expectNoFindings(page);

    await page.goto(`${product.url}${settings}/provisioning`);
    await page.getByRole('link', { name: 'Create an API key' }).click();
    await page.getByLabel('Name').fill(`Okta ${name}`);
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByRole('heading', { name: 'The key is here' }).waitFor();
    const key = await page.locator('#api-key code').textContent();
    for (const steps of await page.locator('summary').all()) await steps.click();
    if (javaScriptEnabled) await expectNoFindings(page);
    await page.getByRole('link', { name: 'I have copied it' }).click();
    await page.getByRole('rowheader', { name: `Okta ${name}` }).waitFor();
    for (const userName of [`tank@${domain}`, '']) {
      const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/scim+json' };
      const body = JSON.stringify({ schemas, userName, displayName: `Tank ${name}` });
      await fetch(`${product.url}/scim/v2/Users`, { method: 'POST', headers, body });
    }
    await page.reload();
    await page
      .getByRole('listitem')
      .getByRole('link', { name: `Tank ${name}`, exact: true })
      .waitFor();
    await page.getByRole('cell', { name: 'POST 400' }).first().waitFor();
    if (javaScriptEnabled) await expectNoFindings(page);
    await page.getByRole('link', { name: 'All of it on the record' }).click();
    await page.getByText('What provisioning did, or tried').waitFor();
    if (javaScriptEnabled) await expectNoFindings(page);
    await close();
  });

  it('copies what is to be entered', async () => {
    const { context, page, close } = await openPage(chromium);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: product.url });
    await signIn(context);
    await page.goto(`${product.url}${settings}/connections/${product.orgs.whiterabbit.connectionId}?vendor=okta`);
    await page.getByRole('button', { name: 'Copy Sign-in redirect URI' }).first().click();
    await page.getByText('Copied: ').waitFor({ state: 'attached' });
    const copied = await page.evaluate('navigator.clipboard.readText()');
    expect(copied).toBe(`${product.url}/openid/callback/whiterabbit`);
    await close();
  });

  it('can be read by everyone, wide and narrow, by day and by night', async () => {
    const { connectionId } = product.orgs.whiterabbit;
    const one = `${settings}/connections/${connectionId}`;
    await product.context.prisma.connection.updateMany({ where: { id: connectionId }, data: { tellsAuthTime: false } });
    const domain = await product.context.prisma.domain.findFirstOrThrow({
      where: { orgId: product.orgs.whiterabbit.id },
    });
    const paths = [
      ...[`${settings}/connections`, `${settings}/connections/new?vendor=entra`, one, `${one}?vendor=other`],
      ...[`${one}/settings`, `${one}/client`, `${one}/switch`, `${one}/check`, `${one}/trial`],
      ...[`${settings}/domains`, `${settings}/domains/${domain.id}`, `${settings}/domains/${domain.id}/remove`],
      `${settings}/provisioning`,
    ];
    for (const options of [
      { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
      { viewport: { width: 320, height: 700 }, colorScheme: 'dark' },
    ] as const) {
      const { context, page, close } = await openPage(chromium, options);
      await signIn(context);
      for (const path of paths) {
        expect((await page.goto(`${product.url}${path}`))?.status()).toBe(200);
        await expectNoFindings(page);
        await expectNoOverflow(page);
      }
      await close();
    }
  });
});
