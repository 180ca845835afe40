import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { type PlantedUser, plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let orgId: string;
let admin: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
  admin = await plantAdministrator(product, 'admin');
});
afterAll(() => product.stop());

type Item = { id: string; user: { id: string } | null; createdAt: string } & Record<string, unknown>;
type Page = { items: Item[]; next: string | null };
const list = async (query: Record<string, string> = {}) => {
  const { status, body } = await admin.send('GET', `/revocations?${new URLSearchParams(query)}`);
  expect(status).toBe(200);
  return body as unknown as Page;
};
const plantOne = async () => (await plantUsers(product, 1, { sessions: 2 }))[0] as PlantedUser;
const byIdp = async (id: string) => {
  const answer = await product.revoke({ format: 'opaque', id });
  expect(answer.status).toBe(204);
  return answer.headers.get('x-request-id');
};
const confirmed = async (path: string, body: object = {}) => {
  const { confirmation } = (await admin.send('POST', path, body)).body;
  const answer = await admin.send('POST', path, { ...body, confirmation });
  expect(answer.status).toBe(200);
  return answer;
};

describe('GET /revocations', () => {
  it('tells of a call to the endpoint who called, for whom, and what it did', async () => {
    const person = await plantOne();
    await plantGrants(product, { orgId, userId: person.id }, 1);
    const requestId = await byIdp(person.id);
    const key = await product.context.prisma.apiKey.findFirstOrThrow({ where: { orgId } });
    const { items } = await list({ user: person.id });
    expect(items).toEqual([
      {
        id: expect.stringMatching(/^rev_/),
        user: { id: person.id, name: 'Planted', email: person.email },
        initiator: 'idp',
        caller: { type: 'api_key', id: key.id, name: 'test' },
        actor: { type: 'api_key', id: key.id, name: 'test' },
        subject: { format: 'opaque', id: person.id },
        reason: null,
        reasonForPerson: null,
        sessionsEnded: 2,
        grantsEnded: 1,
        more: false,
        durationMs: expect.any(Number),
        requestId,
        createdAt: expect.stringMatching(/^20.*Z$/),
      },
    ]);
    expect(await admin.send('GET', `/revocations/${items[0]?.id}`)).toMatchObject({ status: 200, body: items[0] });
  });

  it('tells of a connection that called', async () => {
    const person = await plantOne();
    const actor = { type: 'connection', id: product.orgs.whiterabbit.connectionId } as const;
    const by = { actor, ip: null, requestId: null };
    await revokeAccess(product.context.pool, { orgId, subject: { userIds: [person.id] }, initiator: 'idp', by });
    const name = (await product.context.prisma.connection.findFirstOrThrow({ where: { orgId } })).name;
    expect((await list({ user: person.id })).items).toMatchObject([
      { caller: { ...actor, name }, actor: { ...actor, name } },
    ]);
  });

  it('tells of administrators by name, and their reasons; of one session, a list and a person alike', async () => {
    const person = await plantOne();
    const reason = { administrators: 'ticket 42', person: 'We found your laptop.' };
    const session = await product.context.prisma.session.findFirstOrThrow({ where: { userId: person.id } });
    await confirmed(`/users/${person.id}/sessions/${session.id}/revocations`);
    await confirmed('/revocations', { users: [person.id] });
    await confirmed(`/users/${person.id}/revocations`, { reason });
    const by = { initiator: 'admin', caller: null, actor: { type: 'user', id: admin.id, name: 'Planted' } };
    expect((await list({ user: person.id })).items).toMatchObject([
      {
        ...by,
        subject: { user: person.id },
        reason: reason.administrators,
        reasonForPerson: reason.person,
        sessionsEnded: 0,
      },
      { ...by, subject: { users: 1 }, sessionsEnded: 1 },
      { ...by, subject: { user: person.id, session: session.id }, sessionsEnded: 1, grantsEnded: 0 },
    ]);
  });

  it('has an id alone of somebody who was removed', async () => {
    const person = await plantOne();
    await byIdp(person.id);
    await product.context.pool.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [person.id]);
    expect((await list({ user: person.id })).items).toMatchObject([
      { user: { id: person.id, name: null, email: null } },
    ]);
  });

  it('filters by initiator and time', async () => {
    const [person, other] = [await plantOne(), await plantOne()];
    await byIdp(person.id);
    await confirmed(`/users/${person.id}/revocations`);
    const [second, first] = (await list({ user: person.id })).items as [Item, Item];
    expect([second.initiator, first.initiator]).toEqual(['admin', 'idp']);
    await byIdp(other.id);
    const ids = async (query: Record<string, string>) =>
      (await list({ user: person.id, ...query })).items.map(({ id }) => id);
    expect(await ids({ initiator: 'idp' })).toEqual([first.id]);
    expect(await ids({ initiator: 'scim' })).toEqual([]);
    expect(await ids({ from: second.createdAt })).toEqual([second.id]);
    expect(await ids({ to: second.createdAt })).toEqual([first.id]);
    expect(await ids({ from: first.createdAt, to: second.createdAt })).toEqual([first.id]);
    expect(await ids({ from: '2026-01-01T00:00:00+02:00' })).toEqual([second.id, first.id]);
  });

  it('comes in pages, the youngest first, in which nothing is twice or missing while more come', async () => {
    const person = await plantOne();
    for (let count = 0; count < 7; count += 1) await byIdp(person.id);
    // Of the same moment, the id decides.
    await product.context.pool.query(
      `UPDATE revocations SET created_at = date_trunc('minute', created_at) WHERE user_id = $1`,
      [person.id],
    );
    const all = (await list({ user: person.id })).items.map(({ id }) => id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page = await list({ user: person.id, limit: '3', ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      if (cursor === '') await byIdp(person.id);
      cursor = page.next;
    }
    expect(seen).toEqual(all);
    expect(new Set(seen).size).toBe(7);
  });

  it.each(['initiator=god', 'from=yesterday', 'to=1', 'user=a%20b', 'limit=0', 'cursor=x', 'cursor=WyJhIiwiYiJd'])(
    'refuses ?%s',
    async (query) => {
      const { status, body } = await admin.send('GET', `/revocations?${query}`);
      expect([status, body.code]).toEqual([400, 'invalid_request']);
    },
  );
});

it('another org’s are as if they were not there', async () => {
  const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
  const person = await plantOne();
  await byIdp(person.id);
  const { pool } = product.context;
  await revokeAccess(pool, {
    orgId: product.orgs.metacortex.id,
    subject: { userIds: [product.orgs.metacortex.userId] },
    initiator: 'operator',
    by: byOperator,
  });
  const theirs = (await stranger.send('GET', '/revocations')).body as unknown as Page;
  expect(theirs.items.map(({ user }) => user?.id)).toEqual([product.orgs.metacortex.userId]);
  const mine = (await list({ limit: '200' })).items.map(({ id }) => id);
  expect(mine).not.toContain(theirs.items[0]?.id);
  expect((await list({ user: product.orgs.metacortex.userId })).items).toEqual([]);
  for (const id of [theirs.items[0]?.id, 'rev_nothing']) {
    const { status, body } = await admin.send('GET', `/revocations/${id}`);
    expect([status, body.code]).toEqual([404, 'not_found']);
  }
});

it('another org’s event of the same ids tells nothing of who did it', async () => {
  const person = await plantOne();
  await byIdp(person.id);
  const [before] = (await list({ user: person.id })).items;
  await product.context.pool.query(
    `INSERT INTO audit_events (org_id, id, at, action, actor_type, actor_id, target_type, target_id, detail)
     SELECT $2, 'evt_twin', r.created_at, 'access.revoked', 'user', 'usr_forged', 'user', r.user_id, jsonb_build_object('revocation', r.id)
     FROM revocations r WHERE r.org_id = $1 AND r.user_id = $3`,
    [orgId, product.orgs.metacortex.id, person.id],
  );
  expect((await list({ user: person.id })).items).toEqual([before]);
});

it('another org’s person, administrator, key and connection of the same ids lend no name, and double nothing', async () => {
  const [person, other] = [await plantOne(), await plantOne()];
  await byIdp(person.id);
  await confirmed(`/users/${person.id}/revocations`);
  const { pool } = product.context;
  const { id: twinOrg, connectionId } = product.orgs.metacortex;
  const actor = { type: 'connection', id: product.orgs.whiterabbit.connectionId } as const;
  const by = { actor, ip: null, requestId: null };
  await revokeAccess(pool, { orgId, subject: { userIds: [person.id] }, initiator: 'idp', by });
  const before = (await list({ user: person.id })).items;
  expect(before).toHaveLength(3);
  await pool.query(
    `INSERT INTO users (org_id, id, email, email_key, name)
     SELECT $1, id, email, email_key, 'Twin' FROM users WHERE org_id = $2 AND id = ANY ($3::text[])`,
    [twinOrg, orgId, [person.id, other.id, admin.id]],
  );
  await pool.query(
    `INSERT INTO api_keys (org_id, id, name, key_hash, hint, scopes)
     SELECT $1, id, 'Twin', sha256(key_hash), hint, scopes FROM api_keys WHERE org_id = $2`,
    [twinOrg, orgId],
  );
  await pool.query(
    `INSERT INTO connections SELECT (jsonb_populate_record(c, jsonb_build_object('id', $3::text, 'name', 'Twin', 'proven_at', null, 'client_id', 'twin'))).*
     FROM connections c WHERE org_id = $1 AND id = $2`,
    [twinOrg, connectionId, actor.id],
  );
  expect((await list({ user: person.id })).items).toEqual(before);
});

it('a sign-out of everyone has no person and no counts', async () => {
  const done = await revokeOrgAccess(product.context.pool, {
    orgId,
    initiator: 'operator',
    by: byOperator,
    reason: 'drill',
  });
  const after = await plantAdministrator(product, 'admin');
  expect(await after.send('GET', `/revocations/${done?.revocationId}`)).toMatchObject({
    status: 200,
    body: {
      user: null,
      initiator: 'operator',
      caller: null,
      actor: { type: 'operator', id: null, name: null },
      reason: 'drill',
      sessionsEnded: null,
      grantsEnded: null,
    },
  });
});
