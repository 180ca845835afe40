import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct, trinity } from '../support/product.ts';
import {
  api,
  approveDevice,
  beginDevice,
  grantsOf,
  heading,
  newBrowser,
  poll,
  pollInTime,
  post,
  refresh,
  walk,
} from './support.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const page = '/oauth/device';

describe('the device flow (RFC 8628)', () => {
  it('signs the command line in by a code that a person types and confirms', async () => {
    const device = await beginDevice(product);
    expect(device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(device.verification_uri).toBe(`${product.url}/oauth/device`);
    const pending = await poll(product, device.device_code);
    expect([pending.status, pending.body.error]).toEqual([400, 'authorization_pending']);

    const browser = await product.signIn();
    const first = await browser.get(page);
    expect([first.status, heading(first)]).toEqual([200, 'Sign in an app']);
    const confirm = await browser.submitForm(first, { user_code: device.user_code.toLowerCase() }, 'user_code');
    expect(heading(confirm)).toBe('Sign in “Command line”?');
    expect(confirm.text).toContain('only if you started this yourself');
    expect(confirm.text).toContain(device.user_code);
    expect((await pollInTime(product, device.device_code)).body.error).toBe('authorization_pending');
    const done = await walk(product, browser, await browser.submitForm(confirm, { confirm: 'yes' }, 'user_code'));
    expect([done.page.status, heading(done.page)]).toEqual([200, 'Command line is signed in']);
    for (const shown of [first, confirm, done.page]) {
      expect(shown.headers.get('content-security-policy')).not.toMatch(/unsafe|sha256/);
      expect(shown.headers.get('cache-control')).toBe('no-store');
      expect(shown.text).not.toMatch(/<script(?![^>]*\ssrc="\/assets\/)|\sstyle=|\son\w+="/);
    }

    const tokens = await poll(product, device.device_code);
    expect(tokens.status).toBe(200);
    expect((await api(product, tokens.body.access_token)).body).toMatchObject({ email: trinity.email });
    expect((await refresh(product, tokens.body.refresh_token, { clientId: 'cli' })).status).toBe(200);
    expect((await grantsOf(product)).at(-1)).toMatchObject({ clientId: 'cli' });
    const stored = await product.context.prisma.token.findMany({ where: { kind: { in: ['DeviceCode', 'Session'] } } });
    expect(JSON.stringify(stored)).not.toContain(device.user_code.replace('-', ''));
    expect(JSON.stringify(stored)).not.toContain(device.device_code);
  });

  it('gives nothing for what stands in the database: the hash is no code', async () => {
    const device = await beginDevice(product);
    const { rows } = await product.context.pool.query<{ hash: string }>(
      `SELECT encode(id_hash, 'hex') AS hash FROM tokens WHERE kind = 'DeviceCode' ORDER BY created_at DESC LIMIT 1`,
    );
    const tryHashes = async () => {
      for (const code of [`sha256:${rows[0]?.hash}`, `${rows[0]?.hash}`]) {
        const answer = await poll(product, code);
        expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
      }
    };
    // While it is pending, a hash taken for a code would be told so.
    await tryHashes();
    await approveDevice(product, await product.signIn(), device.user_code);
    await tryHashes();
    expect((await poll(product, device.device_code)).status).toBe(200);
  });

  it('gives nothing to a device whose code somebody else confirmed and planted in the browser', async () => {
    const device = await beginDevice(product);
    const attacker = newBrowser(product);
    const first = await attacker.get(page);
    const confirm = await attacker.submitForm(first, { user_code: device.user_code }, 'user_code');
    const answer = await attacker.submitForm(confirm, { confirm: 'yes' }, 'user_code');
    const interaction = new URL(answer.headers.get('location') as string, product.url).href;
    const victim = await product.signIn();
    for (const url of [interaction, interaction.replace('interaction', 'device')])
      for (const cookie of await attacker.jar.getCookies(url))
        if (/interaction|resume/.test(cookie.key)) await victim.jar.setCookie(cookie, url);
    expect(await victim.cookiesFor(interaction)).toContain('oauth_interaction=');
    const before = (await grantsOf(product)).length;
    for (const browser of [victim, await beforeTheDevicePage(victim)]) {
      const refused = await browser.get(interaction, { crossSite: true });
      expect([refused.status, refused.json().code]).toEqual([400, 'invalid_request']);
    }
    expect((await grantsOf(product)).length).toBe(before);
    expect((await poll(product, device.device_code)).body.error).toBe('authorization_pending');
  });

  /** A browser that has a session of the device page's own. */
  async function beforeTheDevicePage(browser: Awaited<ReturnType<Product['signIn']>>) {
    await browser.get(page);
    return browser;
  }

  it('limits how many forms a network may begin', async () => {
    const limited = await startProduct();
    const statuses = new Set<number>();
    for (let begun = 0; begun < 1_501; begun += 1) statuses.add((await newBrowser(limited).get(page)).status);
    await limited.stop();
    expect([...statuses]).toEqual([200, 429]);
  });

  it('goes through the sign-in where the browser has no session', async () => {
    const device = await beginDevice(product);
    const browser = newBrowser(product);
    const signIn = await approveDevice(product, browser, device.user_code);
    expect(heading(signIn)).toBe('Sign in');
    const returnTo = new URL(signIn.url).searchParams.get('returnTo') ?? '';
    const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit', returnTo });
    const landed = await browser.finish(await browser.submitLogin(step, trinity));
    expect(heading(landed)).toBe('Command line is signed in');
    expect((await poll(product, device.device_code)).status).toBe(200);
  });

  it('fills in the code of a link, and sends nothing by itself', async () => {
    const device = await beginDevice(product);
    expect(device.verification_uri_complete).toBe(`${product.url}/oauth/device?user_code=${device.user_code}`);
    const browser = await product.signIn();
    const shown = await browser.get(device.verification_uri_complete);
    expect(heading(shown)).toBe('Sign in an app');
    expect(shown.text).toContain(`value="${device.user_code}"`);
    expect(heading(await browser.submitForm(shown, {}, 'user_code'))).toBe('Sign in “Command line”?');
    const hostile = await browser.get(`${page}?user_code=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`);
    expect(hostile.text).not.toContain('<img');
  });

  it('gives nothing where the person refuses', async () => {
    const device = await beginDevice(product);
    const browser = await product.signIn();
    const confirm = await browser.submitForm(await browser.get(page), { user_code: device.user_code }, 'user_code');
    expect(heading(await browser.submitForm(confirm, { abort: 'yes' }, 'user_code'))).toBe('Access was refused');
    const refused = await poll(product, device.device_code);
    expect([refused.status, refused.body.error]).toEqual([400, 'access_denied']);
    const again = await browser.submitForm(await browser.get(page), { user_code: device.user_code }, 'user_code');
    expect(heading(again)).toBe('That code no longer works');
  });

  it('says what is wrong with a code', async () => {
    const browser = await product.signIn();
    const wrong = await browser.submitForm(await browser.get(page), { user_code: 'BBBB-BBBB' }, 'user_code');
    expect([wrong.status, heading(wrong)]).toEqual([200, 'Sign in an app']);
    expect(wrong.text).toContain('There is no such code');
    expect(wrong.text).toContain('value="BBBB-BBBB"');
    const none = await browser.submitForm(await browser.get(page), { user_code: '' }, 'user_code');
    expect(none.text).toContain('Enter the code that the app shows.');
    const device = await beginDevice(product);
    await product.context.pool.query(
      `UPDATE tokens SET payload = jsonb_set(payload, '{exp}', '1000') WHERE kind = 'DeviceCode' AND consumed_at IS NULL`,
    );
    const late = await browser.submitForm(await browser.get(page), { user_code: device.user_code }, 'user_code');
    expect(heading(late)).toBe('That code no longer works');
    expect((await poll(product, device.device_code)).body.error).toBe('expired_token');
  });
});

describe('attacks', () => {
  it('takes an answer only from the form of this very browser, and from no other site', async () => {
    const device = await beginDevice(product);
    const browser = await product.signIn();
    const form = { user_code: device.user_code, confirm: 'yes' };
    for (const answer of [
      await browser.post(page, { form: { ...form, xsrf: 'guessed' } }),
      await browser.get(`${page}/x`),
    ])
      expect([answer.status, answer.headers.get('location')]).toEqual([303, page]);
    await browser.get(page);
    expect((await browser.post(page, { form: { ...form, xsrf: 'guessed' } })).status).toBe(400);
    const confirm = await browser.submitForm(await browser.get(page), { user_code: device.user_code }, 'user_code');
    const xsrf = /name="xsrf" value="(\w+)"/.exec(confirm.text)?.[1] ?? '';
    const other = await product.signIn();
    await other.get(page);
    expect((await other.post(page, { form: { ...form, xsrf } })).status).toBe(400);
    const foreign = await browser.post(page, { form: { ...form, xsrf }, crossSite: true });
    expect([foreign.status, foreign.json().code]).toEqual([403, 'foreign_origin']);
    expect((await poll(product, device.device_code)).body.error).toBe('authorization_pending');
  });

  it('gives the tokens to the app that began, and once', async () => {
    const device = await beginDevice(product);
    await approveDevice(product, await product.signIn(), device.user_code);
    // Neither an app that may not use the flow, nor the name by which the page knows the code.
    expect((await poll(product, device.device_code, { clientId: 'mobile-app' })).status).toBe(400);
    const { rows } = await product.context.pool.query(
      `SELECT encode(id_hash, 'hex') AS hash FROM tokens WHERE kind = 'DeviceCode' ORDER BY created_at DESC LIMIT 1`,
    );
    expect((await poll(product, `sha256:${rows[0].hash}`)).body.error).toBe('invalid_grant');
    const first = await poll(product, device.device_code);
    expect(first.status).toBe(200);
    const second = await poll(product, device.device_code);
    expect([second.status, second.body.error]).toEqual([400, 'invalid_grant']);
    expect((await refresh(product, first.body.refresh_token, { clientId: 'cli' })).body.error).toBe('invalid_grant');
  });

  it('lets one person approve a code, whoever else has it', async () => {
    const device = await beginDevice(product);
    const one = await product.signIn();
    const two = await product.signIn('metacortex');
    const confirmOf = async (browser: typeof one) =>
      browser.submitForm(await browser.get(page), { user_code: device.user_code }, 'user_code');
    const confirms = [await confirmOf(one), await confirmOf(two)] as const;
    const ends = await Promise.all([
      one.submitForm(confirms[0], { confirm: 'yes' }, 'user_code').then((answer) => walk(product, one, answer)),
      two.submitForm(confirms[1], { confirm: 'yes' }, 'user_code').then((answer) => walk(product, two, answer)),
    ]);
    const headings = ends.map((end) => heading(end.page));
    expect(headings.filter((text) => text === 'Command line is signed in')).toHaveLength(1);
    const tokens = await poll(product, device.device_code);
    const me = await api(product, tokens.body.access_token);
    expect(me.body.orgSlug).toBe(headings[0] === 'Command line is signed in' ? 'whiterabbit' : 'metacortex');
  });

  it('begins only for an app that may use the flow', async () => {
    const answer = await post(product, '/oauth/device/code', { client_id: 'mobile-app', scope: 'openid' });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    const unknown = await post(product, '/oauth/device/code', { client_id: 'nobody', scope: 'openid' });
    expect([unknown.status, unknown.body.error]).toEqual([401, 'invalid_client']);
  });

  it('lets nobody who sends a form slowly keep others from typing their code', async () => {
    const { hostname, port } = new URL(product.url);
    const head = `POST ${page} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 200\r\n\r\nxsrf=`;
    const slow = Array.from({ length: 40 }, () =>
      net.connect(Number(port), hostname, function (this: net.Socket) {
        this.write(head);
      }),
    );
    try {
      await Promise.all(slow.map((socket) => once(socket, 'connect')));
      await new Promise((resolve) => setTimeout(resolve, 200));
      const browser = await product.signIn();
      const start = performance.now();
      const shown = await browser.submitForm(await browser.get(page), { user_code: 'CCCC-CCCC' }, 'user_code');
      expect(shown.status).toBe(200);
      expect(performance.now() - start).toBeLessThan(8_000);
    } finally {
      for (const socket of slow) socket.destroy();
    }
  });

  it('refuses a form that is too large, also in pieces of unknown length', async () => {
    const browser = await product.signIn();
    const type = { 'content-type': 'application/x-www-form-urlencoded', origin: product.url };
    const large = `user_code=${'x'.repeat(20_000)}`;
    expect((await fetch(`${product.url}${page}`, { method: 'POST', headers: type, body: large })).status).toBe(413);
    const pieces = new Blob([large]).stream();
    const inPieces = { method: 'POST', headers: type, body: pieces, duplex: 'half' } as RequestInit;
    expect((await fetch(`${product.url}${page}`, inPieces)).status).toBe(413);
    expect((await browser.get(page)).status).toBe(200);
  });

  it('stops a network that guesses codes, and counts no honest answer', async () => {
    const limited = await startProduct();
    try {
      const browser = await limited.signIn();
      for (let round = 0; round < 25; round += 1) {
        const shown = await browser.submitForm(await browser.get(page), { user_code: '' }, 'user_code');
        expect(shown.status).toBe(200);
      }
      const guess = async () => browser.submitForm(await browser.get(page), { user_code: 'CCCC-CCCC' }, 'user_code');
      for (let round = 0; round < 100; round += 1) expect((await guess()).status).toBe(200);
      const stopped = await guess();
      expect(stopped.status).toBe(429);
      expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
      const form = { user_code: 'CCCC-CCCC' };
      const shown = await browser.post(page, { form, headers: { accept: 'text/html' } });
      expect([shown.status, heading(shown)]).toEqual([429, 'Too many requests']);
    } finally {
      await limited.stop();
    }
  });
});
