import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { endIdpSession, revokeDevice } from '../../src/revocation/end-rows.ts';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type PlantedApp, plantApp } from '../tokens/planted-apps.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { signInAt } from './support.ts';

// What a web app hears of that takes back-channel logout, from the end here to its own endpoint.

const redirectUri = 'https://app.fake/callback';

let product: Product;
let receiver: Receiver;
let app: PlantedApp;
beforeAll(async () => {
  product = await startProduct();
  receiver = await startReceiver();
  const web = { kind: 'oidc' as const, redirectUris: [redirectUri], backchannelLogoutUri: receiver.url };
  app = await plantApp(product, product.orgs.whiterabbit, web);
});
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
});
afterEach(async () => {
  await sql('DELETE FROM forwards WHERE app_id = $1', [app.id]);
  await sql('DELETE FROM app_sessions WHERE app_id = $1', [app.id]);
  await setState('enabled');
  receiver.received.splice(0);
});

const sql = async <T = Record<string, string>>(text: string, values: unknown[]) =>
  (await product.context.pool.query(text, values)).rows as T[];
const setState = (state: string) => sql('UPDATE apps SET state = $2 WHERE id = $1', [app.id, state]);
const signInThere = (browser: Browser) => signInAt(product, app, redirectUri, browser);
const person = () => ({ orgId: app.orgId, userId: product.orgs.whiterabbit.userId });
const sessionOf = async (sid: string) =>
  (await sql('SELECT session_id AS id FROM app_sessions WHERE app_id = $1 AND id = $2', [app.id, sid]))[0]
    ?.id as string;
/** The youngest. */
const grantOf = async (sid: string) => {
  const text = 'SELECT id FROM grants WHERE client_id = $1 AND session_id = $2 ORDER BY created_at DESC LIMIT 1';
  return (await sql(text, [app.id, await sessionOf(sid)]))[0]?.id as string;
};
/** The browser's session is over by time; the app's own goes on. */
const letIdleOut = async (sid: string) =>
  sql(`UPDATE sessions SET idle_expires_at = now() - interval '1 minute' WHERE id = $1`, [await sessionOf(sid)]);

/** The `sid`s that the app was told, null for all of the person, once nothing waits any more. */
async function told(count: number): Promise<(string | null)[]> {
  for (;;) {
    const [left] = await sql<{ open: number; forwards: number }>(
      `SELECT (SELECT count(*)::int FROM forward_outbox) + count(*) FILTER (WHERE status = 'pending')::int AS open, count(*)::int AS forwards
       FROM forwards WHERE app_id = $1`,
      [app.id],
    );
    if (left?.open === 0 && left.forwards >= count) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return receiver.received.map(
    ({ body }) => (decodeJwt((body as { logout_token: string }).logout_token).sid as string) ?? null,
  );
}
const forwards = async () =>
  (await sql('SELECT status, error FROM forwards WHERE app_id = $1 ORDER BY revoked_at', [app.id])).map(
    ({ status, error }) => `${status} ${error}`,
  );

describe('a web app hears of the session there that came of', () => {
  it('a device that an administrator ended', async () => {
    const [ended, other] = [await signInThere(await product.signIn()), await signInThere(await product.signIn())];
    const device = {
      ...person(),
      id: await sessionOf(ended),
      initiator: 'admin',
      by: byOperator,
      asked: null,
    } as const;
    await revokeDevice(product.context.accessPool, device);
    expect(await told(1)).toEqual([ended]);
    expect(await sessionOf(other)).toBeDefined();
  });

  it('a session whose owner signed out, or ended it from elsewhere', async () => {
    const [here, there] = [await product.signIn(), await product.signIn()];
    const [first, second] = [await signInThere(here), await signInThere(there)];
    expect((await here.delete(`/api/users/me/sessions/${await sessionOf(second)}`)).status).toBe(204);
    expect(await told(1)).toEqual([second]);
    await here.post('/api/signout');
    expect(await told(2)).toEqual([second, first]);
  });

  it('a session that a newer one displaced', async () => {
    await sql('UPDATE orgs SET max_sessions = 1 WHERE id = $1', [app.orgId]);
    const first = await signInThere(await product.signIn());
    const browser = await product.signIn();
    await sql('UPDATE orgs SET max_sessions = 100 WHERE id = $1', [app.orgId]);
    expect(await told(1)).toEqual([first]);
    expect(await signInThere(browser)).not.toBe(first);
  });

  it('a session at the identity provider, though ours of the browser was over before', async () => {
    const browsers = [await product.signIn(), await product.signIn(), await product.signIn()] as const;
    const sids: string[] = [];
    for (const [index, browser] of browsers.entries()) {
      const id = (await browser.get('/api/users/me/sessions'))
        .json<{ id: string; current: boolean }[]>()
        .find(({ current }) => current)?.id;
      await sql('UPDATE sessions SET idp_sid = $2 WHERE id = $1', [id, index < 2 ? 'at-the-idp' : 'another']);
      sids.push(await signInThere(browser));
    }
    const [live, idle] = sids as [string, string, string];
    await letIdleOut(idle);
    const { connectionId } = product.orgs.whiterabbit;
    const end = { orgId: app.orgId, connectionId, by: byOperator, asked: null };
    await endIdpSession(product.context.accessPool, { ...end, sid: 'at-the-idp' });
    expect((await told(2)).toSorted()).toEqual([live, idle].toSorted());
  });

  it('a grant of that app, ended by the person or an administrator', async () => {
    const browser = await product.signIn();
    const first = await signInThere(browser);
    expect((await browser.delete(`/api/users/me/sessions/${await grantOf(first)}`)).status).toBe(204);
    expect(await told(1)).toEqual([first]);
    const second = await signInThere(browser);
    expect(second).not.toBe(first);
    const device = { ...person(), id: await grantOf(second), initiator: 'admin', by: byOperator, asked: null } as const;
    await revokeDevice(product.context.accessPool, device);
    expect(await told(2)).toEqual([first, second]);
    // The browser's own session goes on.
    expect((await browser.get('/api/users/me')).status).toBe(200);
  });
});

describe('a logout that waits', () => {
  it('ends no session of a sign-in after the grant’s end', async () => {
    await setState('paused');
    const browser = await product.signIn();
    const first = await signInThere(browser);
    await browser.delete(`/api/users/me/sessions/${await grantOf(first)}`);
    while ((await forwards()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await signInThere(browser);
    await setState('enabled');
    expect(await told(1)).toEqual([first]);
    expect(second).not.toBe(first);
  });

  it('leaves the browser that signed out everywhere else', async () => {
    await setState('paused');
    const [here, elsewhere] = [await product.signIn(), await product.signIn()];
    const [kept, gone] = [await signInThere(here), await signInThere(elsewhere)];
    expect((await here.post('/api/users/me/sessions/revoke', { json: { keepCurrent: true } })).status).toBe(200);
    while ((await forwards()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await signInThere(here)).toBe(kept);
    await letIdleOut(kept);
    await setState('enabled');
    expect(await told(1)).toEqual([gone]);
    expect(await forwards()).toEqual(['delivered null']);
  });

  it('leaves a fresh sign-in there, though ours of the browser is over meanwhile', async () => {
    await setState('paused');
    const old = await signInThere(await product.signIn());
    await product.revoke();
    while ((await forwards()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const fresh = await signInThere(await product.signIn());
    await letIdleOut(fresh);
    await setState('enabled');
    expect(await told(1)).toEqual([old]);
  });

  it('says so where nothing there is to be ended', async () => {
    await setState('paused');
    const here = await product.signIn();
    await signInThere(here);
    await here.post('/api/users/me/sessions/revoke', { json: { keepCurrent: true } });
    while ((await forwards()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await setState('enabled');
    expect(await told(1)).toEqual([]);
    expect(await forwards()).toEqual(['left_out signed_in']);
  });

  it('of everything names each session, then the person', async () => {
    const [first, second] = [await signInThere(await product.signIn()), await signInThere(await product.signIn())];
    expect((await product.revoke()).status).toBe(204);
    expect(await told(1)).toEqual([second, first, null]);
  });
});
