import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DemoTenant } from '../../src/demo-idp/tenant.ts';
import { createBrowser } from '../support/browser.ts';
import { startTestIdp, type TestIdp } from '../support/idp.ts';
import { startReceiver } from './receiver.ts';
import { createRelyingParty, redirectUri } from './relying-party.ts';

const trinity = { subject: 'sub-trinity', email: 'trinity@whiterabbit.fake', name: 'Trinity', password: 'Zion123$' };
const mallory = {
  subject: 'a/b?c"><i>',
  email: '"><img src=x>@x.fake',
  name: '<script>alert(1)</script>',
  password: 'x',
};
const client = { id: 'the-app', secret: 'secret-of-the-app', redirectUris: [redirectUri] };

let receiver: Awaited<ReturnType<typeof startReceiver>>;
let idp: TestIdp;
let tenant: DemoTenant;
let person: string;

beforeAll(async () => {
  receiver = await startReceiver();
  const app = {
    name: 'The <app>',
    revocationEndpoint: `${receiver.url}/global-token-revocation`,
    backchannelLogoutUri: `${receiver.url}/logout`,
    securityEventsUrl: `${receiver.url}/events`,
  };
  idp = await startTestIdp({
    tenants: [
      { path: '1', name: 'White <Rabbit>', client, users: [trinity, mallory], app },
      { path: '2', name: 'Alone', client, users: [trinity] },
      { path: '3', name: 'Early', client, users: [trinity], app: { ...app, securityEventsUrl: undefined } },
    ],
  });
  tenant = idp.tenant('1');
  person = `${idp.url}/1/admin/people/${trinity.subject}`;
});
afterAll(async () => {
  await idp.stop();
  await receiver.stop();
  expect(idp.faults).toEqual([]);
});
beforeEach(() => {
  receiver.answer(null);
  receiver.received.length = 0;
});

/** Fills in a person's form without scripts, as the menu's links lead to it. */
async function fillIn(form: string, fields: Record<string, string> = {}) {
  const browser = createBrowser();
  const page = await browser.get(`${person}/${form}`);
  expect(page.status).toBe(200);
  const answer = await browser.submitForm(page, fields);
  expect(answer.status).toBe(303);
  return browser.follow(answer);
}

describe('without scripts', () => {
  test('the people, a person, and the menu', async () => {
    const browser = createBrowser();
    const people = await browser.get(`${idp.url}/1/admin`);
    expect([people.status, people.text.includes('href="/1/admin/people/sub-trinity"')]).toEqual([200, true]);
    const { text } = await browser.get(person);
    for (const words of ['More actions', 'Clear user sessions', 'Clear sessions and revoke access', 'Clear and revoke'])
      expect(text).toContain(words);
    expect(text).toContain('Also include logout enabled apps and Okta API tokens');
    expect(text).toContain('href="/1/admin/people/sub-trinity/clear-sessions"');
  });

  test('clearing shows the exchange: what was sent, decoded, and the answer', async () => {
    receiver.answer((response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<b onload="x">no</b>'));
    const page = await fillIn('clear-sessions', { includeApps: 'yes' });
    const token = receiver.take().headers.authorization?.split(' ')[1] ?? 'none';
    expect(page.text).not.toContain(token);
    expect(page.text).toContain('Authorization: Bearer &lt;the JWT&gt;');
    expect(page.text).toContain('&quot;typ&quot;: &quot;global-token-revocation+jwt&quot;');
    expect(page.text).toContain('&quot;sub&quot;: &quot;the-app&quot;');
    expect(page.text).toContain('403 Forbidden, after ');
    expect(page.text).toContain('&lt;b onload=&quot;x&quot;&gt;no&lt;/b&gt;');
    expect(page.text).toContain('The &lt;app&gt;');
    expect((await createBrowser().get(`${idp.url}/1/admin/calls`)).text).toContain('403 in ');
  });

  test('clearing without the tick sends nothing, and the next sign-in shows the form', async () => {
    const app = await createRelyingParty(tenant.issuer, client);
    const browser = createBrowser();
    await app.signIn(browser, trinity);
    // A form's checkbox that isn't ticked isn't sent; this browser sends each field of a form.
    const answer = await createBrowser().post(`${person}/clear-sessions`, { form: {} });
    const page = await createBrowser().get(new URL(answer.headers.get('location') ?? '', person).href);
    expect(page.text).toContain('1 session ended here.');
    expect(page.text).toContain('No app was called.');
    expect(receiver.received).toEqual([]);
    expect((await app.signIn(browser, trinity)).silent).toBe(false);
  });

  test('a back-channel logout of one session', async () => {
    const app = await createRelyingParty(tenant.issuer, client);
    const { claims } = await app.signIn(createBrowser(), trinity);
    expect((await createBrowser().get(`${person}/backchannel-logout`)).text).toContain(`value="${claims.sid}"`);
    const page = await fillIn('backchannel-logout', { sid: String(claims.sid) });
    expect(receiver.take().url).toBe('/logout');
    expect(page.text).toContain(`&quot;sid&quot;: &quot;${claims.sid}&quot;`);
    expect(page.text).toContain('1 session ended here.');
  });

  test('a security event, and an app that is down', async () => {
    const page = await fillIn('security-event', { event: 'account-disabled', subject: 'iss_sub' });
    expect(receiver.take().url).toBe('/events');
    expect(page.text).toContain('RISC account disabled');
    expect(page.text).toContain('&quot;format&quot;: &quot;iss_sub&quot;');
    receiver.answer((response) => void response.destroy());
    expect((await fillIn('security-event', { event: 'verification', subject: 'email' })).text).toContain('no answer: ');
  });

  test('settings: keys, and how people are named', async () => {
    const browser = createBrowser();
    const settings = `${idp.url}/1/admin/settings`;
    const [before] = tenant.signingKeys();
    const rotated = await browser.post(`${settings}/rotate-keys`, { form: {} });
    expect([rotated.status, tenant.signingKeys().length]).toEqual([303, 2]);
    expect(tenant.signingKeys()[1]).toEqual(before);
    expect((await browser.follow(rotated)).text).toContain(`from now on: ${tenant.signingKeys()[0]?.kid}`);
    await browser.post(`${settings}/rotate-keys`, { form: { dropOld: 'yes' } });
    expect(tenant.signingKeys()).toHaveLength(1);
    const saved = await browser.post(`${settings}/subject`, { form: { subject: 'iss_sub' } });
    expect([saved.status, tenant.app()?.subjectFormat]).toEqual([303, 'iss_sub']);
  });

  test('what isn’t there or makes no sense is said, and nothing is sent', async () => {
    const browser = createBrowser();
    const status = async (path: string, form?: Record<string, string>) =>
      (await (form ? browser.post(idp.url + path, { form }) : browser.get(idp.url + path))).status;
    expect(await status('/1/admin/people/nobody')).toBe(404);
    expect(await status('/1/admin/people/nobody/clear-sessions', {})).toBe(404);
    expect(await status('/1/admin/people/sub-trinity/nothing')).toBe(404);
    expect(await status('/1/admin/nothing')).toBe(404);
    expect(await status('/1/admin/people/%E0%A4%A')).toBe(400);
    expect(await status('/1/admin/people/sub-trinity/security-event', { event: 'toString', subject: 'email' })).toBe(
      400,
    );
    expect(await status('/1/admin/people/sub-trinity/security-event', { event: 'verification' })).toBe(400);
    expect(await status('/1/admin/settings/subject', { subject: 'phone_number' })).toBe(400);
    expect(await status('/1/admin/people/sub-trinity/clear-sessions', { x: 'x'.repeat(20_000) })).toBe(413);
    expect(await status('/2/admin/people/sub-trinity/backchannel-logout', {})).toBe(409);
    expect(await status('/2/admin/settings/subject', { subject: 'email' })).toBe(409);
    expect(
      await status('/3/admin/people/sub-trinity/security-event', { event: 'verification', subject: 'email' }),
    ).toBe(409);
    expect((await browser.get(`${idp.url}/2/admin/people/sub-trinity`)).text).not.toContain('Send back-channel logout');
    expect(receiver.received).toEqual([]);
  });
});

describe('hostile input', () => {
  test('names, addresses and subjects with markup are escaped everywhere', async () => {
    await tenant.clearSessions(mallory.subject, { includeApps: true });
    const browser = createBrowser();
    const own = `/1/admin/people/${encodeURIComponent(mallory.subject)}`;
    const paths = [
      '/1/admin',
      own,
      `${own}/clear-sessions`,
      `${own}/backchannel-logout`,
      '/1/admin/calls',
      '/1/admin/settings',
    ];
    for (const path of paths) {
      const { status, text } = await browser.get(idp.url + path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/<script>|<img|<i>|<Rabbit>|<app>/);
    }
  });

  test('the pages forbid what they don’t need', async () => {
    const { headers, text } = await createBrowser().get(person);
    const policy = headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    for (const part of ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      expect(policy).toContain(part);
    expect([...text.matchAll(/<(script|style)\b[^>]*>/g)].map(([tag]) => tag)).toEqual([
      `<style nonce="${nonce}">`,
      `<script nonce="${nonce}">`,
    ]);
    expect(text).not.toMatch(/<[^>]* (on\w+|style)=/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await createBrowser().get(person)).text).not.toContain(nonce);
  });
});

describe('who may ask', () => {
  const cleared = () => tenant.history().length;

  test.each([
    { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://elsewhere.example', 'sec-fetch-site': undefined },
    { origin: 'null', 'sec-fetch-site': undefined },
    { origin: undefined, 'sec-fetch-site': 'cross-site' },
    // The app itself, on another port of this machine.
    { origin: 'http://localhost:3333', 'sec-fetch-site': 'same-site' },
    { origin: undefined, 'sec-fetch-site': 'same-site' },
  ])('a page of another origin may not: %o', async (headers) => {
    const before = cleared();
    for (const path of ['people/sub-trinity/clear-sessions', 'settings/rotate-keys']) {
      const answer = await createBrowser().post(`${idp.url}/1/admin/${path}`, {
        form: { includeApps: 'yes' },
        headers,
      });
      expect(answer.status).toBe(403);
    }
    expect([cleared(), receiver.received]).toEqual([before, []]);
  });

  test('its own pages may, and clients that are no browsers', async () => {
    const form = {};
    expect((await createBrowser().post(`${person}/clear-sessions`, { form })).status).toBe(303);
    const bare = { origin: undefined, 'sec-fetch-site': undefined };
    expect((await createBrowser().post(`${person}/clear-sessions`, { form, headers: bare })).status).toBe(303);
  });

  test('a link may not', async () => {
    const before = cleared();
    const { port } = new URL(idp.url);
    for (const method of ['GET', 'HEAD']) await ask(method, `localhost:${port}`, '/clear-sessions?includeApps=yes');
    for (const path of ['rotate-keys', 'subject?subject=email'])
      expect((await createBrowser().get(`${idp.url}/1/admin/settings/${path}`)).status).toBe(404);
    expect([cleared(), receiver.received]).toEqual([before, []]);
  });

  /** The status under that Host, for a person's page or what lies below it. */
  function ask(method: string, host: string | undefined, path = '', origin?: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { ...(host !== undefined && { host }), ...(origin && { origin }) };
      const { port, pathname } = new URL(person);
      httpRequest({ host: '127.0.0.1', port, method, path: pathname + path, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      })
        .on('error', reject)
        .end();
    });
  }

  test('only under a loopback name and the right port', async () => {
    const { port } = new URL(idp.url);
    const before = cleared();
    for (const host of [
      `rebound.example:${port}`,
      'localhost',
      'localhost:1',
      `localhost.rebound.example:${port}`,
      `127.0.0.1.nip.io:${port}`,
    ]) {
      expect([host, await ask('GET', host)]).toEqual([host, 403]);
      expect([host, await ask('POST', host, '/clear-sessions', `http://${host}`)]).toEqual([host, 403]);
    }
    expect(cleared()).toBe(before);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]) {
      expect([host, await ask('GET', host)]).toEqual([host, 200]);
      expect(await ask('POST', host, '/clear-sessions', `http://${host.toLowerCase()}`)).toBe(303);
    }
    expect(await ask('POST', `localhost:${port}`, '/clear-sessions', `http://127.0.0.1:${port}`)).toBe(403);
  });
});
