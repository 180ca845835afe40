import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type LifelikeOrg, plantLifelikeOrg } from './lifelike-org.ts';

/** A person at the overview, whose clicks are counted. */
type Hand = Readonly<{
  page: Page;
  click: (what: Locator) => Promise<void>;
  link: (name: string) => Promise<void>;
  button: (name: string | RegExp) => Promise<void>;
  /** Opens a page of the menu. */
  menu: (name: string) => Promise<void>;
  find: (name: string) => Promise<void>;
}>;

const paper = readFileSync(path.resolve(import.meta.dirname, '../../docs/administrators.md'), 'utf8');
const table = /^\| job \| clicks \|\n\|---\|---\|\n((?:\|.*\|\n)+)/m.exec(paper)?.[1] ?? '';
/** The jobs of the paper, with the least number of clicks that it says of each. */
const said = Object.fromEntries(
  table
    .trimEnd()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map(([, job, clicks]) => [job as string, Number.parseInt(clicks as string, 10)]),
);

/** In this order: who is signed out by one can't be by the next. */
const jobs: Readonly<Record<string, (hand: Hand) => Promise<void>>> = {
  'sign a person out everywhere': async ({ page, find, link, button }) => {
    await find('Zoe Smith');
    await link('Zoe Smith');
    await link('Sign out everywhere');
    await button('Sign out 4 sessions');
    await page.getByRole('heading', { name: 'Zoe Smith: access ended' }).waitFor();
  },
  'sign a person out of one session or app': async ({ page, find, link, button }) => {
    await find('Jürgen');
    await link('Jürgen Müller');
    await link('Sign out Firefox on Linux');
    await button('Sign out 1 session');
    await page.getByText('1 browser').first().waitFor();
  },
  'sign out several people, chosen in the list': async ({ page, find, button }) => {
    await find('williams');
    await page.getByLabel('Choose Dozer Williams').press('Space');
    await page.getByLabel('Choose Tank Williams').press('Space');
    await button('Sign out 2 chosen people');
    await button(/^Sign out \d+ sessions?$/);
    await page.getByRole('heading', { name: 'Signed out together' }).waitFor();
  },
  'sign out a pasted list': async ({ page, menu, link, button }) => {
    await menu('People');
    await link('Sign out a list');
    await page.getByLabel('Whom').fill('Olivia <olivia.brown@whiterabbit.fake>');
    await button('Look them up');
    await button('Sign out 1 session');
    await page.getByRole('heading', { name: 'Olivia Brown: access ended' }).waitFor();
  },
  'sign out a group': async ({ page, menu, link, button }) => {
    await menu('Groups');
    await link('Help desk');
    await link('Sign out the group');
    await button('Sign out 1 session');
    await page.getByRole('heading', { name: 'Signed out together' }).waitFor();
  },
  'switch a person off': async ({ page, find, link, button }) => {
    await find('Persephone');
    await link('Persephone Laurent');
    await link('Switch off');
    await button('Switch off, and sign out 2 sessions');
    await page
      .getByRole('link', { name: 'Switch on' })
      .or(page.getByRole('button', { name: 'Switch on' }))
      .waitFor();
  },
  'change a person’s role': async ({ page, find, link, button }) => {
    await find('Neo');
    await link('Neo Anderson');
    await page.getByLabel('Role', { exact: true }).selectOption('admin');
    await button('Change the role');
    await page.locator('.notice', { hasText: 'The role is changed.' }).waitFor();
  },
  'mark all notifications as read': async ({ page, menu, button }) => {
    await menu('Notifications');
    await button('Mark all as read');
    await page.locator('.notice', { hasText: 'Marked as read.' }).waitFor();
  },
  'add a webhook': async ({ page, menu, link, click }) => {
    await menu('Notifications');
    await link('Webhooks');
    await click(page.locator('summary', { hasText: 'Add a webhook' }));
    await page.getByLabel('Address (URL)').fill('https://hooks.whiterabbit.fake/more');
    await page.getByLabel('Access ended').check();
    await click(page.locator('form button', { hasText: 'Add a webhook' }));
    await page.getByRole('heading', { name: 'The webhook is added' }).waitFor();
  },
  'send a webhook a test': async ({ page, menu, link, button }) => {
    await menu('Notifications');
    await link('Webhooks');
    await link('hooks.whiterabbit.fake');
    await button('Send a test');
    await page.locator('.notice', { hasText: 'The test is on its way.' }).waitFor();
  },
  'send a failed message again': async ({ page, menu, link, button }) => {
    await menu('Notifications');
    await link('Not delivered');
    await button(/^Send again: /);
    await page.locator('.notice', { hasText: 'It is on its way again.' }).waitFor();
  },
  'add an app': async ({ page, menu, link, button }) => {
    await menu('Apps');
    await link('Add an app');
    await link('Global Token Revocation, by a key');
    await page.getByLabel('Name', { exact: true }).fill('Library');
    await page.getByLabel('Address of the revocation endpoint').fill('https://library.whiterabbit.fake/revoke');
    await page.getByLabel('Key', { exact: true }).fill('the-key-of-the-library');
    await button('Add an app');
    await page.getByRole('heading', { name: 'Library' }).waitFor();
  },
  'send an app a test': async ({ page, menu, link, button }) => {
    await menu('Apps');
    await link('Payroll');
    await button('Send a test');
    await page.getByRole('heading', { name: 'What came of the test' }).waitFor();
  },
  'pass a sign-out on again that an app was not told': async ({ page, link, button }) => {
    await link('Look at them Sales desk');
    await button(/^Send again: /);
    await page.locator('.notice', { hasText: 'It is on its way again.' }).waitFor();
  },
  'give somebody access to a shared account': async ({ page, menu, link, button }) => {
    await menu('Accounts');
    await link('Ship’s computer');
    await link('Give access');
    await page.getByLabel('Address, user name or id').fill('mouse.tremblay@whiterabbit.fake');
    await button('Give access');
    await page.locator('.notice', { hasText: 'Access is given.' }).waitFor();
  },
  'take somebody’s access to a shared account away': async ({ page, menu, link, button }) => {
    await menu('Accounts');
    await link('Ship’s computer');
    await link('Take away the access of Mouse Tremblay');
    await button('Take access away');
    await page.locator('.notice', { hasText: 'Access is taken away' }).waitFor();
  },
  'change the password of a shared account': async ({ page, menu, link, button }) => {
    await menu('Accounts');
    await link('Orders database');
    await link('New password now');
    await button('Change the password');
    await page.locator('.notice', { hasText: 'It is on its way' }).waitFor();
  },
  'confirm a password that was changed by hand': async ({ page, link, button }) => {
    await link('Do it The password of the shared account Printer on deck 3');
    await link('Confirm the change');
    await page.getByLabel('The new password').fill('set-on-deck-3');
    await button('Confirm');
    await page.locator('.notice', { hasText: 'Confirmed' }).waitFor();
  },
  'sign out everyone': async ({ page, menu, link, button }) => {
    await menu('People');
    await link('Sign out everyone');
    await page.getByLabel('Type the name of the organisation: White Rabbit').fill('White Rabbit');
    await button(/^Sign out everyone: /);
    await page.getByRole('heading', { name: 'Everyone in White Rabbit: access ended' }).waitFor();
  },
};

describeInChromium('each job of the paper for administrators', () => {
  let product: Product;
  let browser: Browser;
  let org: LifelikeOrg;
  beforeAll(async () => {
    product = await startProduct();
    org = await plantLifelikeOrg(product);
    await product.context.pool.query(
      `UPDATE deliveries SET status = 'dead', error = 'timeout' WHERE id = (SELECT id FROM deliveries LIMIT 1)`,
    );
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  it('is done here', () => {
    const spelt = (names: string[]) => names.map((name) => name.replaceAll('’', "'")).toSorted();
    expect(spelt(Object.keys(said))).toEqual(spelt(Object.keys(jobs)));
  });

  it.each(Object.entries(jobs))('%s, in as many clicks as it says', async (job, work) => {
    const { context, page, close } = await openPage(browser, { viewport: { width: 1280, height: 900 } });
    const [name, value] = org.cookie.split('=') as [string, string];
    await context.addCookies([{ name, value, url: product.url }]);
    await page.goto(`${product.url}/admin`);
    let clicks = 0;
    const click = async (what: Locator) => {
      clicks += 1;
      await what.click();
    };
    const main = page.locator('main');
    await work({
      page,
      click,
      link: (label) => click(main.getByRole('link', { name: label }).first()),
      button: (label) => click(main.getByRole('button', { name: label }).first()),
      menu: (label) => click(page.locator('#menu').getByRole('link', { name: label })),
      async find(text) {
        await page.keyboard.type(text);
        await page.keyboard.press('Enter');
        await page.waitForURL('**/admin/people?*');
      },
    });
    expect(clicks).toBe(said[job.replaceAll('’', "'")]);
    await close();
  });
});
