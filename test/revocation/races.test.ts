import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { type Browser, createBrowser, hasLoginForm } from '../support/browser.ts';
import { atTheirInsert, letSignInsWait, waitForLock, whileLocked } from '../support/locks.ts';
import { inParallel, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

// Two nodes, each a process, on one database. The promise: no request that begins after the
// response to a revocation gets anything but a refusal.
let product: Product;
let nodes: string[];
beforeAll(async () => {
  product = await startProduct({ processes: 2 });
  nodes = product.nodes.slice(1);
});
afterAll(() => product.stop());

const everyone = (slug: 'whiterabbit' | 'metacortex' = 'whiterabbit') =>
  revokeOrgAccess(product.context.pool, { orgId: product.orgs[slug].id, initiator: 'operator', by: byOperator });
const revokeTrinity = async (at = nodes[0]) => expect((await product.revoke(undefined, { at })).status).toBe(204);

/**
 * Keeps requesting /api/users/me with every cookie on every node until `stop`; remembers when each
 * began.
 */
function hammer(cookies: readonly string[]) {
  const seen: { cookie: string; began: number; status: number }[] = [];
  let running = true;
  const loops = nodes.flatMap((node) =>
    cookies.map(async (cookie) => {
      while (running) {
        const began = performance.now();
        seen.push({ cookie, began, status: await statusOfMe(node, cookie) });
      }
    }),
  );
  return {
    seen,
    async stop() {
      running = false;
      await Promise.all(loops);
    },
  };
}

describe('sessions in use', () => {
  it('0 successes on either node after the response, 200 people with 3 sessions each under requests', async () => {
    const users = await plantUsers(product, 200, { sessions: 3 });
    let late = 0;
    let before = 0;
    await inParallel(users, 4, async (user) => {
      const requests = hammer(user.cookies);
      await new Promise((resolve) => setTimeout(resolve, 10));
      const answer = await product.revoke(
        { format: 'email', email: user.email },
        { at: nodes[Math.random() < 0.5 ? 0 : 1] },
      );
      const responded = performance.now();
      expect(answer.status).toBe(204);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await requests.stop();
      before += requests.seen.filter((one) => one.began < responded && one.status === 200).length;
      late += requests.seen.filter((one) => one.began >= responded && one.status !== 401).length;
      const after = await Promise.all(nodes.flatMap((node) => user.cookies.map((cookie) => statusOfMe(node, cookie))));
      late += after.filter((status) => status !== 401).length;
    });
    expect(before).toBeGreaterThan(users.length);
    expect(late).toBe(0);
  });

  it('0 successes after an org-wide sign-out, 20 times, and the other org stays', async () => {
    const others = await plantUsers(product, 20, { org: 'metacortex' });
    let late = 0;
    for (let round = 0; round < 20; round += 1) {
      const users = await plantUsers(product, 10);
      const requests = hammer(users.flatMap((user) => user.cookies));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await everyone();
      const responded = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await requests.stop();
      late += requests.seen.filter((one) => one.began >= responded && one.status !== 401).length;
    }
    expect(late).toBe(0);
    for (const other of others) expect(await statusOfMe(nodes[1] as string, other.cookies[0] as string)).toBe(200);
  });

  it('every one of many revocations of one person at the same time holds, on both nodes', async () => {
    const [user] = await plantUsers(product, 1, { sessions: 5 });
    const subject = { format: 'email', email: user?.email };
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => product.revoke(subject, { at: nodes[index % 2] as string })),
    );
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 204));
    const row = await product.context.prisma.user.findFirstOrThrow({ where: { id: user?.id ?? '' } });
    expect(row.generation).toBe(40);
  });
});

/** Takes a sign-in to a point of its way, and returns what finishes it. */
const points: Record<string, (browser: Browser, org: string) => Promise<() => Promise<unknown>>> = {
  'before the IdP': async (browser, org) => {
    const start = await browser.get(`${product.url}/openid/start/${org}`);
    return async () => {
      const page = await browser.follow(start);
      return hasLoginForm(page) ? browser.finish(await browser.submitLogin({ page }, trinity)) : page;
    };
  },
  'at the IdP': async (browser, org) => {
    const step = await browser.beginSignIn({ appUrl: product.url, org });
    return async () => browser.finish(step.callbackUrl ?? (await browser.submitLogin(step, trinity)));
  },
  'before the callback': async (browser, org) => {
    const step = await browser.beginSignIn({ appUrl: product.url, org });
    const callbackUrl = step.callbackUrl ?? (await browser.submitLogin(step, trinity));
    return () => browser.finish(callbackUrl);
  },
};

describe.each(Object.keys(points))('a sign-in that stands %s', (point) => {
  it.each([
    ['a revocation of the person', () => revokeTrinity()],
    ['a sign-out of the whole org', () => everyone()],
  ])('does not complete after %s (20 trials)', async (_name, revoke) => {
    let survivors = 0;
    for (let trial = 0; trial < 20; trial += 1) {
      const browser = createBrowser({ baseUrl: product.url });
      const finish = await (points[point] as (typeof points)[string])(browser, 'whiterabbit');
      await revoke();
      await finish();
      if ((await browser.get('/api/users/me')).status === 200) survivors += 1;
    }
    expect(survivors).toBe(0);
  });
});

describe('a sign-in between its reading and its insert', () => {
  beforeAll(() => letSignInsWait(product));

  it.each([
    ['a revocation of the person', () => revokeTrinity()],
    ['a sign-out of the whole org', () => everyone()],
  ])('does not survive %s (20 trials)', async (_name, revoke) => {
    let survivors = 0;
    for (let trial = 0; trial < 20; trial += 1) {
      const browser = createBrowser({ baseUrl: product.url });
      const callbackUrl = await browser.submitLogin(
        await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' }),
        trinity,
      );
      let finishing: Promise<unknown> = Promise.resolve();
      await whileLocked(product, atTheirInsert, async () => {
        finishing = browser.get(callbackUrl);
        await waitForLock(product);
        await revoke();
      });
      await finishing;
      if ((await browser.get('/api/users/me')).status === 200) survivors += 1;
    }
    expect(survivors).toBe(0);
  });

  it.each([
    [
      'user',
      'UPDATE users SET active = $2 WHERE org_id = $1 AND id = (SELECT user_id FROM identities WHERE org_id = $1 AND subject = $3)',
    ],
    ['connection', 'UPDATE connections SET active = $2 WHERE org_id = $1 AND $3::text IS NOT NULL'],
  ])('does not survive that the %s is switched off', async (_name, sql) => {
    const browser = createBrowser({ baseUrl: product.url });
    const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
    const callbackUrl = await browser.submitLogin(step, trinity);
    const set = (active: boolean) =>
      product.context.pool.query(sql, [product.orgs.whiterabbit.id, active, 'whiterabbit-trinity']);
    const sessions = () => product.context.prisma.session.count({ where: { userId: product.orgs.whiterabbit.userId } });
    const before = await sessions();
    let finishing: Promise<unknown> = Promise.resolve();
    // Before the insert has looked at anything.
    const lock = (blocker: PoolClient) => blocker.query('LOCK TABLE spent IN SHARE MODE');
    await whileLocked(product, lock, async () => {
      finishing = browser.get(callbackUrl);
      await waitForLock(product);
      await set(false);
    });
    await finishing;
    const after = await sessions();
    await set(true);
    expect(after).toBe(before);
    expect((await browser.get('/api/users/me')).status).toBe(401);
  });

  it('does not survive a revocation that queues behind it at the same row (20 trials)', async () => {
    let survivors = 0;
    for (let trial = 0; trial < 20; trial += 1) {
      const browser = createBrowser({ baseUrl: product.url });
      const callbackUrl = await browser.submitLogin(
        await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' }),
        trinity,
      );
      let both: Promise<unknown> = Promise.resolve();
      const lock = (blocker: PoolClient) =>
        blocker.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE', [
          product.orgs.whiterabbit.id,
          product.orgs.whiterabbit.userId,
        ]);
      await whileLocked(product, lock, async () => {
        const finishing = browser.get(callbackUrl);
        await waitForLock(product);
        both = Promise.all([finishing, revokeTrinity()]);
        await waitForLock(product, 2);
      });
      await both;
      if ((await browser.get('/api/users/me')).status === 200) survivors += 1;
    }
    expect(survivors).toBe(0);
  });
});

describe('signing in again', () => {
  it('works at once with the password, on the first try', async () => {
    for (let trial = 0; trial < 10; trial += 1) {
      const browser = await product.signIn();
      await revokeTrinity();
      product.idp.tenant('whiterabbit').endSessions('whiterabbit-trinity');
      const page = await browser.signIn({ appUrl: product.url, org: 'whiterabbit', ...trinity });
      expect([page.status, hasLoginForm(page)]).toEqual([200, false]);
      expect((await browser.get('/api/users/me')).status).toBe(200);
    }
  });

  // In the first seconds the start itself asks for a password; later the callback finds that
  // auth_time is too old.
  it.each([
    ['at once', 0],
    ['later', 5_500],
  ])("is not silent, %s: the IdP's old session is not enough, the password is asked for", async (_when, wait) => {
    const browsers = await Promise.all(Array.from({ length: 5 }, () => product.signIn()));
    await revokeTrinity();
    await new Promise((resolve) => setTimeout(resolve, wait));
    for (const browser of browsers) {
      const step = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
      expect(step.callbackUrl !== undefined).toBe(wait > 0);
      const page = step.callbackUrl ? await browser.finish(step.callbackUrl) : step.page;
      expect(hasLoginForm(page)).toBe(true);
      expect((await browser.get('/api/users/me')).status).toBe(401);
      await browser.finish(await browser.submitLogin({ page }, trinity));
      expect((await browser.get('/api/users/me')).status).toBe(200);
    }
  });

  it('is silent where nobody was revoked', async () => {
    const browser = await product.signIn('metacortex');
    await browser.post('/api/signout');
    const step = await browser.beginSignIn({ appUrl: product.url, org: 'metacortex' });
    expect(step.callbackUrl).toBeDefined();
    await browser.finish(step.callbackUrl as string);
    expect((await browser.get('/api/users/me')).status).toBe(200);
  });
});
