import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSmtp, textOf } from '../notifications/smtp.ts';
import { drained, feedOf, here, record, setRole, signInAs } from '../notifications/support.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';

let smtp: Awaited<ReturnType<typeof startSmtp>>;
let product: Product;
beforeAll(async () => {
  smtp = await startSmtp();
  product = await startProduct({ env: { SMTP_URL: smtp.url, MAIL_FROM: 'no-reply@example.com' } });
});
afterAll(async () => {
  await product.stop();
  await smtp.stop();
});
afterEach(() => product.context.pool.query('UPDATE users SET language = NULL'));

const newBrowser = () => createBrowser({ baseUrl: product.url });
const german = { 'accept-language': 'de-CH, de;q=0.9, en;q=0.5' };
const choose = (browser: Browser, language: string, headers: Record<string, string> = {}) =>
  browser.post('/language', { form: { language }, headers });
const languageOf = async (browser: Browser, path = '/', headers = {}) =>
  /<html lang="([\w-]+)">/.exec((await browser.get(path, { headers })).text)?.[1];

describe('the language of a page', () => {
  it('is the one that the browser asks for', async () => {
    const page = await newBrowser().get('/', { headers: german });
    expect(page.text).toContain('<html lang="de">');
    expect(page.text).toContain('<label for="username">Geschäftliche E-Mail-Adresse</label>');
    expect(page.headers.get('vary')).toBe('Accept-Language, Cookie');
  });

  it('is chosen by a form on every page, which comes back to it', async () => {
    const browser = newBrowser();
    const page = await browser.get('/signed-out?reason=ended', { headers: german });
    expect(page.text).toContain('<button name="language" value="en" lang="en" class="link">English</button>');
    const referer = `${product.url}/signed-out?reason=ended`;
    const chosen = await choose(browser, 'en', { referer });
    expect([chosen.status, chosen.headers.get('location')]).toEqual([303, '/signed-out?reason=ended']);
    expect(chosen.headers.get('set-cookie')).toMatch(
      /^language=en; Max-Age=31536000; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    expect(await languageOf(browser, '/', german)).toBe('en');
    expect(await languageOf(newBrowser(), '/', german)).toBe('de');
  });

  it.each([
    ['https://elsewhere.example/todos', '/'],
    ['//elsewhere.example', '/'],
    ['javascript:alert(1)', '/'],
    ['', '/'],
    ['{url}/openid/callback/whiterabbit?code=c&state=s', '/'],
    ['{url}/openid/start/whiterabbit', '/'],
    ['{url}/signout', '/'],
    ['{url}/language', '/'],
    ['{url}//elsewhere.example', '/'],
    ['{url}/admin/people?search=neo', '/admin/people?search=neo'],
  ])('chosen at %s, leads to %s', async (referer, location) => {
    const answer = await choose(newBrowser(), 'de', { referer: referer.replace('{url}', product.url) });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, location]);
  });

  it.each(['tlh', '', 'DE', '__proto__', 'de; Path=/admin'])(
    'is not %j, which there is no catalogue of',
    async (tag) => {
      const answer = await choose(newBrowser(), tag);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([303, null]);
      const headers = { cookie: `language=${tag}`, ...german };
      expect(await languageOf(newBrowser(), '/', headers)).toBe('de');
    },
  );

  it('is not chosen by another site’s page', async () => {
    const browser = await product.signIn();
    const form = { form: { language: 'de' }, crossSite: true };
    expect((await browser.post('/language', form)).status).toBe(403);
    expect((await browser.get('/api/users/me')).json()).not.toHaveProperty('language');
  });

  it('goes with the person to their next browser, and is nobody else’s', async () => {
    const browser = await product.signIn();
    const twin = await product.signIn('metacortex');
    await choose(browser, 'de');
    expect((await browser.get('/api/users/me')).json()).toMatchObject({ language: 'de' });
    const next = await product.signIn();
    expect(await languageOf(next, '/todos')).toBe('de');
    // The page after the sign-out no longer knows who was there; the browser does.
    await next.post('/api/signout');
    expect(await languageOf(next, '/signed-out')).toBe('de');
    expect(await languageOf(twin, '/todos')).toBe('en');
    expect((await twin.get('/api/users/me')).json()).not.toHaveProperty('language');
  });

  it('is chosen by the API too, and left to the browser again', async () => {
    const browser = await product.signIn();
    const change = (language: unknown) => browser.patch('/api/users/me', { json: { language } });
    expect((await change('de')).json()).toEqual({ language: 'de' });
    // What the person chose wins over what the browser was told before.
    await newBrowser().get('/');
    expect(await languageOf(browser, '/devices', { 'accept-language': 'en' })).toBe('de');
    expect((await change('tlh')).status).toBe(400);
    expect((await change(null)).json()).toEqual({ language: null });
    expect((await newBrowser().patch('/api/users/me', { json: { language: 'de' } })).status).toBe(401);
  });
});

describe('in German', () => {
  it('stands a refused sign-in', async () => {
    const page = await newBrowser().get('/openid/start/nowhere', { headers: german });
    expect(page.status).toBe(404);
    expect(page.text).toContain('<h1>Organisation nicht gefunden</h1>');
    expect(page.text).toContain('Kennung <code>');
  });

  it('stands a refused sign-in of an organisation that is known, with its name', async () => {
    const { name } = await product.context.prisma.org.findFirstOrThrow({ where: { slug: 'whiterabbit' } });
    const page = await newBrowser().get('/openid/callback/whiterabbit?code=c&state=s', { headers: german });
    expect(page.text).toContain(`<p class="eyebrow">${name}</p>\n<h1>Diese Anmeldung wurde nicht hier begonnen</h1>`);
  });

  it('stands the page of an address that leads nowhere', async () => {
    const page = await newBrowser().get('/nowhere', { headers: { accept: 'text/html', ...german } });
    expect(page.status).toBe(404);
    expect(page.text).toContain('<h1>Nicht gefunden</h1>');
    const english = await newBrowser().get('/nowhere', { headers: { accept: 'text/html' } });
    expect(english.text).toContain('<h1>Not found</h1>');
  });

  it('stands where a sign-in leads, with the organisation’s name', async () => {
    const browser = newBrowser();
    const form = { username: 'trinity@whiterabbit.fake' };
    const page = await browser.post('/openid/start', { form, headers: german });
    const { name } = await product.context.prisma.org.findFirstOrThrow({ where: { slug: 'whiterabbit' } });
    expect(page.text).toContain(`<h1>Weiter zur Anmeldung von ${name} …</h1>`);
  });

  it('stand the names of devices', async () => {
    const browser = await product.signIn();
    await choose(browser, 'de');
    await product.context.pool.query('UPDATE sessions SET user_agent = NULL');
    const [device] = (await browser.get('/api/users/me/sessions')).json<{ device: string }[]>();
    expect(device?.device).toBe('Unbekanntes Gerät');
  });

  it('stand the mail and the feed of who chose it; another administrator’s stay English', async () => {
    const owner = await signInAs(product, 'owner');
    const twin = await signInAs(product, 'owner', 'metacortex');
    await choose(owner, 'de');
    for (const browser of [owner, twin]) await browser.put(`${here}/settings`, { json: { email: ['role_change'] } });
    for (const org of [product.orgs.whiterabbit, product.orgs.metacortex]) {
      const target = { targetType: 'user', targetId: org.userId };
      const detail = { from: 'member', to: 'admin' };
      await record(product, org, { action: 'role.changed', ...target, detail });
    }
    await drained(product);
    const mails = smtp.mails.map((mail) => textOf(mail));
    expect(mails).toHaveLength(2);
    const own = mails.find((text) => text.includes('die Rolle von')) ?? '';
    expect(own).toContain('von Mitglied auf Administrator geändert');
    expect(own).toMatch(/- \d\d\.\d\d\.\d{4}, \d\d:\d\d UTC: /);
    expect(own).toContain('<html lang="de">');
    expect(mails.find((text) => text.includes('changed the role of'))).toContain('<html lang="en">');
    expect((await feedOf(owner)).items[0]?.text).toContain('die Rolle von');
    expect((await feedOf(twin)).items[0]?.text).toContain('changed the role of');
    for (const org of Object.values(product.orgs)) await setRole(product, org, 'member');
  });
});
