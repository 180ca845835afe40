import { readFile } from 'node:fs/promises';
import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { expectNoFindings } from './axe.ts';

describeInChromium('the overview, the record and revocations', () => {
  let product: Product;
  let browser: Chromium;
  let owner: Awaited<ReturnType<typeof plantAdministrator>>;
  beforeAll(async () => {
    product = await startProduct();
    browser = await launchChromium();
    owner = await plantAdministrator(product, 'owner');
    const { pool } = product.context;
    await pool.query(`UPDATE users SET name = 'Morpheus' WHERE id = $1`, [owner.id]);
    const agents = await plantUsers(product, 2);
    await pool.query(`UPDATE users SET name = 'Agent Smith' WHERE id = ANY ($1)`, [agents.map(({ id }) => id)]);
    await product.signIn();
    expect((await product.revoke()).status).toBe(204);
    expect((await product.revoke({ format: 'email', email: 'nobody@whiterabbit.fake' })).status).toBe(404);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  async function open(options: Parameters<typeof openPage>[1] = {}, { cookie } = owner) {
    const opened = await openPage(browser, options);
    const [name = '', value = ''] = cookie.split(/=(.*)/s);
    await opened.context.addCookies([{ name, value, url: product.url }]);
    const visit = (path: string) => opened.page.goto(product.url + path);
    return { ...opened, visit };
  }
  const isFocused = async (page: Page, selector: string) => (await page.locator(`${selector}:focus`).count()) === 1;

  describe.each([
    ['with its script', true],
    ['without a script', false],
  ])('%s', (_name, javaScriptEnabled) => {
    it('finds a person from the overview, by what is typed at once', async () => {
      const { page, visit, close } = await open({ javaScriptEnabled });
      await visit('/admin');
      expect(await page.title()).toContain('Overview');
      if (javaScriptEnabled) expect(await isFocused(page, '#search')).toBe(true);
      await page.locator('#search').fill('trin');
      await page.locator('#search').press('Enter');
      await page.getByRole('link', { name: 'Trinity' }).click();
      await page.getByRole('heading', { level: 1, name: 'Trinity' }).waitFor();
      await close();
    });

    it('says in the record what happened to whom, and shows what it is made of', async () => {
      const { page, visit, close } = await open({ javaScriptEnabled });
      await visit('/admin');
      await page.getByRole('link', { name: 'The whole record' }).click();
      await page.getByLabel('About').fill(trinity.email);
      await page.getByLabel('What', { exact: true }).selectOption('access.');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByText('Everything about Trinity').waitFor();
      expect(await page.locator('.events > li').count()).toBe(1);
      expect(await page.getByLabel('About').inputValue()).toBe(trinity.email);
      await page.getByText('As JSON').click();
      await page.getByText('"action": "access.revoked"').waitFor();
      await page.locator('.events .at').click();
      await page.getByRole('heading', { level: 1, name: 'An event' }).waitFor();
      await page.getByRole('link', { name: 'About the same' }).click();
      await page.getByText('Everything about Trinity').waitFor();
      await page.getByRole('link', { name: '1 browser', exact: true }).click();
      await page.waitForURL('**/admin/revocations/rev_*');
      await close();
    });

    it('exports what was found as files', async () => {
      const { page, visit, close } = await open({ javaScriptEnabled, acceptDownloads: true });
      await visit('/admin/record?action=call.refused');
      await page.getByRole('link', { name: 'Export', exact: true }).click();
      for (const format of ['CSV', 'NDJSON']) {
        const downloading = page.waitForEvent('download');
        await page.getByRole('link', { name: `Download ${format}` }).click();
        const download = await downloading;
        expect(download.suggestedFilename()).toBe(`audit-events.${format.toLowerCase()}`);
        expect(await readFile(await download.path(), 'utf8')).toContain('user_not_found');
      }
      await close();
    });

    it('tells which call was refused, why and what to do', async () => {
      const { page, visit, close } = await open({ javaScriptEnabled });
      await visit('/admin/revocations');
      await page.getByRole('cell', { name: 'API key test' }).waitFor();
      await page.getByRole('navigation', { name: 'Revocations and refused calls' }).getByText('Refused calls').click();
      await page.getByRole('cell', { name: 'No user of your organisation matches' }).waitFor();
      await page.getByRole('cell', { name: 'Search for the person.' }).getByRole('link').click();
      await page.waitForURL('**/admin/people');
      await close();
    });
  });

  const pages = [
    '/admin',
    '/admin/record',
    '/admin/record?search=nothing%20like%20this',
    '/admin/record?person=agent',
    '/admin/record?person=morpheus&actor=nobody',
    '/admin/record/export?action=sign_in.',
    '/admin/revocations',
    '/admin/revocations?to=2001-01-01',
    '/admin/revocations/refused',
    '/admin/revocations/refused?to=2001-01-01',
  ];

  it.each(['light', 'dark'] as const)('axe finds nothing on a page or state in %s', async (colorScheme) => {
    const { page, visit, close } = await open({ colorScheme });
    // Empty lists have no colours of their own.
    for (const path of colorScheme === 'light' ? pages : pages.filter((each) => !each.includes('?'))) {
      await visit(path);
      await expectNoFindings(page);
    }
    await visit('/admin/record');
    await page.getByText('As JSON').first().click();
    await expectNoFindings(page);
    await page.locator('.events .at').first().click();
    await expectNoFindings(page);
    await close();
    if (colorScheme === 'dark') return;
    const theirs = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const foreign = await open({ colorScheme }, theirs);
    for (const path of ['/admin', '/admin/revocations', '/admin/revocations/refused']) {
      await foreign.visit(path);
      await expectNoFindings(foreign.page);
    }
    await foreign.close();
  });

  it('nothing is wider than a phone, or than a page at 400 %', async () => {
    for (const width of [320, 390]) {
      const { page, visit, close } = await open({ viewport: { width, height: 640 } });
      for (const path of pages) {
        await visit(path);
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect({ path, wide }).toEqual({ path, wide: width });
      }
      await close();
    }
  });

  it('what needs attention is seen without colours, too', async () => {
    const { page, visit, close } = await open({ forcedColors: 'active' });
    await product.context.pool.query('UPDATE connections SET tells_auth_time = false');
    await visit('/admin');
    await page.getByText('does not say when people authenticated (auth_time)').waitFor();
    const bars = `[...document.querySelectorAll('.week rect')].map((bar) => getComputedStyle(bar).fill)`;
    const fills = await page.evaluate<string[]>(bars);
    expect(new Set(fills).size).toBe(2);
    await expectNoFindings(page);
    await close();
  });
});
