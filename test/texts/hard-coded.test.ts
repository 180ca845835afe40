import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actorTypes } from '../../src/by.ts';
import { problems } from '../../src/errors.ts';
import { type Parts, describe as tell } from '../../src/notifications/describe.ts';
import { renderDigest } from '../../src/notifications/digest.ts';
import { kinds, outboxActions } from '../../src/notifications/kinds.ts';
import { deviceName } from '../../src/sessions/device-name.ts';
import { startSmtp, textOf } from '../notifications/smtp.ts';
import { drained, here, record, signInAs } from '../notifications/support.ts';
import type { BrowserResponse } from '../support/browser.ts';
import { describeInChromium, launchChromium, openAccount, openPage } from '../support/chromium.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { hardCodedWords, pseudo } from '../support/pseudo-language.ts';
import { beginDevice, newBrowser, startOf, walk } from '../tokens/support.ts';

let smtp: Awaited<ReturnType<typeof startSmtp>>;
let product: Product;
beforeAll(async () => {
  smtp = await startSmtp();
  const env = { SMTP_URL: smtp.url, MAIL_FROM: 'no-reply@example.com' };
  product = await startProduct({ languages: [pseudo], env });
});
afterAll(async () => {
  await product.stop();
  await smtp.stop();
});

/** Names, and the texts of problem details, which are English. */
const data = [
  ...[
    'Universal Logout',
    'English',
    'Deutsch',
    trinity.email,
    'Trinity',
    'whiterabbit',
    'Mobile app',
    'Command line',
    'test',
  ],
  ...Object.entries(problems).flatMap(([code, { title, help }]) => [help, title, code]),
];
const acceptHtml = { headers: { accept: 'text/html' } };

/** The page's heading comes from the catalogue, and nothing on it does not. */
function expectWrapped(page: Pick<BrowserResponse, 'text'>, heading: string, more: readonly string[] = []) {
  expect(page.text).toContain('<html lang="qps-ploc">');
  expect(page.text.replaceAll(/<[^>]*>/g, '')).toContain(heading);
  expect(hardCodedWords(page.text, [...more, ...data])).toEqual([]);
}

it('finds what is in no catalogue', () => {
  const page = '<p aria-label="Aloud">⟦In ⟨⟦it⟧ <b>not</b>⟩ so⟧</p> <i>beside</i> <input placeholder="⟦in⟧"> Trinity';
  expect(hardCodedWords(page, ['Trinity'])).toEqual(['not', 'beside', 'Aloud']);
  expect(hardCodedWords('<p>⟦open</p>', [])).toHaveLength(1);
});

describe('no text of a page stands outside of the catalogue', () => {
  it.each(['/', '/problems', '/problems/not_found', '/problems/nothing', '/nowhere'])('at %s', async (path) => {
    const heading = path === '/' ? '⟦Sign in⟧' : '⟦';
    const page = await newBrowser(product).get(path, acceptHtml);
    expectWrapped(page, heading, ['There is nothing at this address.']);
  });

  it('in the frame of a front-channel logout', async () => {
    const query = new URLSearchParams({ iss: product.orgs.whiterabbit.issuer, sid: 'a' });
    const page = await newBrowser(product).get(`/openid/frontchannel-logout/whiterabbit?${query}`, acceptHtml);
    expectWrapped(page, '⟦What was signed in');
  });

  it('at /todos and /devices', async () => {
    const browser = await product.signIn();
    expectWrapped(await browser.get('/todos'), '⟦Your list⟧');
    expectWrapped(await browser.get('/devices'), '⟦Where you are signed in⟧');
  });

  it.each(['revoked', 'ended', 'expired', 'none'])('at /signed-out, %s', async (reason) => {
    const path = `/signed-out?reason=${reason}&at=2026-01-02T10:42:31.000Z`;
    expectWrapped(await newBrowser(product).get(path), '⟦at ⟨⟦10:42 UTC⟧⟩⟧');
    expectWrapped(await (await product.signIn()).get(path), '⟦Back to your list⟧');
    const revoked = await product.signIn();
    expect((await product.revoke()).status).toBe(204);
    if (reason !== 'ended') expectWrapped(await revoked.get(path), `⟦Sign in again as ⟨${trinity.email}⟩⟧`);
  });

  it('where a sign-in begins', async () => {
    const browser = newBrowser(product);
    const start = await browser.get('/');
    const send = (fields: Record<string, string>) => browser.submitForm(start, fields, Object.keys(fields)[0]);
    expectWrapped(await send({ username: 'nobody' }), '⟦Enter your work e-mail');
    expectWrapped(await send({ username: 'neo@nowhere.example' }), '⟦No organisation signs in');
    expectWrapped(await send({ organisation: 'not a name' }), '⟦Enter the short name');
    expectWrapped(await send({ organisation: 'nowhere' }), '⟦There is no organisation of this name');
    expectWrapped(await send({ username: trinity.email }), '⟦Taking you to');
  });

  it.each([
    ['⟦You may sign in again at any time.⟧', true],
    ['⟦Your account here is switched off', false],
  ])('at /signed-out of the browser whose session was ended: %s', async (text, active) => {
    const { pool } = product.context;
    await pool.query(`UPDATE orgs SET help_text = 'Zion'`);
    const [user] = (await plantUsers(product, 1)) as [PlantedUser];
    expect((await product.revoke({ format: 'email', email: user.email })).status).toBe(204);
    await pool.query('UPDATE users SET active = $2 WHERE id = $1', [user.id, active]);
    const page = await newBrowser(product).get('/signed-out', { headers: { cookie: user.cookies[0] } });
    expectWrapped(page, text, ['Zion', user.email]);
    expectWrapped(page, '⟦Whom to turn to⟧', ['Zion', user.email]);
    await pool.query('UPDATE orgs SET help_text = NULL');
  });

  it('where a sign-in is refused', async () => {
    const browser = newBrowser(product);
    expectWrapped(await browser.get('/openid/start/nowhere'), '⟦Organisation not found⟧');
    const query = 'code=c&state=s';
    const page = await browser.get(`/openid/callback/whiterabbit?${query}`);
    expectWrapped(page, '⟦This sign-in was not started here⟧');
    expect(page.text).toMatch(/⟦Reference ⟨<code>/);
  });

  it('where an app asks', async () => {
    const browser = await product.signIn();
    for (const scope of ['openid email profile offline_access', 'openid']) {
      const started = startOf(product, { scope });
      const first = await browser.follow(await browser.get(started.url));
      expectWrapped(first, '⟦Sign in “⟨Mobile app⟩”?⟧');
    }
    const asked = await browser.follow(await browser.get(startOf(product).url));
    expect((await browser.post('/api/signout')).status).toBe(204);
    expectWrapped(await browser.submitForm(asked, {}, 'seal'), '⟦Sign in again⟧');
    const wrong = await browser.get('/oauth/authorize?client_id=nobody', acceptHtml);
    expectWrapped(wrong, '⟦The app’s request did not work⟧', ['invalid_client', 'client is invalid']);
  });

  it('where a device asks', async () => {
    const browser = await product.signIn();
    const code = async (user_code: string) =>
      browser.submitForm(await browser.get('/oauth/device'), { user_code }, 'user_code');
    expectWrapped(await browser.get('/oauth/device'), '⟦Sign in an app⟧');
    expectWrapped(await code(''), '⟦Enter the code that the app shows.⟧');
    expectWrapped(await code('BBBB-BBBB'), '⟦There is no such code.');

    const refused = await beginDevice(product);
    const confirm = await code(refused.user_code);
    expectWrapped(confirm, '⟦Sign in “⟨Command line⟩”?⟧', [refused.user_code]);
    expectWrapped(await browser.submitForm(confirm, { abort: 'yes' }, 'user_code'), '⟦Access was refused⟧');
    expectWrapped(await code(refused.user_code), '⟦That code no longer works⟧');

    const scope = 'openid email profile offline_access admin';
    const administrating = await beginDevice(product, { scope });
    const dangerous = await code(administrating.user_code);
    expectWrapped(dangerous, '⟦It asks to administer your organisation:⟧', [administrating.user_code]);
    const { userId } = product.orgs.whiterabbit;
    await product.context.pool.query(
      `UPDATE sessions SET authenticated_at = now() - interval '1 year', created_at = created_at - interval '5 minutes' WHERE user_id = $1`,
      [userId],
    );
    const answer = await browser.submitForm(dangerous, { confirm: 'yes' }, 'user_code');
    expectWrapped((await walk(product, browser, answer)).page, '⟦To administer your organisation,');

    const device = await beginDevice(product);
    const yes = await browser.submitForm(await code(device.user_code), { confirm: 'yes' }, 'user_code');
    expectWrapped((await walk(product, browser, yes)).page, '⟦⟨Command line⟩ is signed in⟧');

    for (let tries = 0; tries < 105 && (await code('BBBB-BBBB')).status === 200; tries += 1);
    const limited = await browser.post('/oauth/device', { form: { user_code: 'BBBB-BBBB' }, ...acceptHtml });
    const detail = 'Too many requests came from your network; wait before the next try.';
    expectWrapped(limited, '⟦Back to the code⟧', [detail]);
  });
});

it('no stylesheet says what is not in the catalogue', () => {
  const folder = path.resolve(import.meta.dirname, '../../src/web/assets');
  const styles = readdirSync(folder).filter((file) => file.endsWith('.css'));
  const said = styles.flatMap((file) =>
    [...readFileSync(path.join(folder, file), 'utf8').matchAll(/content:([^;}]*)/g)].flatMap(([, value = '']) => [
      ...value.matchAll(/(["'])(.*?)\1/g),
    ]),
  );
  expect(said.length).toBeGreaterThan(0);
  expect(said.map(([, , text = '']) => text).filter((text) => /\p{L}/u.test(text))).toEqual([]);
});

describe('no text to administrators stands outside of the catalogue', () => {
  const parts: Parts[] = [
    {},
    { actorName: 'Neo', targetName: 'Smith', from: 'owner', to: 'super_admin' },
    { session: 'ses_1' },
    { via: 'front_channel' },
    { grant: 'gra_1', from: 'member', to: 'king', network: '192.0.2.0' },
  ];
  const whatever = parts.flatMap((each) =>
    kinds.flatMap((kind) =>
      outboxActions.flatMap((action) =>
        actorTypes.flatMap((actorType) => [
          { kind, action, actorType, targetType: 'user', count: 1, parts: each },
          { kind, action, actorType, targetType: 'webhook', count: 7, parts: each },
        ]),
      ),
    ),
  );

  it('of notifications, whatever happened', () => {
    const found = whatever.flatMap((told) => hardCodedWords(tell(pseudo, told), ['Neo', 'Smith']));
    expect(found).toEqual([]);
  });

  it('of the e-mail, in both its forms', async () => {
    const items = [{ text: '⟦It happened⟧', at: '2026-01-02T10:42:31.000Z' }];
    const to = { orgName: 'Zion', appUrl: 'https://app.example' };
    for (const more of [0, 3]) {
      const { subject, text, html } = renderDigest(pseudo, { items, more }, to);
      const outside = [subject, text, html].map((each) => hardCodedWords(each, ['https://app.example', 'Zion']));
      expect(outside).toEqual([[], [], []]);
      expect(html).toContain('<html lang="qps-ploc">');
    }
    const owner = await signInAs(product, 'owner');
    expect((await owner.put(`${here}/settings`, { json: { email: ['role_change'] } })).status).toBe(200);
    const target = { targetType: 'user', targetId: product.orgs.whiterabbit.userId };
    const detail = { from: 'member', to: 'admin' };
    await record(product, product.orgs.whiterabbit, { action: 'role.changed', ...target, detail }, 2);
    await drained(product);
    const [html] = /<!doctype.*<\/html>/s.exec(textOf(smtp.mails[0] as (typeof smtp.mails)[0])) ?? [];
    expect(html).toContain('changed the role of ⟨Trinity⟩ from ⟨⟦member⟧⟩ to ⟨⟦admin⟧⟩⟧');
    expect(hardCodedWords(String(html), [product.url, ...data])).toEqual([]);
  });

  it('of the devices that they see, and of what would end', async () => {
    const owner = await signInAs(product, 'owner');
    const [user] = (await plantUsers(product, 1)) as [PlantedUser];
    const address = `/api/orgs/current/users/${user.id}`;
    const { items } = (await owner.get(`${address}/sessions`)).json<{ items: object[] }>();
    expect(items[0]).toMatchObject({ client: '⟦Browser⟧', device: '⟦Unknown device⟧' });
    const { effects } = (await owner.post(`${address}/revocations`, { json: {} })).json<{ effects: object }>();
    expect(effects).toMatchObject({ devices: ['⟦Unknown device⟧'], sessions: [{ client: '⟦Browser⟧' }] });
  });

  it('of the name of a device', () => {
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    expect(deviceName(firefox, pseudo.devices)).toBe('⟦⟨Firefox⟩ on ⟨Linux⟩⟧');
    expect(deviceName(null, pseudo.devices)).toBe('⟦Unknown device⟧');
  });
});

describeInChromium('no script says what is not in the catalogue', () => {
  let browser: Chromium;
  let page: Page;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    const opened = await openPage(browser, { timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
    page = opened.page;
    return opened.close;
  });

  /** Waits for a text, and reads the page as it is then. */
  async function expectSaid(text: string, more: readonly string[] = []) {
    await expect.poll(() => page.locator('body').textContent(), { timeout: 15_000 }).toContain(text);
    expect(hardCodedWords(await page.content(), [...more, ...data])).toEqual([]);
  }
  /** A person who is signed in, and what names them. */
  async function openAs(path: string, { sessions = 1, grants = 0 } = {}): Promise<PlantedUser> {
    const [user] = (await plantUsers(product, 1, { sessions })) as [PlantedUser];
    await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: user.id }, grants);
    const [name, value] = String(user.cookies[0]).split('=') as [string, string];
    await page.context().addCookies([{ name, value, url: product.url }]);
    await page.goto(`${product.url}${path}`);
    await page.locator('[data-loaded]').waitFor({ state: 'attached' });
    return user;
  }
  const press = (selector: string) => page.locator(selector).first().press('Enter');

  it('at the list', async () => {
    const { email } = await openAs('/todos');
    const more = [email, 'Planted', 'Wake up', 'Follow'];
    const saved = () => page.locator('#todos li:not([aria-busy])').waitFor();
    const say = (text: string) => expectSaid(text, more);
    const rename = async (task: string) => {
      await press('#todos li > button');
      await page.locator('.rename input').fill(task);
    };
    await say('⟦Nothing to do.');
    await page.locator('#task').fill('Wake up');
    await page.keyboard.press('Enter');
    await saved();
    await say('⟦Added: ⟨Wake up⟩⟧');
    await say('⟦⟨0⟩ of ⟨1⟩ done⟧');
    await rename('Follow');
    await say('⟦Save⟧');
    await page.keyboard.press('Enter');
    await say('⟦Renamed: ⟨Follow⟩⟧');
    const box = page.getByRole('checkbox');
    await box.press('Space');
    await say('⟦Done: ⟨Follow⟩⟧');
    await saved();
    await box.press('Space');
    await say('⟦Open again: ⟨Follow⟩⟧');
    await saved();

    const address = '**/api/todos/**';
    /** While the answer is out, the task says so. */
    const expectState = async (act: () => Promise<void>, text: string) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      await page.route(address, (route) => promise.then(() => route.abort()), { times: 1 });
      await act();
      await page.locator(`.task[data-state="${text}"]`).waitFor();
      resolve();
      await saved();
    };
    await expectState(() => box.press('Space'), '⟦saving…⟧');
    await expectState(() => press('#todos li > button + button'), '⟦deleting…⟧');
    await page.route(address, (route) => route.abort());
    await box.press('Space');
    await say('⟦“⟨Follow⟩” was not changed.⟧ ⟦The server did not answer.');
    await rename('Wake up');
    await page.keyboard.press('Enter');
    await say('⟦“⟨Follow⟩” was not renamed.⟧');
    await saved();
    await press('#todos li > button + button');
    await say('⟦“⟨Follow⟩” was not deleted.⟧');
    await page.unroute(address);
    await press('#todos li > button + button');
    await say('⟦Deleted: ⟨Follow⟩⟧');
    await press('#undo button');
    await say('⟦Here again: ⟨Follow⟩⟧');
    await saved();
    await press('#todos li > button + button');
    await page.locator('#empty').waitFor();

    await page.route('**/api/**', (route) => route.fulfill({ status: 503, body: '{}' }));
    await page.locator('#task').fill('Wake up');
    await page.keyboard.press('Enter');
    await say('⟦“⟨Wake up⟩” was not added.⟧ ⟦That did not work.');
    await openAccount(page);
    await press('#sign-out');
    await say('⟦You are still signed in.⟧');
    await page.reload();
    await say('⟦The list could not be loaded.⟧');
    await say('⟦Try again⟧');
  });

  it('at the devices', async () => {
    const more = ['Planted', 'curl/8', 'curl', 'Mobile app', 'Jan'];
    const user = await openAs('/devices', { sessions: 3, grants: 1 });
    const say = (text: string) => expectSaid(text, [user.email, ...more]);
    await product.context.pool.query(
      `UPDATE sessions SET user_agent = 'curl/8', created_at = '2026-01-02T20:42:00Z' WHERE user_id = $1`,
      [user.id],
    );
    await page.reload();
    await say('⟦⟨4⟩ sign-ins⟧');
    for (const text of ['⟦This device⟧', '⟦approved in ', '⟦in use now⟧', '⟦last seen ⟨⟦today, ⟨']) await say(text);
    await say('⟦Signed in ⟨3 Jan 2026, 05:42⟩⟧');
    await say('⟦Calls itself ⟨curl/8⟩⟧');
    await press('#sign-out-others');
    await say('⟦Sign out everywhere else?⟧');
    const address = '**/api/users/me/sessions/**';
    await page.route(address, (route) => route.abort());
    await press('#confirm-yes');
    await say('⟦Nobody was signed out.⟧');
    await page.keyboard.press('Escape');
    await press('#sign-out-all');
    await say('⟦Sign out everywhere?⟧');
    await page.keyboard.press('Escape');
    const others = page.locator('#devices li:not(:has(.badge)) > button');
    await others.first().press('Enter');
    await say('was not signed out.⟧ ⟦The server did not answer.');
    await page.unroute(address);
    await others.first().press('Enter');
    await say('⟦⟨3⟩ sign-ins⟧');
    await say('⟦Signed out: ');
    await press('#sign-out-others');
    await press('#confirm-yes');
    await say('⟦Signed out elsewhere: ⟨2⟩⟧');
    await say('⟦⟨1⟩ sign-in⟧');
    await page.route('**/api/users/me/sessions', (route) => route.abort());
    await page.reload();
    await say('⟦The list could not be loaded.⟧');
    await say('⟦Try again⟧');
  });

  it('and a page that brings no words is followed all the same', async () => {
    const script = `import { followSession } from '/assets/live-session.js'; followSession({ onBack() {} });`;
    await page.route('**/own.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
    const own = '<!doctype html><script type="module" src="/own.js"></script>';
    await page.route('**/own', (route) => route.fulfill({ contentType: 'text/html', body: own }));
    const asked = page.waitForRequest('**/api/users/me/events');
    await page.goto(`${product.url}/own`);
    await asked;
  });

  it('where it says since when', async () => {
    await page.goto(`${product.url}/signed-out?reason=ended&at=2026-01-02T20:42:00Z`);
    await expectSaid('⟦on ⟨3 Jan 2026, 05:42⟩⟧', ['Jan']);
  });
});
