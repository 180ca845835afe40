import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relayed } from '../notifications/support.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let abroad: typeof owner;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  abroad = await plantAdministrator(product, 'owner', { org: 'metacortex' });
});
afterAll(() => product?.stop());

/** People with these names, who have no sessions. */
async function plantNamed(names: readonly string[], org: keyof Product['orgs'] = 'whiterabbit') {
  const people = await plantUsers(product, names.length, { sessions: 0, org });
  for (const [index, person] of people.entries())
    await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [person.id, names[index]]);
  return people;
}

async function plantGroup(id: string, members: readonly string[], org: keyof Product['orgs'] = 'whiterabbit') {
  const { prisma } = product.context;
  const orgId = product.orgs[org].id;
  await prisma.group.create({ data: { orgId, id, displayName: `Group ${id}` } });
  await prisma.groupMember.createMany({ data: members.map((userId) => ({ orgId, groupId: id, userId })) });
}

type Row = { id: string; name: string; email: string };

/** All pages of the list, two people at a time. */
async function readAll(query: Record<string, string>): Promise<Row[]> {
  const found: Row[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const asked = new URLSearchParams({ ...query, limit: '2', ...(cursor && { cursor }) });
    const { status, body } = await owner.send('GET', `/users?${asked}`);
    expect(status).toBe(200);
    const page = body as unknown as { items: Row[]; next: string | null };
    found.push(...page.items);
    cursor = page.next;
  }
  return found;
}

describe('GET /users', () => {
  const names = ['sorted Ada', 'Sorted ada', 'Sorted Bea', 'sorted Cay', 'Sorted Bea'];

  it('goes by name in any letter case, and by address, from either end, in pages without gaps', async () => {
    const people = await plantNamed(names);
    const namesIn = async (sort: string) =>
      (await readAll({ search: 'sorted ', sort })).map(({ name }) => name.toLowerCase());
    const sorted = names.map((name) => name.toLowerCase()).toSorted();
    expect(await namesIn('name')).toEqual(sorted);
    expect(await namesIn('-name')).toEqual(sorted.toReversed());
    const emails = people.map(({ email }) => email).toSorted();
    const emailsIn = async (sort: string) => (await readAll({ search: 'sorted ', sort })).map(({ email }) => email);
    expect(await emailsIn('email')).toEqual(emails);
    expect(await emailsIn('-email')).toEqual(emails.toReversed());
  });

  it('goes by role and by when people came, from either end, in pages without gaps where many are equal', async () => {
    const people = await plantNamed(['ranked a', 'ranked b', 'ranked c', 'ranked d', 'ranked e']);
    const roles = ['member', 'admin', 'owner', 'member', 'super_admin'];
    const days = ['03', '01', '02', '01', '02'];
    for (const [index, { id }] of people.entries())
      await product.context.pool.query('UPDATE users SET role = $2::"Role", created_at = $3 WHERE id = $1', [
        id,
        roles[index],
        `2026-01-${days[index]}T10:00:00.123Z`,
      ]);
    const namesIn = async (sort: string) =>
      (await readAll({ search: 'ranked ', sort })).map(({ name }) => name.split(' ')[1]).join('');
    const byAddress = (first: string, second: string) => {
      const of = (letter: string) => people['abcde'.indexOf(letter)]?.email ?? '';
      return of(first) < of(second) ? first + second : second + first;
    };
    const byRole = `ceb${byAddress('a', 'd')}`;
    expect(await namesIn('role')).toBe(byRole);
    expect(await namesIn('-role')).toBe([...byRole].toReversed().join(''));
    const ids = (letters: string) =>
      [...letters]
        .toSorted((a, b) => ((people['abcde'.indexOf(a)]?.id ?? '') < (people['abcde'.indexOf(b)]?.id ?? '') ? -1 : 1))
        .join('');
    const byDay = `${ids('bd')}${ids('ce')}a`;
    expect(await namesIn('created')).toBe(byDay);
    expect(await namesIn('-created')).toBe([...byDay].toReversed().join(''));
  });

  it('refuses a cursor that no role and no moment can be', async () => {
    for (const [sort, key] of [
      ['role', ['king', 'a@example.fake']],
      ['role', ['toString', 'a@example.fake']],
      ['created', ['2026-02-30T00:00:00.000Z', 'usr_1']],
      ['-created', ['infinity', 'usr_1']],
    ] as const) {
      const cursor = Buffer.from(JSON.stringify(key)).toString('base64url');
      expect((await owner.send('GET', `/users?sort=${sort}&cursor=${cursor}`)).body.code).toBe('invalid_request');
    }
  });

  it('goes by name through those who are signed in alone', async () => {
    const [first, second] = await plantUsers(product, 2);
    for (const [id, name] of [
      [first?.id, 'Living Zoe'],
      [second?.id, 'Living Amy'],
    ])
      await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [id, name]);
    await plantNamed(['Living Nobody']);
    const found = await readAll({ search: 'living ', live: 'true', sort: 'name' });
    expect(found.map(({ name }) => name)).toEqual(['Living Amy', 'Living Zoe']);
  });

  it('refuses a cursor of another order', async () => {
    await plantNamed(['Cursor one', 'Cursor two']);
    const { body } = await owner.send('GET', '/users?search=cursor&sort=name&limit=1');
    const cursor = String(body.next);
    expect((await owner.send('GET', `/users?search=cursor&cursor=${cursor}`)).body.code).toBe('invalid_request');
  });

  it('finds the members of a group, and nobody by a group of another organisation', async () => {
    const people = await plantNamed(['Grouped one', 'Grouped two', 'Grouped three']);
    await plantGroup('grp_filter', [people[0]?.id ?? '', people[2]?.id ?? '']);
    const found = await readAll({ search: 'grouped', group: 'grp_filter', sort: 'name' });
    expect(found.map(({ name }) => name)).toEqual(['Grouped one', 'Grouped three']);
    const theirs = await plantNamed(['Grouped abroad'], 'metacortex');
    await plantGroup('grp_abroad', [theirs[0]?.id ?? ''], 'metacortex');
    expect(await readAll({ group: 'grp_abroad' })).toEqual([]);
  });
});

describe('GET /groups', () => {
  it('lists the groups that a person is in, and one group by its id', async () => {
    const [person] = await plantNamed(['In groups']);
    await plantGroup('grp_in', [person?.id ?? '']);
    await plantGroup('grp_out', []);
    const { body } = await owner.send('GET', `/groups?member=${person?.id}`);
    expect((body.items as { id: string }[]).map(({ id }) => id)).toEqual(['grp_in']);
    const found = await owner.send('GET', '/groups/grp_in');
    expect(found.body).toMatchObject({ id: 'grp_in', displayName: 'Group grp_in', members: 1 });
    expect((await abroad.send('GET', '/groups/grp_in')).status).toBe(404);
    expect((await abroad.send('GET', `/groups?member=${person?.id}`)).body.items).toEqual([]);
  });
});

describe('GET /users/count', () => {
  const count = async (query: Record<string, string>, by = owner) =>
    (await by.send('GET', `/users/count?${new URLSearchParams(query)}`)).body;

  it('says how many people a filter finds, and who they are where that is asked for', async () => {
    const people = await plantNamed(['Counted one', 'Counted two', 'Counted three']);
    const [first, second] = people.map(({ id }) => id) as [string, string];
    await product.context.pool.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [second]);
    await plantGroup('grp_counted', [first, second]);
    expect(await count({ search: 'counted' })).toEqual({ people: 3, more: false, stoppedBy: null, users: null });
    const { users, ...numbers } = await count({ search: 'counted', ids: 'true' });
    expect(numbers).toEqual({ people: 3, more: false, stoppedBy: null });
    expect(new Set(users as string[])).toEqual(new Set(people.map(({ id }) => id)));
    expect(await count({ group: 'grp_counted', role: 'admin', ids: 'true' })).toMatchObject({
      people: 1,
      users: [second],
    });
    expect(await count({ search: 'counted', live: 'true' })).toMatchObject({ people: 0, more: false });
    expect(await count({ search: 'counted', live: 'false' })).toMatchObject({ people: 3 });
    expect(await count({ search: 'counted' }, abroad)).toMatchObject({ people: 0 });
    expect(await count({ group: 'grp_counted' }, abroad)).toMatchObject({ people: 0 });
  });

  it('stops where there are very many, and names nobody then', async () => {
    const { id: orgId } = product.orgs.metacortex;
    const plant = (from: number, to: number) =>
      product.context.pool.query(
        `INSERT INTO users (org_id, id, email, email_key, name)
         SELECT $1, 'usr_crowd' || n, 'crowd' || n || '@example.fake', 'crowd' || n || '@example.fake', 'Crowd' FROM generate_series($2::int, $3::int) n`,
        [orgId, from, to],
      );
    await plant(1, 1_001);
    expect(await count({ search: 'crowd', ids: 'true' }, abroad)).toEqual({
      people: 1_001,
      more: false,
      stoppedBy: null,
      users: null,
    });
    await plant(1_002, 10_001);
    expect(await count({ ids: 'true' }, abroad)).toEqual({
      people: 10_000,
      more: true,
      stoppedBy: 'number',
      users: null,
    });
    expect(await count({ search: 'crowd', ids: 'true' }, abroad)).toEqual({
      people: 2_000,
      more: true,
      stoppedBy: 'search',
      users: null,
    });
    expect(await count({ search: 'crowd', role: 'owner' }, abroad)).toMatchObject({ people: 0, more: false });
    expect(await count({ live: 'false' }, abroad)).toMatchObject({ more: true, stoppedBy: 'live' });
    // Whoever is signed in is found among those who have a session, however many have none.
    const signedIn = await count({ live: 'true', ids: 'true' }, abroad);
    expect(signedIn).toMatchObject({ more: false, stoppedBy: null });
    expect(signedIn.users).toContain(abroad.id);
    const { rows } = await product.context.pool.query('SELECT count(*)::int AS n FROM users WHERE org_id = $1', [
      orgId,
    ]);
    expect(rows[0].n).toBeGreaterThan(10_000);
    await plantGroup(
      'grp_crowd',
      Array.from({ length: 5_001 }, (_, n) => `usr_crowd${n + 1}`),
      'metacortex',
    );
    expect(await count({ group: 'grp_crowd' }, abroad)).toMatchObject({
      people: 2_000,
      more: true,
      stoppedBy: 'group',
    });
    const page = await abroad.send('GET', '/users?group=grp_crowd&sort=-name&limit=200');
    expect((page.body.items as Row[]).every(({ name }) => name === 'Crowd')).toBe(true);
  });
});

describe('GET /groups/names', () => {
  it('lists names in the order of the alphabet, an exact one first, and none of another organisation', async () => {
    const { prisma } = product.context;
    const name = (id: string, displayName: string, orgId = product.orgs.whiterabbit.id) =>
      prisma.group.create({ data: { orgId, id, displayName } });
    await name('grp_n1', 'Named zoo');
    await name('grp_n2', 'Named');
    await name('grp_n3', 'a named one');
    await name('grp_n4', 'Named abroad', product.orgs.metacortex.id);
    const names = async (query: string, by = owner) => {
      const { body } = await by.send('GET', `/groups/names?${query}`);
      return [(body.groups as { displayName: string }[]).map(({ displayName }) => displayName), body.more];
    };
    expect(await names('search=named')).toEqual([['Named', 'a named one', 'Named zoo'], false]);
    expect(await names('search=named&limit=2')).toEqual([['Named', 'a named one'], true]);
    expect(await names('id=grp_n1')).toEqual([['Named zoo'], false]);
    expect(await names('id=grp_n1', abroad)).toEqual([[], false]);
    const [person] = await plantNamed(['In a named group']);
    await prisma.groupMember.create({
      data: { orgId: product.orgs.whiterabbit.id, groupId: 'grp_n2', userId: person?.id ?? '' },
    });
    expect(await names(`member=${person?.id}`)).toEqual([['Named'], false]);
    expect(await names(`member=${person?.id}`, abroad)).toEqual([[], false]);
  });
});

describe('POST /users/lookup', () => {
  const look = async (names: readonly string[], by = owner) => {
    const { status, body } = await by.send('POST', '/users/lookup', { names });
    expect(status).toBe(200);
    return (body.results as { name: string; users: { id: string }[] }[]).map(({ name, users }) => [
      name,
      users.map(({ id }) => id),
    ]);
  };

  it('finds people by every name that is theirs, in the order of the names, and says whose is nobody’s', async () => {
    const [person, other] = await plantNamed(['Looked up', 'Also looked up']);
    if (!person || !other) throw new Error('nobody was planted');
    await product.context.pool.query(
      `UPDATE users SET user_name = 'Agent.Brown', user_name_key = 'agent.brown' WHERE id = $1`,
      [other.id],
    );
    const names = [person.email.toUpperCase(), 'nobody@whiterabbit.fake', ` ${person.id}`, 'AGENT.brown'];
    expect(await look(names)).toEqual([
      [names[0], [person.id]],
      [names[1], []],
      [names[2], [person.id]],
      [names[3], [other.id]],
    ]);
  });

  it('finds everybody whom a name means', async () => {
    const [bearer, other] = await plantNamed(['Bears it', 'Is called so']);
    if (!bearer || !other) throw new Error('nobody was planted');
    const rename = 'UPDATE users SET user_name = $2, user_name_key = $2 WHERE id = $1';
    await product.context.pool.query(rename, [bearer.id, 'bearer.of.it']);
    await product.context.pool.query(rename, [other.id, bearer.email]);
    const [result] = await look([bearer.email]);
    expect(new Set(result?.[1])).toEqual(new Set([bearer.id, other.id]));
  });

  it('finds nobody of another organisation, and nobody who was removed', async () => {
    const [person, removed] = await plantNamed(['At home', 'Removed']);
    if (!person || !removed) throw new Error('nobody was planted');
    await product.context.pool.query('UPDATE users SET deleted_at = now(), active = false WHERE id = $1', [removed.id]);
    expect(await look([person.email, person.id], abroad)).toEqual([
      [person.email, []],
      [person.id, []],
    ]);
    expect(await look([removed.email, removed.id])).toEqual([
      [removed.email, []],
      [removed.id, []],
    ]);
  });

  it('needs no recent authentication, for it changes nothing, and takes a thousand names', async () => {
    const stale = await plantAdministrator(product, 'admin');
    await product.context.pool.query('UPDATE sessions SET authenticated_at = NULL WHERE user_id = $1', [stale.id]);
    const names = Array.from({ length: 1_000 }, (_, index) => `nobody${index}@whiterabbit.fake`);
    expect(await look(names, stale)).toHaveLength(1_000);
    expect((await owner.send('POST', '/users/lookup', { names: [...names, 'more'] })).body.code).toBe(
      'invalid_request',
    );
  });
});

describe('GET /users/export', () => {
  const read = async (query = '', by = owner) => {
    const response = await fetch(`${product.url}/api/orgs/current/users/export${query}`, {
      headers: { cookie: by.cookie },
    });
    return { response, lines: (await response.text()).trimEnd().split('\r\n') };
  };

  it('holds whom the filter finds, a line each, and runs nothing in a spreadsheet', async () => {
    const people = await plantNamed(['=HYPERLINK("https://evil.example")', '@exported, two', '+exported']);
    await product.context.pool.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [people[1]?.id]);
    const { response, lines } = await read('?search=http&role=member');
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename=people.csv');
    expect(lines[0]).toBe(
      'id,name,given_name,family_name,email,role,active,created_at,revoked_at,last_seen_at,live_sessions,live_grants',
    );
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(`"'=HYPERLINK(""https://evil.example"")"`);
    expect((await read(`?search=${encodeURIComponent('@exported')}`)).lines[1]).toContain(`"'@exported, two"`);
    expect((await read(`?search=${encodeURIComponent('+exported')}`)).lines[1]).toContain(`'+exported`);
  });

  it('holds everybody of the organisation once, also more than are read at a time, and nobody else', async () => {
    await plantUsers(product, 1_100, { sessions: 0 });
    const { lines } = await read();
    const { rows } = await product.context.pool.query(
      'SELECT count(*)::int AS n FROM users WHERE org_id = $1 AND deleted_at IS NULL',
      [product.orgs.whiterabbit.id],
    );
    const ids = lines.slice(1).map((line) => line.split(',')[0]);
    expect(ids).toHaveLength(rows[0].n);
    expect(new Set(ids).size).toBe(rows[0].n);
    expect(ids).not.toContain(abroad.id);
  });

  it('goes on record without what was searched for, and needs the right and a recent authentication', async () => {
    await read('?search=secret&active=true');
    const { rows } = await product.context.pool.query(
      `SELECT actor_id, target_type, detail FROM audit_events WHERE action = 'people.exported' ORDER BY at DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ actor_id: owner.id, target_type: 'org', detail: { active: true, search: true } }]);
    expect((await read('', await plantAdministrator(product, 'admin'))).response.status).toBe(403);
    const stale = await plantAdministrator(product, 'owner');
    await product.context.pool.query('UPDATE sessions SET authenticated_at = NULL WHERE user_id = $1', [stale.id]);
    expect((await read('', stale)).response.status).toBe(401);
  });
});

/** What is said of apps behind where there are none. */
const noApps = { apps: [], moreForwards: false, planning: false };

describe('what one request ended', () => {
  it('is listed together with its counts, and whether webhooks were told', async () => {
    const people = await plantUsers(product, 3, { sessions: 2 });
    const [first] = people;
    await plantGrants(product, { orgId: product.orgs.whiterabbit.id, userId: first?.id ?? '' }, 1);
    const users = people.map(({ id }) => id);
    const asked = await owner.send('POST', '/revocations', { users });
    const { body } = await owner.send('POST', '/revocations', { users, confirmation: asked.body.confirmation });
    const ids = (body.results as { revocationId: string }[]).map(({ revocationId }) => revocationId);
    const path = `/revocations/${ids[0]}/together`;
    const together = await owner.send('GET', path);
    expect(together.body).toMatchObject({ revocations: 3, sessionsEnded: 6, grantsEnded: 1, next: null });
    expect(new Set((together.body.items as { id: string }[]).map(({ id }) => id))).toEqual(new Set(ids));
    const page = await owner.send('GET', `${path}?limit=2`);
    const rest = await owner.send('GET', `${path}?limit=2&cursor=${page.body.next}`);
    expect([page, rest].map((answer) => (answer.body.items as unknown[]).length)).toEqual([2, 1]);
    const file = await fetch(`${product.url}/api/orgs/current${path}/export`, { headers: { cookie: owner.cookie } });
    expect(file.headers.get('content-disposition')).toContain('signed-out.csv');
    const [head, ...lines] = (await file.text()).trim().split('\r\n');
    expect(head).toBe('revocation,user,name,email,sessions_ended,grants_ended,ended_at');
    expect(new Set(lines.map((line) => line.split(',')[0]))).toEqual(new Set(ids));
    expect(lines.find((line) => line.includes(`,${first?.id},`))).toMatch(/,2,1,\d{4}-/);
    const theirs = { headers: { cookie: abroad.cookie } };
    expect((await fetch(`${product.url}/api/orgs/current${path}/export`, theirs)).status).toBe(404);
    await relayed(product);
    expect((await owner.send('GET', `/revocations/${ids[0]}/told`)).body).toEqual({
      webhooks: [],
      waiting: false,
      ...noApps,
    });
    expect((await abroad.send('GET', path)).status).toBe(404);
    expect((await abroad.send('GET', `/revocations/${ids[0]}/told`)).status).toBe(404);
  });

  it('says that messages are still to be made, not that nobody is told', async () => {
    await owner.send('POST', '/webhooks', { url: 'https://hooks.example/in', kinds: ['revocation'] });
    const [person] = await plantUsers(product, 1);
    const path = `/users/${person?.id}/revocations`;
    const { confirmation } = (await owner.send('POST', path, {})).body;
    await relayed(product);
    const holder = await product.context.pool.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE notification_feeds IN ACCESS EXCLUSIVE MODE');
      const { body } = await owner.send('POST', path, { confirmation });
      const told = await owner.send('GET', `/revocations/${body.revocationId}/told`);
      expect(told.body).toEqual({ webhooks: [], waiting: true, ...noApps });
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
  });
});
