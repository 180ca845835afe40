import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeDataDir, startDev } from './cli/processes.ts';
import { expectNoFindings } from './console/axe.ts';
import { describeInChromium, launchChromium } from './support/chromium.ts';
import { freePort } from './support/free-port.ts';

/** `PICTURES=docs npx vitest run test/walk-through.test.ts` takes README's pictures anew. */
const pictures = process.env.PICTURES;

describeInChromium("README's walk-through", () => {
  let dev: ReturnType<typeof startDev>;
  let browser: Browser;
  let urls: { app: string; idp: string; wiki: string; crm: string; lights: string };
  const dataDir = path.join(mkdtempSync(path.join(os.tmpdir(), 'walk-through-')), 'data');

  beforeAll(async () => {
    const ports = { app: await freePort(), idp: await freePort() };
    dev = startDev({ DATA_DIR: dataDir, PORT: String(ports.app), IDP_PORT: String(ports.idp) });
    const printed = await dev.ready;
    const urlOf = (name: string) => new RegExp(`(http://localhost:\\d+)  .*${name}`).exec(printed)?.[1] as string;
    urls = {
      app: `http://localhost:${ports.app}`,
      idp: `http://localhost:${ports.idp}`,
      wiki: urlOf("White Rabbit's wiki"),
      crm: urlOf("White Rabbit's CRM"),
      lights: urlOf('Lights'),
    };
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    dev?.child.kill('SIGTERM');
    await dev?.outcome;
    removeDataDir(dataDir);
  });

  /** A page in a browser of its own. */
  async function open(viewport = { width: 1000, height: 620 }): Promise<Page> {
    const context = await browser.newContext({
      viewport,
      timezoneId: 'Europe/Zurich',
      reducedMotion: 'reduce',
      locale: 'en-GB',
    });
    return context.newPage();
  }

  async function signIn(page: Page, start: string, email: string, password: string) {
    await page.goto(start);
    if (start === urls.app) {
      await page.getByLabel('Work e-mail').fill(email);
      await page.getByRole('button', { name: 'Continue' }).click();
    }
    await page.getByLabel('E-mail', { exact: true }).fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    const listening = page.waitForResponse('**/api/users/me/events');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/todos');
    await page.locator('#todos[data-loaded]').waitFor({ state: 'attached' });
    await listening;
  }

  const picture = async (page: Page, name: string, fullPage = false) => {
    if (pictures) await page.screenshot({ path: path.join(pictures, name), fullPage });
  };

  /** Three windows beside each other, in one picture, with the addresses that README names. */
  async function pictureOfAll(pages: readonly Page[], name: string, ports = [3333, 3335, 3336]) {
    if (!pictures) return;
    const shots = await Promise.all(pages.map((page) => page.screenshot()));
    const images = shots.map((shot, at) => {
      const address = `localhost:${ports[at]}`;
      return `<figure><figcaption>${address}</figcaption><img src="data:image/png;base64,${shot.toString('base64')}"></figure>`;
    });
    const desk = await open({ width: 1260, height: 760 });
    await desk.setContent(`<style>
      body { margin: 0; height: 100vh; display: flex; gap: 15px; align-items: center; justify-content: center; background: #c9ced6; font: 13px system-ui, sans-serif; color: #333 }
      figure { margin: 0; border-radius: 10px; overflow: hidden; background: #fff; box-shadow: 0 6px 24px #0004 }
      figcaption { padding: 7px 14px; background: #e4e7ec; border-bottom: 1px solid #b9bfc9 }
      img { display: block }
    </style>${images.join('')}`);
    await picture(desk, name);
    await desk.context().close();
  }

  const isOut = (page: Page) => page.getByRole('heading', { name: 'Trinity, you were signed out' });

  /** The password of the lights, as the person's own page shows it. */
  async function readPassword(page: Page): Promise<string> {
    await page.goto(`${urls.app}/accounts`);
    await page.getByRole('button', { name: 'Show the password of Lights' }).click();
    await page.locator('#password summary').click();
    return (await page.locator('#password code').textContent()) as string;
  }
  async function signInAtLights(page: Page, password: string) {
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  // The first: the sign-outs of the others change passwords too, one after another.
  it('replaces a password that Trinity shared when she is signed out: Neo reads the new one, she once she is back', async () => {
    const window = { width: 400, height: 680 };
    const [trinity, neo] = [await open(window), await open(window)];
    await signIn(trinity, urls.app, 'trinity@whiterabbit.fake', 'Zion123$');
    await signIn(neo, urls.app, 'neo@whiterabbit.fake', 'Zion123$');
    const old = await readPassword(trinity);
    const lights = await trinity.context().newPage();
    await lights.goto(urls.lights);
    await expectNoFindings(lights);
    await signInAtLights(lights, old);
    await lights.getByRole('heading', { name: 'Signed in as crew' }).waitFor();
    await expectNoFindings(lights);
    const version = () =>
      neo.evaluate(async () => {
        type Accounts = { items: { name: string; version: number }[] };
        const { items } = (await (await fetch('/api/users/me/accounts')).json()) as Accounts;
        return items.find(({ name }) => name === 'Lights')?.version;
      });
    const before = await version();
    await trinity.goto(`${urls.app}/todos`);
    await trinity.locator('#todos[data-loaded]').waitFor({ state: 'attached' });

    const answer = await fetch(`${urls.app}/global-token-revocation`, {
      method: 'POST',
      headers: { authorization: 'Bearer 131313', 'content-type': 'application/json' },
      body: JSON.stringify({ sub_id: { format: 'email', email: 'trinity@whiterabbit.fake' } }),
    });
    expect(answer.status).toBe(204);
    await trinity.waitForURL('**/signed-out?*');
    await expect.poll(version, { timeout: 300_000 }).not.toBe(before);
    await lights.getByRole('heading', { name: 'The password has changed' }).waitFor();
    await expectNoFindings(lights);
    const current = await readPassword(neo);
    expect(current).not.toBe(old);
    // A reader's lights have the address that the picture names.
    if (pictures)
      await neo.getByText(urls.lights).evaluate((line, lights) => {
        line.textContent = (line.textContent ?? '').replace(lights, 'http://localhost:3337');
      }, urls.lights);
    await pictureOfAll([trinity, lights, neo], '6-shared-password.png', [3333, 3337, 3333]);

    await signInAtLights(lights, old);
    await lights.getByText('This password does not count.').waitFor();
    await signInAtLights(lights, current);
    await lights.getByRole('heading', { name: 'Signed in as crew' }).waitFor();
    await signIn(trinity, urls.app, 'trinity@whiterabbit.fake', 'Zion123$');
    expect(await readPassword(trinity)).toBe(current);
  });

  it('signs Trinity out of three windows by one click in the console, and leaves her twin', async () => {
    const window = { width: 400, height: 680 };
    const trinity = await open(window);
    const twin = await open();
    await signIn(trinity, urls.app, 'trinity@whiterabbit.fake', 'Zion123$');
    await signIn(twin, `${urls.app}/openid/start/2`, 'trinity@whiterabbit.fake', 'Cubicle101$');

    const [wiki, crm] = [await trinity.context().newPage(), await trinity.context().newPage()];
    await wiki.goto(urls.wiki);
    await wiki.getByRole('link', { name: 'Sign in with White Rabbit' }).click();
    await wiki.getByRole('button', { name: 'Yes, sign it in' }).click();
    await wiki.getByRole('heading', { name: 'Hello, Trinity' }).waitFor();
    await crm.goto(urls.crm);
    await crm.getByRole('button', { name: 'Sign in as Trinity' }).click();
    await crm.getByRole('heading', { name: 'Hello, Trinity' }).waitFor();
    for (const page of [wiki, crm]) {
      expect(await page.textContent('main')).toContain('trinity@whiterabbit.fake');
      await expectNoFindings(page);
    }
    // Somebody else's window at the same app.
    const neo = await open();
    await neo.goto(urls.crm);
    await neo.getByRole('button', { name: 'Sign in as Neo' }).click();
    await pictureOfAll([trinity, wiki, crm], '1-signed-in.png');

    const admin = await open();
    await admin.goto(`${urls.idp}/1/admin`);
    await admin.getByRole('link', { name: 'Trinity' }).click();
    await admin.getByText('More actions').click();
    await admin.getByText('Clear user sessions').click();
    const dialog = admin.getByRole('dialog', { name: 'Clear sessions and revoke access' });
    await dialog.getByLabel('Also include logout enabled apps and Okta API tokens').check();
    await picture(admin, '2-clear-sessions.png');
    await dialog.getByRole('button', { name: 'Clear and revoke' }).click();

    await trinity.waitForURL('**/signed-out?*');
    await trinity.getByRole('heading', { name: 'Your organisation signed you out' }).waitFor();
    await isOut(wiki).waitFor();
    expect(await wiki.getByRole('status').textContent()).toMatch(/^White Rabbit .*back-channel logout\.$/);
    await isOut(crm).waitFor();
    expect(await crm.getByRole('status').textContent()).toMatch(/^White Rabbit .*Global Token Revocation\.$/);
    await pictureOfAll([trinity, wiki, crm], '3-signed-out.png');
    for (const page of [wiki, crm])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await expectNoFindings(page);
      }
    await neo.reload();
    await neo.getByRole('heading', { name: 'Hello, Neo' }).waitFor();
    // What the console shows that it sent, and that it was answered.
    await admin.getByText('global-token-revocation+jwt').first().waitFor({ state: 'attached' });
    expect(await admin.getByRole('status').textContent()).toContain('204');

    const me = (page: Page) => page.evaluate(async () => (await fetch('/api/users/me')).status);
    expect([await me(trinity), await me(twin)]).toEqual([401, 200]);
  });

  it('signs Trinity out in three clicks from the organisation’s own console', async () => {
    const trinity = await open();
    await signIn(trinity, urls.app, 'trinity@whiterabbit.fake', 'Zion123$');
    const admin = await open();
    await admin.goto(`${urls.app}/admin`);
    await admin.getByLabel('Work e-mail').fill('morpheus@whiterabbit.fake');
    await admin.getByRole('button', { name: 'Continue' }).click();
    await admin.getByLabel('E-mail', { exact: true }).fill('morpheus@whiterabbit.fake');
    await admin.getByLabel('Password', { exact: true }).fill('Zion123$');
    await admin.getByRole('button', { name: 'Sign in' }).click();
    await admin.waitForURL('**/admin');

    // The cursor is in the search.
    await admin.keyboard.type('trinity');
    await admin.keyboard.press('Enter');
    await admin.getByRole('link', { name: 'Trinity' }).click();
    await admin.getByRole('link', { name: 'Sign out everywhere' }).click();
    await admin.getByLabel('Words for the person').fill('Your laptop was reported stolen.');
    await admin.setViewportSize({ width: 1000, height: 700 });
    await picture(admin, '4-sign-out.png');
    await admin.getByRole('button', { name: 'Sign out 1 session' }).click();
    await admin.waitForURL('**/admin/revocations/*');
    // The receipt fills in by itself, app by app.
    for (const app of ['CRM', 'Wiki'])
      await admin.getByRole('row').filter({ hasText: app }).getByText('Told').waitFor();
    await admin.setViewportSize({ width: 1000, height: 960 });
    await picture(admin, '5-receipt.png');

    await trinity.waitForURL('**/signed-out?*');
    await trinity.getByText('Your laptop was reported stolen.').waitFor();
    expect(await trinity.evaluate(async () => (await fetch('/api/users/me')).status)).toBe(401);
  });

  it('signs nobody out of the app when the box is not ticked; a logout token and a security event do', async () => {
    const neo = await open();
    await signIn(neo, urls.app, 'neo@whiterabbit.fake', 'Zion123$');
    const admin = await open();
    const act = async (action: string, button: string) => {
      await admin.goto(`${urls.idp}/1/admin/people/neo`);
      await admin.getByText('More actions').click();
      await admin.locator('.menu').getByText(action).click();
      await admin.getByRole('dialog').getByRole('button', { name: button }).click();
      await admin.getByRole('status').waitFor();
    };
    await act('Clear user sessions', 'Clear and revoke');
    expect(await neo.evaluate(async () => (await fetch('/api/users/me')).status)).toBe(200);

    await act('Send security event', 'Send event');
    await neo.waitForURL('**/signed-out?*');
    await signIn(neo, urls.app, 'neo@whiterabbit.fake', 'Zion123$');
    await act('Send back-channel logout', 'Send logout token');
    await neo.waitForURL('**/signed-out?*');
  });
});
