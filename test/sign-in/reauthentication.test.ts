import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, createBrowser, hasLoginForm } from '../support/browser.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { trinity } from '../support/product.ts';
import { api, tokensOf } from '../tokens/support.ts';
import { heading, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterAll(() => bed?.stop());

const path = '/api/orgs/current/policies';
const now = () => Math.floor(Date.now() / 1000);
const beOwner = () => bed.prisma.user.updateMany({ data: { role: 'owner' } });
async function change(browser: Browser) {
  const response = await browser.open('PATCH', path, { json: { createUsers: true } });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Problem };
}
type Problem = { code?: string; signInUrl?: string; maxAge?: number };
/** As if everybody had authenticated that long ago. */
const age = (seconds: number | null) =>
  bed.pool.query('UPDATE sessions SET authenticated_at = now() - make_interval(secs => $1)', [seconds]);

describe('an administrator who authenticated long ago', () => {
  it.each([3601, null])('is asked to again (%s seconds), and goes on after a password', async (seconds) => {
    const browser = await bed.product.signIn();
    await beOwner();
    expect((await change(browser)).status).toBe(200);
    await age(seconds);
    const refused = await change(browser);
    expect([refused.status, refused.body.code, refused.body.maxAge]).toEqual([401, 'reauthentication_required', 3600]);
    expect(refused.headers.get('www-authenticate')).toContain(
      'error="insufficient_user_authentication", max_age="3600"',
    );
    expect(refused.body.signInUrl).toBe('/openid/start/whiterabbit?prompt=login');
    // To look at things needs none.
    expect((await browser.get(path)).status).toBe(200);

    // The IdP still knows this browser, and asks nevertheless.
    const step = await browser.beginSignIn({ appUrl: bed.url, org: 'whiterabbit', query: { prompt: 'login' } });
    expect(hasLoginForm(step.page)).toBe(true);
    expect((await change(browser)).status).toBe(401);
    await browser.finish(await browser.submitLogin(step, trinity));
    expect((await change(browser)).status).toBe(200);
  });
});

describe('at an identity provider that ignores prompt and max_age', () => {
  afterEach(async () => {
    bed.hostile.reset();
    await setReauthentication('verified');
  });
  const setReauthentication = (reauthentication: 'verified' | 'best_effort') =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { reauthentication } });
  const attempt = async (browser: Browser, claims: object, query: Record<string, string> = {}) => {
    bed.hostile.requests.length = 0;
    bed.hostile.setIdToken({ claims: { ...claims } });
    const page = await browser.signIn({ appUrl: bed.url, org: 'hostile', query, email: '', password: '' });
    const rounds = bed.hostile.requests.filter(({ endpoint }) => endpoint === 'authorize');
    return { page, heading: heading(page), asked: rounds.map(({ url }) => url.searchParams.get('prompt')) };
  };
  const newBrowser = () => createBrowser({ baseUrl: bed.url });
  const anew = { prompt: 'login' };

  it('an authentication of long ago changes nothing: asked twice, then refused', async () => {
    const browser = newBrowser();
    await attempt(browser, { auth_time: now() - 7200 });
    await beOwner();
    expect((await change(browser)).body.code).toBe('reauthentication_required');
    const again = await attempt(browser, { auth_time: now() - 7200 }, anew);
    expect(again).toMatchObject({ heading: 'Please sign in afresh', asked: ['login', 'login'] });
    expect((await bed.refusals()).at(-1)).toBe('not_fresh');
    expect((await change(browser)).body.code).toBe('reauthentication_required');
    // One just before the start is not one after it.
    expect((await attempt(browser, { auth_time: now() - 10 }, anew)).asked).toEqual(['login', 'login']);
    expect((await change(browser)).status).toBe(401);
    // One after it is; the second round is judged like the first.
    expect((await attempt(browser, {}, anew)).asked).toEqual(['login']);
    expect((await change(browser)).status).toBe(200);
  });

  it('no auth_time proves nothing, unless having asked is set to be enough', async () => {
    const browser = newBrowser();
    await attempt(browser, { auth_time: undefined });
    await beOwner();
    expect((await change(browser)).body.code).toBe('reauthentication_required');
    const again = await attempt(browser, { auth_time: undefined }, anew);
    expect(again.heading).toBe('It cannot be told when you signed in');
    expect((await change(browser)).status).toBe(401);
    await setReauthentication('best_effort');
    await attempt(browser, { auth_time: undefined });
    expect((await change(browser)).status).toBe(401);
    await attempt(browser, { auth_time: undefined }, anew);
    expect((await change(browser)).status).toBe(200);
  });

  it.each([
    ['0', () => 0],
    ['milliseconds', () => Date.now()],
    ['text', () => 'yesterday'],
    ['far ahead', () => now() + 86_400],
  ])('an auth_time that can’t be one (%s) is believed no more than none', async (_which, authTime) => {
    const browser = newBrowser();
    await attempt(browser, { auth_time: authTime() });
    await beOwner();
    expect((await change(browser)).body.code).toBe('reauthentication_required');
    const again = await attempt(browser, { auth_time: authTime() }, anew);
    expect(again).toMatchObject({ heading: 'It cannot be told when you signed in', asked: ['login', 'login'] });
    expect((await change(browser)).status).toBe(401);
    await setReauthentication('best_effort');
    await attempt(browser, { auth_time: authTime() });
    expect((await change(browser)).status).toBe(401);
    await attempt(browser, { auth_time: authTime() }, anew);
    expect((await change(browser)).status).toBe(200);
  });

  it.each([0, 1000, 90_000])('the session keeps when the person authenticated, %i seconds ago', async (ago) => {
    const browser = newBrowser();
    await attempt(browser, { auth_time: now() - ago });
    const { rows } = await bed.pool.query(
      `SELECT extract(epoch FROM created_at - authenticated_at)::float8 AS age FROM sessions ORDER BY created_at DESC LIMIT 1`,
    );
    expect(Math.abs(rows[0].age - ago)).toBeLessThan(5);
  });
});

// OpenID Connect Core §5.5, as Google's session-age claims want it.
describe('at an identity provider that tells auth_time only where it is asked for as a claim', () => {
  afterEach(() => bed.hostile.reset());
  const ask = (requestAuthTime: boolean) =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { requestAuthTime } });
  const told = async () => {
    bed.hostile.requests.length = 0;
    bed.hostile.setAuthorizeParams((query, honest) => {
      const asked = JSON.parse(query.get('claims') ?? '{}').id_token?.auth_time?.essential === true;
      bed.hostile.setIdToken({ claims: asked ? {} : { auth_time: undefined } });
      return honest;
    });
    const { page } = await bed.attempt();
    const asked = bed.hostile.requests.filter(({ endpoint }) => endpoint === 'authorize');
    return { heading: heading(page), claims: asked.map(({ url }) => url.searchParams.get('claims')) };
  };

  it('the connection’s setting asks at each start, and whoever was revoked can return', async () => {
    await ask(false);
    expect((await told()).claims).toEqual([null]);
    await bed.pool.query('UPDATE orgs SET revoked_at = now() WHERE id = $1', [bed.org.id]);
    expect(await told()).toEqual({ heading: 'It cannot be told when you signed in', claims: [null, null] });
    await ask(true);
    const { claims, heading: shown } = await told();
    expect(claims).toEqual(['{"id_token":{"auth_time":{"essential":true}}}']);
    expect(shown).not.toBe('It cannot be told when you signed in');
    const { rows } = await bed.pool.query('SELECT authenticated_at FROM sessions ORDER BY created_at DESC LIMIT 1');
    expect(rows[0].authenticated_at).toBeInstanceOf(Date);
    await ask(false);
  });
});

describe('an app', () => {
  it('has the moment of the session that approved it, and is refused by it', async () => {
    const browser = await bed.product.signIn();
    await beOwner();
    await age(1800);
    await tokensOf(bed.product, {}, browser);
    const { rows } = await bed.pool.query(
      `SELECT g.authenticated_at = s.authenticated_at AS same FROM grants g JOIN sessions s ON s.id = g.session_id
       ORDER BY g.created_at DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ same: true }]);

    const { id: orgId, userId } = bed.product.orgs.whiterabbit;
    const [grant] = await plantGrants(bed.product, { orgId, userId }, 1, { scope: 'openid offline_access admin' });
    const set = (seconds: number) =>
      bed.pool.query(`UPDATE grants SET authenticated_at = now() - make_interval(secs => $2) WHERE id = $1`, [
        grant?.id,
        seconds,
      ]);
    const patch = () =>
      api(bed.product, grant?.accessToken ?? '', { method: 'PATCH', path, json: { createUsers: true } });
    await set(60);
    expect((await patch()).status).toBe(200);
    await set(3601);
    const refused = await patch();
    expect([refused.status, refused.body.code]).toEqual([401, 'reauthentication_required']);
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_user_authentication');
  });
});
