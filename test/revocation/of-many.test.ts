import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeAccess, revokeAccessOfMany } from '../../src/revocation/revoke-access.ts';
import { deadlocksOf, waitForLock, whileLocked } from '../support/locks.ts';
import { liveGrants, plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers, survivorsOf } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let orgId: string;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  orgId = product.orgs.whiterabbit.id;
});
afterAll(() => product.stop());

const by = { initiator: 'admin', by: byOperator } as const;
const revokeMany = (userIds: readonly string[]) => revokeAccessOfMany(product.context.pool, { ...by, orgId, userIds });
const idsOf = (people: readonly PlantedUser[]) => people.map(({ id }) => id);
const generations = async (people: readonly PlantedUser[]) =>
  (await product.context.prisma.user.findMany({ where: { orgId, id: { in: idsOf(people) } } })).map(
    ({ generation }) => generation,
  );
const survivors = (people: readonly PlantedUser[]) => survivorsOf(product, people);

describe('revokeAccessOfMany', () => {
  it('gives each person a revocation and an event of their own, and a sign-in its reason', async () => {
    const people = await plantUsers(product, 3, { sessions: 2 });
    const grants = await plantGrants(product, { orgId, userId: people[1]?.id as string }, 2);
    const done = await revokeMany([...idsOf(people), 'usr_nobody', ...idsOf(people)]);
    expect(done.map(({ userId, sessionsEnded, grantsEnded }) => [userId, sessionsEnded, grantsEnded])).toEqual(
      people.map(({ id }, index) => [id, 2, index === 1 ? 2 : 0]),
    );
    expect(await survivors(people)).toBe(0);
    expect(await liveGrants(product, grants)).toEqual([]);
    for (const { userId, revocationId } of done) {
      expect(revocationId).toMatch(/^rev_[0-9a-f]{32}$/);
      const user = await product.context.prisma.user.findFirstOrThrow({ where: { orgId, id: userId } });
      expect(user).toMatchObject({ generation: 1, lastRevocationId: revocationId });
      const row = await product.context.prisma.revocation.findFirstOrThrow({ where: { orgId, id: revocationId } });
      expect(row).toMatchObject({ userId, initiator: 'admin', sessionsEnded: 2, durationMs: expect.any(Number) });
      const events = await product.context.prisma.auditEvent.findMany({ where: { orgId, targetId: userId } });
      expect(events).toMatchObject([
        { action: 'access.revoked', actorType: 'operator', detail: { revocation: revocationId, sessionsEnded: 2 } },
      ]);
      expect(events[0]?.id).toMatch(/^evt_[0-9a-f]{32}$/);
    }
  });

  it('does nothing for nobody, nor for people of another org', async () => {
    const strangers = await plantUsers(product, 2, { org: 'metacortex' });
    expect(await revokeMany([])).toEqual([]);
    expect(await revokeMany(idsOf(strangers))).toEqual([]);
    expect(await survivors(strangers)).toBe(2);
  });

  it('of 50 people in two crossing orders at once: no deadlock, all dead, each ended twice (20 trials)', async () => {
    const before = await deadlocksOf(product);
    for (let trial = 0; trial < 20; trial += 1) {
      const people = await plantUsers(product, 50);
      const ids = idsOf(people);
      const results = await Promise.all(
        [ids, [...ids].reverse(), [...ids.slice(25), ...ids.slice(0, 25)]].map(revokeMany),
      );
      expect(results.map((done) => done.length)).toEqual([50, 50, 50]);
      expect(await survivors(people)).toBe(0);
      expect(new Set(await generations(people))).toEqual(new Set([3]));
    }
    expect(await deadlocksOf(product)).toBe(before);
  });

  it('holds beside revocations of single people at the same moment (20 trials)', async () => {
    const before = await deadlocksOf(product);
    for (let trial = 0; trial < 20; trial += 1) {
      const people = await plantUsers(product, 20, { sessions: 2 });
      const single = ({ id }: PlantedUser) =>
        revokeAccess(product.context.pool, { ...by, orgId, subject: { userIds: [id] } });
      await Promise.all([revokeMany(idsOf(people)), ...[...people].reverse().slice(0, 8).map(single)]);
      expect(await survivors(people)).toBe(0);
      expect((await generations(people)).sort()).toEqual([...Array(12).fill(1), ...Array(8).fill(2)]);
    }
    expect(await deadlocksOf(product)).toBe(before);
  });

  it('ends what was born while it waited for a row, and a person whose row changed meanwhile', async () => {
    const people = await plantUsers(product, 3);
    const waiting = people[1] as PlantedUser;
    let done: ReturnType<typeof revokeMany> | undefined;
    await whileLocked(
      product,
      async (blocker) => {
        await blocker.query('UPDATE users SET name = $2, generation = generation + 1 WHERE id = $1', [
          waiting.id,
          'Changed',
        ]);
      },
      async () => {
        done = revokeMany(idsOf(people));
        await waitForLock(product);
      },
    );
    expect(await done).toHaveLength(3);
    expect(await generations(people)).toEqual([1, 2, 1]);
    expect(await survivors(people)).toBe(0);
  });
});
