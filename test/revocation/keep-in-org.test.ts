import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startTwoNodes } from '../support/product.ts';

// "Sign everyone out but me" keeps the session that asks. Whoever revokes that person, or everyone,
// at the same moment must win over that.
let product: Product;
let nodes: [string, string];
let orgId: string;
beforeAll(async () => {
  ({ product, nodes } = await startTwoNodes());
  orgId = product.orgs.whiterabbit.id;
});
afterAll(() => product.stop());

type Owner = Awaited<ReturnType<typeof plantAdministrator>>;
const body = { everyone: true, keepCurrent: true };
const plantOwner = () => plantAdministrator(product, 'owner', { sessions: 2 });
const confirmationOf = async (owner: Owner) => {
  const { confirmation } = (await owner.send('POST', '/revocations', body)).body;
  return { ...body, confirmation };
};
const pause = (mostMs: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
const alive = async (owner: Owner) => {
  const statuses = await Promise.all(nodes.flatMap((node) => owner.cookies.map((cookie) => statusOfMe(node, cookie))));
  return statuses.filter((status) => status === 200).length;
};
const byIdp = async ({ id }: Owner) =>
  expect((await product.revoke({ format: 'opaque', id }, { at: nodes[1] })).status).toBe(204);
const bySignOut = async () => {
  expect(await revokeOrgAccess(product.context.pool, { orgId, initiator: 'operator', by: byOperator })).not.toBeNull();
};

describe('an owner who signs everyone else out', () => {
  it('stays, and is never refused, where nobody else revokes (30 trials)', async () => {
    let refused = 0;
    for (let trial = 0; trial < 30; trial += 1) {
      const owner = await plantOwner();
      const confirmed = await confirmationOf(owner);
      let running = true;
      const asking = nodes.map(async (node) => {
        while (running) refused += (await statusOfMe(node, owner.cookie)) === 200 ? 0 : 1;
      });
      await pause(5);
      expect((await owner.send('POST', '/revocations', confirmed, nodes[0])).status).toBe(200);
      running = false;
      await Promise.all(asking);
      // The one session, on both nodes.
      expect(await alive(owner)).toBe(2);
    }
    expect(refused).toBe(0);
  });

  it.each([
    ['a revocation of that very person', byIdp],
    ['another sign-out of everyone', bySignOut],
  ])('dies at the same moment as %s, in 100 trials', async (_name, revoke) => {
    let survivors = 0;
    let kept = 0;
    for (let trial = 0; trial < 100; trial += 1) {
      const owner = await plantOwner();
      const confirmed = await confirmationOf(owner);
      const keeping = pause(6).then(() => owner.send('POST', '/revocations', confirmed, nodes[0]));
      // Keeping takes several steps: the other one is given time to come before, between and after
      // them.
      await pause(25);
      await revoke(owner);
      survivors += await alive(owner);
      kept += (await keeping).status === 200 ? 1 : 0;
      survivors += await alive(owner);
    }
    expect(survivors).toBe(0);
    // Some came in before they were dead: it was a race.
    expect(kept).toBeGreaterThan(0);
  });

  it.each([
    ['a revocation of that very person', byIdp],
    ['another sign-out of everyone', bySignOut],
  ])('dies when it waits at the org’s row together with %s, in either order', async (_name, revoke) => {
    for (let trial = 0; trial < 10; trial += 1) {
      const owner = await plantOwner();
      const confirmed = await confirmationOf(owner);
      const keep = () => owner.send('POST', '/revocations', confirmed, nodes[0]);
      const both: Promise<unknown>[] = [];
      const lock = 'SELECT FROM orgs o, users u WHERE o.id = $1 AND u.id = $2 FOR NO KEY UPDATE';
      await whileLocked(
        product,
        (blocker) => blocker.query(lock, [orgId, owner.id]),
        async () => {
          for (const [index, step] of (trial % 2 ? [keep, revoke] : [revoke, keep]).entries()) {
            both.push(step(owner));
            await waitForLock(product, index + 1);
          }
        },
      );
      await Promise.all(both);
      expect(await alive(owner)).toBe(0);
    }
  });

  it('is left alone at most, when two owners do it at the same moment (30 trials)', async () => {
    for (let trial = 0; trial < 30; trial += 1) {
      const owners = [await plantOwner(), await plantOwner()] as const;
      const confirmed = await Promise.all(owners.map(confirmationOf));
      const answers = await Promise.all(
        owners.map((owner, index) => owner.send('POST', '/revocations', confirmed[index], nodes[index])),
      );
      // The second is dead when it asks, or finds its confirmation outdated.
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect((await alive(owners[0])) + (await alive(owners[1]))).toBe(2);
    }
  });
});

it('of two statements that each keep another session, one at most does (30 trials)', async () => {
  for (let trial = 0; trial < 30; trial += 1) {
    const owners = [await plantOwner(), await plantOwner()] as const;
    await Promise.all(
      owners.map(async ({ id }) => {
        const session = await product.context.prisma.session.findFirstOrThrow({ where: { orgId, userId: id } });
        const keep = { type: 'session', id: session.id } as const;
        const by = { actor: { type: 'user', id }, ip: null, requestId: null } as const;
        await revokeOrgAccess(product.context.pool, { orgId, initiator: 'admin', by, keep });
      }),
    );
    expect((await alive(owners[0])) + (await alive(owners[1]))).toBeLessThanOrEqual(2);
  }
});
