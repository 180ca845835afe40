import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { provision, provisionGroup } from '../scim/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { plantAccount, until } from './support.ts';

// Rights that nobody took away by hand, and that ended all the same, are on record: who lost which,
// when and by what.
let product: Product;
let orgId: string;
let scim: Awaited<ReturnType<typeof provision>>;
let scimKey: string;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
  scim = await provision(product);
  owner = await plantAdministrator(product, 'owner');
  const { rows } = await product.context.pool.query(
    `SELECT id FROM api_keys WHERE 'scim' = ANY (scopes) AND org_id = $1`,
    [orgId],
  );
  scimKey = rows[0].id;
});
afterAll(() => product?.stop());

let person: Awaited<ReturnType<typeof plantUsers>>[number];
let other: typeof person;
beforeEach(async () => {
  [person, other] = (await plantUsers(product, 2, { sessions: 0 })) as [typeof person, typeof person];
});

const plant = (holders: { users?: string[]; groups?: string[] } = {}) =>
  plantAccount(product, orgId, { userName: 'shared', password: 'p', connector: 'manual', settings: {}, ...holders });
const group = (...members: { id: string }[]) => provisionGroup(scim, members);
type Event = {
  actor: { type: string; id: string | null };
  detail: Record<string, unknown>;
  at: string;
  requestId: string | null;
};
const endedOf = async (account: string, by: { send: typeof owner.send } = owner) =>
  (await by.send('GET', `/audit-events?target=${account}&action=account.right_ended&order=asc`)).body.items as Event[];
async function untilEnded(account: string, count = 1): Promise<Event[]> {
  await until(async () => (await endedOf(account)).length >= count);
  const { rows } = await product.context.pool.query('SELECT FROM account_outbox LIMIT 1');
  if (rows.length > 0) return untilEnded(account, count);
  return endedOf(account);
}
const off = (who: { id: string }) => scim.patch(`/Users/${who.id}`, [{ op: 'replace', value: { active: false } }]);

it('whoever is switched off: by whom, by which revocation and when', async () => {
  const [first, second] = [await plant({ users: [person.id, other.id] }), await plant({ users: [person.id] })];
  await product.context.pool.query(`UPDATE account_rights SET "right" = 'manage' WHERE account_id = $1`, [second]);
  const before = Date.now();
  expect((await off(person)).status).toBe(200);
  const after = Date.now();
  for (const [account, right] of [
    [first, 'use'],
    [second, 'manage'],
  ] as const) {
    const [event, more] = await untilEnded(account);
    expect(more).toBeUndefined();
    expect(event).toMatchObject({
      actor: { type: 'api_key', id: scimKey },
      requestId: expect.any(String),
      detail: {
        name: 'shared',
        user: person.id,
        right,
        cause: 'person_off',
        revocation: expect.stringMatching(/^rev_/),
      },
    });
    const endedAt = Date.parse(String(event?.detail.endedAt));
    expect(endedAt).toBeGreaterThanOrEqual(before - 1);
    expect(endedAt).toBeLessThanOrEqual(after + 1);
    expect(Date.parse(String(event?.at))).toBeGreaterThanOrEqual(endedAt);
  }
  // Another organisation sees nothing of it.
  const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
  expect(await endedOf(first, stranger)).toEqual([]);
});

it('whoever is removed loses their own rights, and those of their groups', async () => {
  const guides = await group(person, other);
  const [own, ofGroup] = [await plant({ users: [person.id] }), await plant({ groups: [guides] })];
  expect((await scim.remove(`/Users/${person.id}`)).status).toBe(204);
  expect(await untilEnded(own)).toMatchObject([
    { actor: { id: scimKey }, detail: { user: person.id, right: 'use', cause: 'person_off' } },
  ]);
  expect(await untilEnded(ofGroup)).toMatchObject([
    { actor: { id: scimKey }, detail: { user: person.id, group: guides, right: 'use', cause: 'group_left' } },
  ]);
});

it('whoever leaves a group, and a group that goes', async () => {
  const guides = await group(person, other);
  const account = await plant({ groups: [guides] });
  const out = await scim.patch(`/Groups/${guides}`, [{ op: 'remove', path: `members[value eq "${person.id}"]` }]);
  expect(out.status).toBeLessThan(300);
  expect(await untilEnded(account)).toMatchObject([
    { actor: { id: scimKey }, detail: { user: person.id, group: guides, right: 'use', cause: 'group_left' } },
  ]);
  expect((await scim.remove(`/Groups/${guides}`)).status).toBe(204);
  const [, gone, more] = await untilEnded(account, 2);
  expect(more).toBeUndefined();
  expect(gone).toMatchObject({
    actor: { id: scimKey },
    detail: { group: guides, people: 1, right: 'use', cause: 'group_removed' },
  });
  expect(gone?.detail).not.toHaveProperty('user');
  // A group that nobody is in had the right, too.
  const empty = await group();
  const second = await plant({ groups: [empty] });
  expect((await scim.remove(`/Groups/${empty}`)).status).toBe(204);
  expect(await untilEnded(second)).toMatchObject([{ detail: { group: empty, people: 0, cause: 'group_removed' } }]);
});

it('of many people and accounts each account has one event with their number', async () => {
  const { pool } = product.context;
  const many = await plantUsers(product, 300, { sessions: 0 });
  const guides = await group(...many);
  await pool.query(
    `INSERT INTO accounts (org_id, id, name, user_name, connector)
     SELECT $1, 'acc_of_many_' || n, 'x', 'x', 'manual' FROM generate_series(1, 100) n`,
    [orgId],
  );
  await pool.query(
    `INSERT INTO account_rights (org_id, id, account_id, group_id, "right")
     SELECT org_id, 'art_' || id, id, $2, 'use' FROM accounts WHERE org_id = $1 AND id LIKE 'acc_of_many_%'`,
    [orgId, guides],
  );
  expect((await scim.patch(`/Groups/${guides}`, [{ op: 'remove', path: 'members' }])).status).toBeLessThan(300);
  expect(await untilEnded('acc_of_many_7')).toMatchObject([
    { actor: { id: scimKey }, detail: { group: guides, people: 300, right: 'use', cause: 'group_left' } },
  ]);
  const { rows } = await pool.query(
    `SELECT count(*)::int AS count FROM audit_events WHERE org_id = $1 AND action = 'account.right_ended' AND target_id LIKE 'acc_of_many_%'`,
    [orgId],
  );
  expect(rows[0].count).toBe(100);
});

it('what somebody took away by hand is on record once, and what was rolled back not at all', async () => {
  const account = await plant({ users: [person.id] });
  const [right] = (await owner.send('GET', `/accounts/${account}/rights`)).body.items as { id: string }[];
  expect((await owner.send('DELETE', `/accounts/${account}/rights/${right?.id}`)).status).toBe(204);
  const kept = await plant({ users: [person.id] });
  const client = await product.context.pool.connect();
  await client.query('BEGIN');
  await client.query('UPDATE users SET active = false WHERE org_id = $1 AND id = $2', [orgId, person.id]);
  await client.query('ROLLBACK');
  client.release();
  const events = await untilEnded(account);
  expect(events).toMatchObject([{ actor: { id: owner.id }, detail: { user: person.id, right: 'use' } }]);
  expect(events[0]?.detail).not.toHaveProperty('cause');
  expect(await endedOf(kept)).toEqual([]);
});

it('is on the timeline of whoever had the right, and of nobody else', async () => {
  const account = await plant();
  const given = await owner.send('POST', `/accounts/${account}/rights`, { userId: person.id, right: 'use' });
  expect(given.status).toBe(201);
  expect((await off(person)).status).toBe(200);
  await untilEnded(account);
  const timeline = async ({ id }: { id: string }) =>
    ((await owner.send('GET', `/audit-events?person=${id}&order=asc`)).body.items as { action: string }[])
      .map(({ action }) => action)
      .filter((action) => action.startsWith('account.right_'));
  expect(await timeline(person)).toEqual(['account.right_given', 'account.right_ended']);
  expect(await timeline(other)).toEqual([]);
});
