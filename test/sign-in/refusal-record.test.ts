import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterAll(() => bed?.stop());

test('strangers cannot fill the record, having started a sign-in or not; who proved an identity is always in it', async () => {
  bed.hostile.setAuthorizeParams((_query, { state, iss }) => ({ state, iss, error: 'access_denied' }));
  const browser = createBrowser({ baseUrl: bed.url });
  for (let i = 0; i < 61; i++) expect((await browser.get(await bed.begin(browser))).status).toBe(403);
  expect((await browser.get('/openid/callback/hostile?state=x&code=y')).status).toBe(400);
  expect(await bed.refusals()).toHaveLength(60);

  bed.hostile.reset();
  bed.hostile.setIdToken({ claims: { sub: 'stranger', email: 'someone@elsewhere.fake', email_verified: false } });
  expect((await bed.attempt()).page.status).toBe(403);
  expect((await bed.refusals()).slice(60)).toEqual(['email_unverified']);
});
