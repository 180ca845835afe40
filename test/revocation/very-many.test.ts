import { afterAll, beforeAll, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import { revokeAccess, revokeAccessOfMany } from '../../src/revocation/revoke-access.ts';
import { inParallel, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

const tombstones = async (userId: string) => {
  const { rows } = await product.context.pool.query(
    `SELECT revocation_id, data::text, count(*)::int FROM sessions WHERE user_id = $1 GROUP BY 1, 2 ORDER BY 3`,
    [userId],
  );
  return rows;
};

test.each(['one', 'many'])(
  'of very many sessions, revoked as %s, all are dead at once, and a job explains and counts the rest',
  async (as) => {
    const [person, other] = await plantUsers(product, 2, { sessions: 250 });
    if (!person || !other) throw new Error('nobody was planted');
    const { pool } = product.context;
    const orgId = product.orgs.whiterabbit.id;
    const how = { orgId, initiator: 'operator', by: byOperator, reasonForPerson: 'laptop lost' } as const;
    const outcome =
      as === 'one'
        ? await revokeAccess(pool, { ...how, subject: { userIds: [person.id] } })
        : (await revokeAccessOfMany(pool, { ...how, userIds: [person.id] }))[0];
    expect(outcome).toMatchObject({ userId: person.id, sessionsEnded: 101, grantsEnded: 0, more: true });
    const statuses = new Set<number>();
    await inParallel(person.cookies, 8, async (cookie) => void statuses.add(await statusOfMe(product.url, cookie)));
    expect([...statuses]).toEqual([401]);
    expect(await statusOfMe(product.url, other.cookies[0] ?? '')).toBe(200);

    while (!(await clean(pool, chores)));
    const revocation = await product.context.prisma.revocation.findFirstOrThrow({
      where: { orgId, userId: person.id },
    });
    expect(revocation).toMatchObject({ sessionsEnded: 250, grantsEnded: 0, tombstonesPending: false });
    expect(await tombstones(person.id)).toEqual([{ revocation_id: revocation.id, data: '{}', count: 250 }]);
    expect(await tombstones(other.id)).toMatchObject([{ revocation_id: null, count: 250 }]);
    const answer = await fetch(`${product.url}/api/users/me`, { headers: { cookie: person.cookies[249] ?? '' } });
    expect(await answer.json()).toMatchObject({ code: 'session_revoked', reason: 'laptop lost' });
  },
);

test('a second revocation before the job came ends nothing twice, and counts nothing twice', async () => {
  const [person] = await plantUsers(product, 1, { sessions: 150 });
  if (!person) throw new Error('nobody was planted');
  const { pool, prisma } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  const revoke = () =>
    revokeAccess(pool, { orgId, subject: { userIds: [person.id] }, initiator: 'operator', by: byOperator });
  expect(await revoke()).toMatchObject({ sessionsEnded: 101, more: true });
  // What the first had ended already isn't the second's to count, though it is the one that
  // explains it.
  expect(await revoke()).toMatchObject({ sessionsEnded: 0 });
  while (!(await clean(pool, chores)));
  const counts = await prisma.revocation.findMany({
    where: { orgId, userId: person.id },
    orderBy: { createdAt: 'asc' },
  });
  expect(counts.map(({ sessionsEnded }) => sessionsEnded)).toEqual([101, 0]);
  expect((await tombstones(person.id)).reduce((sum, { count }) => sum + count, 0)).toBe(150);
});
