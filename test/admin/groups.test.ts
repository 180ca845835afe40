import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let admin: Awaited<ReturnType<typeof plantAdministrator>>;
let abroad: typeof admin;
beforeAll(async () => {
  product = await startProduct();
  admin = await plantAdministrator(product, 'admin');
  abroad = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(() => product?.stop());

let made = 0;
async function plantGroup(name: string, members: readonly string[] = [], org: keyof Product['orgs'] = 'whiterabbit') {
  const { prisma } = product.context;
  const orgId = product.orgs[org].id;
  made += 1;
  const id = `grp_${made}`;
  const createdAt = new Date(Date.now() + made * 1000);
  await prisma.group.create({ data: { orgId, id, displayName: name, createdAt } });
  await prisma.groupMember.createMany({ data: members.map((userId) => ({ orgId, groupId: id, userId })) });
  return id;
}
const list = async (query: Record<string, string> = {}, by = admin) => {
  const { status, body } = await by.send('GET', `/groups?${new URLSearchParams(query)}`);
  expect(status).toBe(200);
  return body as unknown as { items: Record<string, unknown>[]; next: string | null };
};
const namesOf = async (query: Record<string, string>, by = admin) =>
  (await list(query, by)).items.map(({ displayName }) => displayName);

describe('GET /groups', () => {
  it('lists the groups of the organisation alone, the youngest first, with how many are in each', async () => {
    const people = await plantUsers(product, 3, { sessions: 0 });
    const crew = await plantGroup(
      'Listed crew',
      people.map(({ id }) => id),
    );
    const empty = await plantGroup('Listed, empty');
    await plantGroup('Listed elsewhere', [], 'metacortex');
    const { items, next } = await list({ search: 'listed' });
    expect(next).toBeNull();
    expect(items).toEqual([
      { id: empty, displayName: 'Listed, empty', members: 0, createdAt: expect.stringMatching(/^20.*Z$/) },
      { id: crew, displayName: 'Listed crew', members: 3, createdAt: expect.stringMatching(/^20.*Z$/) },
    ]);
    expect(await namesOf({ search: 'listed' }, abroad)).toEqual(['Listed elsewhere']);
  });

  it('finds by a part of the name, and takes wildcards for what they are', async () => {
    await plantGroup('Ägypten 100%_x');
    for (const search of ['ägy', 'ÄGYPTEN', '100%_X']) expect(await namesOf({ search })).toEqual(['Ägypten 100%_x']);
    for (const search of ['1%x', 'ypten_100', "' OR 1=1 --"]) expect(await namesOf({ search })).toEqual([]);
  });

  it('comes in pages in which no group is twice or missing', async () => {
    for (let i = 0; i < 5; i += 1) await plantGroup(`Paged ${i}`);
    const seen: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 5; pages += 1) {
      const { items, next } = await list({ search: 'paged', limit: '2', ...(cursor && { cursor }) });
      seen.push(...items.map(({ displayName }) => displayName));
      if (next === null) break;
      cursor = next;
    }
    expect(seen).toEqual(['Paged 4', 'Paged 3', 'Paged 2', 'Paged 1', 'Paged 0']);
    expect((await admin.send('GET', '/groups?cursor=none')).body.code).toBe('invalid_request');
  });
});

describe('GET /groups/{id}/members', () => {
  it('lists who is in it like people, by address, in pages; whom provisioning removed is not', async () => {
    const people = await plantUsers(product, 4, { sessions: 1 });
    const ids = people.map(({ id }) => id);
    const id = await plantGroup('Members', ids);
    await plantUsers(product, 1);
    await product.context.pool.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [ids[3]]);
    const first = await admin.send('GET', `/groups/${id}/members?limit=2`);
    const { items, next } = first.body as unknown as { items: Record<string, unknown>[]; next: string };
    expect(first.status).toBe(200);
    expect(items[0]).toEqual((await admin.send('GET', `/users/${ids[0]}`)).body);
    const rest = await admin.send('GET', `/groups/${id}/members?limit=2&cursor=${next}`);
    const more = rest.body as unknown as { items: Record<string, unknown>[]; next: null };
    expect([...items, ...more.items].map((one) => one.id)).toEqual(ids.slice(0, 3));
    expect(more.next).toBeNull();
    expect((await list({ search: 'Members' })).items[0]).toMatchObject({ id, members: 3 });
  });

  it('knows a group of another organisation as little as one that does not exist', async () => {
    const [somebody] = await plantUsers(product, 1, { org: 'metacortex', sessions: 0 });
    const theirs = await plantGroup('Theirs', [String(somebody?.id)], 'metacortex');
    const answers = await Promise.all([theirs, 'grp_none'].map((id) => admin.send('GET', `/groups/${id}/members`)));
    for (const { status, body } of answers) expect([status, body.code]).toEqual([404, 'not_found']);
    expect(answers[0]?.body.detail).toBe(answers[1]?.body.detail);
    expect((await abroad.send('GET', `/groups/${theirs}/members`)).body.items).toHaveLength(1);
    const empty = await plantGroup('Nobody');
    expect((await admin.send('GET', `/groups/${empty}/members`)).body).toEqual({ items: [], next: null });
  });
});
