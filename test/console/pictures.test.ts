import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { relayed } from '../notifications/support.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { settleRotations } from './lifelike-accounts.ts';
import { settleForwards } from './lifelike-apps.ts';
import { type LifelikeOrg, plantLifelikeOrg } from './lifelike-org.ts';

/** `PICTURES=docs/console npx vitest run test/console/pictures.test.ts` takes them all anew. */
const pictures = process.env.PICTURES;

/** Each picture of docs/administrators.md, with where it is taken; `phone`: on a phone, too. */
const pages: readonly Readonly<{ name: string; phone?: true; at: (org: LifelikeOrg) => string }>[] = [
  { name: 'overview', phone: true, at: () => '/admin' },
  { name: 'people', phone: true, at: () => '/admin/people' },
  { name: 'person', phone: true, at: ({ ids }) => `/admin/people/${ids['Zoe Smith']}` },
  { name: 'sign-out', phone: true, at: ({ ids }) => `/admin/people/${ids['Zoe Smith']}/sign-out` },
  { name: 'groups', at: () => '/admin/groups' },
  { name: 'list', at: () => '/admin/sign-out' },
  { name: 'everyone', at: () => '/admin/everyone' },
  { name: 'revocations', at: () => '/admin/revocations' },
  { name: 'refused-calls', at: () => '/admin/revocations/refused' },
  { name: 'apps', at: () => '/admin/apps' },
  { name: 'app', at: ({ apps }) => `/admin/apps/${apps.sales}` },
  { name: 'add-app', at: () => '/admin/apps/new' },
  { name: 'accounts', at: () => '/admin/accounts' },
  { name: 'account', at: ({ accounts }) => `/admin/accounts/${accounts.orders}` },
  { name: 'add-account', at: () => '/admin/accounts/new' },
  { name: 'record', at: () => '/admin/record' },
  { name: 'notifications', at: () => '/admin/notifications' },
  { name: 'webhook', at: ({ webhook }) => `/admin/webhooks/${webhook}` },
  { name: 'authentication', at: () => '/admin/settings/authentication' },
  { name: 'connection', at: ({ connection }) => `/admin/settings/connections/${connection}?vendor=okta` },
  { name: 'trial', at: ({ connection }) => `/admin/settings/connections/${connection}/trial` },
  { name: 'domains', at: () => '/admin/settings/domains' },
  { name: 'provisioning', at: () => '/admin/settings/provisioning?vendor=okta' },
  { name: 'api-keys', at: () => '/admin/settings/api-keys' },
  { name: 'administrators', at: () => '/admin/settings/administrators' },
  { name: 'organisation', at: () => '/admin/settings/organisation' },
];
const receipt = { name: 'receipt', phone: true } as const;

/** What is done on a page before it is looked at. */
const before: Readonly<Record<string, (page: Page, org: LifelikeOrg) => Promise<void>>> = {
  async list(page, { addressOf }) {
    const names = ['Neo Anderson', 'Tank Williams', 'Niobe Okafor'].map((name) => `${name} <${addressOf(name)}>`);
    await page.locator('textarea').fill([...names, 'agent.jones@whiterabbit.fake'].join('\n'));
    await page.locator('main form[method=post] button:not(.quiet)').click();
    await page.getByText('agent.jones').first().waitFor();
  },
  async trial(page) {
    await page.locator('a[href$="/trial/start"]').click();
    await page.getByLabel('E-mail', { exact: true }).fill(trinity.email);
    await page.getByLabel('Password', { exact: true }).fill(trinity.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('auth_time').first().waitFor();
  },
};

const desktop = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 390, height: 844 } };
const views = [
  { suffix: '', colorScheme: 'light', ...desktop },
  { suffix: '-dark', colorScheme: 'dark', ...desktop },
  { suffix: '-phone', colorScheme: 'light', ...phone },
  { suffix: '-phone-dark', colorScheme: 'dark', ...phone },
] as const;

describeInChromium('the pages that docs/administrators.md shows', () => {
  let product: Product;
  let browser: Browser;
  let org: LifelikeOrg;

  beforeAll(async () => {
    product = await startProduct();
    org = await plantLifelikeOrg(product);
    browser = await launchChromium();
    if (pictures) mkdirSync(pictures, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  it('are the pictures in it', () => {
    const paper = readFileSync(path.resolve(import.meta.dirname, '../../docs/administrators.md'), 'utf8');
    const shown = [...paper.matchAll(/"console\/([\w-]+)\.png"/g)].map(([, name]) => name);
    const taken = views.flatMap(({ suffix, viewport }) =>
      [...pages, receipt]
        .filter((page) => viewport === desktop.viewport || page.phone)
        .map(({ name }) => name + suffix),
    );
    expect([...new Set(shown)].toSorted()).toEqual(taken.toSorted());
  });

  async function openView({ viewport, colorScheme }: (typeof views)[number]) {
    const opened = await openPage(browser, {
      viewport,
      colorScheme,
      timezoneId: 'Europe/Zurich',
      reducedMotion: 'reduce',
      locale: process.env.PICTURES_LOCALE ?? 'en-GB',
    });
    const [name, value] = org.cookie.split('=') as [string, string];
    await opened.context.addCookies([{ name, value, url: product.url }]);
    return opened;
  }
  const widthOver = (page: Page) => page.evaluate('Math.max(0, document.documentElement.scrollWidth - innerWidth)');

  it.each(views)('fit, with people of a whole organisation$suffix', async (view) => {
    const { page, close } = await openView(view);
    const wrong: unknown[] = [];
    for (const { name, at } of pages.filter((shown) => view.viewport === desktop.viewport || shown.phone)) {
      const answer = await page.goto(product.url + at(org));
      await before[name]?.(page, org);
      const over = await widthOver(page);
      if (answer?.status() !== 200 || over !== 0) wrong.push({ name, status: answer?.status(), over });
      if (pictures) await take(page, path.join(pictures, `${name}${view.suffix}.png`));
    }
    await close();
    expect(wrong).toEqual([]);
  });

  it('end with the receipt, which says what was told whom', async () => {
    const { page, close } = await openView(views[0]);
    await page.goto(`${product.url}/admin/people/${org.ids['Zoe Smith']}/sign-out`);
    await page.locator('[name=administrators]').fill('Laptop stolen, ticket 4711');
    await page.locator('[name=person]').fill('Your laptop was reported stolen.');
    await page.locator('main form button.alarming').click();
    await page.waitForURL('**/admin/revocations/*');
    const url = page.url();
    await close();
    await relayed(product);
    await settleForwards(product, org.apps);
    await settleRotations(product, org.accounts);
    for (const view of views) {
      const shown = await openView(view);
      await shown.page.goto(url);
      expect(await shown.page.getByText('ticket 4711').count()).toBeGreaterThan(0);
      expect(await widthOver(shown.page)).toBe(0);
      if (pictures) await take(shown.page, path.join(pictures, `${receipt.name}${view.suffix}.png`));
      await shown.close();
    }
  });

  /** The page, as far down as a reader looks, with the addresses of a deployment in place of the test's. */
  async function take(page: Page, file: string): Promise<void> {
    const addresses = {
      [product.url]: 'https://logout.example.com',
      [product.orgs.whiterabbit.issuer]: 'https://whiterabbit.okta.example',
    };
    await page.evaluate(`{
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode())
        for (const [name, shown] of Object.entries(${JSON.stringify(addresses)}))
          walker.currentNode.data = walker.currentNode.data.replaceAll(name, shown);
    }`);
    const taken = sharp(await page.screenshot({ fullPage: true }));
    const { width, height } = await taken.metadata();
    await taken
      .extract({ left: 0, top: 0, width, height: Math.min(height, width > 500 ? 1300 : 1000) })
      .png({ palette: true, colours: 64, effort: 10, compressionLevel: 9 })
      .toFile(file);
  }
});
