import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import type { RealBed, RealIdp } from './bed.ts';

/** For this long after a revocation a start asks the IdP at once to authenticate anew. */
const revokedLately = 5_100;

/** What holds at every identity provider. */
export function testSignIns(bed: () => RealBed<RealIdp>): void {
  test('somebody new signs in, and in the same browser again without a word', async () => {
    const { begin, signIn, me, url } = bed();
    const browser = await signIn();
    const { callbackUrl } = await begin(browser);
    expect(callbackUrl).toBeDefined();
    expect((await browser.finish(callbackUrl ?? '')).url).toBe(`${url}/todos`);
    expect(await me(browser)).toBe(200);
  });

  test('after a revocation the silent session at the IdP is refused, and a new sign-in is not', async () => {
    const { begin, signIn, me, revoke, idp, url } = bed();
    const browser = await signIn();
    expect((await revoke()).status).toBe(204);
    expect(await me(browser)).toBe(401);
    await setTimeout(revokedLately);
    const { callbackUrl } = await begin(browser);
    expect(callbackUrl).toBeDefined();
    const page = await browser.finish(callbackUrl ?? '');
    expect([new URL(page.url).origin, await me(browser)]).toEqual([new URL(idp.issuer).origin, 401]);
    const step = await idp.authenticate(browser, page);
    expect((await browser.finish(step.callbackUrl ?? '')).url).toBe(`${url}/todos`);
    expect(await me(browser)).toBe(200);
  });

  test('right after a revocation the silent session at the IdP is refused too', async () => {
    const { begin, signIn, me, revoke } = bed();
    const browser = await signIn();
    expect((await revoke()).status).toBe(204);
    const { callbackUrl } = await begin(browser);
    if (callbackUrl) await browser.finish(callbackUrl);
    expect(await me(browser)).toBe(401);
  });

  test('right after a revocation a browser that has no session there signs in at the first try', async () => {
    const { begin, me, revoke, idp, url } = bed();
    expect((await revoke()).status).toBe(204);
    const browser = createBrowser({ baseUrl: url });
    const { callbackUrl } = await idp.authenticate(browser, (await begin(browser)).page);
    await browser.finish(callbackUrl ?? '');
    expect(await me(browser)).toBe(200);
  });

  test('the IdP takes a new key, without the old one beside it, and the next sign-in works; twice', async () => {
    const { signIn, me, idp } = bed();
    const before = await signIn();
    for (let time = 1; time <= 2; time += 1) {
      await idp.rotateKeys();
      expect(await me(await signIn())).toBe(200);
    }
    expect(await me(before)).toBe(200);
  });
}

/** What holds at one that asks for the password whenever it is told to (`prompt=login`). */
export function testPrompt(bed: () => RealBed<RealIdp>): void {
  test('a sign-in that is under way when the revocation comes does not complete', async () => {
    const { begin, me, revoke, idp, url } = bed();
    const browser = createBrowser({ baseUrl: url });
    const { callbackUrl } = await idp.authenticate(browser, (await begin(browser)).page);
    expect((await revoke()).status).toBe(204);
    await browser.finish(callbackUrl ?? '');
    expect(await me(browser)).toBe(401);
  });
}
