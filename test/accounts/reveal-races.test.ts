import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { inParallel } from '../support/planted-sessions.ts';
import { type Product, startTwoNodes } from '../support/product.ts';
import { addAccount, giveRight, plantGroup, plantMembers, reveal } from './client.ts';
import { rotationsOf, until } from './support.ts';

// Two nodes, each a process, on one database. A password is read before the revocation, and then it
// is on record before it, or not at all.
let product: Product;
let nodes: [string, string];
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  ({ product, nodes } = await startTwoNodes());
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product?.stop());

const rotationsNow = async (account: string) => {
  await untilPlanned();
  return rotationsOf(product, account);
};
const untilPlanned = () =>
  until(async () => (await product.context.pool.query('SELECT FROM account_outbox LIMIT 1')).rowCount === 0);
const revoke = async (email: string, at: string) =>
  expect((await product.revoke({ format: 'email', email }, { at })).status).toBe(204);

it('0 of 1,000 passwords are read after the response to a revocation, on either node', async () => {
  const { pool } = product.context;
  const people = await plantMembers(product, 100, { sessions: 2 });
  const id = await addAccount(owner);
  const own = new Map<string, string>();
  await inParallel(people, 4, async ({ id: userId }) => {
    own.set(userId, await addAccount(owner));
    await giveRight(owner, own.get(userId) as string, { userId, right: 'use' });
  });
  await plantGroup(
    product,
    'grp_all',
    people.map((person) => person.id),
  );
  await giveRight(owner, id, { groupId: 'grp_all', right: 'use' });
  const seen: { user: string; late: boolean; status: number }[] = [];
  await inParallel(people, 4, async ({ id: user, email, cookies }) => {
    let responded = false;
    const ask = async (n: number) => {
      const late = responded;
      const account = (n >> 2) % 2 === 0 ? (own.get(user) as string) : id;
      const { status } = await reveal(nodes[n % 2] as string, cookies[(n >> 1) % 2] as string, account);
      seen.push({ user, late, status });
    };
    // Some are answered, some are under way, some wait for the same row as the revocation.
    const early = (async () => {
      await Promise.all([0, 1, 2, 3].map(ask));
      await Promise.all([0, 1, 2, 3, 4, 5].map(ask));
    })();
    const underWay = Promise.withResolvers<void>();
    setTimeout(underWay.resolve, Math.random() * 40);
    await underWay.promise;
    await revoke(email, nodes[Math.random() < 0.5 ? 0 : 1]);
    responded = true;
    await Promise.all(Array.from({ length: 12 }, (_, n) => ask(n)));
    await early;
  });
  const late = seen.filter(({ late }) => late);
  expect(late.length).toBeGreaterThanOrEqual(1_000);
  expect(late.filter(({ status }) => status !== 401)).toEqual([]);
  expect(seen.filter(({ status }) => ![200, 401].includes(status))).toEqual([]);
  const read = seen.filter(({ status }) => status === 200);
  expect(read.length).toBeGreaterThan(100);
  // Each that was answered has a row, from before the revocation; and none has one that wasn't.
  const { rows } = await pool.query<{ user_id: string; reveals: number; of_own: number; after: number }>(
    `SELECT v.user_id, count(*)::int AS reveals, count(*) FILTER (WHERE v.account_id <> $2)::int AS of_own,
            count(*) FILTER (WHERE v.at > u.revoked_at)::int AS after
     FROM account_reveals v JOIN users u ON u.org_id = v.org_id AND u.id = v.user_id
     WHERE v.account_id = ANY ($1) AND NOT v.given GROUP BY v.user_id`,
    [[id, ...own.values()], id],
  );
  const counted = Object.entries(Object.groupBy(read, ({ user }) => user)).map(([user, all = []]) => [
    user,
    all.length,
  ]);
  expect(Object.fromEntries(rows.map(({ user_id, reveals }) => [user_id, reveals]))).toEqual(
    Object.fromEntries(counted),
  );
  expect(rows.filter(({ after }) => after > 0)).toEqual([]);
  // And each that was read goes first, whenever that was: no other is said to have been read.
  await untilPlanned();
  const { rows: rotations } = await pool.query<{ account_id: string; user_id: string; revealed: boolean }>(
    'SELECT account_id, user_id, revealed FROM account_rotations WHERE account_id = ANY ($1)',
    [[...own.values()]],
  );
  const readers = rows.filter(({ of_own }) => of_own > 0).map(({ user_id }) => user_id);
  expect(readers.length).toBeGreaterThan(20);
  const sorted = (list: [string, string | undefined, boolean][]) => list.toSorted();
  expect(sorted(rotations.map(({ account_id, user_id, revealed }) => [user_id, account_id, revealed]))).toEqual(
    sorted(people.map((person) => [person.id, own.get(person.id), readers.includes(person.id)])),
  );
});

it('one that waited for the person’s row behind a revocation reads nothing', async () => {
  const [neo] = await plantMembers(product, 1);
  const id = await addAccount(owner);
  await giveRight(owner, id, { userId: neo?.id, right: 'use' });
  let answer: ReturnType<typeof reveal> | undefined;
  await whileLocked(
    product,
    (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [neo?.id]),
    async () => {
      const revoked = revoke(neo?.email as string, nodes[0]);
      await waitForLock(product, 1);
      answer = reveal(nodes[1], neo?.cookie as string, id);
      await waitForLock(product, 2);
      void revoked;
    },
  );
  expect((await answer)?.status).toBe(401);
  expect(
    (await product.context.pool.query('SELECT FROM account_reveals WHERE user_id = $1 AND NOT given', [neo?.id]))
      .rowCount,
  ).toBe(0);
  expect(await rotationsNow(id)).toMatchObject([{ user_id: neo?.id, revealed: false }]);
});

it('one that waited while its right was taken, or its person switched off, reads nothing', async () => {
  const [neo, tank] = await plantMembers(product, 2);
  const id = await addAccount(owner);
  const right = await giveRight(owner, id, { userId: neo?.id, right: 'use' });
  await giveRight(owner, id, { userId: tank?.id, right: 'use' });
  const whileHeld = async (cookie: string, user: string, sql: string, value: string) => {
    let answer: ReturnType<typeof reveal> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [user]),
      async () => {
        answer = reveal(nodes[1], cookie, id);
        await waitForLock(product, 1);
        // By another connection, or by the one that holds the row.
        if (sql.startsWith('DELETE')) await product.context.accessPool.query(sql, [value]);
      },
    );
    return (await answer)?.status;
  };
  expect(
    await whileHeld(neo?.cookie as string, neo?.id as string, 'DELETE FROM account_rights WHERE id = $1', right),
  ).toBe(404);
  await owner.send('PATCH', `/users/${tank?.id}`, { active: false });
  expect((await reveal(nodes[0], tank?.cookie as string, id)).status).toBe(401);
  const { rows } = await product.context.pool.query('SELECT user_id FROM account_rights WHERE account_id = $1', [id]);
  expect(rows).toEqual([]);
});

it('none is read after everybody was signed out', async () => {
  const people = await plantMembers(product, 20);
  const id = await addAccount(owner);
  await plantGroup(
    product,
    'grp_everybody',
    people.map((person) => person.id),
  );
  await giveRight(owner, id, { groupId: 'grp_everybody', right: 'use' });
  const orgId = product.orgs.whiterabbit.id;
  const early = people.map((person, n) => reveal(nodes[n % 2] as string, person.cookie, id));
  await revokeOrgAccess(product.context.pool, { orgId, initiator: 'operator', by: byOperator });
  const late = await Promise.all(people.map((person, n) => reveal(nodes[(n + 1) % 2] as string, person.cookie, id)));
  expect(late.map(({ status }) => status)).toEqual(people.map(() => 401));
  const read = (await Promise.all(early)).filter(({ status }) => status === 200);
  const { rowCount } = await product.context.pool.query(
    'SELECT FROM account_reveals WHERE account_id = $1 AND NOT given',
    [id],
  );
  expect(rowCount).toBe(read.length);
  // The owner typed it in, whoever else has read it.
  expect(await rotationsNow(id)).toMatchObject([{ cause: 'revocation', revealed: true }]);
});
