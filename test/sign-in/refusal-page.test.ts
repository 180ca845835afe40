import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createOrgs } from '../../src/orgs/orgs.ts';
import { createBrowser } from '../support/browser.ts';
import { heading, type SignInBed, startSignInBed } from './support.ts';

const helpText = 'Help desk <b>\nhelp@hostile.fake';
const shown = '<p class="words">Help desk &lt;b&gt;\nhelp@hostile.fake</p>';

let bed: SignInBed;
let orgs: ReturnType<typeof createOrgs>;
beforeAll(async () => {
  bed = await startSignInBed();
  orgs = createOrgs({ prisma: bed.prisma });
  await orgs.updateOrg(bed.org.id, { helpText }, byOperator);
  await orgs.updateOrg(bed.product.orgs.whiterabbit.id, { helpText: 'Ask the rabbit.' }, byOperator);
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const signInAs = (sub: string, email: string) => {
  bed.hostile.setIdToken({ claims: { sub, email, email_verified: true } });
  return bed.attempt();
};

test('after the app was registered anew at the IdP, everybody reads what to ask for, and whom', async () => {
  expect((await signInAs('old subject', 'trinity@hostile.fake')).me.status).toBe(200);
  const { page, me } = await signInAs('new subject', 'trinity@hostile.fake');
  expect([page.status, me.status, heading(page)]).toEqual([403, 401, 'Your address belongs to another account']);
  expect(page.text).toMatch(/registered there anew/);
  expect(page.text).toMatch(/<p>Ask your administrator to unlink the old account/);
  expect(page.text).toContain(shown);
  expect(page.text).toMatch(/Reference <code>/);
  expect(page.text).not.toContain('Ask the rabbit');
});

test('an org without a help text shows none', async () => {
  await orgs.updateOrg(bed.org.id, { helpText: null, createUsers: false }, byOperator);
  const { page } = await signInAs('nobody', 'nobody@hostile.fake');
  expect(heading(page)).toBe('You have no account here yet');
  expect(page.text).not.toMatch(/class="words"|Whom to turn to|null|undefined/);
  await orgs.updateOrg(bed.org.id, { helpText, createUsers: true }, byOperator);
});

test('“Try again” asks for what the sign-in asked for: page, person, and a new authentication', async () => {
  const browser = createBrowser({ baseUrl: bed.url });
  const tryAgain = ({ text }: { text: string }) => {
    const href = /<a class="button" href="([^"]*)">Try again</.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    return { href, query: Object.fromEntries(new URL(href, bed.url).searchParams) };
  };
  const asked = { returnTo: '/devices', login_hint: 'trinity+1@hostile.fake', prompt: 'login' };
  bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({ state, iss, error: 'access_denied' }));
  const cancelled = await browser.get(await bed.begin(browser, asked));
  const { href, query } = tryAgain(cancelled);
  expect(query).toEqual({ ...asked, connection: expect.stringMatching(/^con_/) });
  const location = (await browser.get(href)).headers.get('location') ?? '';
  const { login_hint, prompt } = Object.fromEntries(new URL(location).searchParams);
  expect([login_hint, prompt]).toEqual([asked.login_hint, 'login']);

  const plain = await browser.get(await bed.begin(browser));
  expect(Object.keys(tryAgain(plain).query)).toEqual(['connection']);
  const sibling = (await bed.begin(browser, asked)).replace('/callback/hostile', '/callback/whiterabbit');
  const foreign = await browser.get(sibling);
  expect([foreign.status, foreign.text.includes('trinity')]).toEqual([400, false]);
});

test('whoever the IdP has not vouched for reads nothing of the organisation’s own words', async () => {
  const stranger = createBrowser({ baseUrl: bed.url });
  const callback = await stranger.get('/openid/callback/hostile?code=c&state=s');
  expect(callback.status).toBe(400);
  const state = await bed.begin(stranger);
  const cancelled = new URL(state);
  cancelled.searchParams.delete('code');
  cancelled.searchParams.set('error', 'access_denied');
  const refused = await stranger.finish(cancelled.href);
  expect([refused.status, heading(refused)]).toEqual([403, 'Sign-in cancelled or not allowed']);
  for (const { text } of [callback, refused]) expect(text).not.toMatch(/Help desk|Whom to turn to/);
});
