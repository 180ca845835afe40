import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeDevice } from '../../src/revocation/end-rows.ts';
import { revokeAccess } from '../../src/revocation/revoke-access.ts';
import { createBrowser } from '../support/browser.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { liveGrants, type PlantedGrant, plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let orgId: string;
beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
});
afterAll(() => product.stop());

const by = { initiator: 'admin', by: byOperator } as const;
const revoke = (userId: string, id: string, org = orgId) =>
  revokeDevice(product.context.pool, { ...by, orgId: org, userId, id });
async function plant(org: 'whiterabbit' | 'metacortex' = 'whiterabbit') {
  const [user] = (await plantUsers(product, 1, { org })) as [PlantedUser];
  const session = await product.context.prisma.session.findFirstOrThrow({ where: { userId: user.id } });
  const grants = await plantGrants(product, { orgId: product.orgs[org].id, userId: user.id }, 1);
  return {
    id: user.id,
    cookie: user.cookies[0] as string,
    session: session.id,
    grants,
    grant: grants[0] as PlantedGrant,
  };
}
const records = (userId: string) =>
  Promise.all([
    product.context.prisma.revocation.count({ where: { userId } }),
    product.context.prisma.auditEvent.count({ where: { targetId: userId } }),
  ]);

it('ends that one alone, once', async () => {
  const one = await plant();
  expect(await revoke(one.id, one.session)).toEqual({
    revocationId: expect.any(String),
    sessionsEnded: 1,
    grantsEnded: 0,
  });
  expect(await statusOfMe(product.url, one.cookie)).toBe(401);
  expect(await liveGrants(product, one.grants)).toHaveLength(1);
  expect(await revoke(one.id, one.grant.id)).toMatchObject({ sessionsEnded: 0, grantsEnded: 1 });
  expect(await liveGrants(product, one.grants)).toEqual([]);
  for (const id of [one.session, one.grant.id]) expect(await revoke(one.id, id)).toBeNull();
  expect(await records(one.id)).toEqual([2, 2]);
});

it('leaves everything of another person, and of another org, alone', async () => {
  const [one, other, stranger] = [await plant(), await plant(), await plant('metacortex')];
  for (const { session, grant } of [other, stranger])
    for (const id of [session, grant.id]) expect(await revoke(one.id, id)).toBeNull();
  for (const id of [stranger.session, stranger.grant.id]) expect(await revoke(stranger.id, id)).toBeNull();
  for (const { cookie, grants } of [one, other, stranger]) {
    expect(await statusOfMe(product.url, cookie)).toBe(200);
    expect(await liveGrants(product, grants)).toHaveLength(1);
  }
  expect(await records(one.id)).toEqual([0, 0]);
});

it('leaves to a revocation of the person what that ended first', async () => {
  const one = await plant();
  let answer: ReturnType<typeof revoke> | undefined;
  await whileLocked(
    product,
    (blocker) => revokeAccess(blocker, { ...by, orgId, subject: { userIds: [one.id] } }),
    async () => {
      answer = revoke(one.id, one.session);
      await waitForLock(product);
    },
  );
  expect(await answer).toBeNull();
  expect(await records(one.id)).toEqual([1, 1]);
});

it('is not undone by a request that is in flight: the session’s save meets the tombstone (20 trials)', async () => {
  for (let trial = 0; trial < 20; trial += 1) {
    const one = await plant();
    await product.context.pool.query(`UPDATE sessions SET last_seen_at = now() - interval '5 minutes' WHERE id = $1`, [
      one.session,
    ]);
    const requests = Promise.all(Array.from({ length: 5 }, () => statusOfMe(product.url, one.cookie)));
    await revoke(one.id, one.session);
    expect(await statusOfMe(product.url, one.cookie)).toBe(401);
    await requests;
    expect(await statusOfMe(product.url, one.cookie)).toBe(401);
  }
});

it('asks nobody else of the org for a password', async () => {
  // Nothing else is revoked in this org.
  const one = await plant('metacortex');
  const { id, apiKey } = product.orgs.metacortex;
  expect(await revoke(one.id, one.session, id)).toMatchObject({ sessionsEnded: 1 });
  const promptOf = async () => {
    const start = await createBrowser({ baseUrl: product.url }).get('/openid/start/metacortex');
    return new URL(start.headers.get('location') as string).searchParams.get('prompt');
  };
  expect(await promptOf()).toBeNull();
  // As a revocation of somebody as a whole would: of whom is known only in the callback.
  expect((await product.revoke({ format: 'opaque', id: one.id }, { apiKey })).status).toBe(204);
  expect(await promptOf()).toBe('login');
});
