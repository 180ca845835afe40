import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { type Browser, type BrowserResponse, hasLoginForm } from '../support/browser.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Product, startProduct, trinity, twin } from '../support/product.ts';
import {
  api,
  approveDevice,
  beginDevice,
  codeOf,
  exchange,
  grantsOf,
  heading,
  newBrowser,
  poll,
  post,
  refresh,
  startOf,
  tokensOf,
  walk,
} from './support.ts';

let product: Product;
let browser: Browser;
beforeAll(async () => {
  product = await startProduct();
  browser = await product.signIn();
});
afterAll(() => product.stop());

it('an age greater than any is an age', async () => {
  for (const max_age of ['1000000000000', String(Number.MAX_SAFE_INTEGER)]) {
    const started = startOf(product, { max_age });
    expect((await exchange(product, started, await codeOf(product, browser, started))).status).toBe(200);
  }
});

it.each(['refresh_token', 'access_token'] as const)(
  'a grant that its %s could not end is ended by the next try',
  async (which) => {
    const tokens = await tokensOf(product, {}, browser);
    const giveBack = () => post(product, '/oauth/revoke', { token: tokens[which], client_id: 'mobile-app' });
    const [grant] = (await grantsOf(product)).slice(-1);
    const lock = (blocker: PoolClient) =>
      blocker.query('SELECT FROM grants WHERE org_id = $1 AND id = $2 FOR UPDATE', [grant?.orgId, grant?.id]);
    // Longer than the five seconds in which a lock must be had.
    await whileLocked(product, lock, async () => expect((await giveBack()).status).toBe(503));
    expect((await api(product, tokens.access_token)).status).toBe(200);
    expect((await giveBack()).status).toBe(200);
    expect((await api(product, tokens.access_token)).status).toBe(401);
  },
);

it('a refresh that waits in vain for its grant has used up nothing', async () => {
  const tokens = await tokensOf(product, {}, browser);
  const [grant] = (await grantsOf(product)).slice(-1);
  const lock = (blocker: PoolClient) =>
    blocker.query('SELECT FROM grants WHERE org_id = $1 AND id = $2 FOR UPDATE', [grant?.orgId, grant?.id]);
  await whileLocked(product, lock, async () => {
    const answer = await refresh(product, tokens.refresh_token);
    expect([answer.status, answer.body.error, answer.headers.get('retry-after')]).toEqual([
      503,
      'temporarily_unavailable',
      '5',
    ]);
    expect(answer.body.error_description).toContain('try again');
  });
  const { rows } = await product.context.pool.query(
    `SELECT FROM tokens WHERE kind = 'RefreshToken' AND grant_id = $1 AND (consumed_at IS NOT NULL OR uses > 0)`,
    [grant?.id],
  );
  expect(rows).toEqual([]);
  expect((await refresh(product, tokens.refresh_token)).status).toBe(200);
});

describe('a request for a code', () => {
  const ask = async (params: Parameters<typeof startOf>[1]) => {
    const before = (await grantsOf(product)).length;
    const answer = await walk(product, browser, await browser.get(startOf(product, params).url));
    expect((await grantsOf(product)).length).toBe(before);
    return answer;
  };

  it.each([
    ['without PKCE', { code_challenge: undefined, code_challenge_method: undefined }],
    ['with plain PKCE', { code_challenge_method: 'plain' }],
    ['with the implicit flow', { response_type: 'token' }],
    ['with the hybrid flow', { response_type: 'code id_token', nonce: 'n' }],
    ['with a form that is posted to the app', { response_mode: 'form_post' }],
    ['with a signed request object', { request: 'a.b.c' }],
    ['without openid', { scope: 'offline_access' }],
    ['without a scope', { scope: undefined }],
    ['with a malformed max_age', { max_age: '-1' }],
  ])('is refused %s, by the app’s own address', async (_what, params) => {
    const { next } = await ask(params);
    expect(next?.href).toMatch(/^http:\/\/127\.0\.0\.1:51234\/callback[?#]error=/);
    expect(next?.href).not.toMatch(/[?&#](code|access_token|id_token)=/);
  });

  it.each([
    ['another host', 'https://evil.example/callback'],
    ['the app’s name in another host', 'https://127.0.0.1.evil.example/callback'],
    ['localhost by name, which may lead elsewhere', 'http://localhost:51234/callback'],
    ['another path', 'http://127.0.0.1:51234/callback/../evil'],
    ['a query of its own', 'http://127.0.0.1:51234/callback?next=evil'],
    ['a user in front of another host', 'http://127.0.0.1:51234@evil.example/callback'],
    ['https on loopback', 'https://127.0.0.1:51234/callback'],
    ['another app’s scheme', 'com.universal-logout.extension:/callback'],
    ['a script', 'javascript:alert(1)'],
    ['nothing', undefined],
  ])('goes nowhere for %s', async (_what, redirect_uri) => {
    const { page, next } = await ask({ redirect_uri });
    expect(next).toBe(undefined);
    expect(page.status).toBe(400);
    expect(page.headers.get('location')).toBe(null);
  });

  it('is refused from an app that nobody knows, or that has another flow', async () => {
    for (const client_id of ['nobody', 'cli']) {
      const { page, next } = await ask({ client_id });
      expect([page.status, next]).toEqual([400, undefined]);
    }
  });

  it('shows a page to people that repeats nothing as markup', async () => {
    const { url } = startOf(product, { client_id: '"><img src=x onerror=alert(1)>' });
    const page = await browser.get(url, { headers: { accept: 'text/html' } });
    expect([page.status, heading(page)]).toEqual([400, 'The app’s request did not work']);
    expect(page.text).not.toContain('<img');
  });

  it('is refused, and not answered with a 500, where it holds what cannot be stored', async () => {
    const answer = await browser.get(`${startOf(product).url}%00`);
    expect([303, 400]).toContain(answer.status);
    const nul = await browser.get(startOf(product, { nonce: 'a\u0000b' }).url);
    expect(nul.status).toBeLessThan(500);
    expect(nul.headers.get('location') ?? '').not.toContain('/oauth/interaction/');
  });
});

describe('a code', () => {
  const make = async (params: Parameters<typeof startOf>[1] = {}) => {
    const started = startOf(product, params);
    return { started, code: await codeOf(product, browser, started) };
  };

  it.each([
    ['another app', { client_id: 'browser-extension' }],
    ['a wrong verifier', { code_verifier: 'a'.repeat(43) }],
    ['the challenge in place of the verifier', {}],
    ['no verifier', { code_verifier: undefined }],
    ['another address', { redirect_uri: 'http://127.0.0.1:1/callback' }],
    ['no address', { redirect_uri: undefined }],
    ['a flow that the app does not have', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }],
    ['a password', { grant_type: 'password', username: trinity.email, password: trinity.password }],
  ])('is worth nothing with %s, and still the app’s', async (what, params) => {
    const { started, code } = await make();
    const challenge = createHash('sha256').update(started.verifier).digest('base64url');
    const given = what.startsWith('the challenge') ? { code_verifier: challenge } : params;
    const answer = await exchange(product, started, code, given);
    expect([400, 401]).toContain(answer.status);
    expect(answer.body.access_token).toBe(undefined);
    expect((await exchange(product, started, code)).status).toBe(200);
  });

  it('is not taken twice in one request, nor from the address', async () => {
    const { started, code } = await make();
    const form = `grant_type=authorization_code&client_id=mobile-app&code=${code}&code=${code}`;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const twice = await fetch(`${product.url}/oauth/token`, { method: 'POST', body: form, headers });
    expect(twice.status).toBe(400);
    const query = new URLSearchParams({ grant_type: 'authorization_code', client_id: 'mobile-app', code });
    expect((await fetch(`${product.url}/oauth/token?${query}`, { method: 'POST' })).status).toBe(400);
    const json = { method: 'POST', body: JSON.stringify({ code }), headers: { 'Content-Type': 'application/json' } };
    expect((await fetch(`${product.url}/oauth/token`, json)).status).toBe(400);
    expect((await exchange(product, started, code)).status).toBe(200);
  });

  it('expires after a minute', async () => {
    const { started, code } = await make();
    await product.context.pool.query(
      `UPDATE tokens SET payload = jsonb_set(payload, '{exp}', '1000') WHERE kind = 'AuthorizationCode'`,
    );
    expect((await exchange(product, started, code)).body.error).toBe('invalid_grant');
  });
});

describe('a refresh token', () => {
  it('is worth nothing to another app, and not as a code', async () => {
    const { refresh_token } = await tokensOf(product, {}, browser);
    for (const clientId of ['browser-extension', 'cli'])
      expect((await refresh(product, refresh_token, { clientId })).body.error).toBe('invalid_grant');
    expect((await exchange(product, startOf(product), refresh_token ?? '')).body.error).toBe('invalid_grant');
    expect((await refresh(product, refresh_token)).status).toBe(200);
  });

  it('gains no scope that was not granted', async () => {
    const { refresh_token } = await tokensOf(product, { scope: 'openid offline_access' }, browser);
    const form = { grant_type: 'refresh_token', refresh_token, client_id: 'mobile-app', scope: 'openid email' };
    expect((await post(product, '/oauth/token', form)).body.error).toBe('invalid_scope');
  });
});

describe('an interaction', () => {
  /** Up to the interaction, which isn't entered. */
  const begin = async (who: Browser, params: Parameters<typeof startOf>[1] = {}) => {
    const started = startOf(product, params);
    const answer = await who.get(started.url);
    return { started, interaction: new URL(answer.headers.get('location') ?? '', product.url).href };
  };

  it('belongs to the browser that began it', async () => {
    const { interaction } = await begin(newBrowser(product));
    const before = (await grantsOf(product)).length;
    // Somebody who is signed in follows the link of another.
    const other = await product.signIn();
    const answer = await other.get(interaction);
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid_request']);
    const uid = interaction.split('/').at(-1);
    expect((await other.get(`/oauth/authorize/${uid}`)).status).toBe(400);
    expect((await grantsOf(product)).length).toBe(before);
  });

  it('is not entered by another’s name, nor by a forged cookie', async () => {
    const one = await begin(browser);
    const uid = one.interaction.split('/').at(-1);
    for (const cookie of [`oauth_interaction=${uid}`, `oauth_interaction=${uid}; oauth_interaction.sig=forged`]) {
      const session = await browser.cookiesFor('/');
      const answer = await fetch(one.interaction, { headers: { cookie: `${session}; ${cookie}` }, redirect: 'manual' });
      expect(answer.status).toBe(400);
    }
    const two = await begin(browser);
    const cookies = await browser.cookiesFor(one.interaction);
    const answer = await fetch(two.interaction, { headers: { cookie: cookies }, redirect: 'manual' });
    expect(answer.status).toBe(400);
  });

  it('makes one grant and one code, however often its pages are opened', async () => {
    const before = (await grantsOf(product)).length;
    const { started, interaction } = await begin(browser);
    const { userId } = product.orgs.whiterabbit;
    const asked = await browser.get(interaction);
    let all: Promise<BrowserResponse[]> = Promise.resolve([]);
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]),
      async () => {
        all = Promise.all([1, 2, 3].map(() => browser.submitForm(asked, {}, 'seal')));
        await waitForLock(product, 3);
      },
    );
    const entered = await all;
    const resume = entered
      .map((answer) => answer.headers.get('location'))
      .find((to) => to?.includes('/oauth/authorize/'));
    expect((await grantsOf(product)).length).toBe(before + 1);
    const resumed = await Promise.all(Array.from({ length: 5 }, () => browser.get(resume as string)));
    const codes = resumed.flatMap((answer) => {
      const to = answer.headers.get('location');
      const code = to?.startsWith(started.redirectUri) ? new URL(to).searchParams.get('code') : null;
      return code ? [code] : [];
    });
    expect(codes).toHaveLength(1);
    expect((await browser.get(interaction)).status).toBe(400);
    expect((await exchange(product, started, codes[0] as string)).status).toBe(200);
  });

  it('is overtaken by a revocation that commits while it is being approved', async () => {
    const who = await product.signIn();
    const { interaction } = await begin(who);
    const { id: orgId, userId } = product.orgs.whiterabbit;
    const revocation = { orgId, subject: { userIds: [userId] }, initiator: 'idp', by: byOperator } as const;
    const before = (await grantsOf(product)).length;
    const asked = await who.get(interaction);
    let approving: Promise<BrowserResponse> | undefined;
    await whileLocked(
      product,
      (blocker) => revokeAccess(blocker, revocation),
      async () => {
        approving = who.submitForm(asked, {}, 'seal');
        await waitForLock(product);
      },
    );
    const refused = (await approving) as BrowserResponse;
    expect([
      refused.status,
      heading(refused),
      refused.text.includes(`href="${new URL(interaction).pathname}"`),
    ]).toEqual([200, 'Sign in again', true]);
    const { page, next } = await walk(product, who, await who.get(interaction));
    expect([next, heading(page)]).toEqual([undefined, 'Sign in']);
    expect((await grantsOf(product)).length).toBe(before);
    browser = await product.signIn();
  });

  it('gives the tokens to the person whose session is in this browser when it is entered', async () => {
    const shared = await product.signIn();
    const { started, interaction } = await begin(shared);
    await shared.post('/api/signout');
    await shared.signIn({ appUrl: product.url, org: 'metacortex', ...twin });
    const { next } = await walk(product, shared, await shared.get(interaction));
    const { body } = await exchange(product, started, next?.searchParams.get('code') ?? '');
    expect((await api(product, body.access_token)).body.orgSlug).toBe('metacortex');
    expect((await grantsOf(product, product.orgs.metacortex.id)).at(-1)?.clientId).toBe('mobile-app');
  });

  it('is nothing that the authorization server’s own session could stand in for', async () => {
    const used = await product.signIn();
    await tokensOf(product, {}, used);
    await approveDevice(product, used, (await beginDevice(product)).user_code);
    await used.post('/api/signout');
    const { page } = await walk(product, used, await used.get(startOf(product).url));
    expect(heading(page)).toBe('Sign in');
    const sessions = await product.context.prisma.token.findMany({ where: { kind: 'Session' } });
    expect(sessions.length).toBeGreaterThan(0);
    for (const { payload, grantId } of sessions) {
      expect(JSON.stringify(payload)).not.toMatch(/accountId|authorizations|loginTs|usr_|grn_/);
      expect(grantId).toBe(null);
    }
  });
});

describe('a grant without a click', () => {
  const count = async () =>
    (await grantsOf(product)).length + (await grantsOf(product, product.orgs.metacortex.id)).length;
  /** Up to the page, as a link on another site's page leads there. */
  const lure = async (who: Browser, params: Parameters<typeof startOf>[1] = {}) => {
    const started = startOf(product, params);
    const answer = await who.get(started.url, { crossSite: true });
    const interaction = new URL(answer.headers.get('location') ?? '', product.url).href;
    return { started, interaction, page: await who.get(interaction, { crossSite: true }) };
  };
  const resume = (interaction: string) => interaction.replace('/oauth/interaction/', '/oauth/authorize/');

  it.each([
    { client_id: 'mobile-app', redirect_uri: 'http://127.0.0.1:51234/callback' },
    { client_id: 'mobile-app', redirect_uri: 'http://[::1]:51234/callback' },
    { client_id: 'mobile-app', redirect_uri: 'com.universal-logout.mobile:/callback' },
    { client_id: 'browser-extension', redirect_uri: 'com.universal-logout.extension:/callback' },
    { client_id: 'browser-extension', redirect_uri: 'http://127.0.0.1:51234/callback', scope: 'openid' },
    { client_id: 'mobile-app', redirect_uri: 'http://127.0.0.1:51234/callback', prompt: 'consent' },
  ])('is not to be had by a link alone, however often it is followed: %o', async (params) => {
    const who = await product.signIn();
    const before = await count();
    // A yes that was given before says nothing for the next time.
    await tokensOf(product, params, who);
    const { interaction, page } = await lure(who, params);
    for (const answer of [page, await who.get(interaction), await who.open('HEAD', interaction)])
      expect([answer.status, answer.headers.get('location'), answer.headers.get('cache-control')]).toEqual([
        200,
        null,
        'no-store',
      ]);
    for (const said of [trinity.email, 'Trinity', params.client_id === 'mobile-app' ? 'Mobile app' : 'extension'])
      expect(page.text).toContain(said);
    // Past the page: back to the same question.
    const past = await who.get(resume(interaction));
    expect(past.headers.get('location') ?? '').not.toContain('code=');
    expect(await count()).toBe(before + 1);
  });

  it('is asked for by a page that looks like the organisation’s', async () => {
    const { pool } = product.context;
    await pool.query(`INSERT INTO org_looks (org_id, colour) VALUES ($1, '#aa0000')`, [product.orgs.whiterabbit.id]);
    expect((await lure(await product.signIn())).page.text).toContain('/orgs/whiterabbit/look.css');
    await pool.query('DELETE FROM org_looks');
  });

  it('is refused to a form of another site’s page, to one of this site’s other hosts, and to another method', async () => {
    const who = await product.signIn();
    const { interaction, page } = await lure(who);
    const before = await count();
    const seal = /name="seal" value="([^"]+)"/.exec(page.text)?.[1] as string;
    const cookie = await who.cookiesFor(interaction);
    const form = { seal };
    for (const headers of [
      { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: undefined, 'sec-fetch-site': 'same-site' },
      { origin: 'https://elsewhere.example', authorization: 'Bearer x' },
    ])
      expect((await who.post(interaction, { form, headers: { ...headers, cookie } })).json().code).toBe(
        'foreign_origin',
      );
    for (const method of ['PUT', 'DELETE', 'PATCH'])
      expect((await who.open(method, interaction, { form })).status).toBe(405);
    const byQuery = await who.get(`${interaction}?seal=${encodeURIComponent(seal)}`);
    expect([byQuery.status, heading(byQuery)]).toEqual([200, 'Sign in “Mobile app”?']);
    expect(await count()).toBe(before);
  });

  it('is not to be had without what the page held, nor by that of another page', async () => {
    const who = await product.signIn();
    const [one, two] = [await lure(who), await lure(who)];
    const before = await count();
    const foreign = /name="seal" value="([^"]+)"/.exec(two.page.text)?.[1] as string;
    for (const form of [{}, { seal: '' }, { seal: 'x' }, { seal: foreign }] as Record<string, string>[]) {
      const answer = await who.post(one.interaction, { form });
      expect([answer.status, heading(answer)]).toEqual([200, 'Sign in “Mobile app”?']);
    }
    const twice = await who.post(one.interaction, {
      raw: 'seal=a&seal=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([twice.status, heading(twice)]).toEqual([200, 'Sign in “Mobile app”?']);
    const json = await who.post(one.interaction, { json: { seal: foreign } });
    expect(json.status).toBe(200);
    expect(await count()).toBe(before);
    const { next } = await walk(product, who, one.page);
    expect((await exchange(product, one.started, next?.searchParams.get('code') ?? '')).status).toBe(200);
  });

  it('is not the next person’s: the page is shown anew, and says who is signed in by now', async () => {
    const who = await product.signIn();
    const { started, page } = await lure(who);
    await who.post('/api/signout');
    const before = await count();
    const nobody = await who.submitForm(page, {}, 'seal');
    expect([nobody.status, heading(nobody)]).toEqual([200, 'Sign in again']);
    await who.signIn({ appUrl: product.url, org: 'metacortex', ...twin });
    const anew = await who.submitForm(page, {}, 'seal');
    expect([anew.status, heading(anew), anew.headers.get('location')]).toEqual([200, 'Sign in “Mobile app”?', null]);
    const where = { id: product.orgs.metacortex.id };
    const { name: orgName } = await product.context.prisma.org.findUniqueOrThrow({ where });
    expect([page.text.includes(orgName), anew.text.includes(orgName)]).toEqual([false, true]);
    expect(await count()).toBe(before);
    const { next } = await walk(product, who, anew);
    const { body } = await exchange(product, started, next?.searchParams.get('code') ?? '');
    expect((await api(product, body.access_token)).body.orgSlug).toBe('metacortex');
  });

  it('is not given to an older session where the app asks for a new sign-in, by the button either', async () => {
    const who = await product.signIn();
    const started = startOf(product, { prompt: 'login' });
    const answer = await who.get(started.url);
    const interaction = new URL(answer.headers.get('location') ?? '', product.url).href;
    const before = await count();
    const refused = await who.post(interaction, { form: { seal: 'x' } });
    expect([refused.status, heading(refused), await count()]).toEqual([200, 'Sign in again', before]);
  });

  it.each([
    ['http://127.0.0.1:51234/callback', "form-action 'self' http://127.0.0.1:51234;"],
    ['http://[::1]:51234/callback', "form-action 'self' http:;"],
    ['com.universal-logout.mobile:/callback', "form-action 'self' com.universal-logout.mobile:;"],
  ])('its page lets a form lead to the app alone: %s', async (redirect_uri, directive) => {
    const { page } = await lure(await product.signIn(), { redirect_uri });
    const usual = (await browser.get('/oauth/device')).headers.get('content-security-policy') ?? '';
    const policy = page.headers.get('content-security-policy');
    expect(policy).toBe(usual.replace("form-action 'self';", directive));
    expect(policy).toContain(directive);
  });
});

describe('stored rows', () => {
  it('hold no token, and of none the secret in their payload', async () => {
    const tokens = await tokensOf(product, {}, browser);
    const { rows } = await product.context.pool.query(`SELECT payload::text FROM tokens`);
    const all = rows.map((row) => row.payload).join();
    for (const secret of [tokens.access_token, tokens.refresh_token]) expect(all).not.toContain(secret);
    expect(all).not.toContain('"jti"');
  });
});

const endings: Record<string, () => Promise<unknown>> = {
  'the person is revoked': () => product.revoke(),
  'everyone is signed out': () =>
    revokeOrgAccess(product.context.pool, {
      orgId: product.orgs.whiterabbit.id,
      initiator: 'operator',
      by: byOperator,
    }),
};

describe.each(Object.keys(endings))('when %s', (ending) => {
  const end = async () => {
    await endings[ending]?.();
  };
  const signIn = async (): Promise<Browser> => {
    const fresh = newBrowser(product);
    const page = await fresh.signIn({ appUrl: product.url, org: 'whiterabbit', ...trinity });
    expect(hasLoginForm(page)).toBe(false);
    expect((await fresh.get('/api/users/me')).status).toBe(200);
    return fresh;
  };
  /** No redirect on the way holds a code. */
  const noCode = async (who: Browser, url: string) => {
    const { page, next } = await walk(product, who, await who.get(url));
    expect(next).toBe(undefined);
    expect([page.status, heading(page)], page.text).toEqual([200, 'Sign in']);
  };

  it('before the approval: no code', async () => {
    const who = await signIn();
    const answer = await who.get(startOf(product).url);
    await end();
    await noCode(who, answer.headers.get('location') as string);
  });

  it('between the approval and the way back: no code', async () => {
    const who = await signIn();
    const answer = await who.get(startOf(product).url);
    const asked = await who.get(answer.headers.get('location') as string);
    const approved = await who.submitForm(asked, {}, 'seal');
    expect(approved.headers.get('location')).toContain('/oauth/authorize/');
    await end();
    await noCode(who, approved.headers.get('location') as string);
  });

  it('after the code: no token', async () => {
    const started = startOf(product);
    const code = await codeOf(product, await signIn(), started);
    await end();
    const answer = await exchange(product, started, code);
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
  });

  it('after the exchange: neither token works', async () => {
    const tokens = await tokensOf(product, {}, await signIn());
    await end();
    expect((await api(product, tokens.access_token)).body.code).toBe('session_revoked');
    const info = await fetch(`${product.url}/oauth/userinfo`, {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    });
    expect(info.status).toBe(401);
    expect((await refresh(product, tokens.refresh_token)).body.error).toBe('invalid_grant');
  });

  it('before a person confirms a device: no token', async () => {
    const who = await signIn();
    const device = await beginDevice(product);
    await end();
    expect(heading(await approveDevice(product, who, device.user_code))).toBe('Sign in');
    expect((await poll(product, device.device_code)).body.error).toBe('authorization_pending');
  });

  it('between the approval of a device and the way back, and after it: no token', async () => {
    const who = await signIn();
    const device = await beginDevice(product);
    const confirm = await who.submitForm(await who.get('/oauth/device'), { user_code: device.user_code }, 'user_code');
    const answer = await who.submitForm(confirm, { confirm: 'yes' }, 'user_code');
    const approved = await who.get(answer.headers.get('location') as string);
    expect(approved.headers.get('location')).toContain('/oauth/device/');
    await end();
    await noCode(who, approved.headers.get('location') as string);
    expect((await poll(product, device.device_code)).body.error).toBe('authorization_pending');

    const other = await beginDevice(product);
    expect(heading(await approveDevice(product, await signIn(), other.user_code))).toBe('Command line is signed in');
    await end();
    expect((await poll(product, other.device_code)).body.error).toBe('invalid_grant');
  });
});
