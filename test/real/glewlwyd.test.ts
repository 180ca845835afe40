import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealBed, startRealBed } from './bed.ts';
import { testPrompt, testSignIns } from './contract.ts';
import { hasGlewlwyd, startGlewlwyd } from './glewlwyd.ts';

describe.skipIf(!hasGlewlwyd)('Glewlwyd (needs Debian’s glewlwyd)', () => {
  let bed: RealBed<Awaited<ReturnType<typeof startGlewlwyd>>>;
  beforeAll(async () => {
    // Its `auth_time` is 0, always.
    bed = await startRealBed(startGlewlwyd, { reauthentication: 'best_effort' });
  });
  afterAll(() => bed?.stop());

  testSignIns(() => bed);
  testPrompt(() => bed);

  test('nobody gets around its page that asks for the password', async () => {
    const browser = await bed.signIn();
    // Its server alone holds to `max_age`, which is a second; its page's script to `prompt`.
    await setTimeout(2_100);
    await bed.revoke();
    const { page } = await bed.begin(browser);
    expect(new URL(page.url).searchParams.get('prompt')).toBe('login');
    expect((await bed.idp.goOn(browser, page)).callbackUrl).toBeUndefined();
  });

  test('its own sign-out ends the session here by back-channel logout, and no other', async () => {
    const [browser, other] = [await bed.signIn(), await bed.signIn()];
    await bed.idp.logOut(browser);
    await expect.poll(() => bed.me(browser)).toBe(401);
    expect(await bed.me(other)).toBe(200);
  });

  test('its own sign-out ends the session here by front-channel logout, and no other', async () => {
    const [browser, other] = [await bed.signIn(), await bed.signIn()];
    const [frame, ...more] = await bed.idp.frames(browser);
    expect(more).toEqual([]);
    // As in a frame of another site: without cookies.
    expect((await fetch(frame ?? '')).status).toBe(200);
    expect([await bed.me(browser), await bed.me(other)]).toEqual([401, 200]);
  });

  test('a connection that asks for proof lets nobody back in after a revocation, and says why', async () => {
    await bed.change({ reauthentication: 'verified' });
    await bed.revoke();
    await expect(bed.signIn()).rejects.toThrow('It cannot be told when you signed in');
    await bed.change({ reauthentication: 'best_effort' });
    await bed.signIn();
  });
});
