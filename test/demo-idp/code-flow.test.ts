import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBrowser, hasLoginForm } from '../support/browser.ts';
import { startTestIdp, type TestIdp } from '../support/idp.ts';
import { createRelyingParty, redirectUri } from './relying-party.ts';

const trinity = { subject: 'sub-trinity', email: 'trinity@whiterabbit.fake', name: 'Trinity', password: 'Zion123$' };
const neo = { subject: 'sub-neo', email: 'neo@whiterabbit.fake', name: 'Neo <One>', password: 'Spoon"1' };
const twin = { ...trinity, subject: 'sub-other-trinity', password: 'Metacortex1' };
const postLogout = 'http://localhost:9/signed-out';
const client = (id: string) => ({
  id,
  secret: `secret-of-${id}`,
  redirectUris: [redirectUri],
  postLogoutRedirectUris: [postLogout],
});

let idp: TestIdp;
let app: Awaited<ReturnType<typeof createRelyingParty>>;
let otherApp: typeof app;
const output = vi.spyOn(console, 'warn');
const info = vi.spyOn(console, 'info');

beforeAll(async () => {
  idp = await startTestIdp({
    tenants: [
      { path: '1', name: 'White Rabbit', client: client('one'), users: [trinity, neo] },
      { path: '2', name: 'Metacortex', client: client('two'), users: [twin] },
    ],
  });
  app = await createRelyingParty(idp.tenant('1').issuer, client('one'));
  otherApp = await createRelyingParty(idp.tenant('2').issuer, client('two'));
});

afterAll(async () => {
  await idp.stop();
  expect(idp.faults).toEqual([]);
});

test('announces what an app needs, under the exact issuer, and starts without warnings', () => {
  expect(app.metadata).toMatchObject({
    issuer: `${idp.url}/1`,
    token_endpoint: expect.stringMatching(/^http:\/\/localhost:\d+\/1\//),
    end_session_endpoint: expect.any(String),
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
  });
  expect([...output.mock.calls, ...info.mock.calls]).toEqual([]);
});

describe('the code flow', () => {
  test('ends in a verified ID token with the person’s claims', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { claims, header, callbackUrl, sent, silent } = await app.signIn(createBrowser(), trinity);
    expect(silent).toBe(false);
    expect(header.alg).toBe('RS256');
    expect(claims).toMatchObject({ sub: trinity.subject, email: trinity.email, email_verified: true, name: 'Trinity' });
    expect(claims.nonce).toBe(sent.nonce);
    expect(claims.auth_time).toBeGreaterThanOrEqual(before);
    const answer = new URL(callbackUrl).searchParams;
    expect([answer.get('state'), answer.get('iss')]).toEqual([sent.state, app.metadata.issuer]);
  });

  test('needs PKCE with S256, and the verifier that belongs to it', async () => {
    const without = await app.authorize(createBrowser(), {
      code_challenge: undefined,
      code_challenge_method: undefined,
    });
    expect(new URL(without.callbackUrl ?? '').searchParams.get('error')).toBe('invalid_request');
    const plain = await app.authorize(createBrowser(), { code_challenge_method: 'plain' });
    expect(new URL(plain.callbackUrl ?? '').searchParams.get('error')).toBe('invalid_request');

    const browser = createBrowser();
    const begun = await app.authorize(browser);
    const callbackUrl = await browser.submitLogin({ page: begun.page }, trinity);
    const { status, body } = await app.exchange(callbackUrl, { verifier: 'x'.repeat(43) });
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  });

  test('gives out a code once, and to registered addresses only', async () => {
    const { callbackUrl, sent } = await app.signIn(createBrowser(), trinity);
    expect((await app.exchange(callbackUrl, sent)).status).toBe(400);
    const foreign = await app.authorize(createBrowser(), { redirect_uri: 'http://localhost:9/elsewhere' });
    expect([foreign.page.status, foreign.callbackUrl]).toEqual([400, undefined]);
    expect(foreign.page.text).toContain('This sign-in did not work');
  });

  test('a wrong password gets a message and another try', async () => {
    const browser = createBrowser();
    const begun = await app.authorize(browser, { login_hint: neo.email });
    for (const wrong of [
      { email: neo.email, password: 'no' },
      { email: 'nobody@x.fake', password: '' },
    ]) {
      const page = await browser.submitForm(begun.page, wrong);
      expect(page.status).toBe(401);
      expect(page.text).toContain('do not belong together');
      expect(hasLoginForm(page)).toBe(true);
    }
    expect(await browser.submitLogin({ page: begun.page }, neo)).toContain('code=');
  });

  test('the form is prefilled by login_hint and by choosing a person, names are escaped, scripts are forbidden', async () => {
    const browser = createBrowser();
    const { page } = await app.authorize(browser, { login_hint: neo.email });
    expect(page.text).toContain(`value="${neo.email}"`);
    expect(page.text).toContain('Neo &lt;One&gt;');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const filled = await browser.get(`${page.url}?as=${trinity.email}`);
    expect(filled.text).toContain(`value="${trinity.password}"`);
  });

  test('a form that was already used says so', async () => {
    const browser = createBrowser();
    const begun = await app.authorize(browser);
    await browser.submitLogin({ page: begun.page }, trinity);
    const again = await browser.submitForm(begun.page, trinity);
    expect([again.status, again.text.includes('took too long')]).toEqual([400, true]);
  });
});

describe('sessions at the provider', () => {
  test('make the second sign-in silent, with the auth_time of the first', async () => {
    const browser = createBrowser();
    const first = await app.signIn(browser, trinity);
    await sleep(1100);
    const second = await app.signIn(browser, trinity);
    expect(second.silent).toBe(true);
    expect(second.claims.auth_time).toBe(first.claims.auth_time);
    expect(second.claims.iat).toBeGreaterThan(first.claims.iat ?? 0);
  });

  test('prompt=login, max_age=0 and an exceeded max_age ask again, and auth_time moves', async () => {
    const browser = createBrowser();
    const first = await app.signIn(browser, trinity);
    await sleep(1100);
    const again = await app.signIn(browser, trinity, { prompt: 'login' });
    expect(again.silent).toBe(false);
    expect(again.claims.auth_time).toBeGreaterThan(Number(first.claims.auth_time));
    expect((await app.signIn(browser, trinity, { max_age: '0' })).silent).toBe(false);
    await sleep(2100);
    expect((await app.signIn(browser, trinity, { max_age: '1' })).silent).toBe(false);
    expect((await app.signIn(browser, trinity, { max_age: '600' })).silent).toBe(true);
  });

  test('prompt=none answers with an error instead of a form', async () => {
    const { callbackUrl } = await app.authorize(createBrowser(), { prompt: 'none' });
    expect(new URL(callbackUrl ?? '').searchParams.get('error')).toBe('login_required');
  });

  test('two tenants at one host keep separate sessions in one browser', async () => {
    const browser = createBrowser();
    await app.signIn(browser, trinity);
    const other = await otherApp.signIn(browser, twin);
    expect([other.silent, other.claims.sub]).toEqual([false, twin.subject]);
    expect((await app.signIn(browser, trinity)).claims.sub).toBe(trinity.subject);
    expect(idp.tenant('1').endSessions(trinity.subject)).toBeGreaterThan(0);
    expect((await otherApp.signIn(browser, twin)).silent).toBe(true);
    expect((await app.signIn(browser, trinity)).silent).toBe(false);
  });

  test('ending them while the form is open does not stand in the way of signing in', async () => {
    const browser = createBrowser();
    await app.signIn(browser, trinity);
    const begun = await app.authorize(browser, { prompt: 'login' });
    idp.tenant('1').endSessions(trinity.subject);
    expect(await browser.submitLogin({ page: begun.page }, trinity)).toContain('code=');
  });

  test('another person can sign in over them', async () => {
    const browser = createBrowser();
    await app.signIn(browser, trinity);
    expect((await app.signIn(browser, neo, { prompt: 'login' })).claims.sub).toBe(neo.subject);
    expect((await app.signIn(browser, neo)).claims.sub).toBe(neo.subject);
  });

  test('RP-initiated logout ends them and leads back', async () => {
    const browser = createBrowser();
    const { idToken } = await app.signIn(browser, trinity);
    const query = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: postLogout, state: 's' });
    const page = await browser.get(`${app.metadata.end_session_endpoint}?${query}`);
    expect(page.text).toContain('Sign out of White Rabbit?');
    const left = await browser.submitForm(page, { logout: 'yes' });
    expect(left.headers.get('location')).toBe(`${postLogout}?state=s`);
    expect((await app.signIn(browser, trinity)).silent).toBe(false);
  });
});

describe('a tenant under test', () => {
  test('rotates its keys: old tokens verify until the old key goes, sessions last', async () => {
    const browser = createBrowser();
    const first = await app.signIn(browser, trinity);
    idp.tenant('1').rotateKeys();
    const second = await app.signIn(browser, trinity);
    expect([second.silent, second.header.kid === first.header.kid]).toEqual([true, false]);
    await app.verify(first.idToken);
    idp.tenant('1').rotateKeys({ keepOld: false });
    await expect(app.verify(first.idToken)).rejects.toThrow('no applicable key');
    await app.signIn(browser, trinity);
  });

  test('takes new and changed people', async () => {
    const tenant = idp.tenant('2');
    const smith = { subject: 'sub-smith', email: 'smith@metacortex.fake', name: 'Smith', password: 'Agent1' };
    tenant.addUser(smith);
    expect(() => tenant.addUser(smith)).toThrow('already has a user');
    tenant.updateUser('sub-smith', { email: 'agent@metacortex.fake', emailVerified: false });
    const { claims } = await otherApp.signIn(createBrowser(), { ...smith, email: 'agent@metacortex.fake' });
    expect(claims).toMatchObject({ sub: 'sub-smith', email: 'agent@metacortex.fake', email_verified: false });
  });

  test('leaves auth_time out unless asked, where the client is set so', async () => {
    idp.tenant('2').updateClient({ alwaysAuthTime: false });
    const browser = createBrowser();
    expect((await otherApp.signIn(browser, twin)).claims).not.toHaveProperty('auth_time');
    expect((await otherApp.signIn(browser, twin, { max_age: '600' })).claims.auth_time).toEqual(expect.any(Number));
  });
});
