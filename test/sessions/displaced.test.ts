import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Browser, createBrowser } from '../support/browser.ts';
import { whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { api, codeOf, exchange, startOf } from '../tokens/support.ts';

let product: Product;
let orgId: string;
let userId: string;
beforeAll(async () => {
  product = await startProduct();
  ({ id: orgId, userId } = product.orgs.whiterabbit);
});
beforeEach(async () => {
  await query('UPDATE users SET generation = generation + 1');
  await limit('max_sessions', 100);
  await limit('max_grants', 100);
});
afterAll(() => product.stop());

const query = async (text: string, ...values: unknown[]) => (await product.context.pool.query(text, values)).rows;
const limit = (column: 'max_sessions' | 'max_grants', most: number) =>
  query(`UPDATE orgs SET ${column} = $2 WHERE id = $1`, orgId, most);
const live = async (table: 'sessions' | 'grants', org = orgId) =>
  (await query(`SELECT id FROM live_${table} WHERE org_id = $1 ORDER BY created_at`, org)).map(
    ({ id }) => id as string,
  );
const statusOf = async (browser: Browser) => (await browser.get('/api/users/me')).status;
const recorded = (action: string) =>
  query(
    `SELECT target_id AS id, detail, actor_type FROM audit_events WHERE org_id = $1 AND action = $2 AND detail->>'reason' = 'too_many'`,
    orgId,
    action,
  );

it('one session more than the org allows ends the oldest: its browser reads why, and it is on record', async () => {
  const twin = await product.signIn('metacortex');
  await limit('max_sessions', 2);
  const [first, second] = [await product.signIn(), await product.signIn()];
  const [oldest] = await live('sessions');
  const third = await product.signIn();
  expect([await statusOf(second), await statusOf(third), await statusOf(twin)]).toEqual([200, 200, 200]);
  const refused = await first.get('/api/users/me');
  expect(refused.status).toBe(401);
  expect(refused.json()).toMatchObject({
    code: 'session_displaced',
    title: 'Signed out: too many devices',
    detail: expect.stringMatching(/^You signed in on more devices than your organisation allows, .* Sign in again/),
  });
  const page = (await first.get('/signed-out')).text;
  expect(page).toContain('Too many devices: you were signed out');
  expect(page).not.toContain('Your organisation signed you out');
  expect(await recorded('session.ended')).toEqual([
    { id: oldest, detail: { reason: 'too_many', user: userId }, actor_type: 'system' },
  ]);
  expect(await query('SELECT data, id_token FROM sessions WHERE id = $1', oldest)).toEqual([
    { data: {}, id_token: null },
  ]);
});

it('a smaller number counts from the next sign-in on, and dead sessions are not counted', async () => {
  const browsers = [await product.signIn(), await product.signIn(), await product.signIn()];
  await limit('max_sessions', 2);
  expect(await Promise.all(browsers.map(statusOf))).toEqual([200, 200, 200]);
  const last = await product.signIn();
  expect(await Promise.all([...browsers, last].map(statusOf))).toEqual([401, 401, 200, 200]);
  await last.post('/api/signout');
  expect(await statusOf(await product.signIn())).toBe(200);
  expect(await statusOf(browsers[2] as Browser)).toBe(200);
});

it('of sign-ins at the same moment none fails, and the next one leaves as many as are allowed', async () => {
  await limit('max_sessions', 3);
  const browsers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const browser = createBrowser({ baseUrl: product.url });
      // The first may be displaced by the last before they ask anything.
      await browser.signIn({ appUrl: product.url, org: 'whiterabbit', ...trinity });
      const me = await browser.get('/api/users/me');
      expect(me.json().code ?? 'signed in').toMatch(/^(signed in|session_displaced)$/);
      return browser;
    }),
  );
  const last = await product.signIn();
  expect(await live('sessions')).toHaveLength(3);
  expect(await statusOf(last)).toBe(200);
  const alive = (await Promise.all(browsers.map(statusOf))).filter((status) => status === 200);
  expect(alive).toHaveLength(2);
});

it('a held session delays no sign-in, and ends with the next', async () => {
  await limit('max_sessions', 1);
  const first = await product.signIn();
  const [held] = await live('sessions');
  await whileLocked(
    product,
    (blocker) => blocker.query('SELECT FROM sessions WHERE id = $1 FOR UPDATE', [held]),
    async () => {
      expect(await statusOf(await product.signIn())).toBe(200);
      expect(await statusOf(first)).toBe(200);
    },
  );
  await product.signIn();
  expect(await statusOf(first)).toBe(401);
  expect(await live('sessions')).toHaveLength(1);
});

it('of very many sessions one sign-in ends the thousand oldest, and the next ones go on', async () => {
  await product.signIn();
  await query(
    `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation,
                           created_at, idle_expires_at, expires_at)
     SELECT s.org_id, 'ses_many_' || n, sha256(n::text::bytea), s.user_id, s.connection_id, s.identity_id,
            s.user_generation, s.org_generation, s.created_at - n * interval '1 second', s.idle_expires_at, s.expires_at
     FROM live_sessions l JOIN sessions s ON s.org_id = l.org_id AND s.id = l.id, generate_series(1, 1500) n
     WHERE l.user_id = $1`,
    userId,
  );
  await limit('max_sessions', 2);
  const [oldest] = await live('sessions');
  const first = await product.signIn();
  expect(await live('sessions')).toHaveLength(502);
  expect(await live('sessions')).not.toContain(oldest);
  const second = await product.signIn();
  expect(await live('sessions')).toHaveLength(2);
  expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
});

it('a displaced session is in the timeline of its person, and of nobody else', async () => {
  await limit('max_sessions', 1);
  await product.signIn();
  const [oldest] = await live('sessions');
  await product.signIn();
  const owner = await plantAdministrator(product, 'owner');
  const timeline = async (person: string) => {
    const { body } = await owner.send('GET', `/audit-events?person=${person}&action=session.ended`);
    return (body.items as { target: { id: string } }[]).map(({ target }) => target.id);
  };
  expect(await timeline(userId)).toContain(oldest);
  expect(await timeline(owner.id)).toEqual([]);
});

it('one app more than the org allows ends the oldest grant with its tokens, on record', async () => {
  const browser = await product.signIn();
  const [oldest, newer] = [
    ...(await plantGrants(product, { orgId, userId }, 1)),
    ...(await plantGrants(product, { orgId, userId }, 1)),
  ];
  await query(`UPDATE grants SET created_at = created_at - interval '1 hour' WHERE id = $1`, oldest?.id);
  await limit('max_grants', 2);
  const started = startOf(product);
  const tokens = await exchange(product, started, await codeOf(product, browser, started));
  expect((await api(product, tokens.body.access_token)).status).toBe(200);
  expect((await api(product, newer?.accessToken as string)).status).toBe(200);
  const refused = await api(product, oldest?.accessToken as string);
  expect([refused.status, refused.body]).toMatchObject([
    401,
    { code: 'session_displaced', detail: expect.stringMatching(/^You signed in on more devices/) },
  ]);
  const detail = { client: 'mobile-app', reason: 'too_many', user: userId };
  expect(await recorded('grant.ended')).toEqual([{ id: oldest?.id, detail, actor_type: 'system' }]);
});
