import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoFindings } from '../console/axe.ts';
import { describeInChromium, launchChromium, openAccount, openPage } from '../support/chromium.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

type Look = { width?: number; locale?: string; dark?: boolean; script?: boolean };

describeInChromium('the pages of whoever is signed in, or out', () => {
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

  async function withPage(look: Look, work: (page: Page) => Promise<void>): Promise<void> {
    const { width = 1280, locale = 'en-GB', dark = false, script = true } = look;
    const { page, close } = await openPage(browser, {
      viewport: { width, height: 720 },
      locale,
      javaScriptEnabled: script,
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    await work(page);
    await close();
  }
  /** A person with that many sessions and an app; the browser holds the cookie of the first. */
  async function signIn(page: Page, { sessions = 1, grants = 0, role = 'member' } = {}): Promise<PlantedUser> {
    const [user] = (await plantUsers(product, 1, { sessions })) as [PlantedUser];
    await product.context.pool.query('UPDATE users SET role = $2 WHERE id = $1', [user.id, role]);
    await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: user.id }, grants);
    const [name, value] = String(user.cookies[0]).split('=') as [string, string];
    await page.context().addCookies([{ name, value, url: product.url }]);
    return user;
  }
  const open = async (page: Page, path: '/todos' | '/devices') => {
    await page.goto(product.url + path);
    await page.locator('[data-loaded]').waitFor({ state: 'attached' });
  };
  const addTask = async (page: Page, task: string) => {
    await page.locator('#task').fill(task);
    await page.keyboard.press('Enter');
    await page.locator('#todos li:not([aria-busy])', { hasText: task }).waitFor();
  };
  const tasks = (page: Page) => page.locator('#todos .task').allTextContents();
  const heightOf = async (page: Page, selector: string) =>
    Number(await page.evaluate(`document.querySelector('${selector}').getBoundingClientRect().height`));

  const looks: [string, Look][] = [
    ['wide and light, in English', {}],
    ['wide and dark, in German', { dark: true, locale: 'de-DE' }],
    ['of 390 pixels and dark, in English', { width: 390, dark: true }],
    ['of 320 pixels and light, in German', { width: 320, locale: 'de-DE' }],
  ];
  it.each(looks)('have no findings of axe and nothing that sticks out: %s', async (_name, look) => {
    const hold = async (page: Page) => {
      await expectNoFindings(page);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(look.width ?? 1280);
    };
    await withPage(look, async (page) => {
      for (const path of ['/', '/problems', '/nowhere', '/openid/start/nowhere', '/signed-out?reason=displaced']) {
        await page.goto(product.url + path);
        await hold(page);
      }
      await page.goto(product.url);
      await page.locator('#username').fill('neo');
      await page.keyboard.press('Enter');
      await page.locator('[aria-invalid]').waitFor();
      await hold(page);

      const user = await signIn(page, { sessions: 2, grants: 1, role: 'owner' });
      await open(page, '/todos');
      await hold(page);
      await addTask(page, 'Read the contract of the new landlord to its very end');
      await addTask(page, 'W'.repeat(60));
      await hold(page);
      await page.locator('#todos li > button + button').first().press('Enter');
      await page.locator('#undo button').waitFor();
      await hold(page);
      await page.locator('#todos li > button').first().press('Enter');
      await page.locator('.rename input').waitFor();
      await hold(page);
      await openAccount(page);
      await hold(page);
      await open(page, '/devices');
      await page.locator('summary').first().press('Enter');
      await hold(page);
      await page.locator('#sign-out-others').press('Enter');
      await page.getByRole('dialog').waitFor();
      await hold(page);
      await page.keyboard.press('Escape');
      await page.goto(`${product.url}/oauth/device`);
      await hold(page);
      expect((await product.revoke({ format: 'email', email: user.email })).status).toBe(204);
      await page.goto(`${product.url}/todos`);
      await page.locator('.mark.large').waitFor();
      await hold(page);
    });
  });

  it.each([390, 320])('have a header of one row at %i pixels, and one line for an entry', async (width) => {
    await withPage({ width, locale: 'de-DE' }, async (page) => {
      await signIn(page, { sessions: 2, role: 'owner' });
      await open(page, '/todos');
      expect(await heightOf(page, '.bar')).toBeLessThanOrEqual(60);
      await addTask(page, 'Offer two pills');
      expect(await heightOf(page, '#todos li')).toBeLessThan(60);
      const [text, button] = await Promise.all(
        ['.task', 'li > button + button'].map((part) => page.locator(`#todos ${part}`).boundingBox()),
      );
      expect(Number(button?.x)).toBeGreaterThan(Number(text?.x) + Number(text?.width));
      await openAccount(page);
      for (const name of ['Ihre Liste', 'Geräte', 'Verwaltung'])
        await page.getByRole('link', { name, exact: true }).waitFor();
      await page.keyboard.press('Escape');
      await page.locator('#sign-out').waitFor({ state: 'hidden' });
      await open(page, '/devices');
      expect(await heightOf(page, '.bar')).toBeLessThanOrEqual(60);
    });
  });

  it('have one line for an entry of the devices, with the button at its end', async () => {
    await withPage({}, async (page) => {
      await signIn(page, { sessions: 2 });
      await open(page, '/devices');
      for (const row of await page.locator('#devices li').all())
        expect((await row.boundingBox())?.height).toBeLessThan(62);
    });
  });

  it('lead administrators to the console, and nobody else', async () => {
    for (const [role, count] of [
      ['admin', 1],
      ['member', 0],
    ] as const)
      await withPage({}, async (page) => {
        await signIn(page, { role });
        await open(page, '/todos');
        expect(await page.getByRole('link', { name: 'Administration' }).count()).toBe(count);
      });
  });

  describe.each([true, false])('with script: %s', (script) => {
    it('speak the language that is chosen at their foot, by the keyboard alone', async () => {
      await withPage({ script }, async (page) => {
        await signIn(page);
        await page.goto(`${product.url}/devices`);
        await page.getByRole('button', { name: 'Deutsch' }).press('Enter');
        await page.getByRole('heading', { name: 'Wo Sie angemeldet sind' }).waitFor();
        expect(page.url()).toBe(`${product.url}/devices`);
        await page.getByRole('button', { name: 'English' }).press('Enter');
        await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor();
      });
    });

    it('let the person out by the menu', async () => {
      await withPage({ script }, async (page) => {
        await signIn(page);
        await page.goto(`${product.url}/todos`);
        await openAccount(page);
        await page.getByRole('button', { name: 'Sign out' }).press('Enter');
        await page.getByRole('heading', { name: 'You signed out' }).waitFor();
      });
    });
  });

  it('speak German by script too', async () => {
    await withPage({ locale: 'de-DE' }, async (page) => {
      await signIn(page, { sessions: 3 });
      await open(page, '/todos');
      await addTask(page, 'Pillen anbieten');
      await page.getByText('0 von 1 erledigt').waitFor();
      await open(page, '/devices');
      await page.getByRole('button', { name: '2 andere Geräte abmelden' }).press('Enter');
      await page.getByRole('heading', { name: 'Überall sonst abmelden?' }).waitFor();
      await page.getByRole('dialog').getByRole('button', { name: '2 andere Geräte abmelden' }).press('Enter');
      await page.getByText('Sie sind sonst nirgends angemeldet.').waitFor();
    });
  });

  it.each([
    ['de-DE', '„Wake up“ wurde nicht gelöscht. Das gibt es nicht mehr.'],
    ['en-GB', '“Wake up” was not deleted. You have no todo with this id.'],
  ])('say in their own language what the server refused: %s', async (locale, said) => {
    await withPage({ locale }, async (page) => {
      const { id } = await signIn(page);
      await open(page, '/todos');
      await addTask(page, 'Wake up');
      await product.context.pool.query('DELETE FROM todos WHERE user_id = $1', [id]);
      await page.locator('#todos li > button + button').press('Enter');
      await page.getByRole('alert').filter({ hasText: said }).waitFor();
    });
  });

  describe('a task that was deleted', () => {
    it('comes back by the bar, done as it was, for every other page too', async () => {
      await withPage({}, async (page) => {
        await signIn(page);
        await open(page, '/todos');
        await addTask(page, 'Follow the white rabbit');
        await page.getByRole('checkbox').press('Space');
        await page.locator('li.done:not([aria-busy])').waitFor();
        await page.getByRole('button', { name: 'Delete Follow the white rabbit' }).press('Enter');
        await page.getByText('Nothing to do.').waitFor();
        // It is gone, whatever this page still shows.
        expect(await page.evaluate(`fetch('/api/todos').then((r) => r.json())`)).toEqual({ todos: [] });
        await page.getByRole('button', { name: 'Undo: Follow the white rabbit' }).press('Enter');
        await page.locator('li.done:not([aria-busy])').waitFor();
        expect(await page.evaluate('document.activeElement.type')).toBe('checkbox');
        expect(await page.locator('#undo').isVisible()).toBe(false);
        await page.reload();
        await page.locator('li.done').waitFor();
        expect(await tasks(page)).toEqual(['Follow the white rabbit']);
      });
    });

    it('comes back by Ctrl+Z, and only the last one does', async () => {
      await withPage({}, async (page) => {
        await signIn(page);
        await open(page, '/todos');
        for (const task of ['first', 'second']) await addTask(page, task);
        for (const task of ['first', 'second']) {
          await page.getByRole('button', { name: `Delete ${task}` }).press('Enter');
          await page.getByRole('button', { name: `Undo: ${task}` }).waitFor();
        }
        await page.locator('#content').press('Control+z');
        await page.locator('#todos li').waitFor();
        expect(await tasks(page)).toEqual(['second']);
      });
    });

    it('is offered again where the server could not take it back', async () => {
      await withPage({}, async (page) => {
        await signIn(page);
        await open(page, '/todos');
        await addTask(page, 'Wake up');
        await page.getByRole('button', { name: 'Delete Wake up' }).press('Enter');
        const undo = page.getByRole('button', { name: 'Undo: Wake up' });
        await page.route('**/api/todos', (route) => route.abort());
        await undo.press('Enter');
        await page.getByRole('alert').filter({ hasText: '“Wake up” was not added.' }).waitFor();
        await page.unroute('**/api/todos');
        await undo.press('Enter');
        await page.locator('#todos li').waitFor();
        expect(await tasks(page)).toEqual(['Wake up']);
      });
    });
  });

  it('are set in the fonts that the product ships', async () => {
    await withPage({}, async (page) => {
      await page.goto(product.url);
      const loaded = `document.fonts.ready.then(() => [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family.replaceAll('"', '')).sort())`;
      expect(await page.evaluate(loaded)).toEqual(['Source Sans 3', 'Source Serif 4']);
    });
  });
});
