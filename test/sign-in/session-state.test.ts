import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type SignalBed, startSignalBed } from '../signals/support.ts';

let bed: SignalBed;
beforeAll(async () => {
  bed = await startSignalBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

// Keycloak sends one with each answer: a hash that no logout names. Whoever holds the browser may
// write another one in.
test('a session_state in the callback keeps no session alive through a logout token of sub and sid', async () => {
  bed.hostile.setAuthorizeParams((_query, honest) => ({ ...honest, session_state: 'x' }));
  const browser = await bed.signIn();
  expect(await bed.me(browser)).toBe(200);
  expect((await bed.postLogout(bed.logoutToken({ sub: 'mallory', sid: 'their-session' }))).status).toBe(200);
  expect(await bed.me(browser)).toBe(401);
});
