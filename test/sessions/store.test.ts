import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import { createNotes } from '../../src/database/notes.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { createSessionMiddleware } from '../../src/sessions/session.ts';
import { whileLocked } from '../support/locks.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

declare module 'express-session' {
  interface SessionData {
    basket?: string;
  }
}

// An app of a reader's own on our session middleware, with routes that change the session while
// they wait.
let product: Product;
let server: Server;
let shop: string;
const held: (() => void)[] = [];

beforeAll(async () => {
  product = await startProduct();
  const { pool, config } = product.context;
  const app = express();
  app.use(createSessionMiddleware({ pool, config, note: createNotes({ pool }) }));
  app.get('/basket', (req, res) => {
    res.json({ user: req.user?.principal?.userId ?? null, basket: req.session.basket ?? null });
  });
  app.post('/basket/:what', (req, res) => {
    req.session.basket = String(req.params.what);
    res.json({ saved: true });
  });
  app.post('/slow/:what', async (req, res) => {
    await new Promise<void>((resolve) => held.push(resolve));
    req.session.basket = String(req.params.what);
    res.json({ user: req.user?.principal?.userId ?? null });
  });
  app.post('/held', async (_req, res) => {
    await new Promise<void>((resolve) => held.push(resolve));
    res.json({});
  });
  app.post('/regenerate', (req, res, next) => {
    req.session.regenerate((error) => (error ? next(error) : res.json({})));
  });
  app.post('/forge', (req, res) => {
    Object.assign(req.session, { passport: { user: { principal: { userId: 'usr_forged', orgId: 'org_forged' } } } });
    res.json({});
  });
  server = createServer(app).listen(0);
  shop = `http://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await product.stop();
});

const revoke = (userId: string) =>
  revokeAccess(product.context.pool, {
    orgId: product.orgs.whiterabbit.id,
    subject: { userIds: [userId] },
    initiator: 'operator',
    by: byOperator,
  });
const revokeOrg = (_userId?: string) =>
  revokeOrgAccess(product.context.pool, {
    orgId: product.orgs.whiterabbit.id,
    initiator: 'operator',
    by: byOperator,
  });
const call = async (method: string, path: string, cookie: string) => {
  const response = await fetch(`${shop}${path}`, { method, headers: { cookie } });
  return {
    status: response.status,
    cookies: response.headers.getSetCookie(),
    body: (await response.json()) as { user?: string | null; basket?: string | null },
  };
};
async function plant() {
  const [user] = await plantUsers(product, 1);
  if (!user) throw new Error('nobody was planted');
  return { id: user.id, cookie: user.cookies[0] as string };
}
const rowOf = (userId: string) => product.context.prisma.session.findFirstOrThrow({ where: { userId } });

describe('a session in flight', () => {
  it('is not brought back by a request that changes it while it is revoked (100 trials)', async () => {
    let revived = 0;
    for (let trial = 0; trial < 100; trial += 1) {
      const { id, cookie } = await plant();
      const changing = Promise.all([call('POST', '/slow/a', cookie), call('POST', '/slow/b', cookie)]);
      while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(await revoke(id)).toMatchObject({ result: 'revoked', sessionsEnded: 1 });
      for (const release of held.splice(0)) release();
      await changing;
      const after = await call('GET', '/basket', cookie);
      const row = await rowOf(id);
      if (after.body.user !== null || row.revokedAt === null || JSON.stringify(row.data) !== '{}') revived += 1;
    }
    expect(revived).toBe(0);
  });

  it('is not brought back when saving and revoking collide at the row (200 trials)', async () => {
    let revived = 0;
    for (let trial = 0; trial < 200; trial += 1) {
      const { id, cookie } = await plant();
      await Promise.all([
        call('POST', `/basket/${trial}`, cookie),
        revoke(id),
        call('POST', `/basket/x${trial}`, cookie),
      ]);
      const row = await rowOf(id);
      const after = await call('GET', '/basket', cookie);
      if (after.body.user !== null || row.revokedAt === null || JSON.stringify(row.data) !== '{}') revived += 1;
    }
    expect(revived).toBe(0);
  });
});

describe('the store', () => {
  it('keeps what a live session is given, for the next request and other nodes', async () => {
    const { id, cookie } = await plant();
    await call('POST', '/basket/apples', cookie);
    expect((await call('GET', '/basket', cookie)).body).toEqual({ user: id, basket: 'apples' });
    expect((await rowOf(id)).data).toEqual({ basket: 'apples' });
  });

  it('gives everyone their own session, however many arrive together, the same one among them', async () => {
    const users = await plantUsers(product, 250);
    const asked = [...users, ...users.slice(0, 50), { id: null, cookies: ['session=unknown'] }];
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all(asked.map((one) => call('GET', '/basket', one.cookies[0] as string)));
      expect(answers.map((answer) => answer.body.user)).toEqual(asked.map((one) => one.id));
    }
  });

  it('stores no session id, only its hash', async () => {
    const { id, cookie } = await plant();
    const sid = decodeURIComponent(cookie.slice('session=s:'.length)).split('.')[0] as string;
    const { rows } = await product.context.pool.query('SELECT sessions::text AS row FROM sessions WHERE user_id = $1', [
      id,
    ]);
    expect(rows[0].row).not.toContain(sid);
  });

  it('makes no anonymous sessions: neither a row nor a cookie', async () => {
    const count = () => product.context.prisma.session.count();
    const before = await count();
    const { cookies } = await call('GET', '/basket', '');
    await call('POST', '/basket/anonymous', '');
    expect(cookies).toEqual([]);
    expect(await count()).toBe(before);
  });

  it('never takes the person from what a request wrote into its session', async () => {
    const { id, cookie } = await plant();
    await call('POST', '/forge', cookie);
    expect((await call('GET', '/basket', cookie)).body.user).toBe(id);
    const anonymous = await fetch(`${shop}/forge`, { method: 'POST' });
    const forged = anonymous.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect((await call('GET', '/basket', forged)).body.user).toBe(null);
  });

  it.each([
    ['an unsigned id', 'session=s:abcdefghijklmnopqrstuvwx'],
    ['a foreign signature', 'session=s%3Aabcdefghijklmnopqrstuvwx.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['garbage', 'session=%E0%A4%A'],
  ])('takes %s for no session', async (_name, cookie) => {
    expect((await call('GET', '/basket', cookie)).body.user).toBe(null);
  });

  it("ends one session at the user's own sign-out, and leaves the person's others", async () => {
    const [user] = await plantUsers(product, 1, { sessions: 2 });
    const [first, second] = (user?.cookies ?? []) as [string, string];
    await call('POST', '/regenerate', first);
    expect(await statusOfMe(product.url, first)).toBe(401);
    expect(await statusOfMe(product.url, second)).toBe(200);
    const ended = await fetch(`${product.url}/api/users/me`, { headers: { cookie: first } });
    expect(await ended.json()).toMatchObject({ code: 'session_ended' });
  });

  it('does not come back when the person is switched off and on again', async () => {
    const { id, cookie } = await plant();
    const switchTo = (active: boolean) => product.context.prisma.user.updateMany({ where: { id }, data: { active } });
    await switchTo(false);
    expect(await statusOfMe(product.url, cookie)).toBe(401);
    await switchTo(true);
    expect(await statusOfMe(product.url, cookie)).toBe(401);
  });

  it('keeps the reason of the first end: signing out afterwards turns no tombstone', async () => {
    const { id, cookie } = await plant();
    await revoke(id);
    await call('POST', '/regenerate', cookie);
    expect(await rowOf(id)).toMatchObject({ endedAt: null, revokedAt: expect.any(Date) });
  });
});

describe('time', () => {
  const age = (userId: string, column: string, interval: string) =>
    product.context.pool.query(`UPDATE sessions SET ${column} = now() - interval '${interval}' WHERE user_id = $1`, [
      userId,
    ]);

  it.each(['idle_expires_at', 'expires_at'])('a session past its %s is dead and says so', async (column) => {
    const { id, cookie } = await plant();
    await age(id, column, '1 second');
    const answer = await fetch(`${product.url}/api/users/me`, { headers: { cookie } });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, 'session_expired']);
  });

  it('writes "last seen" at most once a minute, and moves the idle limit with it', async () => {
    const { id, cookie } = await plant();
    const fresh = await rowOf(id);
    await statusOfMe(product.url, cookie);
    expect((await rowOf(id)).lastSeenAt).toEqual(fresh.lastSeenAt);
    await age(id, 'last_seen_at', '2 minutes');
    await statusOfMe(product.url, cookie);
    // The write comes beside the answer.
    await expect.poll(async () => Date.now() - (await rowOf(id)).lastSeenAt.getTime()).toBeLessThan(60_000);
    const seen = await rowOf(id);
    expect(seen.idleExpiresAt.getTime() - fresh.idleExpiresAt.getTime()).toBeGreaterThan(3_600_000);
  });

  it.each([
    ['touch', '/held'],
    ['save', '/slow/late'],
  ])(
    'a request that has loaded its session does not %s it after the person or the org was revoked',
    async (_name, path) => {
      for (const end of [revoke, revokeOrg]) {
        const { id, cookie } = await plant();
        await age(id, 'last_seen_at', '2 minutes');
        const before = await rowOf(id);
        const waiting = call('POST', path, cookie);
        while (held.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
        await end(id);
        for (const release of held.splice(0)) release();
        await waiting;
        expect(await rowOf(id)).toMatchObject({
          idleExpiresAt: before.idleExpiresAt,
          lastSeenAt: before.lastSeenAt,
          data: {},
        });
      }
    },
  );
});

/** The product's own housekeeping may be at it just now. */
async function cleanUp(): Promise<void> {
  while (!(await clean(product.context.pool, chores))) {
    // Once more.
  }
}

describe('housekeeping', () => {
  it('writes the tombstones of an org-wide sign-out, with its time, and erases the data', async () => {
    const { pool, prisma } = product.context;
    const { id, cookie } = await plant();
    await call('POST', '/basket/apples', cookie);
    const [foreign] = await plantUsers(product, 1, { org: 'metacortex' });
    const done = await revokeOrgAccess(pool, {
      orgId: product.orgs.whiterabbit.id,
      initiator: 'operator',
      by: byOperator,
    });
    expect(await statusOfMe(product.url, cookie)).toBe(401);
    await cleanUp();
    const revocation = await prisma.revocation.findFirstOrThrow({ where: { id: done?.revocationId ?? '' } });
    expect(await rowOf(id)).toMatchObject({ revocationId: revocation.id, revokedAt: revocation.createdAt, data: {} });
    expect(revocation.tombstonesPending).toBe(false);
    expect(await rowOf(foreign?.id as string)).toMatchObject({ revokedAt: null });
  });

  it('tells each session of the sign-out that ended it, and leaves those that came after, of this org and others', async () => {
    const { pool, prisma } = product.context;
    const first = await plant();
    const one = await revokeOrg();
    const second = await plant();
    const two = await revokeOrg();
    const alive = await plant();
    const [foreign] = await plantUsers(product, 1, { org: 'metacortex' });
    // A bump of the other org's own, so that only its id keeps it apart.
    await pool.query('UPDATE orgs SET generation = generation + 1 WHERE id = $1', [product.orgs.metacortex.id]);
    await cleanUp();
    expect((await rowOf(first.id)).revocationId).toBe(one?.revocationId);
    expect((await rowOf(second.id)).revocationId).toBe(two?.revocationId);
    expect((await rowOf(alive.id)).revokedAt).toBe(null);
    expect((await rowOf(foreign?.id as string)).revokedAt).toBe(null);
    expect(await prisma.revocation.count({ where: { tombstonesPending: true } })).toBe(0);
  });

  it('comes back to a session that was locked', async () => {
    const { pool } = product.context;
    const { id } = await plant();
    await revokeOrg();
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM sessions WHERE user_id = $1 FOR UPDATE', [id]),
      async () => {
        await clean(pool, chores);
        expect((await rowOf(id)).revokedAt).toBe(null);
      },
    );
    await cleanUp();
    expect((await rowOf(id)).revokedAt).not.toBe(null);
  });

  it('is done by one node at a time', async () => {
    const { pool } = product.context;
    const { id } = await plant();
    await revokeOrg();
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT pg_advisory_xact_lock(7262001)'),
      async () => {
        await clean(pool, chores);
        expect((await rowOf(id)).revokedAt).toBe(null);
      },
    );
    await cleanUp();
    expect((await rowOf(id)).revokedAt).not.toBe(null);
  });

  it('sweeps sessions a day after they could last count, and spent states; nothing younger', async () => {
    const { pool, prisma } = product.context;
    const old = await plant();
    const young = await plant();
    await pool.query(`UPDATE sessions SET expires_at = now() - interval '25 hours' WHERE user_id = $1`, [old.id]);
    await pool.query(`UPDATE sessions SET expires_at = now() - interval '23 hours' WHERE user_id = $1`, [young.id]);
    const orgId = product.orgs.whiterabbit.id;
    const spend = (id: string, ago: number) =>
      prisma.spent.create({ data: { orgId, kind: 'sign_in_state', id, expiresAt: new Date(Date.now() - ago) } });
    await spend('old', 2 * 3_600_000);
    await spend('young', 1_000);
    await cleanUp();
    expect(await prisma.session.count({ where: { userId: old.id } })).toBe(0);
    expect(await prisma.session.count({ where: { userId: young.id } })).toBe(1);
    expect(await prisma.spent.findMany({ where: { id: { in: ['old', 'young'] } } })).toHaveLength(1);
  });
});
