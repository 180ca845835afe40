import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { newId } from '../../src/database/ids.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { provision } from '../scim/support.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { openTarget, plantAccount, rotationsOf, until, untilSettled } from './support.ts';

// What changes a password, and what doesn't. A person's accounts are roles of a real PostgreSQL.
let product: Product;
let orgId: string;
let scim: Awaited<ReturnType<typeof provision>>;
const target = openTarget();

beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
  scim = await provision(product);
});
afterAll(async () => {
  await product.stop();
  await target.drop();
});

let person: Awaited<ReturnType<typeof plantUsers>>[number];
let other: typeof person;
beforeEach(async () => {
  [person, other] = (await plantUsers(product, 2, { sessions: 2 })) as [typeof person, typeof person];
});

async function plant(holders: { users?: string[]; groups?: string[] } = { users: [person.id] }, org = orgId) {
  const role = await target.makeRole();
  const place = { userName: role.name, password: role.password, settings: target.place, admin: target.admin };
  return plantAccount(product, org, { ...place, ...holders });
}
const revoke = async ({ email }: { email: string }) =>
  expect((await product.revoke({ format: 'email', email })).status).toBe(204);
const untilPlanned = () =>
  until(async () => (await product.context.pool.query('SELECT FROM account_outbox LIMIT 1')).rowCount === 0);
const reveal = (accountId: string, { id }: { id: string }) =>
  product.context.pool.query(
    'INSERT INTO account_reveals (org_id, id, account_id, version, user_id) VALUES ($1, $2, $3, 1, $4)',
    [orgId, newId('reveal'), accountId, id],
  );
async function group(...members: { id: string }[]): Promise<string> {
  const made = await scim.post('/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: newId('group'),
    members: members.map(({ id }) => ({ value: id })),
  });
  expect(made.status).toBe(201);
  return made.body.id;
}
const policy = (initiators: string[]) =>
  product.context.pool.query('UPDATE orgs SET rotate_after = $2::"Initiator"[] WHERE id = $1', [orgId, initiators]);

it('a revocation changes what the person may use or has read, and nobody else’s', async () => {
  const own = await plant();
  const byGroup = await plant({ groups: [await group(person)] });
  const read = await plant({ users: [other.id] });
  await reveal(read, person);
  const foreign = await plant({ users: [other.id] });
  const elsewhere = await plant({ users: [product.orgs.metacortex.userId] }, product.orgs.metacortex.id);
  await revoke(person);
  for (const [account, revealed] of [
    [own, false],
    [byGroup, false],
    [read, true],
  ] as const)
    expect(await untilSettled(product, account)).toMatchObject([
      {
        cause: 'revocation',
        state: 'done',
        revealed,
        user_id: person.id,
        revocation_id: expect.stringMatching(/^rev_/),
      },
    ]);
  expect(await rotationsOf(product, foreign)).toEqual([]);
  expect(await rotationsOf(product, elsewhere)).toEqual([]);
});

it('what was read before the last change is not changed again for that', async () => {
  const account = await plant();
  await reveal(account, person);
  await product.context.pool.query(`UPDATE account_reveals SET at = now() - interval '1 day' WHERE account_id = $1`, [
    account,
  ]);
  await revoke(person);
  expect(await untilSettled(product, account)).toMatchObject([{ revealed: true }]);
  await revoke(person);
  await untilPlanned();
  await until(async () => (await rotationsOf(product, account)).length === 2);
  expect((await rotationsOf(product, account))[1]).toMatchObject({ revealed: false });
});

it('a person’s own sign-out and the end of one device change nothing, where the policy says so', async () => {
  const account = await plant();
  const mine = (method: string, path: string, body?: object) =>
    fetch(`${product.url}/api/users/me/sessions${path}`, {
      method,
      headers: { cookie: person.cookies[0] as string, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const listed = (await (await mine('GET', '')).json()) as { id: string; current: boolean }[];
  const device = listed.find(({ current }) => !current)?.id;
  expect((await mine('DELETE', `/${device}`)).status).toBe(204);
  expect((await mine('POST', '/revoke', { keepCurrent: true })).status).toBe(200);
  await untilPlanned();
  expect(await rotationsOf(product, account)).toEqual([]);
  await policy(['user']);
  try {
    expect((await mine('POST', '/revoke', {})).status).toBe(200);
    expect(await untilSettled(product, account)).toMatchObject([{ cause: 'revocation', state: 'done' }]);
    await revoke(person);
    await untilPlanned();
    expect(await rotationsOf(product, account)).toHaveLength(1);
  } finally {
    await policy(['idp', 'admin', 'scim', 'signal', 'operator']);
  }
});

it('a right that is taken away changes the password, unless the person has another', async () => {
  const guides = await group(person);
  const account = await plant({ users: [person.id], groups: [guides] });
  const { pool } = product.context;
  await pool.query('DELETE FROM account_rights WHERE account_id = $1 AND user_id = $2', [account, person.id]);
  await untilPlanned();
  expect(await rotationsOf(product, account)).toEqual([]);
  // Provisioning takes the person out of the group.
  const out = await scim.patch(`/Groups/${guides}`, [{ op: 'remove', path: `members[value eq "${person.id}"]` }]);
  expect(out.status).toBeLessThan(300);
  expect(await untilSettled(product, account)).toMatchObject([
    { cause: 'right_ended', state: 'done', user_id: person.id },
  ]);
});

it('the end of a group changes what its members could use', async () => {
  const guides = await group(person, other);
  const account = await plant({ groups: [guides] });
  expect((await scim.remove(`/Groups/${guides}`)).status).toBe(204);
  expect(await untilSettled(product, account)).toMatchObject([{ cause: 'right_ended', state: 'done' }]);
});

it('whoever is switched off or removed has no right any more, and the passwords change', async () => {
  const account = await plant();
  const off = await scim.patch(`/Users/${person.id}`, [{ op: 'replace', value: { active: false } }]);
  expect(off.status).toBeLessThan(300);
  expect(await untilSettled(product, account)).toMatchObject([{ state: 'done', user_id: person.id }]);
  expect(
    (await product.context.pool.query('SELECT FROM account_rights WHERE account_id = $1', [account])).rowCount,
  ).toBe(0);
  const second = await plant({ users: [other.id] });
  expect((await scim.remove(`/Users/${other.id}`)).status).toBe(204);
  expect(await untilSettled(product, second)).toMatchObject([{ state: 'done', user_id: other.id }]);
});

it('of somebody who is switched off the rotation names the revocation, also where they had read nothing', async () => {
  const account = await plant();
  await scim.patch(`/Users/${person.id}`, [{ op: 'replace', value: { active: false } }]);
  const rows = await untilSettled(product, account);
  expect(rows).toMatchObject([{ cause: 'revocation', revocation_id: expect.stringMatching(/^rev_/), revealed: false }]);
});

it('a group of many with many accounts that goes is one row of the outbox', async () => {
  const { pool } = product.context;
  const many = await plantUsers(product, 300, { sessions: 0 });
  const guides = await group(...many);
  await pool.query(
    `INSERT INTO accounts (org_id, id, name, user_name, connector)
     SELECT $1, 'acc_of_group_' || lpad(n::text, 4, '0'), 'x', 'x', 'manual' FROM generate_series(1, 100) n`,
    [orgId],
  );
  await pool.query(
    `INSERT INTO account_rights (org_id, id, account_id, group_id, "right")
     SELECT org_id, 'art_' || id, id, $2, 'use' FROM accounts WHERE org_id = $1 AND id LIKE 'acc_of_group_%'`,
    [orgId, guides],
  );
  // Nobody plans what isn't committed.
  const client = await pool.connect();
  try {
    for (const sql of ['DELETE FROM groups WHERE id = $1', 'DELETE FROM group_members WHERE group_id = $1']) {
      await client.query('BEGIN');
      await client.query(sql, [guides]);
      const { rows } = await client.query('SELECT count(*)::int AS count FROM account_outbox WHERE org_id = $1', [
        orgId,
      ]);
      expect(rows[0].count).toBe(1);
      await client.query('ROLLBACK');
    }
  } finally {
    client.release();
  }
  expect((await scim.remove(`/Groups/${guides}`)).status).toBe(204);
  await until(async () => {
    const { rowCount } = await pool.query(
      `SELECT FROM account_rotations WHERE org_id = $1 AND account_id LIKE 'acc_of_group_%' AND state = 'manual' AND cause = 'right_ended'`,
      [orgId],
    );
    return rowCount === 100;
  });
  await pool.query(`DELETE FROM accounts WHERE org_id = $1 AND id LIKE 'acc_of_group_%'`, [orgId]);
});

it('a thousand rights that end in another org hold up nobody’s sign-out', async () => {
  const { pool } = product.context;
  const account = await plant();
  const ids = Array.from({ length: 60 }, (_, n) => `usr_nobody_${n}`);
  const client = await pool.connect();
  await client.query('BEGIN');
  // Each row names an account that isn't there: what is measured is the order.
  for (const org of [product.orgs.metacortex.id, orgId])
    await client.query(
      `INSERT INTO account_outbox (org_id, account_ids, user_ids) SELECT $1, ARRAY['acc_none'], $2 FROM generate_series(1, 3000)`,
      [org, ids],
    );
  await client.query('COMMIT');
  client.release();
  await revoke(person);
  await until(async () => (await rotationsOf(product, account)).length > 0);
  const { rows } = await pool.query('SELECT count(*)::int AS count FROM account_outbox');
  expect(rows[0].count).toBeGreaterThan(1_000);
  await pool.query('DELETE FROM account_outbox WHERE event_id IS NULL');
});

it('nothing is planned for what is gone, or was rolled back', async () => {
  const account = await plant();
  const { pool } = product.context;
  await pool.query('DELETE FROM accounts WHERE id = $1', [account]);
  await untilPlanned();
  const kept = await plant();
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('DELETE FROM account_rights WHERE account_id = $1', [kept]);
  await client.query('ROLLBACK');
  client.release();
  await untilPlanned();
  expect(await rotationsOf(product, kept)).toEqual([]);
});

it('signing everyone out changes all that anybody may use, step by step', async () => {
  const { pool } = product.context;
  const used = await plant();
  const unused = await plant({});
  // More than a step, at a system that only people can change.
  await pool.query(
    `INSERT INTO accounts (org_id, id, name, user_name, connector) SELECT $1, 'acc_of_people_' || lpad(n::text, 4, '0'), 'x', 'x', 'manual'
     FROM generate_series(1, 1200) n`,
    [orgId],
  );
  await pool.query(
    `INSERT INTO account_rights (org_id, id, account_id, user_id, "right")
     SELECT org_id, 'art_' || id, id, $2, 'use' FROM accounts WHERE org_id = $1 AND id LIKE 'acc_of_people_%'`,
    [orgId, person.id],
  );
  await revokeOrgAccess(pool, { orgId, initiator: 'operator', by: byOperator });
  expect(await untilSettled(product, used)).toMatchObject([{ cause: 'revocation', state: 'done', user_id: null }]);
  await until(async () => {
    const { rowCount } = await pool.query(
      `SELECT FROM account_rotations WHERE org_id = $1 AND account_id LIKE 'acc_of_people_%' AND state = 'manual'`,
      [orgId],
    );
    return rowCount === 1200;
  });
  expect(await rotationsOf(product, unused)).toEqual([]);
  await pool.query(`DELETE FROM accounts WHERE org_id = $1 AND id LIKE 'acc_of_people_%'`, [orgId]);
  await untilPlanned();
});

it('of two revocations at once each is followed by a change, and never by more than one that waits', async () => {
  const account = await plant({ users: [person.id, other.id] });
  await Promise.all([revoke(person), revoke(other)]);
  await untilPlanned();
  const rows = await untilSettled(product, account, { skipPauses: true });
  expect(rows.length).toBeLessThanOrEqual(2);
  expect(rows.every(({ state }) => state === 'done')).toBe(true);
});

it('a person’s 200 accounts are all changed, those that they read first', async () => {
  const accounts: string[] = [];
  for (let count = 0; count < 200; count += 1) accounts.push(await plant());
  const read = accounts.at(-1) as string;
  await reveal(read, person);
  await revoke(person);
  await until(async () => {
    const { rows } = await product.context.pool.query(
      `SELECT count(*)::int AS done FROM account_rotations WHERE org_id = $1 AND user_id = $2 AND state = 'done'`,
      [orgId, person.id],
    );
    return rows[0].done === 200;
  });
  const { rows } = await product.context.pool.query<{ account_id: string }>(
    `SELECT account_id FROM account_rotations WHERE org_id = $1 AND user_id = $2 ORDER BY started_at LIMIT 8`,
    [orgId, person.id],
  );
  expect(rows.map((row) => row.account_id)).toContain(read);
});
