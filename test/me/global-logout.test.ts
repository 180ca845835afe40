import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Browser, createBrowser, hasLoginForm } from '../support/browser.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { api, post, refresh, tokensOf } from '../tokens/support.ts';

let product: Product;
let node: string;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  node = product.nodes[1] as string;
});
afterAll(() => product.stop());
const set = (globalLogout: boolean) =>
  product.context.prisma.org.updateMany({ where: { id: product.orgs.whiterabbit.id }, data: { globalLogout } });
beforeEach(() => set(true));

const signOut = (browser: Browser) => browser.post('/api/signout');
/** What another node says of this browser. */
async function stateOf(browser: Browser) {
  const { status, text } = await browser.get(`${node}/api/users/me`);
  return { status, ...(JSON.parse(text) as { code?: string; detail?: string }) };
}
const revocations = () =>
  product.context.prisma.revocation.findMany({ where: { initiator: 'policy' }, orderBy: { createdAt: 'asc' } });

describe('signing out, with global logout on', () => {
  it('ends all of the person’s sessions and apps at once, on every node, and nobody else’s', async () => {
    const [one, two] = [await product.signIn(), await product.signIn()];
    const tokens = await tokensOf(product, {}, two);
    const neo = await product.signIn('whiterabbit', { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' });
    const twin = await product.signIn('metacortex');
    const before = (await revocations()).length;
    expect((await signOut(one)).status).toBe(204);
    for (const browser of [one, two]) {
      const { status, code, detail } = await stateOf(browser);
      expect([status, code, detail]).toEqual([401, 'session_ended', expect.stringMatching(/^You signed out on/)]);
    }
    expect(await api(product, tokens.access_token, { at: node })).toMatchObject({
      status: 401,
      body: { code: 'session_ended' },
    });
    expect((await refresh(product, tokens.refresh_token, { at: node })).body.error).toBe('invalid_grant');
    expect([(await stateOf(neo)).status, (await stateOf(twin)).status]).toEqual([200, 200]);
    const { userId } = product.orgs.whiterabbit;
    expect((await revocations()).slice(before)).toMatchObject([{ userId, sessionsEnded: 2, grantsEnded: 1 }]);
    const event = await product.context.prisma.auditEvent.findFirstOrThrow({
      where: { action: 'access.revoked' },
      orderBy: { at: 'desc' },
    });
    expect(event).toMatchObject({
      ...{
        actorType: 'user',
        actorId: userId,
        targetId: userId,
        ip: expect.any(String),
        requestId: expect.any(String),
      },
      detail: { initiator: 'policy' },
    });
    // Again, now without a session: nothing is left to end.
    expect((await signOut(one)).status).toBe(204);
    expect(await revocations()).toHaveLength(before + 1);
  });

  it('of an app ends all likewise', async () => {
    const browser = await product.signIn();
    const tokens = await tokensOf(product, {}, browser);
    expect((await api(product, tokens.access_token, { method: 'POST', path: '/api/signout' })).status).toBe(204);
    expect((await stateOf(browser)).code).toBe('session_ended');
    expect((await api(product, tokens.access_token)).body.code).toBe('session_ended');
  });

  it('of an app that only gives its tokens back (RFC 7009) ends that app’s sign-in alone', async () => {
    const browser = await product.signIn();
    const [given, other] = [await tokensOf(product, {}, browser), await tokensOf(product, {}, browser)];
    const body = { token: given.refresh_token, client_id: 'mobile-app' };
    expect((await post(product, '/oauth/revoke', body)).status).toBe(200);
    expect((await api(product, given.access_token)).body.code).toBe('session_ended');
    expect([(await stateOf(browser)).status, (await api(product, other.access_token)).status]).toEqual([200, 200]);
  });

  it('still goes on to the IdP where the connection is set so', async () => {
    const where = { orgId: product.orgs.whiterabbit.id };
    await product.context.prisma.connection.updateMany({ where, data: { signOutAtIdp: true } });
    const [one, two] = [await product.signIn(), await product.signIn()];
    const { logoutUrl } = (await signOut(one)).json<{ logoutUrl: string }>();
    await product.context.prisma.connection.updateMany({ where, data: { signOutAtIdp: false } });
    expect(new URL(logoutUrl).searchParams.get('id_token_hint')).toBeTruthy();
    expect((await stateOf(two)).status).toBe(401);
  });

  it('lets no sign-in through that was under way; one after it works', async () => {
    const one = await product.signIn();
    const other = createBrowser({ baseUrl: product.url });
    const start = { appUrl: product.url, org: 'whiterabbit' };
    const callback = await other.submitLogin(await other.beginSignIn(start), trinity);
    await signOut(one);
    const page = await other.finish(callback);
    expect([hasLoginForm(page), (await stateOf(other)).status]).toEqual([true, 401]);
    await other.finish(await other.submitLogin({ page }, trinity));
    expect((await stateOf(other)).status).toBe(200);
  });

  it('waits for whoever holds the person’s row, and then ends what came in between', async () => {
    const [one, two] = [await product.signIn(), await product.signIn()];
    const { userId } = product.orgs.whiterabbit;
    let answer: ReturnType<typeof signOut> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]),
      async () => {
        answer = signOut(one);
        await waitForLock(product);
        expect((await stateOf(two)).status).toBe(200);
      },
    );
    expect((await answer)?.status).toBe(204);
    expect((await stateOf(two)).status).toBe(401);
  });

  it('is for the pages of the own origin alone', async () => {
    const one = await product.signIn();
    expect((await one.post('/api/signout', { crossSite: true })).status).toBe(403);
    expect((await stateOf(one)).status).toBe(200);
  });
});

it('with it off, or on in the other org alone, only this one ends', async () => {
  await set(false);
  await product.context.prisma.org.updateMany({ where: { slug: 'metacortex' }, data: { globalLogout: true } });
  const [one, two] = [await product.signIn(), await product.signIn()];
  const tokens = await tokensOf(product, {}, two);
  expect((await signOut(one)).status).toBe(204);
  expect([(await stateOf(one)).code, (await stateOf(two)).status]).toEqual(['session_ended', 200]);
  expect((await api(product, tokens.access_token, { at: node })).status).toBe(200);
  expect((await api(product, tokens.access_token, { method: 'POST', path: '/api/signout' })).status).toBe(204);
  expect((await stateOf(two)).status).toBe(200);
});
