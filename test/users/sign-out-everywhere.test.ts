import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { createBrowser } from '../support/browser.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { inParallel, type PlantedUser, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

// "Sign out everywhere else" keeps the session that asks. Whoever revokes at the same moment must win over that.
let product: Product;
let nodes: [string, string];
beforeAll(async () => {
  product = await startProduct({ processes: 2 });
  nodes = product.nodes.slice(1) as [string, string];
});
afterAll(() => product.stop());

const keepOnly = (cookie: string, node = nodes[0]) =>
  fetch(`${node}/api/users/me/sessions/revoke`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: '{"keepCurrent":true}',
  });
const byIdp = async ({ email }: PlantedUser) => {
  expect((await product.revoke({ format: 'email', email }, { at: nodes[1] })).status).toBe(204);
};
/** From the test's own process, a node of its own. */
const everyone = async () => {
  const { id: orgId } = product.orgs.whiterabbit;
  const done = await revokeOrgAccess(product.context.pool, {
    orgId,
    initiator: 'operator',
    actor: { type: 'operator' },
  });
  expect(done).not.toBeNull();
};
const current = (user: PlantedUser) => user.cookies[0] as string;
const pause = (mostMs: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
const lockUser = (user: { id: string }) => (blocker: PoolClient) =>
  blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [user.id]);
const statuses = (user: PlantedUser) =>
  Promise.all(nodes.flatMap((node) => user.cookies.map((cookie) => statusOfMe(node, cookie))));

describe('without a rival', () => {
  it('200 people: all others are dead on both nodes after the answer, and the one that asked was never refused', async () => {
    const users = await plantUsers(product, 200, { sessions: 3 });
    let late = 0;
    let refused = 0;
    await inParallel(users, 4, async (user) => {
      let running = true;
      const asking = nodes.map(async (node) => {
        while (running) refused += (await statusOfMe(node, current(user))) === 200 ? 0 : 1;
      });
      await pause(5);
      expect((await keepOnly(current(user))).status).toBe(200);
      for (const node of nodes)
        for (const cookie of user.cookies.slice(1)) late += (await statusOfMe(node, cookie)) === 401 ? 0 : 1;
      running = false;
      await Promise.all(asking);
      refused += (await statusOfMe(nodes[1], current(user))) === 200 ? 0 : 1;
    });
    expect({ late, refused }).toEqual({ late: 0, refused: 0 });
  });

  it('tells the others that their person signed out, and not that the organisation did', async () => {
    const [user] = (await plantUsers(product, 1, { sessions: 2 })) as [PlantedUser];
    await keepOnly(current(user));
    const answer = await fetch(`${nodes[0]}/api/users/me`, { headers: { cookie: user.cookies[1] as string } });
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'session_ended' }]);
    await byIdp(user);
    const after = await fetch(`${nodes[0]}/api/users/me`, { headers: { cookie: current(user) } });
    expect([after.status, await after.json()]).toMatchObject([401, { code: 'session_revoked' }]);
  });

  it('one of many that ask to be the only one at the same moment is left at most', async () => {
    const users = await plantUsers(product, 40, { sessions: 5 });
    for (const user of users) {
      await Promise.all(user.cookies.map((cookie, index) => keepOnly(cookie, nodes[index % 2])));
      const alive = (await Promise.all(user.cookies.map((cookie) => statusOfMe(nodes[0], cookie)))).filter(
        (status) => status === 200,
      );
      expect(alive.length).toBeLessThanOrEqual(1);
    }
  });
});

describe('at the same moment as a revocation by the identity provider on another node', () => {
  it('keeps nothing, in 200 trials', async () => {
    const users = await plantUsers(product, 200, { sessions: 2 });
    let survivors = 0;
    let kept = 0;
    await inParallel(users, 4, async (user) => {
      const keeping = pause(3).then(() => keepOnly(current(user)));
      await pause(3);
      await byIdp(user);
      // From here on nothing of theirs may get in, also while the other request still runs.
      survivors += (await statuses(user)).filter((status) => status !== 401).length;
      kept += (await keeping).status === 200 ? 1 : 0;
      survivors += (await statuses(user)).filter((status) => status !== 401).length;
    });
    expect(survivors).toBe(0);
    // Most requests came in before they were dead: it was a race.
    expect(kept).toBeGreaterThan(20);
  });

  it.each([
    ['before it', [keepOnly, byIdp]],
    ['behind it', [byIdp, keepOnly]],
  ] as const)('keeps nothing when it waits for the same row right %s', async (_where, order) => {
    for (const user of await plantUsers(product, 10, { sessions: 2 })) {
      const both: Promise<unknown>[] = [];
      await whileLocked(product, lockUser(user), async () => {
        for (const [index, step] of order.entries()) {
          both.push(step === byIdp ? byIdp(user) : keepOnly(current(user)));
          await waitForLock(product, index + 1);
        }
      });
      await Promise.all(both);
      expect(await statuses(user)).toEqual([401, 401, 401, 401]);
    }
  });
});

describe('at the same moment as a sign-out of the whole organisation on another node', () => {
  it('keeps nothing, in 200 trials', async () => {
    let survivors = 0;
    let kept = 0;
    for (let round = 0; round < 20; round += 1) {
      const users = await plantUsers(product, 10, { sessions: 2 });
      const keeping = users.map((user) => pause(10).then(() => keepOnly(current(user))));
      await pause(10);
      await everyone();
      for (const user of users) survivors += (await statuses(user)).filter((status) => status !== 401).length;
      kept += (await Promise.all(keeping)).filter(({ status }) => status === 200).length;
      for (const user of users) survivors += (await statuses(user)).filter((status) => status !== 401).length;
    }
    expect(survivors).toBe(0);
    expect(kept).toBeGreaterThan(20);
  });

  it('keeps nothing when that commits while it waits for the row', async () => {
    for (const user of await plantUsers(product, 1, { sessions: 2 })) {
      let keeping: Promise<Response> | undefined;
      await whileLocked(product, lockUser(user), async () => {
        keeping = keepOnly(current(user));
        await waitForLock(product);
        await everyone();
        expect(await statuses(user)).toEqual([401, 401, 401, 401]);
      });
      expect((await keeping)?.status).toBe(200);
      expect(await statuses(user)).toEqual([401, 401, 401, 401]);
    }
  });
});

describe('a sign-in under way', () => {
  const keepOnlyOf = async (browser: ReturnType<typeof createBrowser>) => {
    const answer = await browser.post('/api/users/me/sessions/revoke', { json: { keepCurrent: true } });
    expect(answer.status).toBe(200);
  };

  it.each(['at the IdP', 'before the callback'])('does not complete when it stands %s (20 trials)', async (point) => {
    let survivors = 0;
    const own = await product.signIn();
    for (let trial = 0; trial < 20; trial += 1) {
      const browser = createBrowser({ baseUrl: product.url });
      const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
      const callbackUrl = point === 'at the IdP' ? null : await browser.submitLogin(step, trinity);
      await keepOnlyOf(own);
      await browser.finish(callbackUrl ?? (await browser.submitLogin(step, trinity)));
      if ((await browser.get('/api/users/me')).status === 200) survivors += 1;
      expect((await own.get('/api/users/me')).status).toBe(200);
    }
    expect(survivors).toBe(0);
  });

  it('does not complete when it stands between its reading and its insert (20 trials)', async () => {
    let survivors = 0;
    const own = await product.signIn();
    for (let trial = 0; trial < 20; trial += 1) {
      const browser = createBrowser({ baseUrl: product.url });
      const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
      const callbackUrl = await browser.submitLogin(step, trinity);
      let finishing: Promise<unknown> = Promise.resolve();
      // The insert burns the state first: it waits at this lock, which "sign out everywhere else" never asks for.
      const lock = (blocker: PoolClient) => blocker.query('LOCK TABLE spent IN SHARE MODE');
      await whileLocked(product, lock, async () => {
        finishing = browser.get(callbackUrl);
        await waitForLock(product);
        await keepOnlyOf(own);
      });
      await finishing;
      if ((await browser.get('/api/users/me')).status === 200) survivors += 1;
    }
    expect(survivors).toBe(0);
    expect((await own.get('/api/users/me')).status).toBe(200);
  });
});
