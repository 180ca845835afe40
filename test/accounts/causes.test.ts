import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { Initiator } from '../../src/database/generated/client.ts';
import { newId } from '../../src/database/ids.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { provision, provisionGroup } from '../scim/support.ts';
import { eventUris, logoutEvent } from '../signals/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { openTarget, plantAccount, rotationsOf, until, untilSettled } from './support.ts';

// What changes a password, and what doesn't. A person's accounts are roles of a real PostgreSQL.
let product: Product;
let orgId: string;
let scim: Awaited<ReturnType<typeof provision>>;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
const target = openTarget();

beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
  scim = await provision(product);
  owner = await plantAdministrator(product, 'owner');
});
afterAll(async () => {
  await product.stop();
  await target.drop();
});

type Person = Awaited<ReturnType<typeof plantUsers>>[number];
let person: Person;
let other: Person;
beforeEach(async () => {
  [person, other] = (await plantUsers(product, 2, { sessions: 2 })) as [Person, Person];
});

/** Nothing is sent anywhere: people are asked. */
const byPeople = { connector: 'manual', userName: 'keypad', password: 'opens it', settings: {}, admin: null };
async function plant(
  holders: { users?: string[]; groups?: string[] } = { users: [person.id] },
  org = orgId,
  elsewhere?: typeof byPeople,
) {
  if (elsewhere) return plantAccount(product, org, { ...elsewhere, ...holders });
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
const group = (...members: { id: string }[]) => provisionGroup(scim, members);
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
    await product.context.pool.query('UPDATE orgs SET rotate_after = DEFAULT WHERE id = $1', [orgId]);
  }
});

const asJson = { 'content-type': 'application/json' };
/** What a page of theirs, or of an administrator's, sends. */
const byPage = (cookie: string, path: string, body: object = {}) =>
  fetch(`${product.url}/api/${path}`, { method: 'POST', headers: { cookie, ...asJson }, body: JSON.stringify(body) });
/** Signed by the organisation's IdP, of a person. */
const signed = (typ: string, { id }: Person, claims: object) => {
  const tenant = product.idp.tenant('whiterabbit');
  const iat = Math.floor(Date.now() / 1000);
  return tenant.sign({ iss: tenant.issuer, iat, exp: iat + 120, jti: randomUUID(), sub: id, ...claims }, { typ });
};
const logoutToken = (who: Person, claims: object = {}) =>
  signed('logout+jwt', who, { aud: 'whiterabbit-app', events: { [logoutEvent]: {} }, ...claims });
async function postLogout(token: string): Promise<Response> {
  const body = new URLSearchParams({ logout_token: token });
  return fetch(`${product.url}/openid/backchannel-logout/whiterabbit`, { method: 'POST', body });
}

type Ending = Readonly<{ initiator: string; byDefault: boolean; end: (who: Person) => Promise<unknown> }>;
const endings: Record<string, Ending> = {
  'the endpoint': { initiator: 'idp', byDefault: true, end: revoke },
  'a back-channel logout': {
    initiator: 'idp',
    byDefault: true,
    end: async (who) => expect((await postLogout(await logoutToken(who))).status).toBe(200),
  },
  'a security event': {
    initiator: 'signal',
    byDefault: true,
    async end(who) {
      const receiver = `${product.url}/ssf/events/${product.orgs.whiterabbit.connectionId}`;
      const { issuer: iss } = product.orgs.whiterabbit;
      const body = await signed('secevent+jwt', who, {
        ...{ aud: receiver, sub: undefined, exp: undefined },
        sub_id: { format: 'iss_sub', iss, sub: who.id },
        events: { [eventUris['session-revoked']]: {} },
      });
      const headers = { 'content-type': 'application/secevent+jwt' };
      expect((await fetch(receiver, { method: 'POST', headers, body })).status).toBe(202);
    },
  },
  'provisioning that gives somebody another name': {
    initiator: 'scim',
    byDefault: true,
    end: async ({ id }) =>
      expect((await scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'userName', value: `new-${id}` }])).status).toBe(
        200,
      ),
  },
  'an administrator': {
    initiator: 'admin',
    byDefault: true,
    async end({ id }) {
      const path = `orgs/current/users/${id}/revocations`;
      const asked = await byPage(owner.cookie, path);
      expect(asked.status).toBe(409);
      const { confirmation } = (await asked.json()) as { confirmation: string };
      expect((await byPage(owner.cookie, path, { confirmation })).status).toBeLessThan(300);
    },
  },
  'an operator': {
    initiator: 'operator',
    byDefault: true,
    end: ({ id }) =>
      revokeAccess(product.context.pool, {
        ...{ orgId, initiator: 'operator', by: byOperator, subject: { userIds: [id] } },
      }),
  },
  'their own sign-out everywhere': {
    initiator: 'user',
    byDefault: false,
    end: async ({ cookies }) =>
      expect((await byPage(cookies[0] as string, 'users/me/sessions/revoke')).status).toBe(200),
  },
  'their own sign-out, which the policy makes global': {
    initiator: 'policy',
    byDefault: false,
    end: async ({ cookies }) => expect((await byPage(cookies[0] as string, 'signout')).status).toBe(204),
  },
};

it('every initiator ends somebody’s access here', () => {
  expect([...new Set(Object.values(endings).map(({ initiator }) => initiator))].toSorted()).toEqual(
    Object.values(Initiator).toSorted(),
  );
});

it.each(Object.entries(endings))('%s changes passwords where the policy says so', async (_, ending) => {
  const { initiator, byDefault, end } = ending;
  const set = async (rotates: boolean | null | undefined) => {
    const globalLogout = initiator === 'policy';
    const body = JSON.stringify({ rotateAfter: { [initiator]: rotates }, globalLogout });
    const headers = { cookie: owner.cookie, ...asJson };
    const path = `${product.url}/api/orgs/current/policies`;
    expect((await fetch(path, { method: 'PATCH', headers, body })).status).toBe(200);
  };
  for (const [rotates, expected] of [
    [undefined, byDefault],
    [!byDefault, !byDefault],
    [byDefault, byDefault],
    [null, byDefault],
  ] as const) {
    await set(rotates);
    const [who] = (await plantUsers(product, 1, { sessions: 2 })) as [Person];
    const account = await plant({ users: [who.id] }, orgId, byPeople);
    await end(who);
    const { rows } = await product.context.pool.query('SELECT id, initiator FROM revocations WHERE user_id = $1', [
      who.id,
    ]);
    expect(rows).toEqual([{ id: expect.any(String), initiator }]);
    await untilPlanned();
    const rotations = (await rotationsOf(product, account)).map(({ cause, user_id, revocation_id }) => ({
      ...{ cause, user_id, revocation_id },
    }));
    const caused = [{ cause: 'revocation', user_id: who.id, revocation_id: rows[0].id }];
    expect([rotates, rotations]).toEqual([rotates, expected ? caused : []]);
  }
});

it('a back-channel logout of one session at the IdP changes nothing, unless it ends all of the person', async () => {
  const { connectionId } = product.orgs.whiterabbit;
  const ends = (what: 'session' | 'person') =>
    product.context.pool.query('UPDATE connections SET logout_token_ends = $2::"LogoutTokenEnds" WHERE id = $1', [
      connectionId,
      what,
    ]);
  const after = async () => {
    const [who] = (await plantUsers(product, 1, { sessions: 2 })) as [Person];
    const account = await plant({ users: [who.id] }, orgId, byPeople);
    await product.context.pool.query(
      `UPDATE sessions SET idp_sid = id WHERE user_id = $1 AND id = (SELECT min(id) FROM sessions WHERE user_id = $1)`,
      [who.id],
    );
    const { rows } = await product.context.pool.query('SELECT min(id) AS sid FROM sessions WHERE user_id = $1', [
      who.id,
    ]);
    expect((await postLogout(await logoutToken(who, { sid: rows[0].sid }))).status).toBe(200);
    expect((await product.context.pool.query('SELECT FROM revocations WHERE user_id = $1', [who.id])).rowCount).toBe(1);
    await untilPlanned();
    return (await rotationsOf(product, account)).map(({ user_id }) => user_id === who.id);
  };
  expect(await after()).toEqual([]);
  await ends('person');
  expect(await after().finally(() => ends('session'))).toEqual([true]);
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

/** Whose revocations are followed by a rotation of the account that began after them. */
async function followed(accountId: string): Promise<string[]> {
  const { rows } = await product.context.pool.query<{ user_id: string }>(
    `SELECT r.user_id FROM revocations r
     WHERE r.org_id = $1 AND EXISTS (
       SELECT FROM account_rotation_revocations c
       JOIN account_rotations o ON o.org_id = c.org_id AND o.id = c.rotation_id
       WHERE c.org_id = r.org_id AND c.revocation_id = r.id AND o.account_id = $2 AND o.started_at >= r.created_at)
     ORDER BY r.user_id`,
    [orgId, accountId],
  );
  return rows.map(({ user_id }) => user_id);
}

it('of two revocations at once each is followed by a change, and never by more than one that waits', async () => {
  const account = await plant({ users: [person.id, other.id] });
  await Promise.all([revoke(person), revoke(other)]);
  await untilPlanned();
  const rows = await untilSettled(product, account, { skipPauses: true });
  expect(rows.length).toBeLessThanOrEqual(2);
  expect(rows.every(({ state }) => state === 'done')).toBe(true);
  expect(await followed(account)).toEqual([person.id, other.id].toSorted());
});

it('a revocation while a rotation runs is followed by another one, for the first may have been read', async () => {
  const account = await plant({ users: [person.id, other.id] });
  const { rows: named } = await product.context.pool.query('SELECT user_name FROM accounts WHERE id = $1', [account]);
  // The system holds the first one up: somebody there is changing the same role.
  const release = await target.hold(named[0].user_name);
  await revoke(person);
  await until(async () => (await rotationsOf(product, account))[0]?.state === 'candidate');
  await revoke(other);
  const { rows: now } = await product.context.pool.query('SELECT clock_timestamp() AS at');
  await untilPlanned();
  expect(await rotationsOf(product, account)).toMatchObject([{ promoted_at: null }, { state: 'queued' }]);
  await release();
  const rows = await untilSettled(product, account, { skipPauses: true });
  expect(rows).toMatchObject([
    { state: 'done', user_id: person.id },
    { state: 'done', user_id: other.id },
  ]);
  expect(rows[0]?.started_at?.getTime()).toBeLessThanOrEqual(now[0].at.getTime());
  expect(rows[1]?.started_at?.getTime()).toBeGreaterThanOrEqual(now[0].at.getTime());
  expect(await followed(account)).toEqual([person.id, other.id].toSorted());
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
