import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../src/database/generated/client.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { clientOf, plantAdministrator } from '../support/planted-administrators.ts';
import { liveGrants, plantGrants } from '../support/planted-grants.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
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
type Listed = { id: string; name: string; email: string; role: Role; active: boolean } & Record<string, unknown>;
type Page<Item> = { items: Item[]; next: string | null };

let owner: Administrator;
beforeEach(async () => {
  // One owner at a time, so that "the last" is known.
  await product.context.pool.query(`UPDATE users SET role = 'member' WHERE role = 'owner'`);
  owner = await plantAdministrator(product, 'owner');
});

const list = async (query: Record<string, string> = {}, by = owner) => {
  const { status, body } = await by.send('GET', `/users?${new URLSearchParams(query)}`);
  expect(status).toBe(200);
  return body as unknown as Page<Listed>;
};
const idsOf = async (query: Record<string, string>) => (await list(query)).items.map(({ id }) => id);
const rowOf = (id: string) => product.context.prisma.user.findFirstOrThrow({ where: { id } });
const events = (targetId: string) =>
  product.context.prisma.auditEvent.findMany({ where: { targetId }, orderBy: { at: 'asc' } });
const plantOne = async (role: Role = 'member', options: Parameters<typeof plantAdministrator>[2] = {}) =>
  plantAdministrator(product, role, options);
/** Removed as provisioning does it. */
const remove = (id: string) =>
  product.context.pool.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [id]);

describe('GET /users', () => {
  it('lists who is there with what they are signed in with, by address', async () => {
    const one = await plantOne('admin', { sessions: 3 });
    await plantGrants(product, { orgId, userId: one.id }, 2);
    const [dead] = await plantGrants(product, { orgId, userId: one.id }, 1);
    await product.context.pool.query('UPDATE grants SET ended_at = now() WHERE id = $1', [dead?.id]);
    const { items } = await list({ search: one.id });
    expect(items).toEqual([
      {
        id: one.id,
        name: 'Planted',
        givenName: null,
        familyName: null,
        email: one.email,
        role: 'admin',
        active: true,
        createdAt: expect.stringMatching(/^20.*Z$/),
        revokedAt: null,
        lastSeenAt: expect.stringMatching(/^20.*Z$/),
        liveSessions: 3,
        liveGrants: 2,
      },
    ]);
    const all = (await list({ limit: '200' })).items.map(({ email }) => email);
    expect(all).toEqual([...all].sort());
  });

  it('finds by a part of the name, the address or the user name, and takes wildcards for what they are', async () => {
    const one = await plantOne();
    await product.context.pool.query(
      `UPDATE users SET name = 'Ägidius 100%_x', user_name = 'Agent.Smith', user_name_key = 'agent.smith' WHERE id = $1`,
      [one.id],
    );
    for (const search of ['ägid', 'ÄGID', '100%_X', 'gent.sm', 'AGENT', one.email.slice(4, -3)])
      expect(await idsOf({ search })).toEqual([one.id]);
    for (const search of ['1%x', 'gent_smith', "' OR 1=1 --"]) expect(await idsOf({ search })).toEqual([]);
  });

  it('filters by role, by who may sign in, and by who is signed in with anything', async () => {
    const batch = await plantUsers(product, 4, { sessions: 0 });
    const [off, silent, browser, app] = batch.map(({ id }) => id) as [string, string, string, string];
    const { pool } = product.context;
    await pool.query('UPDATE users SET active = false WHERE id = $1', [off]);
    await pool.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [silent]);
    await plantGrants(product, { orgId, userId: app }, 1);
    const search = off.replace(/_\d+$/, '_');
    const found = async (query: Record<string, string>) => (await idsOf({ search, ...query })).sort();
    expect(await found({ active: 'false' })).toEqual([off]);
    expect(await found({ active: 'true' })).toEqual([silent, browser, app].sort());
    expect(await found({ role: 'admin' })).toEqual([silent]);
    expect(await found({ live: 'true' })).toEqual([app]);
    expect(await found({ live: 'false' })).toEqual([off, silent, browser].sort());
    expect(await found({ live: 'true', role: 'admin' })).toEqual([]);
  });

  it('comes in pages in which nobody is twice or missing, also when people come and go meanwhile', async () => {
    const people = await plantUsers(product, 9, { sessions: 0 });
    const search = String(people[0]?.id).replace(/_\d+$/, '_');
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 10; pages += 1) {
      const page: Page<Listed> = await list({ search, limit: '2', ...(cursor ? { cursor } : {}) });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ id }) => id));
      if (pages === 0) await remove(seen[0] as string);
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(seen).toEqual(people.map(({ id }) => id));
    for (const wrong of ['x', 'WyJhIiwiYiJd', 'W251bGxd', 'WzFd'])
      expect((await owner.send('GET', `/users?cursor=${wrong}`)).body.code).toBe('invalid_request');
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'role=god',
    'active=maybe',
    'search=',
    `search=${'x'.repeat(201)}`,
    'search=%00',
  ])('refuses ?%s', async (query) => {
    const { status, body } = await owner.send('GET', `/users?${query}`);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
  });

  it('shows nobody of another org, and nobody who was removed', async () => {
    const twin = await plantOne('owner', { org: 'metacortex' });
    const gone = await plantOne();
    await remove(gone.id);
    const mine = (await list({ limit: '200' })).items.map(({ id }) => id);
    expect(mine).toContain(owner.id);
    expect(mine).not.toContain(twin.id);
    expect(mine).not.toContain(gone.id);
    const theirs = (await list({ limit: '200' }, twin)).items.map(({ id }) => id);
    expect(theirs).toContain(twin.id);
    expect(theirs.filter((id) => mine.includes(id))).toEqual([]);
  });
});

describe('one person', () => {
  it('is shown, and another org’s or a removed one is not', async () => {
    const [one, gone] = [await plantOne(), await plantOne()];
    const twin = await plantOne('owner', { org: 'metacortex' });
    await remove(gone.id);
    expect(await owner.send('GET', `/users/${one.id}`)).toMatchObject({
      status: 200,
      body: { id: one.id, liveSessions: 1 },
    });
    const nothing = await owner.send('GET', '/users/nobody');
    expect(nothing).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const id of [gone.id, twin.id])
      for (const path of [`/users/${id}`, `/users/${id}/sessions`]) {
        const { status, body } = await owner.send('GET', path);
        expect([status, body.detail]).toEqual([404, nothing.body.detail]);
      }
    expect((await twin.send('GET', `/users/${one.id}`)).status).toBe(404);
    expect((await twin.send('PATCH', `/users/${one.id}`, { role: 'owner' })).status).toBe(404);
    expect((await owner.send('PATCH', `/users/${gone.id}`, { active: true })).status).toBe(404);
    expect(await rowOf(gone.id)).toMatchObject({ active: false });
  });

  it('has sessions and grants, the youngest first, in pages; nothing of it gives access', async () => {
    const one = await plantOne('member', { sessions: 3 });
    const grants = await plantGrants(product, { orgId, userId: one.id }, 2);
    const { pool } = product.context;
    await pool.query(`UPDATE sessions SET user_agent = 'curl/8.5.0', ip = '192.0.2.7' WHERE user_id = $1`, [one.id]);
    await pool.query(
      `UPDATE sessions SET created_at = now() - interval '1 minute' * (SELECT count(*) FROM sessions o WHERE o.user_id = $1 AND o.id < sessions.id) WHERE user_id = $1`,
      [one.id],
    );
    const seen: Record<string, unknown>[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await owner.send('GET', `/users/${one.id}/sessions?limit=2${cursor}`);
      const page = body as unknown as Page<Record<string, unknown>>;
      seen.push(...page.items);
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(seen).toHaveLength(5);
    const born = seen.map(({ createdAt }) => Date.parse(String(createdAt)));
    expect(born).toEqual([...born].sort((a, b) => b - a));
    expect(new Set(seen.map(({ id }) => id)).size).toBe(5);
    expect(
      seen
        .filter(({ type }) => type === 'grant')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(grants.map(({ id }) => id).sort());
    expect(seen.find(({ type }) => type === 'session')).toMatchObject({
      ...{ client: 'Browser', device: 'curl', userAgent: 'curl/8.5.0', signedInFrom: '192.0.2.7', current: false },
    });
    expect(seen.find(({ type }) => type === 'grant')).toMatchObject({ client: 'Mobile app' });
    expect(JSON.stringify(seen)).not.toContain(grants[0]?.accessToken);
    const own = (await owner.send('GET', `/users/${owner.id}/sessions`)).body as unknown as Page<{ current: boolean }>;
    expect(own.items.map(({ current }) => current)).toEqual([true]);
    const wrong = await owner.send('GET', `/users/${one.id}/sessions?cursor=WyJhIiwiYiJd`);
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid_request']);
  });
});

describe('PATCH /users/{id}', () => {
  const change = (by: Administrator, id: string, json: unknown, at?: string) =>
    by.send('PATCH', `/users/${id}`, json, at);

  it('changes the role for the very next request, and records from and to', async () => {
    const one = await plantOne('member');
    expect((await one.send('GET', '')).status).toBe(403);
    expect(await change(owner, one.id, { role: 'admin' })).toMatchObject({ status: 200, body: { role: 'admin' } });
    expect((await one.send('GET', '', undefined, nodes[1])).status).toBe(200);
    await change(owner, one.id, { role: 'admin' });
    expect(await events(one.id)).toMatchObject([
      {
        action: 'role.changed',
        actorType: 'user',
        actorId: owner.id,
        targetType: 'user',
        detail: { from: 'member', to: 'admin' },
      },
    ]);
  });

  it('changes the name', async () => {
    const one = await plantOne();
    expect(await change(owner, one.id, { name: '  Thomas Anderson ' })).toMatchObject({
      body: { name: 'Thomas Anderson' },
    });
    expect((await events(one.id)).map(({ action }) => action)).toEqual(['user.changed']);
    for (const name of ['', '   ', 'a\nb', 'a\0b', 'x'.repeat(201), 7])
      expect((await change(owner, one.id, { name })).body.code).toBe('invalid_request');
    expect((await change(owner, one.id, { generation: 0 })).body.code).toBe('invalid_request');
  });

  it('changes the parts of a name, which a name made of them follows, of whoever is not provisioned', async () => {
    const [ours, theirs, provisioned] = [
      await plantOne(),
      await plantOne('member', { org: 'metacortex' }),
      await plantOne(),
    ];
    const rename = (id: string, changes: object) => owner.send('PATCH', `/users/${id}`, changes);
    const first = await rename(ours.id, { name: 'Olivia Acme' });
    expect(first.body).toMatchObject({ name: 'Olivia Acme', givenName: null, familyName: null });
    const married = await rename(ours.id, { familyName: 'Zenith' });
    expect(married.body).toMatchObject({ name: 'Olivia Zenith', givenName: 'Olivia', familyName: 'Zenith' });
    const both = await rename(ours.id, { name: 'Liv', givenName: 'Liv' });
    expect(both.body).toMatchObject({ name: 'Liv', givenName: 'Liv', familyName: 'Zenith' });
    const apart = await rename(ours.id, { givenName: 'Olivia' });
    expect(apart.body).toMatchObject({ name: 'Liv', givenName: 'Olivia' });
    expect((await rename(ours.id, { givenName: 'Olivia' })).status).toBe(200);
    const changes = (await events(ours.id)).filter(({ action }) => action === 'user.changed');
    const attributes = ['displayName', 'displayName, name', 'displayName, name', 'name'];
    expect(changes.map(({ detail }) => detail)).toEqual(attributes.map((attributes) => ({ attributes })));
    expect((await rename(theirs.id, { givenName: 'X' })).status).toBe(404);
    await product.context.pool.query('UPDATE users SET provisioned = true WHERE id = $1', [provisioned.id]);
    const refused = await rename(provisioned.id, { givenName: 'X', role: 'admin' });
    expect([refused.status, (await rowOf(provisioned.id)).role]).toEqual([409, 'member']);
    for (const givenName of ['', ' ', 'a\nb', 'x'.repeat(201)])
      expect((await rename(ours.id, { givenName })).status).toBe(400);
  });

  it('lets nobody raise themselves, nor touch or make anybody above them', async () => {
    const above = await plantOne('super_admin');
    const member = await plantOne('member');
    for (const [id, json] of [
      [above.id, { role: 'owner' }],
      [member.id, { role: 'owner' }],
      [owner.id, { role: 'member' }],
      [owner.id, { active: false }],
      [owner.id, { name: 'Another' }],
    ] as const) {
      const answer = await change(above, id, json);
      expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
    }
    expect(await rowOf(owner.id)).toMatchObject({ role: 'owner', active: true, name: 'Planted' });
    expect((await change(above, member.id, { role: 'super_admin' })).status).toBe(200);
    expect((await change(above, above.id, { role: 'admin' })).status).toBe(200);
    // From now on not even back.
    expect((await change(above, above.id, { role: 'super_admin' })).status).toBe(403);
  });

  it('keeps the last active owner, who may go when there is another', async () => {
    for (const json of [{ role: 'admin' }, { active: false }, { role: 'member', name: 'Gone' }]) {
      const answer = await change(owner, owner.id, json);
      expect([answer.status, answer.body.code]).toEqual([409, 'conflict']);
    }
    const off = await plantOne('owner');
    expect((await change(owner, off.id, { active: false })).status).toBe(200);
    expect((await change(owner, owner.id, { role: 'admin' })).status).toBe(409);
    // Nor does another org's owner count, or one who was removed.
    await plantOne('owner', { org: 'metacortex' });
    const gone = await plantOne('owner');
    await remove(gone.id);
    expect((await change(owner, owner.id, { role: 'admin' })).status).toBe(409);
    expect(await rowOf(owner.id)).toMatchObject({ role: 'owner', active: true, name: 'Planted', generation: 0 });
    await plantOne('owner');
    expect((await change(owner, owner.id, { role: 'admin' })).status).toBe(200);
  });

  it.each([{ role: 'member' }, { active: false }])(
    'leaves one of two owners who do %j to each other at the same moment',
    async (json) => {
      for (let trial = 0; trial < 30; trial += 1) {
        await product.context.pool.query(`UPDATE users SET role = 'member' WHERE org_id = $1 AND role = 'owner'`, [
          orgId,
        ]);
        const [one, two] = [await plantOne('owner'), await plantOne('owner')];
        const answers = await Promise.all([change(one, two.id, json, nodes[0]), change(two, one.id, json, nodes[1])]);
        const statuses = answers.map(({ status }) => status).sort();
        // Who comes second is no owner any more, or signed out already.
        expect([JSON.stringify([200, 401]), JSON.stringify([200, 403])]).toContain(JSON.stringify(statuses));
        expect(await product.context.prisma.user.count({ where: { orgId, role: 'owner', active: true } })).toBe(1);
      }
    },
  );

  it('leaves one of two owners who both step down at the same moment, whoever waits for whom', async () => {
    await product.context.pool.query(`UPDATE users SET role = 'member' WHERE org_id = $1 AND role = 'owner'`, [orgId]);
    const [one, two] = [await plantOne('owner'), await plantOne('owner')];
    let both: ReturnType<typeof change>[] = [];
    const lock = (blocker: PoolClient) =>
      blocker.query(`SELECT FROM users WHERE org_id = $1 AND role = 'owner' FOR NO KEY UPDATE`, [orgId]);
    await whileLocked(product, lock, async () => {
      both = [change(one, one.id, { role: 'admin' }, nodes[0]), change(two, two.id, { role: 'admin' }, nodes[1])];
      await waitForLock(product, 2);
    });
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await product.context.prisma.user.count({ where: { orgId, role: 'owner' } })).toBe(1);
  });

  it('judges by the role that one has by then, not by that of the moment one asked', async () => {
    const above = await plantOne('super_admin');
    const member = await plantOne();
    let answer: ReturnType<typeof change> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query(`UPDATE users SET role = 'member' WHERE id = $1`, [above.id]),
      async () => {
        answer = change(above, member.id, { role: 'super_admin' });
        await waitForLock(product);
      },
    );
    expect(await answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await rowOf(member.id)).toMatchObject({ role: 'member' });
  });

  it('switches off with all of their access, in one, and on again without it', async () => {
    const one = await plantOne('member', { sessions: 2 });
    const grants = await plantGrants(product, { orgId, userId: one.id }, 2);
    expect(await change(owner, one.id, { active: false })).toMatchObject({
      status: 200,
      body: { active: false, liveSessions: 0 },
    });
    for (const cookie of one.cookies) expect(await statusOfMe(nodes[1], cookie)).toBe(401);
    expect(await liveGrants(product, grants)).toEqual([]);
    const revocation = await product.context.prisma.revocation.findFirstOrThrow({ where: { userId: one.id } });
    expect(revocation).toMatchObject({ initiator: 'admin', sessionsEnded: 2, grantsEnded: 2 });
    // Once more does nothing.
    expect((await change(owner, one.id, { active: false })).status).toBe(200);
    expect(await rowOf(one.id)).toMatchObject({ active: false, generation: 1 });
    expect(await change(owner, one.id, { active: true })).toMatchObject({ status: 200, body: { active: true } });
    expect(await statusOfMe(nodes[0], one.cookie)).toBe(401);
    expect((await events(one.id)).map(({ action }) => action)).toEqual(['user.deactivated', 'user.activated']);
    expect((await events(one.id))[0]).toMatchObject({ actorType: 'user', actorId: owner.id });
  });

  it('does all of it or nothing', async () => {
    const one = await plantOne('owner');
    await product.context.pool.query(`UPDATE users SET active = false WHERE id = $1`, [owner.id]);
    const answer = await change(one, one.id, { name: 'Halfway', active: false });
    expect(answer.status).toBe(409);
    expect(await rowOf(one.id)).toMatchObject({ name: 'Planted', active: true, role: 'owner' });
    expect(await events(one.id)).toEqual([]);
  });
});

it('an app needs the scope admin for it', async () => {
  const statusWith = async (scope: string) => {
    const [grant] = await plantGrants(product, { orgId, userId: owner.id }, 1, { scope });
    const headers = { authorization: `Bearer ${grant?.accessToken}` };
    return (await fetch(`${product.url}/api/orgs/current/users`, { headers })).status;
  };
  expect(await statusWith('openid offline_access')).toBe(403);
  expect(await statusWith('openid admin')).toBe(200);
  expect((await clientOf(product.url)('GET', '/users')).status).toBe(401);
});

it('a change locks people in the order of their ids, whatever their order in the table', async () => {
  // Before the owner by id, behind the owner in the table.
  const below = async (): Promise<string> => {
    const { id } = await plantOne();
    return id < owner.id ? id : below();
  };
  const id = await below();
  let answer: Promise<{ status: number }> | undefined;
  await whileLocked(
    product,
    (blocker) => blocker.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId, id]),
    async () => {
      answer = owner.send('PATCH', `/users/${id}`, { role: 'admin' });
      await waitForLock(product);
      const { rowCount } = await product.context.pool.query(
        'SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE SKIP LOCKED',
        [orgId, owner.id],
      );
      expect(rowCount).toBe(1);
    },
  );
  expect((await answer)?.status).toBe(200);
});

describe('among very many', () => {
  /** People of whom a page asks whether they are signed in. */
  const mostAsked = 500;
  let boss: Awaited<ReturnType<typeof plantAdministrator>>;
  let people: string[];
  beforeAll(async () => {
    boss = await plantAdministrator(product, 'super_admin', { org: 'metacortex' });
    people = (await plantUsers(product, 4_500, { org: 'metacortex' })).map(({ id }) => id).sort();
  });

  /** The ids of a list, and of how many each page is. */
  async function walk(query: Record<string, string>): Promise<{ ids: string[]; sizes: number[] }> {
    const ids: string[] = [];
    const sizes: number[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const search = new URLSearchParams({ limit: '200', ...query, ...(cursor ? { cursor } : {}) });
      const { status, body } = await boss.send('GET', `/users?${search}`);
      expect(status).toBe(200);
      const page = body as unknown as { items: { id: string }[]; next: string | null };
      ids.push(...page.items.map(({ id }) => id));
      sizes.push(page.items.length);
      cursor = page.next;
    }
    return { ids, sizes };
  }

  it('who is not signed in is found over pages that hold few or none', async () => {
    const silent = [people[1_000], people[4_400]];
    await product.context.pool.query('UPDATE sessions SET ended_at = now() WHERE user_id = ANY ($1)', [silent]);
    const inOrg = await product.context.prisma.user.count({ where: { orgId: product.orgs.metacortex.id } });
    const { ids, sizes } = await walk({ live: 'false' });
    expect(ids.filter((id) => people.includes(id)).sort()).toEqual([...(silent as string[])].sort());
    expect(new Set(ids).size).toBe(ids.length);
    expect(sizes).toHaveLength(Math.ceil(inOrg / mostAsked));
    const live = (await walk({ live: 'true' })).ids;
    expect([...live, ...ids].sort()).toEqual((await walk({})).ids.sort());
    expect(new Set([...live, ...ids]).size).toBe(inOrg);
  });

  it('who is signed in is found, too, when hardly anybody is', async () => {
    const awake = people.at(-1) as string;
    await product.context.pool.query(
      'UPDATE sessions SET ended_at = now() WHERE org_id = $1 AND user_id <> ALL ($2::text[])',
      [product.orgs.metacortex.id, [awake, boss.id]],
    );
    const { ids, sizes } = await walk({ live: 'true' });
    expect([...ids].sort()).toEqual([awake, boss.id].sort());
    const inOrg = await product.context.prisma.user.count({ where: { orgId: product.orgs.metacortex.id } });
    expect(sizes).toHaveLength(Math.ceil(inOrg / mostAsked));
    expect((await walk({ live: 'true', role: 'super_admin' })).sizes).toEqual([1]);
  });
});
