import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { createBrowser, hasLoginForm } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { trinity } from '../support/product.ts';
import { heading, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterAll(() => bed?.stop());

const operator = { initiator: 'operator', by: byOperator } as const;
const newBrowser = () => createBrowser({ baseUrl: bed.url });
type Browser = ReturnType<typeof newBrowser>;
const now = () => Math.floor(Date.now() / 1000);
const me = async (browser: Browser) => (await browser.get('/api/users/me')).status;

describe('at a real provider that keeps the person signed in', () => {
  const start = { appUrl: '', org: 'whiterabbit' };
  beforeAll(() => {
    start.appUrl = bed.url;
  });
  const { email, password } = trinity;
  const revokeUser = () => bed.product.revoke();
  const revokeOrg = () => revokeOrgAccess(bed.pool, { orgId: bed.product.orgs.whiterabbit.id, ...operator });

  test('someone never revoked signs in silently', async () => {
    const browser = await bed.product.signIn();
    const step = await browser.beginSignIn(start);
    expect((await browser.finish(step.callbackUrl ?? '')).url).toBe(`${bed.url}/todos`);
  });

  // Right after a revocation the IdP is told to ask at once; later its silent answer is sent back.
  test.each([
    ['the person', 0, revokeUser],
    ['the person', 5_100, revokeUser],
    ['the whole org', 0, revokeOrg],
    ['the whole org', 5_100, revokeOrg],
  ])('after revoking %s (%i ms later) no silent session is enough, the password is', async (_who, wait, revoke) => {
    const browser = await bed.product.signIn();
    await revoke();
    expect(await me(browser)).toBe(401);
    if (wait > 0) await setTimeout(wait);
    const step = await browser.beginSignIn({ ...start, returnTo: '/todos?x' });
    expect(step.callbackUrl === undefined).toBe(wait === 0);
    const form = step.callbackUrl ? await browser.finish(step.callbackUrl) : step.page;
    expect([hasLoginForm(form), await me(browser)]).toEqual([true, 401]);
    const page = await browser.finish(await browser.submitLogin({ page: form }, { email, password }));
    expect([page.url, await me(browser)]).toEqual([`${bed.url}/todos?x`, 200]);
  });

  // A primary that was lost had counted further: what its snapshot calls done is not what happened
  // here.
  test.each([
    ['ahead of what happened here', 1_000n],
    ['which today’s count has caught up with', 0n],
  ])('no sign-in survives a sign-out of everyone on a snapshot of a lost primary, %s', async (_which, ahead) => {
    const browser = newBrowser();
    const callback = await browser.submitLogin(await browser.beginSignIn(start), { email, password });
    await revokeOrg();
    await changeState(browser, async (state) => {
      const { rows } = await bed.pool.query(`SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xmax`);
      const xmax = BigInt(rows[0].xmax) + ahead;
      return { ...state, snapshot: `${xmax}:${xmax}:` };
    });
    const answer = await browser.get(callback, { crossSite: true });
    expect([answer.status, await me(browser)]).toEqual([302, 401]);
    expect(answer.headers.get('location')).toContain('prompt=login');
  });

  test('an honest sign-in after a revocation asks for the password once', async () => {
    await revokeUser();
    const browser = newBrowser();
    const callback = await browser.submitLogin(await browser.beginSignIn(start), { email, password });
    const answer = await browser.get(callback, { crossSite: true });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${bed.url}/`]);
  });

  test.each([
    ['the person', revokeUser],
    ['the whole org', revokeOrg],
  ])('a sign-in under way when %s is revoked does not complete', async (_who, revoke) => {
    await revokeUser();
    const browser = newBrowser();
    const callback = await browser.submitLogin(await browser.beginSignIn(start), { email, password });
    await revoke();
    const page = await browser.finish(callback);
    expect([hasLoginForm(page), await me(browser)]).toEqual([true, 401]);
  });

  test('the twin in the other org is not asked again', async () => {
    const browser = await bed.product.signIn('metacortex');
    await revokeUser();
    await revokeOrg();
    expect(await me(browser)).toBe(200);
    const step = await browser.beginSignIn({ ...start, org: 'metacortex' });
    expect((await browser.finish(step.callbackUrl ?? '')).status).toBe(200);
  });
});

describe('at a provider that never asks for a password, whatever it is told', () => {
  let userId = '';
  beforeEach(async () => {
    bed.hostile.reset();
    await setReauthentication('verified');
    const { me: first } = await bed.attempt();
    if (userId === '') userId = String(first.json().id);
  });
  afterEach(() => bed.hostile.reset());

  const setReauthentication = (reauthentication: 'verified' | 'best_effort') =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { reauthentication } });
  const revoke = () => revokeAccess(bed.pool, { orgId: bed.org.id, ...operator, subject: { userIds: [userId] } });
  const authorizations = () =>
    bed.hostile.requests.filter(({ endpoint }) => endpoint === 'authorize').map(({ url }) => url.searchParams);

  async function attemptWith(claims: Record<string, unknown>, browser = newBrowser()) {
    bed.hostile.requests.length = 0;
    bed.hostile.setIdToken({ claims });
    const { page, me: after } = await bed.attempt(browser);
    return { page, heading: heading(page), me: after.status, rounds: authorizations().length };
  }

  test('an old auth_time is sent back once, with prompt and max_age, and then refused', async () => {
    await revoke();
    const result = await attemptWith({ auth_time: now() - 3600 });
    expect(result).toMatchObject({ heading: 'Please sign in afresh', me: 401, rounds: 2 });
    expect(result.page.status).toBe(403);
    expect(Object.fromEntries(authorizations()[1] ?? [])).toMatchObject({ prompt: 'login', max_age: '1' });
    expect((await bed.refusals()).at(-1)).toBe('not_fresh');
  });

  test('the IdP is told in the second round whom it named, or else the address that they have here', async () => {
    await revoke();
    const hints = () => authorizations().map((asked) => asked.get('login_hint'));
    await attemptWith({ auth_time: now() - 3600, email: 'Lately@elsewhere.example' });
    expect(hints()).toEqual([null, 'Lately@elsewhere.example']);
    const { email } = await bed.prisma.user.findUniqueOrThrow({
      where: { orgId_id: { orgId: bed.org.id, id: userId } },
    });
    bed.hostile.set('userinfo', answers.status(500));
    for (const unnamed of [undefined, '', 'a\r\nb']) {
      await attemptWith({ auth_time: now() - 3600, email: unnamed });
      expect(hints()).toEqual([null, email]);
    }
  });

  test('an authentication just before the start is not one after it', async () => {
    await revoke();
    expect(await attemptWith({ auth_time: now() - 10 })).toMatchObject({ me: 401, rounds: 2 });
  });

  const impossible = [
    ...[['0', () => 0] as const, ['milliseconds', () => Date.now()] as const, ['text', () => 'yesterday'] as const],
    ...[['digits', () => String(now())] as const, ['negative', () => -1] as const, ['true', () => true] as const],
    ...[['an hour ahead', () => now() + 3600] as const, ['two minutes ahead', () => now() + 120] as const],
  ];
  test.each(impossible)('an auth_time that can’t be one (%s) proves no more than none', async (_which, authTime) => {
    await revoke();
    const result = await attemptWith({ auth_time: authTime() });
    expect(result).toMatchObject({ heading: 'It cannot be told when you signed in', me: 401, rounds: 2 });
    expect(result.page.text).toContain('not in a way that can be true');
    expect((await bed.refusals()).at(-1)).toBe('auth_time_missing');
    await setReauthentication('best_effort');
    expect(await attemptWith({ auth_time: authTime() })).toMatchObject({ me: 200, rounds: 1 });
    expect(authorizations().map((asked) => [asked.get('prompt'), asked.get('max_age')])).toEqual([['login', '1']]);
  });

  test('an auth_time long after the revocation will do, without a password', async () => {
    await revoke();
    await bed.pool.query(`UPDATE users SET revoked_at = now() - interval '10 minutes' WHERE id = $1`, [userId]);
    // The address was another one meanwhile, and was freed.
    await bed.pool.query(`UPDATE released_names SET revoked_at = now() - interval '10 minutes'`);
    expect(await attemptWith({ auth_time: now() - 120 })).toMatchObject({ me: 200, rounds: 1 });
    expect(await attemptWith({ auth_time: now() - 420 })).toMatchObject({ me: 401, rounds: 2 });
  });

  test('without auth_time a verified connection refuses, and says what can be set', async () => {
    await revoke();
    const result = await attemptWith({ auth_time: undefined });
    expect(result).toMatchObject({ heading: 'It cannot be told when you signed in', me: 401, rounds: 2 });
    expect((await bed.refusals()).at(-1)).toBe('auth_time_missing');
  });

  test('without auth_time a best-effort connection asks a browser once, and then no more', async () => {
    await setReauthentication('best_effort');
    await revoke();
    expect(await attemptWith({ auth_time: undefined })).toMatchObject({ me: 200, rounds: 1 });
    expect(authorizations()[0]?.get('prompt')).toBe('login');
    await revoke();
    await setTimeout(5_100);
    const browser = newBrowser();
    expect(await attemptWith({ auth_time: undefined }, browser)).toMatchObject({ me: 200, rounds: 2 });
    expect(authorizations().map((asked) => asked.get('prompt'))).toEqual([null, 'login']);
    // A browser with no session, with another person's of the same generations, with one of another
    // org.
    const another = newBrowser();
    const claims = { sub: 'another', email: 'another@hostile.fake' };
    await attemptWith(claims, another);
    await bed.pool.query(
      `UPDATE users u SET generation = mallory.generation FROM users mallory
       WHERE u.org_id = mallory.org_id AND u.email_key = $1 AND mallory.id = $2`,
      [claims.email, userId],
    );
    expect(await attemptWith(claims, another)).toMatchObject({ me: 200, rounds: 1 });
    for (const other of [newBrowser(), another, await bed.product.signIn('metacortex')])
      expect(await attemptWith({ auth_time: undefined }, other)).toMatchObject({ me: 200, rounds: 2 });
    expect(await attemptWith({ auth_time: undefined }, browser)).toMatchObject({ me: 200, rounds: 1 });
    expect(authorizations()[0]?.get('prompt')).toBeNull();
    // The person's own sign-out is no revocation.
    expect((await browser.post('/api/signout')).status).toBe(204);
    expect(await me(browser)).toBe(401);
    expect(await attemptWith({ auth_time: undefined }, browser)).toMatchObject({ me: 200, rounds: 1 });
    await revoke();
    await setTimeout(5_100);
    expect(await attemptWith({ auth_time: undefined }, browser)).toMatchObject({ me: 200, rounds: 2 });
  });

  test('a best-effort connection still believes an auth_time that is there', async () => {
    await setReauthentication('best_effort');
    await revoke();
    expect(await attemptWith({ auth_time: now() - 3600 })).toMatchObject({ me: 401, rounds: 2 });
  });

  test('a best-effort sign-in under way when the revocation comes is sent back', async () => {
    await setReauthentication('best_effort');
    bed.hostile.setIdToken({ claims: { auth_time: undefined } });
    const browser = newBrowser();
    const callback = await bed.begin(browser);
    await revoke();
    const answer = await browser.get(callback);
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login');
    expect(await me(browser)).toBe(401);
  });

  test('tokens that are dated back (Entra ID: five minutes) hide no old authentication, and refuse no fresh one', async () => {
    await revoke();
    expect(await attemptWith({ iat: now() - 300, auth_time: now() - 100 })).toMatchObject({ me: 401, rounds: 2 });
    expect(await attemptWith({ iat: now() - 300, auth_time: now() })).toMatchObject({ me: 200, rounds: 1 });
  });

  test('a restored cluster, whose counter was set back, lets people in again', async () => {
    await revoke();
    await bed.pool.query(`UPDATE users SET revoked_xid = '9000000000000' WHERE id = $1`, [userId]);
    expect(await attemptWith({})).toMatchObject({ me: 200, rounds: 1 });
  });

  test('someone unknown is judged by the org’s revocation, and not created', async () => {
    await revokeOrgAccess(bed.pool, { orgId: bed.org.id, ...operator });
    const email = 'newcomer@hostile.fake';
    expect(await attemptWith({ sub: 'newcomer', email, auth_time: now() - 3600 })).toMatchObject({
      me: 401,
      rounds: 2,
    });
    expect(await bed.prisma.user.count({ where: { orgId: bed.org.id, emailKey: email } })).toBe(0);
    expect(await attemptWith({ sub: 'newcomer', email })).toMatchObject({ me: 200, rounds: 1 });
  });

  test('a revocation between the callback’s reading and its insert wins; the second round is a page', async () => {
    bed.hostile.setIdToken({});
    const browser = newBrowser();
    let callback = await bed.begin(browser);
    for (const round of [1, 2]) {
      const client = await bed.pool.connect();
      await client.query('BEGIN');
      await revokeAccess(client, { orgId: bed.org.id, ...operator, subject: { userIds: [userId] } });
      const answered = browser.get(callback);
      await untilWaiting();
      await client.query('COMMIT');
      client.release();
      const answer = await answered;
      expect(await me(browser)).toBe(401);
      if (round === 1) {
        const location = answer.headers.get('location') ?? '';
        expect(new URL(location).searchParams.get('prompt')).toBe('login');
        const back = await browser.get(location);
        callback = back.headers.get('location') ?? '';
      } else expect([answer.status, heading(answer)]).toEqual([409, 'Your access changed meanwhile']);
    }
    expect((await bed.refusals()).at(-1)).toBe('overtaken');
    expect((await bed.attempt()).me.status).toBe(200);
  });

  async function untilWaiting() {
    for (;;) {
      const { rows } = await bed.pool.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      if (rows[0].n > 0) return;
      await setTimeout(10);
    }
  }
});

/** Seals another state into the browser's cookie, as only the server's own key can. */
async function changeState(browser: Browser, change: (state: object) => Promise<object>): Promise<void> {
  const { keyring } = bed.product.context;
  const [cookie] = (await browser.jar.getCookies(bed.url)).filter(({ key }) => key.startsWith('sign-in.'));
  if (!cookie) throw new Error('there is no state');
  const state = JSON.parse(await keyring.decrypt(cookie.value, 'sign-in-state'));
  const value = await keyring.encrypt(JSON.stringify(await change(state)), 'sign-in-state');
  await browser.jar.setCookie(`${cookie.key}=${value}; Path=/`, bed.url);
}
