import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import type { Role } from '../../src/database/generated/client.ts';
import { describeInChromium, launchChromium, openPage } from '../support/chromium.ts';
import { picture } from '../support/pictures.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { expectNoFindings } from './axe.ts';

describeInChromium('the settings', () => {
  let product: Product;
  let browser: Chromium;

  beforeAll(async () => {
    product = await startProduct();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  /** Does something as somebody who has just signed in. */
  async function as(role: Role, work: (page: Page) => Promise<void>, options: { javaScriptEnabled?: boolean } = {}) {
    const { cookie } = await plantAdministrator(product, role);
    const opened = await openPage(browser, { locale: 'en-GB', ...options });
    const [name = '', ...value] = cookie.split('=');
    await opened.context.addCookies([{ name, value: value.join('='), url: product.url }]);
    await work(opened.page);
    await opened.close();
  }
  const open = (page: Page, path: string) => page.goto(product.url + path);
  const policy = async (name: 'globalLogout' | 'sessionIdleSeconds') =>
    (await product.context.prisma.org.findUniqueOrThrow({ where: { id: product.orgs.whiterabbit.id } }))[name];

  it('the focus goes to a problem far down a page, and what was saved is said once', async () => {
    await as('owner', async (page) => {
      await open(page, '/admin/settings/authentication');
      const section = page.locator('#browsers');
      const field = section.locator('input[name="maxSessions"]');
      await field.fill('1.5');
      await section.locator('form').evaluate('(form) => (form.noValidate = true)');
      await section.getByRole('button').click();
      await section.getByRole('alert').waitFor();
      await page.waitForFunction(`document.readyState === 'complete' && document.activeElement.id === 'problem'`);
      await page.evaluate('new Promise((resolve) => setTimeout(resolve, 300))');
      expect(await page.evaluate('document.activeElement.id')).toBe('problem');

      // News that comes at the same moment takes nothing away from it.
      await page.addInitScript(`addEventListener('DOMContentLoaded', () => {
        document.getElementById('status').textContent = 'News.';
      })`);
      await field.fill('9');
      await section.getByRole('button').click();
      await page.locator('#status').filter({ hasText: 'News. Saved.' }).waitFor({ state: 'attached' });
      expect(new URL(page.url()).search).toBe('');
      await page.reload();
      expect(await page.getByText('Saved.').count()).toBe(0);
    });
  });

  describe.each([
    ['with a script', true],
    ['without one', false],
  ])('%s', (_, javaScriptEnabled) => {
    it('an owner switches global logout, and shortens a time after reading what ends', async () => {
      const [person] = await plantUsers(product, 1, { sessions: 2 });
      // What a shorter time ended once stays ended, so each round takes a shorter one.
      const hours = javaScriptEnabled ? 4 : 2;
      await product.context.pool.query(
        `UPDATE sessions SET last_seen_at = now() - make_interval(hours => $2) WHERE user_id = $1`,
        [person?.id, hours + 1],
      );
      await as(
        'owner',
        async (page) => {
          await open(page, '/admin/settings');
          await page.getByRole('link', { name: 'Authentication' }).click();
          const wanted = !(await policy('globalLogout'));
          await page.getByRole('switch', { name: 'Enable global logout' }).focus();
          await page.keyboard.press('Space');
          await page.getByRole('button', { name: 'Save: Global logout' }).press('Enter');
          await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
          expect(await policy('globalLogout')).toBe(wanted);

          const section = page.getByRole('region', { name: 'Sessions of browsers' });
          await section.getByLabel('Longest time without use', { exact: true }).fill(String(hours));
          await section.getByLabel('Unit of: Longest time without use').selectOption('hours');
          await section.getByRole('button').click();
          await page.getByText('2 browsers’ sessions end').waitFor();
          await page.getByRole('button', { name: 'Save and end 2 sign-ins' }).click();
          await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
          expect(await policy('sessionIdleSeconds')).toBe(hours * 3600);
          await section.getByLabel('Longest time without use', { exact: true }).fill('');
          await section.getByRole('button').click();
          await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
          expect(await policy('sessionIdleSeconds')).toBeNull();
        },
        { javaScriptEnabled },
      );
    });

    it('a super admin makes a key and ends it', async () => {
      await as(
        'super_admin',
        async (page) => {
          await open(page, '/admin/settings/api-keys');
          await page.getByRole('link', { name: 'Create an API key' }).click();
          await page.getByLabel('Name').fill(`Job ${javaScriptEnabled}`);
          await page.getByRole('button', { name: 'Create the key' }).click();
          await page.getByRole('heading', { name: 'The key is here, this once' }).waitFor();
          const key = await page.locator('#api-key code').textContent();
          expect(key).toMatch(/^ul_[\w-]{43}$/);
          expect(await page.getByRole('button', { name: 'Copy API key' }).isVisible()).toBe(javaScriptEnabled);
          expect((await product.revoke(undefined, { apiKey: key as string })).status).toBe(204);
          await page.getByRole('link', { name: 'I have copied it' }).click();
          await page.getByRole('link', { name: `End the key “Job ${javaScriptEnabled}”` }).click();
          await page.getByRole('button', { name: 'End the key' }).click();
          await page.getByText('The key has ended.').waitFor();
          expect((await product.revoke(undefined, { apiKey: key as string })).status).toBe(401);
        },
        { javaScriptEnabled },
      );
    });

    it('an owner finds a member and makes them an admin', async () => {
      const member = await plantAdministrator(product, 'member');
      await as(
        'owner',
        async (page) => {
          await open(page, '/admin/settings/administrators');
          await page.getByLabel('Name or address').fill(member.email);
          if (!javaScriptEnabled) await page.getByRole('button', { name: 'Search' }).click();
          await page
            .locator('#found')
            .getByRole('link', { name: /^Give a role: / })
            .click();
          await page.getByRole('radio', { name: 'Admin', exact: true }).check();
          await page.getByRole('button', { name: 'Save' }).click();
          await page.getByText('The role is changed.').waitFor();
          const { rows } = await product.context.pool.query('SELECT role FROM users WHERE id = $1', [member.id]);
          expect(rows[0].role).toBe('admin');
        },
        { javaScriptEnabled },
      );
    });

    it('an owner gives the organisation its name, logo and colour, which its people see', async () => {
      await as(
        'owner',
        async (page) => {
          await open(page, '/admin/settings/organisation');
          await page.getByRole('textbox', { name: 'Colour' }).fill('#b3005e');
          await page.getByRole('button', { name: 'Save: Colour' }).click();
          await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
          await page.getByRole('link', { name: /^Choose/ }).click();
          const buffer = await picture('png', { width: 800, height: 200 });
          await page.getByLabel('Picture').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer });
          await page.getByRole('button', { name: 'Use this picture' }).click();
          await page.locator('.org-logo img').waitFor();
          await expect.poll(() => page.evaluate('document.querySelector(".org-logo img").naturalWidth')).toBe(480);
        },
        { javaScriptEnabled },
      );
      const visitor = await openPage(browser, { javaScriptEnabled, colorScheme: 'light' });
      await open(visitor.page, '/?org=whiterabbit');
      await visitor.page.locator('.org-logo img').waitFor();
      const background = 'getComputedStyle(document.querySelector("button[type=submit]")).backgroundColor';
      expect(await visitor.page.evaluate(background)).toBe('rgb(179, 0, 94)');
      if (javaScriptEnabled) await expectSound(visitor.page);
      await visitor.close();
    });
  });

  it('has nothing that axe finds, by day and by night, nor anything wider than a small phone', async () => {
    const keys = '/admin/settings/api-keys';
    await product.context.apiKeys.create(
      product.orgs.whiterabbit.id,
      { name: 'A key with a long name, which says who uses it', scopes: ['revoke', 'scim'] },
      byOperator,
    );
    await as('owner', async (page) => {
      const paths = ['', '/authentication', '/api-keys', '/api-keys/new', '/organisation', '/organisation/logo'];
      for (const path of [
        ...paths,
        '/administrators',
        '/administrators?search=e',
        '/administrators?search=nobody%20at%20all',
      ]) {
        await open(page, `/admin/settings${path}`);
        await expectSound(page);
      }
      await page
        .locator('table')
        .first()
        .getByRole('link', { name: /^Change/ })
        .first()
        .click();
      await expectSound(page);
      await open(page, keys);
      await page
        .getByRole('link', { name: /^End the key/ })
        .first()
        .click();
      await expectSound(page);
      await open(page, `${keys}/new`);
      await page.getByLabel('Name').fill('For pictures');
      await page.getByRole('checkbox', { name: 'Provisioning' }).check();
      await page.getByRole('button', { name: 'Create the key' }).click();
      await page.locator('#api-key').waitFor();
      await expectSound(page);
    });
  });

  it('has nothing that axe finds where something is refused, asked back, or only shown', async () => {
    await as('owner', async (page) => {
      await open(page, '/admin/settings/authentication');
      const section = page.getByRole('region', { name: 'Administrators’ sign-ins' });
      await section.getByLabel('Longest time since', { exact: false }).first().fill('soon');
      await section.getByRole('button').click();
      await section.getByRole('alert').waitFor();
      await expectSound(page);
      await product.context.pool.query(`UPDATE sessions SET authenticated_at = now() - interval '20 minutes'`);
      await section.getByLabel('Longest time since', { exact: false }).first().fill('10');
      await section.getByRole('combobox').selectOption('minutes');
      await section.getByRole('button').click();
      await page.getByText('sign in again before their next change').waitFor();
      await expectSound(page);
      for (let more = 0; more < 3; more++) await plantAdministrator(product, 'admin');
      await product.context.pool.query(`UPDATE sessions SET authenticated_at = now() - interval '20 minutes'`);
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('alert').getByText('Nothing is saved yet.').waitFor();
      await expectSound(page);
      await open(page, '/admin/settings/organisation/logo');
      const svg = { name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') };
      await page.getByLabel('Picture').setInputFiles(svg);
      await page.getByRole('button', { name: 'Use this picture' }).click();
      await page.getByRole('alert').waitFor();
      await expectSound(page);
    });
    await as('admin', async (page) => {
      for (const path of ['/authentication', '/api-keys', '/organisation']) {
        await open(page, `/admin/settings${path}`);
        await expectSound(page);
      }
    });
  });
});

/** By day on a desktop and by night on the narrowest phone, where nothing may be cut off. */
async function expectSound(page: Page): Promise<void> {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 320],
  ] as const) {
    // Links and buttons take their time to change colour, except for whom motion disturbs.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    const where = `${page.url()} at ${width} px, ${colorScheme}`;
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect({ where, overflow }).toEqual({ where, overflow: 0 });
    await expectNoFindings(page, { where });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}
