import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { type RealBed, startRealBed } from './bed.ts';
import { testSignIns } from './contract.ts';
import { hasLemonLdapNg, startLemonLdapNg } from './lemonldap-ng.ts';

/** Of the ID token that the product gives back as `id_token_hint`. */
function sidOf(logoutUrl: string): unknown {
  const [, claims = ''] = new URL(logoutUrl).searchParams.get('id_token_hint')?.split('.') ?? [];
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).sid;
}

describe.skipIf(!hasLemonLdapNg)('LemonLDAP::NG (needs Debian’s liblemonldap-ng-portal-perl)', () => {
  let bed: RealBed<Awaited<ReturnType<typeof startLemonLdapNg>>>;
  beforeAll(async () => {
    bed = await startRealBed(startLemonLdapNg, { reauthentication: 'verified' });
  });
  afterAll(() => bed?.stop());

  testSignIns(() => bed);

  // It skips `prompt=login` for sessions of at most five seconds (`portalForceAuthnInterval`), and
  // `max_age=1` for at most two.
  test('a session of two seconds is asked for its password, though it skips prompt=login', async () => {
    const browser = await bed.signIn();
    await setTimeout(2_000);
    expect((await bed.revoke()).status).toBe(204);
    expect((await bed.begin(browser)).callbackUrl).toBeUndefined();
    expect(await bed.me(browser)).toBe(401);
    expect(await bed.me(await bed.signIn(browser))).toBe(200);
  });

  test('signing out here signs out there too, frames the same session, and leads back', async () => {
    await bed.change({ signOutAtIdp: true });
    const browser = await bed.signIn();
    const { logoutUrl } = (await browser.post('/api/signout')).json();
    const asked = await browser.get(String(logoutUrl), { crossSite: true });
    const page = await browser.submitForm(asked, {}, 'confirm');
    const [frame] = bed.idp.frames(page);
    expect(frame?.searchParams.get('sid')).toBe(sidOf(String(logoutUrl)));
    expect((await browser.follow(await browser.submitForm(page))).url).toMatch(`${bed.url}/signed-out`);
    expect((await bed.begin(browser)).callbackUrl).toBeUndefined();
  });

  test('its own sign-out ends the session here by front-channel logout, and no other', async () => {
    const [browser, other] = [await bed.signIn(), await bed.signIn()];
    const [frame, ...more] = bed.idp.frames(await bed.idp.logOut(browser));
    expect([frame?.searchParams.get('iss'), more]).toEqual([bed.idp.issuer, []]);
    // As in a frame of another site: without cookies.
    expect((await fetch(frame ?? '')).status).toBe(200);
    expect([await bed.me(browser), await bed.me(other)]).toEqual([401, 200]);
  });

  test.skipIf(!hasChromium)('the frame of its sign-out ends the session in Chromium (needs chromium)', async () => {
    const chromium = await launchChromium();
    try {
      const page = await chromium.newPage();
      await page.goto(`${bed.url}/openid/start/acme`);
      await page.fill('[name=user]', 'dwho');
      await page.fill('[name=password]', 'dwho');
      await page.press('[name=password]', 'Enter');
      await page.waitForURL(`${bed.url}/todos`);
      const me = async () => (await page.request.get(`${bed.url}/api/users/me`)).status();
      expect(await me()).toBe(200);
      await page.goto(`${bed.idp.url}?logout=1`);
      await page.frameLocator('iframe').locator('body').waitFor();
      expect(await me()).toBe(401);
    } finally {
      await chromium.close();
    }
  });
});
