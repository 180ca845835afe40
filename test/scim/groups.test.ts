import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { provision, urns } from './support.ts';

let product: Product;
let client: Awaited<ReturnType<typeof provision>>;
let twin: Awaited<ReturnType<typeof provision>>;
let people: string[];
beforeAll(async () => {
  product = await startProduct();
  client = await provision(product);
  twin = await provision(product, 'metacortex');
  const made = [];
  for (const name of ['a', 'b', 'c'])
    made.push(await client.user(`${name}@whiterabbit.fake`, { displayName: `Person ${name}` }));
  people = made.map(({ id }) => id);
});
afterAll(() => product.stop());

async function group(displayName: string, members: (string | undefined)[] = []) {
  const made = await client.post('/Groups', {
    schemas: [urns.group],
    displayName,
    members: members.map((value) => ({ value })),
  });
  expect(made.status).toBe(201);
  return made.body;
}

async function membersOf(id: string): Promise<string[]> {
  const { body } = await client.get(`/Groups/${id}`);
  return body.members.map(({ value }: { value: string }) => value).sort();
}

const sorted = (...ids: (string | undefined)[]) => [...ids].sort();

describe('groups', () => {
  it('are made, shown with their members, found by name, and removed', async () => {
    const [a, b] = people;
    const made = await group('Guides', [a, b]);
    expect(made).toEqual({
      schemas: [urns.group],
      id: expect.stringMatching(/^grp_/),
      displayName: 'Guides',
      members: expect.arrayContaining([
        { value: a, display: 'Person a', type: 'User', $ref: `${product.url}/scim/v2/Users/${a}` },
      ]),
      meta: expect.objectContaining({ resourceType: 'Group', location: `${product.url}/scim/v2/Groups/${made.id}` }),
    });
    const found = await client.send('GET', '/Groups?excludedAttributes=members&filter=displayName%20eq%20%22guides%22');
    expect(found.body.Resources).toEqual([expect.not.objectContaining({ members: expect.anything() })]);
    expect(found.body.Resources[0].id).toBe(made.id);
    expect((await client.search('/Groups', `members eq "${a}" and id eq "${made.id}"`)).body.totalResults).toBe(1);
    const { body: user } = await client.get(`/Users/${a}`);
    expect(user.groups).toEqual([
      { value: made.id, display: 'Guides', type: 'direct', $ref: `${product.url}/scim/v2/Groups/${made.id}` },
    ]);
    expect((await client.search('/Users', `groups.value eq "${made.id}"`)).body.totalResults).toBe(2);
    expect((await client.remove(`/Groups/${made.id}`)).status).toBe(204);
    expect((await client.get(`/Groups/${made.id}`)).status).toBe(404);
    const events = await product.context.prisma.auditEvent.findMany({
      where: { targetId: made.id },
      orderBy: { at: 'asc' },
    });
    expect(events.map(({ action, actorId }) => [action, actorId])).toEqual([
      ['group.added', client.keyId],
      ['group.removed', client.keyId],
    ]);
  });

  it('change as Okta asks: a new name by value, members added and removed', async () => {
    const [a, b, c] = people;
    const { id } = await group('Okta', [a]);
    const renamed = await client.patch(`/Groups/${id}`, [{ op: 'replace', value: { id, displayName: 'Okta 2' } }]);
    expect([renamed.status, renamed.text]).toEqual([204, '']);
    const changed = await client.patch(`/Groups/${id}`, [
      { op: 'remove', path: `members[value eq "${a}"]` },
      { op: 'add', path: 'members', value: [{ value: b, display: 'b@whiterabbit.fake' }, { value: c }] },
    ]);
    expect(changed.status).toBe(204);
    expect(await membersOf(id)).toEqual(sorted(b, c));
    const put = await client.put(`/Groups/${id}`, {
      schemas: [urns.group],
      id,
      displayName: 'Okta 3',
      members: [{ value: a }],
    });
    expect([put.status, put.body.displayName]).toEqual([200, 'Okta 3']);
    expect(await membersOf(id)).toEqual([a]);
    const replaced = await client.patch(`/Groups/${id}`, [
      { op: 'replace', path: 'members', value: [{ value: b }, { value: c }] },
    ]);
    expect(replaced.status).toBe(204);
    expect(await membersOf(id)).toEqual(sorted(b, c));
  });

  it('change as Entra asks: one member an operation, removed by value, and all at once', async () => {
    const [a, b, c] = people;
    const { id } = await group('Entra');
    const add = (value: string | undefined) => ({ op: 'Add', path: 'members', value: [{ $ref: null, value }] });
    expect((await client.patch(`/Groups/${id}`, [add(a), add(b), add(c), add(a)])).status).toBe(204);
    expect(
      (await client.patch(`/Groups/${id}`, [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: a }] }]))
        .status,
    ).toBe(204);
    expect(await membersOf(id)).toEqual(sorted(b, c));
    const named = await client.patch(`/Groups/${id}`, [{ op: 'Replace', path: 'displayName', value: 'Entra 2' }]);
    expect(named.status).toBe(204);
    expect((await client.patch(`/Groups/${id}`, [{ op: 'Remove', path: 'members' }])).status).toBe(204);
    expect(await membersOf(id)).toEqual([]);
    expect((await client.get(`/Groups/${id}`)).body.displayName).toBe('Entra 2');
  });

  it('take the members that are known, and say which are not, who may be another org’s', async () => {
    const [a, b, c] = people;
    const other = (await twin.user('theirs@metacortex.fake')).id;
    const unknown = [other, 'usr_nobody', "'; DROP TABLE users --", '7'];
    const values = [{ value: a }, ...unknown.map((value) => ({ value })), { value: b }, { value: 7 }];
    const report = { unknownMembers: unknown, unknownMemberCount: 4 };
    const made = await client.post('/Groups', { displayName: 'Careful', members: values });
    expect([made.status, made.body.schemas, made.body[urns.unknownMembers]]).toEqual([
      201,
      [urns.group, urns.unknownMembers],
      report,
    ]);
    const { id } = made.body;
    expect(made.body.members).toHaveLength(2);
    expect(await membersOf(id)).toEqual(sorted(a, b));
    const put = await client.put(`/Groups/${id}`, {
      displayName: 'Careful',
      members: [...values.slice(1), { value: c }],
    });
    expect([put.status, put.body[urns.unknownMembers]]).toEqual([200, report]);
    expect(await membersOf(id)).toEqual(sorted(b, c));
    const add = (value: unknown) => ({ op: 'add', path: 'members', value: [{ value }] });
    const patched = await client.patch(`/Groups/${id}`, [add(a), add(other), add('usr_nobody'), add(other)]);
    expect([patched.status, patched.body.id, patched.body.members, patched.body[urns.unknownMembers]]).toEqual([
      200,
      id,
      undefined,
      { unknownMembers: [other, 'usr_nobody'], unknownMemberCount: 2 },
    ]);
    expect(await membersOf(id)).toEqual(sorted(a, b, c));
    // It is a part of no resource, only of these answers.
    expect((await client.get(`/Groups/${id}`)).body.schemas).toEqual([urns.group]);
    const declared = await client.get('/ResourceTypes/Group');
    expect(declared.body.schemaExtensions).toEqual([{ schema: urns.unknownMembers, required: false }]);
    const removed = await client.patch(`/Groups/${id}`, [
      { op: 'remove', path: 'members', value: [{ value: 'usr_nobody' }, { value: a }] },
    ]);
    expect([removed.status, await membersOf(id)]).toEqual([204, sorted(b, c)]);
    expect((await twin.get(`/Users/${other}`)).body.groups ?? []).toEqual([]);
  });

  it('400 for a member without a value, and nothing of the request is done', async () => {
    const { id } = await group('Careless');
    for (const value of [{ display: 'x' }, { value: '' }]) {
      const refused = await client.patch(`/Groups/${id}`, [
        { op: 'add', path: 'members', value: [{ value: people[0] }] },
        { op: 'add', path: 'members', value: [value] },
      ]);
      expect([refused.status, refused.body.scimType]).toEqual([400, 'invalidValue']);
    }
    expect(await membersOf(id)).toEqual([]);
  });

  it('loses nothing when many requests add to one group at once', async () => {
    const { id } = await group('Crowded');
    const made = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => client.user(`crowd${n}@whiterabbit.fake`)));
    const answers = await Promise.all(
      made.map((user) => client.patch(`/Groups/${id}`, [{ op: 'add', path: 'members', value: [{ value: user.id }] }])),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(204));
    expect(await membersOf(id)).toEqual(made.map((user) => user.id).sort());
  });

  it('holds ten thousand members: set, shown, one added, and listed', async () => {
    const { id: orgId } = product.orgs.whiterabbit;
    await product.context.pool.query(
      `INSERT INTO users (org_id, id, email, email_key, name)
       SELECT $1, 'usr_many_' || n, 'many' || n || '@whiterabbit.fake', 'many' || n || '@whiterabbit.fake', 'Many ' || n
       FROM generate_series(1, 10001) AS n`,
      [orgId],
    );
    // As autovacuum does after so many rows: plans made for a nearly empty table would go through
    // all of it for each member.
    await product.context.pool.query('ANALYZE users, group_members');
    const ids = Array.from({ length: 10_000 }, (_, index) => `usr_many_${index + 1}`);
    const { id } = await group('Many', ids);
    expect(await membersOf(id)).toHaveLength(10_000);
    const one = await client.patch(`/Groups/${id}`, [
      { op: 'add', path: 'members', value: [{ value: 'usr_many_10001' }] },
    ]);
    expect(one.status).toBe(204);
    const listed = await client.search('/Groups', 'displayName eq "many"');
    expect(listed.body.Resources[0].members).toHaveLength(10_001);
    const none = await client.put(`/Groups/${id}`, { displayName: 'Many', members: [] });
    expect([none.status, none.body.members]).toEqual([200, []]);
  });

  it('an organisation has 10,000 of them at most, also when several come at once', async () => {
    const { pool } = product.context;
    const fill = `INSERT INTO groups (org_id, id, display_name) SELECT $1, 'grp_many_' || i, 'Many ' || i
                  FROM generate_series(1, 9998 - (SELECT count(*)::int FROM groups WHERE org_id = $1)) i`;
    await pool.query(fill, [client.orgId]);
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => client.post('/Groups', { schemas: [urns.group], displayName: `Last ${n}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
    expect((await twin.post('/Groups', { schemas: [urns.group], displayName: 'Theirs' })).status).toBe(201);
    await pool.query(`DELETE FROM groups WHERE org_id = $1 AND (id LIKE 'grp_many_%' OR display_name LIKE 'Last _')`, [
      client.orgId,
    ]);
  });

  it('a page of groups is cut where the members become too many, and goes on from there', async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `usr_many_${index + 1}`);
    for (const name of ['Big 1', 'Big 2', 'Big 3']) await group(name, ids);
    const filter = encodeURIComponent('displayName sw "Big"');
    const first = await client.get(`/Groups?filter=${filter}&startIndex=1&count=3`);
    expect([first.body.totalResults, first.body.itemsPerPage]).toEqual([3, 2]);
    const rest = await client.get(`/Groups?filter=${filter}&startIndex=3&count=3`);
    expect(rest.body.Resources.map(({ displayName }: { displayName: string }) => displayName)).toEqual(['Big 3']);
  });
});
