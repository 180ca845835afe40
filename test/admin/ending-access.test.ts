import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Answer, plantAdministrator } from '../support/planted-administrators.ts';
import { liveGrants, type PlantedGrant, plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let nodes: [string, string];
let orgId: string;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  nodes = product.nodes as [string, string];
  orgId = product.orgs.whiterabbit.id;
});
afterAll(() => product.stop());

type Administrator = Awaited<ReturnType<typeof plantAdministrator>>;
let admin: Administrator;
beforeEach(async () => {
  admin = await plantAdministrator(product, 'admin');
});

/** Asks, looks, and asks again with the confirmation. */
async function end(path: string, body: object = {}, { by = admin, at = product.url } = {}): Promise<Answer> {
  const first = await by.send('POST', path, body, at);
  if (first.body.code !== 'confirmation_required') return first;
  return by.send('POST', path, { ...body, confirmation: first.body.confirmation }, at);
}
const code = ({ status, body }: Answer) => [status, body.code];
const statuses = (people: readonly { cookies: readonly string[] }[], node = nodes[1]) =>
  Promise.all(people.flatMap(({ cookies }) => cookies.map((cookie) => statusOfMe(node, cookie))));
const dead = (count: number) => Array.from({ length: count }, () => 401);
const live = (count: number) => Array.from({ length: count }, () => 200);
const me = async (cookie: string) => (await fetch(`${nodes[1]}/api/users/me`, { headers: { cookie } })).json();
const sessionsOf = async (userId: string) =>
  (await product.context.prisma.session.findMany({ where: { userId }, orderBy: { id: 'asc' } })).map(({ id }) => id);
const revocations = (where: object) => product.context.prisma.revocation.findMany({ where: { orgId, ...where } });
const plant = async (count = 1, sessions = 1) =>
  (await plantUsers(product, count, { sessions })) as [PlantedUser, ...PlantedUser[]];
/** A person of the other org under the same id. */
async function plantTwin(id: string): Promise<void> {
  const { id: twinOrg, connectionId, issuer } = product.orgs.metacortex;
  const { pool } = product.context;
  await pool.query(`INSERT INTO users (org_id, id, email, email_key, name) VALUES ($1, $2, $3, $3, 'Twin')`, [
    twinOrg,
    id,
    `${id}@twin.fake`.toLowerCase(),
  ]);
  await pool.query(
    `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject) VALUES ($1, 'idn_' || $2::text, $3, $2, $4, $2)`,
    [twinOrg, id, connectionId, issuer],
  );
}

describe('a person', () => {
  it('loses all access; the reason for administrators stays with them, the other one is read', async () => {
    const [person] = await plant(1, 2);
    const grants = await plantGrants(product, { orgId, userId: person.id }, 3);
    const reason = { administrators: 'stolen laptop, ticket 42', person: 'We found your laptop.' };
    const answer = await end(`/users/${person.id}/revocations`, { reason });
    expect(answer).toMatchObject({ status: 200, body: { sessionsEnded: 2, grantsEnded: 3, more: false } });
    expect(await statuses([person])).toEqual(dead(2));
    expect(await liveGrants(product, grants)).toEqual([]);
    const told = JSON.stringify(await me(person.cookies[0] as string));
    expect(told).toContain('"session_revoked"');
    expect(told).toContain(reason.person);
    expect(told).not.toContain('ticket 42');
    expect(await revocations({ userId: person.id })).toMatchObject([
      {
        id: answer.body.revocationId,
        initiator: 'admin',
        reason: reason.administrators,
        reasonForPerson: reason.person,
        requestId: answer.headers.get('x-request-id'),
        subject: { user: person.id },
      },
    ]);
    const events = await product.context.prisma.auditEvent.findMany({ where: { orgId, targetId: person.id } });
    expect(events).toMatchObject([
      { action: 'access.revoked', actorType: 'user', actorId: admin.id, ip: expect.stringMatching(/127\.0\.0\.1|::1/) },
    ]);
  });

  it('may be an owner, or whoever asks', async () => {
    const owner = await plantAdministrator(product, 'owner', { sessions: 2 });
    expect((await end(`/users/${owner.id}/revocations`)).status).toBe(200);
    expect(await statuses([owner])).toEqual(dead(2));
    expect(await end(`/users/${admin.id}/revocations`)).toMatchObject({ status: 200, body: { sessionsEnded: 1 } });
    expect(code(await admin.send('GET', ''))).toEqual([401, 'session_revoked']);
  });

  it('of another org, or removed, is nobody; the twin of the same id stays', async () => {
    const [person, gone] = await plant(2);
    const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    await product.context.pool.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [gone?.id]);
    for (const id of [stranger.id, 'usr_nobody', gone?.id])
      expect(code(await end(`/users/${id}/revocations`))).toEqual([404, 'not_found']);
    expect(await statuses([stranger])).toEqual(live(1));
    await plantTwin(person.id);
    const twins = await plantGrants(product, { orgId: product.orgs.metacortex.id, userId: person.id }, 2);
    expect((await end(`/users/${person.id}/revocations`)).status).toBe(200);
    expect(await liveGrants(product, twins)).toHaveLength(2);
  });

  it.each([
    { reason: 'text' },
    { reason: { people: 'x' } },
    { reason: { person: '' } },
    { reason: { person: 'two\nlines' } },
    { reason: { person: 'x'.repeat(201) } },
    { reason: { administrators: 'x'.repeat(501) } },
    { reason: { administrators: 'a\0b' } },
    { force: true },
  ])('is left alone by %j', async (body) => {
    const [person] = await plant();
    expect(code(await admin.send('POST', `/users/${person.id}/revocations`, body))).toEqual([400, 'invalid_request']);
  });
});

describe('what would end', () => {
  it('is nothing of a twin of the same id in another org', async () => {
    const [person] = await plant(1, 2);
    await plantGrants(product, { orgId, userId: person.id }, 1);
    const mine = await sessionsOf(person.id);
    await plantTwin(person.id);
    const of = { orgId: product.orgs.metacortex.id, userId: person.id };
    const twins = await plantGrants(product, of, 3, { clientId: 'another-app' });
    await product.context.pool.query(
      `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation,
                             idle_expires_at, expires_at)
       SELECT $1, 'ses_' || g.id, sha256(g.id::bytea), g.user_id, g.connection_id, g.identity_id, g.user_generation,
              g.org_generation, g.idle_expires_at, g.expires_at
       FROM live_grants g WHERE g.org_id = $1 AND g.id = ANY ($2::text[])`,
      [of.orgId, twins.map(({ id }) => id)],
    );
    const { effects } = (await admin.send('POST', `/users/${person.id}/revocations`, {})).body;
    expect(effects).toMatchObject({
      user: { id: person.id, name: 'Planted', email: person.email },
      people: 1,
      roles: [{ role: 'member', people: 1 }],
      sessionCount: 2,
      grantCount: 1,
      apps: ['Mobile app'],
    });
    const { sessions } = effects as { sessions: { id: string; type: string }[] };
    expect(sessions).toHaveLength(3);
    const ids = sessions.filter(({ type }) => type === 'session').map(({ id }) => id);
    expect(ids.sort()).toEqual(mine);
  });

  it('for everyone is what the org has, and no other', async () => {
    const owner = await plantAdministrator(product, 'owner');
    const { prisma, pool } = product.context;
    const { effects } = (await owner.send('POST', '/revocations', { everyone: true })).body;
    const count = async (table: string) =>
      (await pool.query(`SELECT count(*)::int FROM live_${table} WHERE org_id = $1`, [orgId])).rows[0].count;
    expect(effects).toMatchObject({
      people: await prisma.user.count({ where: { orgId, deletedAt: null } }),
      sessionCount: await count('sessions'),
      grantCount: await count('grants'),
    });
    expect(await prisma.user.count()).toBeGreaterThan(await prisma.user.count({ where: { orgId } }));
  });
});

it('open pages are told at once, on every node', async () => {
  const [person] = await plant();
  const { confirmation } = (await admin.send('POST', `/users/${person.id}/revocations`, {})).body;
  const listener = await product.context.pool.connect();
  try {
    const told = once(listener, 'notification');
    await listener.query('LISTEN access_revoked');
    expect((await admin.send('POST', `/users/${person.id}/revocations`, { confirmation })).status).toBe(200);
    expect(await told).toMatchObject([{ channel: 'access_revoked' }]);
  } finally {
    listener.release(true);
  }
});

describe('whoever confirms', () => {
  const ways = {
    'is made a member': `UPDATE users SET role = 'member' WHERE org_id = $1 AND id = $2`,
    'is switched off': 'UPDATE users SET active = false WHERE org_id = $1 AND id = $2',
    'is revoked': 'UPDATE users SET generation = generation + 1 WHERE org_id = $1 AND id = $2',
    'has signed out': 'UPDATE sessions SET ended_at = now() WHERE org_id = $1 AND user_id = $2',
  };

  it.each(Object.entries(ways))('and %s while it waits for the person’s row ends nothing', async (_way, change) => {
    const [person] = await plant(1);
    const path = `/users/${person.id}/revocations`;
    const { confirmation } = (await admin.send('POST', path, {})).body;
    let answer: Promise<Answer> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId, person.id]),
      async () => {
        answer = admin.send('POST', path, { confirmation });
        await waitForLock(product);
        await product.context.pool.query(change, [orgId, admin.id]);
      },
    );
    expect(code((await answer) as Answer)).toEqual([403, 'forbidden']);
    expect(await statuses([person])).toEqual(live(1));
    expect(await revocations({ userId: person.id })).toEqual([]);
  });

  it('for everyone else leaves out what the one who asks is signed in with', async () => {
    const owner = await plantAdministrator(product, 'owner');
    type Shown = { sessionCount: number; people: number; sessions: { current: boolean }[] };
    const ask = async (body: object) => (await owner.send('POST', '/revocations', body)).body.effects as Shown;
    const all = await ask({ everyone: true });
    const others = await ask({ everyone: true, keepCurrent: true });
    expect(others.sessionCount).toBe(all.sessionCount - 1);
    expect(others.people).toBe(all.people);
    expect(others.sessions.some(({ current }) => current)).toBe(false);
  });

  it('and is no owner any longer meanwhile signs nobody out, though still an administrator', async () => {
    const owner = await plantAdministrator(product, 'owner');
    const [person] = await plant(1);
    const { confirmation } = (await owner.send('POST', '/revocations', { everyone: true })).body;
    let answer: Promise<Answer> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM orgs WHERE id = $1 FOR NO KEY UPDATE', [orgId]),
      async () => {
        answer = owner.send('POST', '/revocations', { everyone: true, confirmation });
        await waitForLock(product);
        await product.context.pool.query(`UPDATE users SET role = 'admin' WHERE org_id = $1 AND id = $2`, [
          orgId,
          owner.id,
        ]);
      },
    );
    expect(code((await answer) as Answer)).toEqual([403, 'forbidden']);
    expect(await statuses([person, owner])).toEqual(live(2));
  });
});

describe('one session or grant', () => {
  it('ends alone, with a tombstone that tells why', async () => {
    const [person] = await plant(1, 3);
    const grants = (await plantGrants(product, { orgId, userId: person.id }, 2)) as [PlantedGrant, PlantedGrant];
    const [session] = (await sessionsOf(person.id)) as [string];
    const path = (id: string) => `/users/${person.id}/sessions/${id}/revocations`;
    const first = await admin.send('POST', path(session), {});
    expect(first.body.effects).toMatchObject({ sessionCount: 1, grantCount: 0, sessions: [{ id: session }] });
    expect(await statuses([person])).toEqual(live(3));
    const answer = await end(path(session), { reason: { person: 'An old computer.' } });
    expect(answer).toMatchObject({ status: 200, body: { sessionsEnded: 1, grantsEnded: 0 } });
    const after = await statuses([person]);
    expect([...after].sort()).toEqual([200, 200, 401]);
    const told = await me(person.cookies[after.indexOf(401)] as string);
    expect(told).toMatchObject({ code: 'session_revoked', reason: 'An old computer.' });
    expect(await end(path(grants[0].id))).toMatchObject({ status: 200, body: { sessionsEnded: 0, grantsEnded: 1 } });
    expect(await liveGrants(product, grants)).toEqual([grants[1].id]);
    const row = await product.context.prisma.session.findFirstOrThrow({ where: { id: session } });
    expect(row).toMatchObject({
      revokedAt: expect.any(Date),
      revocationId: answer.body.revocationId,
      endedAt: null,
      data: {},
      idToken: null,
    });
    expect(await product.context.prisma.user.findFirstOrThrow({ where: { id: person.id } })).toMatchObject({
      generation: 0,
    });
    expect(await revocations({ userId: person.id, sessionsEnded: 1 })).toMatchObject([
      { initiator: 'admin', grantsEnded: 0, subject: { user: person.id, session } },
    ]);
    const events = await product.context.prisma.auditEvent.findMany({
      where: { targetId: person.id },
      orderBy: { at: 'asc' },
    });
    expect(events.map(({ action, detail }) => [action, detail])).toEqual([
      ['access.revoked', expect.objectContaining({ session, revocation: answer.body.revocationId })],
      ['access.revoked', expect.objectContaining({ grant: grants[0].id })],
    ]);
  });

  it('of nobody, of another person, or dead already is not found', async () => {
    const [person, other] = (await plant(2, 1)) as [PlantedUser, PlantedUser];
    const [session] = (await sessionsOf(person.id)) as [string];
    const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const theirs = (await sessionsOf(stranger.id))[0] as string;
    for (const [id, sessionId] of [
      [person.id, 'ses_nothing'],
      [other.id, session],
      [person.id, theirs],
      [stranger.id, theirs],
      ['usr_nobody', session],
    ] as const)
      expect(code(await end(`/users/${id}/sessions/${sessionId}/revocations`))).toEqual([404, 'not_found']);
    expect(code(await end(`/users/${person.id}/sessions/${session}/revocations`, {}, { by: stranger }))).toEqual([
      404,
      'not_found',
    ]);
    expect(await statuses([person, other, stranger])).toEqual(live(3));
    expect((await end(`/users/${person.id}/sessions/${session}/revocations`)).status).toBe(200);
    expect(code(await end(`/users/${person.id}/sessions/${session}/revocations`))).toEqual([404, 'not_found']);
  });

  it('needs a confirmation for that very one, which counts once on two nodes', async () => {
    const [person] = await plant(1, 3);
    const [one, two] = (await sessionsOf(person.id)) as [string, string];
    const path = (id: string) => `/users/${person.id}/sessions/${id}/revocations`;
    const { confirmation } = (await admin.send('POST', path(one), {})).body;
    expect(code(await admin.send('POST', path(two), { confirmation }))).toEqual([409, 'confirmation_required']);
    expect(code(await admin.send('POST', `/users/${person.id}/revocations`, { confirmation }))).toEqual([
      409,
      'confirmation_required',
    ]);
    const answers = await Promise.all(nodes.map((node) => admin.send('POST', path(one), { confirmation }, node)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    // The other one finds it used, or the session gone.
    expect([404, 409]).toContain(answers.find(({ status }) => status !== 200)?.status);
    expect((await statuses([person])).sort()).toEqual([200, 200, 401]);
    expect(await revocations({ userId: person.id })).toHaveLength(1);
  });
});

describe('a list', () => {
  it('ends everyone’s on it, with a result for each; ids of nobody and of another org are unknown alike', async () => {
    const people = await plant(3, 2);
    const [bystander] = await plant();
    const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const [gone] = await plant();
    await product.context.pool.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [gone.id]);
    const users = [
      people[0].id,
      'usr_nobody',
      ...people.slice(1).map(({ id }) => id),
      stranger.id,
      gone.id,
      people[0].id,
    ];
    const first = await admin.send('POST', '/revocations', { users });
    expect(first.body.effects).toMatchObject({
      user: null,
      people: 3,
      roles: [{ role: 'member', people: 3 }],
      unknown: ['usr_nobody', stranger.id, gone.id],
      sessionCount: 6,
    });
    const answer = await end('/revocations', { users, reason: { person: 'Project ended.' } });
    expect(answer.status).toBe(200);
    const unknown = { result: 'unknown', revocationId: null, sessionsEnded: 0, grantsEnded: 0, more: false };
    const revoked = {
      result: 'revoked',
      revocationId: expect.stringMatching(/^rev_/),
      sessionsEnded: 2,
      grantsEnded: 0,
      more: false,
    };
    expect(answer.body).toEqual({
      revocationId: null,
      results: [...new Set(users)].map((user) => ({
        user,
        ...(people.some(({ id }) => id === user) ? revoked : unknown),
      })),
    });
    expect(await statuses(people)).toEqual(dead(6));
    expect(await statuses([bystander, stranger])).toEqual(live(2));
    expect(await me(people[2]?.cookies[0] as string)).toMatchObject({ reason: 'Project ended.' });
    expect(await revocations({ userId: { in: people.map(({ id }) => id) } })).toHaveLength(3);
  });

  it('of one person and two ids of nobody is no question about that person', async () => {
    const [person] = await plant();
    const effectsOf = async (users: string[]) => (await admin.send('POST', '/revocations', { users })).body.effects;
    expect(await effectsOf([person.id, 'usr_nobody', 'usr_none'])).toMatchObject({
      user: null,
      people: 1,
      unknown: ['usr_nobody', 'usr_none'],
      sessionCount: 1,
    });
    expect(await effectsOf([person.id])).toMatchObject({ user: { id: person.id }, people: 1, unknown: [] });
  });

  it('ends none when one of them cannot be ended, and spends no confirmation', async () => {
    const people = await plant(5);
    const users = people.map(({ id }) => id);
    const { confirmation } = (await admin.send('POST', '/revocations', { users })).body;
    const { pool } = product.context;
    await pool.query(
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$`,
    );
    await pool.query(
      `CREATE TRIGGER fail BEFORE UPDATE ON sessions FOR EACH ROW WHEN (OLD.user_id = '${users[3]}') EXECUTE FUNCTION fail()`,
    );
    try {
      expect(code(await admin.send('POST', '/revocations', { users, confirmation }))).toEqual([500, 'internal_error']);
      expect(await statuses(people)).toEqual(live(5));
    } finally {
      await pool.query('DROP FUNCTION fail CASCADE');
    }
    expect((await admin.send('POST', '/revocations', { users, confirmation })).status).toBe(200);
    expect(await statuses(people)).toEqual(dead(5));
  });

  it('is outdated for one and for all when one of them was revoked since', async () => {
    const people = await plant(3);
    const users = people.map(({ id }) => id);
    const { confirmation } = (await admin.send('POST', '/revocations', { users })).body;
    await product.revoke({ format: 'opaque', id: users[1] });
    expect(code(await admin.send('POST', '/revocations', { users, confirmation }))).toEqual([
      409,
      'confirmation_required',
    ]);
    expect(await statuses(people)).toEqual([200, 401, 200]);
    // The order in which they are named makes no difference.
    const again = (await admin.send('POST', '/revocations', { users })).body.confirmation;
    const reversed = await admin.send('POST', '/revocations', { users: [...users].reverse(), confirmation: again });
    expect(reversed.status).toBe(200);
    const fewer = (await admin.send('POST', '/revocations', { users })).body.confirmation;
    expect(code(await admin.send('POST', '/revocations', { users: users.slice(1), confirmation: fewer }))).toEqual([
      409,
      'confirmation_required',
    ]);
  });

  it('of a thousand works, and of more is refused', async () => {
    const people = await plant(1000);
    const users = people.map(({ id }) => id);
    const answer = await end('/revocations', { users });
    expect((answer.body.results as { result: string }[]).filter(({ result }) => result === 'revoked')).toHaveLength(
      1000,
    );
    expect(new Set(await statuses(people.slice(0, 100)))).toEqual(new Set([401]));
    expect(code(await end('/revocations', { users: [...users, 'usr_1'] }))).toEqual([400, 'invalid_request']);
  });

  it.each([
    {},
    { users: [] },
    { users: ['a b'] },
    { users: 'usr_1' },
    { users: ['usr_1'], everyone: true },
    { users: ['usr_1'], group: 'grp_1' },
    { everyone: false },
    { users: ['usr_1'], keepCurrent: true },
    { group: 'grp_1', keepCurrent: true },
    { all: true },
  ])('is one thing, clearly named: not %j', async (body) => {
    expect(code(await end('/revocations', body))).toEqual([400, 'invalid_request']);
  });
});

describe('a group', () => {
  let counter = 0;
  async function plantGroup(members: readonly string[], org = orgId): Promise<string> {
    const id = `grp_${++counter}`;
    const { pool } = product.context;
    await pool.query(`INSERT INTO groups (org_id, id, display_name) VALUES ($1, $2, 'Group')`, [org, id]);
    await pool.query('INSERT INTO group_members (org_id, group_id, user_id) SELECT $1, $2, unnest($3::text[])', [
      org,
      id,
      members,
    ]);
    return id;
  }

  it('ends the access of everyone in it, and of nobody else', async () => {
    const people = await plant(4, 2);
    const [bystander] = await plant();
    const group = await plantGroup(people.map(({ id }) => id));
    const answer = await end('/revocations', { group });
    expect(
      (answer.body.results as { user: string; result: string }[]).map(({ user, result }) => [user, result]).sort(),
    ).toEqual(people.map(({ id }) => [id, 'revoked']).sort());
    expect(await statuses(people)).toEqual(dead(8));
    expect(await statuses([bystander])).toEqual(live(1));
    expect(await revocations({ userId: people[0].id })).toMatchObject([{ subject: { group } }]);
    expect((await end('/revocations', { group: await plantGroup([]) })).body.results).toEqual([]);
  });

  it('is looked at again when somebody has joined since the confirmation', async () => {
    const people = await plant(3);
    const [late] = await plant();
    const group = await plantGroup(people.map(({ id }) => id));
    const { confirmation } = (await admin.send('POST', '/revocations', { group })).body;
    await product.context.pool.query('INSERT INTO group_members (org_id, group_id, user_id) VALUES ($1, $2, $3)', [
      orgId,
      group,
      late.id,
    ]);
    const answer = await admin.send('POST', '/revocations', { group, confirmation });
    expect(answer).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/who is concerned has changed/), effects: { people: 4 } },
    });
    expect(await statuses([...people, late])).toEqual(live(4));
  });

  it('has no members from another org’s group of the same id', async () => {
    const [person] = await plant();
    const [bystander] = await plant();
    await plantTwin(bystander.id);
    const group = await plantGroup([person.id]);
    const { id: twinOrg } = product.orgs.metacortex;
    const { pool } = product.context;
    await pool.query(`INSERT INTO groups (org_id, id, display_name) VALUES ($1, $2, 'Twin')`, [twinOrg, group]);
    await pool.query('INSERT INTO group_members (org_id, group_id, user_id) VALUES ($1, $2, $3)', [
      twinOrg,
      group,
      bystander.id,
    ]);
    expect((await end('/revocations', { group })).body.results).toMatchObject([{ user: person.id }]);
    expect(await statuses([person, bystander])).toEqual([401, 200]);
  });

  it('of another org is nothing, also of the same id', async () => {
    const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const [person] = await plant();
    const theirs = await plantGroup([stranger.id], product.orgs.metacortex.id);
    for (const group of [theirs, 'grp_nothing'])
      expect(code(await end('/revocations', { group }))).toEqual([404, 'not_found']);
    await product.context.pool.query(`INSERT INTO groups (org_id, id, display_name) VALUES ($1, $2, 'Twin')`, [
      orgId,
      theirs,
    ]);
    await product.context.pool.query('INSERT INTO group_members (org_id, group_id, user_id) VALUES ($1, $2, $3)', [
      orgId,
      theirs,
      person.id,
    ]);
    expect((await end('/revocations', { group: theirs })).status).toBe(200);
    expect(await statuses([person, stranger])).toEqual([401, 200]);
  });

  it('of 10,000 works; of one more it is refused', async () => {
    const ids = Array.from({ length: 10_001 }, (_, index) => `usr_of_many_${index}`);
    const { pool } = product.context;
    await pool.query(
      `INSERT INTO users (org_id, id, email, email_key, name) SELECT $1, id, id || '@x.fake', id || '@x.fake', 'Many' FROM unnest($2::text[]) AS many (id)`,
      [orgId, ids],
    );
    // Else each check of a foreign key would read them all.
    await pool.query('ANALYZE users');
    const group = await plantGroup(ids.slice(1));
    const answer = await end('/revocations', { group });
    expect(answer.body.results).toHaveLength(10_000);
    expect(await product.context.prisma.user.count({ where: { id: { in: ids }, generation: 1 } })).toBe(10_000);
    expect(code(await end('/revocations', { group: await plantGroup(ids) }))).toEqual([400, 'invalid_request']);
  });
});

describe('everyone', () => {
  it('is for owners', async () => {
    const [person] = await plant();
    for (const role of ['admin', 'super_admin'] as const) {
      const by = await plantAdministrator(product, role);
      expect(code(await end('/revocations', { everyone: true }, { by }))).toEqual([403, 'forbidden']);
    }
    expect(await statuses([person])).toEqual(live(1));
  });

  it.each([true, false])(
    'is signed out, in one; with keepCurrent %s whoever asks stays or not; the other org does',
    async (keepCurrent) => {
      const owner = await plantAdministrator(product, 'owner', { sessions: 2 });
      const people = await plant(5, 2);
      const grants = await plantGrants(product, { orgId, userId: people[0].id }, 2);
      const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
      const body = { everyone: true, keepCurrent, reason: { person: 'We move house.' } };
      const first = await owner.send('POST', '/revocations', body);
      expect(first.body.effects).toMatchObject({
        user: null,
        roles: expect.arrayContaining([{ role: 'owner', people: expect.any(Number) }]),
      });
      // What is asked for is part of what is confirmed.
      const otherwise = { ...body, keepCurrent: !keepCurrent, confirmation: first.body.confirmation };
      expect(code(await owner.send('POST', '/revocations', otherwise))).toEqual([409, 'confirmation_required']);
      const answer = await owner.send('POST', '/revocations', { ...body, confirmation: first.body.confirmation });
      expect(answer).toMatchObject({
        status: 200,
        body: { revocationId: expect.stringMatching(/^rev_/), results: [] },
      });
      expect(await statuses([...people, admin])).toEqual(dead(11));
      expect(await liveGrants(product, grants)).toEqual([]);
      expect(await statuses([stranger])).toEqual(live(1));
      expect(await statuses([owner])).toEqual([keepCurrent ? 200 : 401, 401]);
      expect(await me(people[0].cookies[0] as string)).toMatchObject({
        code: 'session_revoked',
        reason: 'We move house.',
      });
      const [row] = await revocations({ id: answer.body.revocationId });
      expect(row).toMatchObject({ userId: null, initiator: 'admin', subject: { everyone: true, keepCurrent } });
      if (!keepCurrent) return;
      // And whoever stayed is ended like anybody else.
      expect((await product.revoke({ format: 'opaque', id: owner.id })).status).toBe(204);
      expect(await statuses([owner])).toEqual(dead(2));
    },
  );

  it('but the app that asks is signed out', async () => {
    const owner = await plantAdministrator(product, 'owner');
    const of = { orgId, userId: owner.id };
    const [asking, other] = (await plantGrants(product, of, 2, { scope: 'openid admin' })) as [
      PlantedGrant,
      PlantedGrant,
    ];
    await product.context.pool.query('UPDATE grants SET authenticated_at = now() WHERE user_id = $1', [owner.id]);
    const send = (body: object) =>
      fetch(`${product.url}/api/orgs/current/revocations`, {
        method: 'POST',
        headers: { authorization: `Bearer ${asking.accessToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ everyone: true, keepCurrent: true, ...body }),
      });
    const { confirmation } = (await (await send({})).json()) as { confirmation: string };
    expect((await send({ confirmation })).status).toBe(200);
    expect(await liveGrants(product, [asking, other])).toEqual([asking.id]);
    expect(await statuses([owner])).toEqual(dead(1));
  });

  it('counts once on two nodes at the same moment', async () => {
    const owner = await plantAdministrator(product, 'owner');
    const body = { everyone: true, keepCurrent: true };
    const { confirmation } = (await owner.send('POST', '/revocations', body)).body;
    const answers: Promise<Answer>[] = [];
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM orgs WHERE id = $1 FOR NO KEY UPDATE', [orgId]),
      async () => {
        for (const node of nodes) answers.push(owner.send('POST', '/revocations', { ...body, confirmation }, node));
        await waitForLock(product, 2);
      },
    );
    expect((await Promise.all(answers)).map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await statuses([owner])).toEqual(live(1));
  });
});
