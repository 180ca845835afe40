import { afterAll, beforeAll, expect, it } from 'vitest';
import { provision } from '../scim/support.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

it("one org's lists take turns, 429 beyond; another org's revocation and sessions do not wait", async () => {
  const [admin] = await plantUsers(product, 1);
  const [theirs] = await plantUsers(product, 1, { org: 'metacortex' });
  await product.context.pool.query("UPDATE users SET role = 'admin' WHERE id = $1", [admin?.id]);
  const headers = { cookie: admin?.cookies[0] ?? '' };
  const list = () => fetch(`${product.url}/api/orgs/current/groups`, { headers });
  const role = await list();
  expect(role.status).toBe(200);
  const asked: Promise<Response>[] = [];
  await whileLocked(
    product,
    (blocker) => blocker.query('LOCK TABLE groups IN ACCESS EXCLUSIVE MODE'),
    async () => {
      const refused: Response[] = [];
      for (let number = 0; number < 60; number += 1) {
        const one = list();
        asked.push(one);
        void one.then((answer) => answer.status === 429 && refused.push(answer));
      }
      await waitForLock(product, 2);
      const revoked = await product.revoke(
        { format: 'opaque', id: theirs?.id },
        { apiKey: product.orgs.metacortex.apiKey },
      );
      expect(revoked.status).toBe(204);
      const me = await fetch(`${product.url}/api/users/me`, { headers });
      expect(me.status).toBe(200);
      while (refused.length < 38) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(Number(refused[0]?.headers.get('Retry-After'))).toBeGreaterThan(0);
    },
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([...Array(22).fill(200), ...Array(38).fill(429)]);
});

it('refusals of one queue come ten milliseconds after each other', async () => {
  const [admin] = await plantUsers(product, 1);
  await product.context.pool.query("UPDATE users SET role = 'admin' WHERE id = $1", [admin?.id]);
  const headers = { cookie: admin?.cookies[0] ?? '' };
  await whileLocked(
    product,
    (blocker) => blocker.query('LOCK TABLE groups IN ACCESS EXCLUSIVE MODE'),
    async () => {
      const begin = performance.now();
      const asked = Array.from({ length: 62 }, () => fetch(`${product.url}/api/orgs/current/groups`, { headers }));
      let refused = 0;
      for (const answer of asked) void answer.then(() => (refused += 1));
      while (refused < 40) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(performance.now() - begin).toBeGreaterThan(39 * 10 - 5);
      for (const answer of asked) answer.catch(() => {});
    },
  );
});

it('whoever leaves gives up their place in the queue', async () => {
  const [admin] = await plantUsers(product, 1);
  await product.context.pool.query("UPDATE users SET role = 'admin' WHERE id = $1", [admin?.id]);
  const headers = { cookie: admin?.cookies[0] ?? '' };
  const list = (signal?: AbortSignal) =>
    fetch(`${product.url}/api/orgs/current/groups`, { headers, ...(signal && { signal }) });
  let asked: Promise<Response> | undefined;
  await whileLocked(
    product,
    (blocker) => blocker.query('LOCK TABLE groups IN ACCESS EXCLUSIVE MODE'),
    async () => {
      const patience = new AbortController();
      const left = Array.from({ length: 22 }, () => list(patience.signal).catch(() => null));
      let full = await list();
      while (full.status !== 429) full = await list();
      patience.abort();
      await Promise.all(left);
      // A place in the queue waits for the lock; without one the answer is 429.
      const waits = () => Promise.race([asked, new Promise<null>((resolve) => setTimeout(resolve, 300, null))]);
      do asked = list();
      while ((await waits())?.status === 429);
    },
  );
  expect((await asked)?.status).toBe(200);
});

it('starts of sign-ins from one network go on one after another', async () => {
  const { slug } = product.orgs.whiterabbit;
  const start = () => fetch(`${product.url}/openid/start/${slug}`, { redirect: 'manual' });
  const begin = performance.now();
  const answers = await Promise.all(Array.from({ length: 40 }, start));
  expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(302));
  expect(performance.now() - begin).toBeGreaterThan(39 * 5 - 5);
});

it('whatever ends access goes on while every other connection is taken', async () => {
  const { pool, config } = product.context;
  const { whiterabbit } = product.orgs;
  const [admin, ...people] = await plantUsers(product, 5, { sessions: 2 });
  await pool.query("UPDATE users SET role = 'owner', created_at = created_at WHERE id = $1", [admin?.id]);
  await pool.query('UPDATE sessions SET authenticated_at = now() WHERE user_id = $1', [admin?.id]);
  const scim = await provision(product);
  const cookie = admin?.cookies[0] ?? '';
  const asAdmin = (method: string, path: string, json: object) =>
    fetch(product.url + path, {
      method,
      headers: { cookie, 'content-type': 'application/json', origin: product.url },
      body: JSON.stringify(json),
    });
  const held = await Promise.all(
    Array.from({ length: config.databasePoolSize - Math.floor(config.databasePoolSize / 2) }, () => pool.connect()),
  );
  try {
    const id = (index: number) => people[index]?.id as string;
    expect((await product.revoke({ format: 'opaque', id: id(0) })).status).toBe(204);
    expect((await scim.patch(`/Users/${id(1)}`, [{ op: 'replace', path: 'active', value: false }])).status).toBe(200);
    expect((await scim.remove(`/Users/${id(2)}`)).status).toBe(204);
    const switched = await asAdmin('PATCH', `/api/orgs/current/users/${id(3)}`, { active: false });
    expect(switched.status).toBe(200);
    const everywhere = await asAdmin('POST', '/api/users/me/sessions/revoke', { keepCurrent: false });
    expect(everywhere.status).toBe(200);
    for (const one of [admin, ...people])
      for (const dead of one?.cookies ?? [])
        expect((await fetch(`${product.url}/api/users/me`, { headers: { cookie: dead } })).status).toBe(401);
  } finally {
    for (const client of held) client.release();
  }
  expect(whiterabbit.id).toBe(scim.orgId);
});
