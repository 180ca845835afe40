import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readNames } from '../../src/console/sign-out-list-screen.ts';
import { whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantGrants } from '../support/planted-grants.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { fieldsOf, openConsole, type Shown, textOf } from './client.ts';

let product: Product;
let orgId: string;
let admin: Awaited<ReturnType<typeof plantAdministrator>>;
let owner: typeof admin;
let asAdmin: ReturnType<typeof openConsole>;
let asOwner: typeof asAdmin;
beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
});
afterAll(() => product?.stop());
beforeEach(async () => {
  admin = await plantAdministrator(product, 'admin');
  owner = await plantAdministrator(product, 'owner');
  asAdmin = openConsole(product.url, admin.cookie);
  asOwner = openConsole(product.url, owner.cookie);
});

async function plant(name: string, { sessions = 0, grants = 0 } = {}) {
  const [person] = await plantUsers(product, 1, { sessions });
  if (!person) throw new Error('nobody was planted');
  await product.context.pool.query('UPDATE users SET name = $2 WHERE id = $1', [person.id, name]);
  await plantGrants(product, { orgId, userId: person.id }, grants);
  return person;
}

async function plantGroup(id: string, name: string, members: readonly string[]) {
  const { prisma } = product.context;
  await prisma.group.create({ data: { orgId, id, displayName: name } });
  await prisma.groupMember.createMany({ data: members.map((userId) => ({ orgId, groupId: id, userId })) });
}

const read = async (path: string, by = asAdmin) => {
  const shown = await by.get(path);
  expect(shown.status, textOf(shown.text)).toBe(200);
  return shown.text;
};
/** A hidden field's value in a page. */
const hidden = ({ text }: Shown, name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(text)?.[1] ?? '';
const alive = async ({ cookies }: { cookies: readonly string[] }) =>
  (await Promise.all(cookies.map((cookie) => statusOfMe(product.url, cookie)))).filter((status) => status === 200)
    .length;

describe('the list of people', () => {
  it('finds by name, role, status and group, and says what an address of it asked for', async () => {
    const one = await plant('Listed Ann', { sessions: 2, grants: 1 });
    const two = await plant('Listed Bob');
    await product.context.pool.query('UPDATE users SET active = false WHERE id = $1', [two.id]);
    await plantGroup('grp_listed', 'The <listed>', [two.id]);
    const found = async (query: string) => {
      const text = textOf(await read(`/admin/people?search=listed${query}`));
      return ['Listed Ann', 'Listed Bob'].filter((name) => text.includes(name));
    };
    expect(await found('')).toEqual(['Listed Ann', 'Listed Bob']);
    expect(await found('&status=live')).toEqual(['Listed Ann']);
    expect(await found('&status=inactive')).toEqual(['Listed Bob']);
    expect(await found('&status=away')).toEqual([]);
    expect(await found('&role=owner')).toEqual([]);
    expect(await found('&group=grp_listed')).toEqual(['Listed Bob']);
    const page = await read('/admin/people?search=listed&role=member&group=grp_listed&sort=-name');
    expect(page).toContain('value="listed"');
    expect(page).toMatch(/<option value="member" selected>/);
    expect(page).toContain('In the group The &lt;listed&gt;');
    expect(page).toContain('<input type="hidden" name="group" value="grp_listed">');
    expect(textOf(await read('/admin/people?search=listed'))).toContain('2 browsers, 1 app');
    expect(page).not.toContain(`href="/admin/people/${one.id}"`);
  });

  it('says that one or two letters are looked for where a word begins, and does so', async () => {
    await plant('Xq Beginning');
    await plant('Wixq Within');
    const text = textOf(await read('/admin/people?search=XQ'));
    expect(text).toContain('Xq Beginning');
    expect(text).not.toContain('Wixq Within');
    expect(text).toContain('looked for where a word of a name or address begins');
    const longer = textOf(await read('/admin/people?search=ixq'));
    expect(longer).toContain('Wixq Within');
    expect(longer).not.toContain('where a word');
  });

  it('is sorted by links in the heads of its columns, which say so', async () => {
    for (const name of ['Order Cid', 'Order Abe', 'Order Bo']) await plant(name);
    const names = async (sort: string) =>
      [...(await read(`/admin/people?search=order+&sort=${sort}`)).matchAll(/>(Order \w+)<\/a>/g)].map(
        ([, name]) => name,
      );
    expect(await names('name')).toEqual(['Order Abe', 'Order Bo', 'Order Cid']);
    expect(await names('-name')).toEqual(['Order Cid', 'Order Bo', 'Order Abe']);
    const page = await read('/admin/people?search=order&sort=name');
    expect(page).toMatch(/aria-sort="ascending"><a class="sort" href="\?search=order&amp;sort=-name"/);
    expect((await asAdmin.get('/admin/people?sort=nonsense')).status).toBe(200);
  });

  it('has a field for a group, which takes a name, or a part that only one name has', async () => {
    const [inside, outside] = [await plant('Fielded In'), await plant('Fielded Out')];
    await plantGroup('grp_f1', 'Field <crew>', [inside.id]);
    await plantGroup('grp_f2', 'Field <crew> two', [outside.id]);
    const found = async (query: string) => {
      const text = textOf(await read(`/admin/people?search=fielded&${query}`));
      return ['Fielded In', 'Fielded Out'].filter((name) => text.includes(name));
    };
    expect(await found('in=field+%3CCREW%3E')).toEqual(['Fielded In']);
    expect(await found('in=crew%3E+t')).toEqual(['Fielded Out']);
    expect(await found('in=')).toEqual(['Fielded In', 'Fielded Out']);
    // What is typed goes before the group of an address that was there before.
    expect(await found('group=grp_f1&in=crew%3E+t')).toEqual(['Fielded Out']);
    expect(await found('group=grp_f2&in=Field+%3Ccrew%3E+two')).toEqual(['Fielded Out']);
    expect(await found('group=grp_f2&in=')).toEqual(['Fielded In', 'Fielded Out']);
    const several = await read('/admin/people?search=fielded&in=crew');
    expect(several).toContain('<a href="?search=fielded&amp;group=grp_f2">Field &lt;crew&gt; two</a>');
    expect(textOf(await read('/admin/people?in=no-such-group'))).toContain('No group has this name.');
    expect(textOf(await read('/admin/people?group=grp_nothing'))).toContain('No group has this name.');
    const page = await read('/admin/people?in=crew%3E+t');
    expect(page).toContain('value="Field &lt;crew&gt; two" placeholder="Any group"');
    expect(page).toContain('<option value="Field &lt;crew&gt;"></option>');
    expect(page).toContain('group=grp_f2&amp;sort=role');
  });

  it('says how many there are beside a page of them', async () => {
    await plantUsers(product, 51, { sessions: 0 });
    expect(textOf(await read('/admin/people'))).toMatch(/\d\d+ people/);
    const page = textOf(await read('/admin/people?status=away'));
    expect(page).toMatch(/(\d+) people Choose all \1 people/);
  });

  it('finds nobody, rather than everybody, by a search or a group that is too long or none', async () => {
    const long = 'x'.repeat(201);
    for (const query of [`search=${long}`, `search=a%00b`, `search=${long}&status=away`]) {
      const text = await read(`/admin/people?${query}`, asOwner);
      expect(textOf(text)).toContain('Nobody matches this search.');
      expect(text).not.toMatch(/\/admin\/people\/file|name="users"/);
    }
    for (const query of [`in=${long}`, `in=${long}&search=${long}`, `group=${long}`, 'group=%00', `group=${long}&in=x`])
      expect(textOf(await read(`/admin/people?${query}`))).toContain('No group has this name.');
    const page = await read('/admin/people');
    expect(page).toMatch(/name="search"[^>]* maxlength="200"/);
    await plantGroup('grp_long', 'Long enough', []);
    expect(await read('/admin/people')).toMatch(/name="in"[^>]* maxlength="200"/);
  });

  it('says what is there when nobody is found', async () => {
    expect(textOf(await read('/admin/people?search=nobody-at-all'))).toContain('Nobody matches this search.');
  });

  it('leads to its file from within the part that a search replaces, and not while the group is unclear', async () => {
    const person = await plant('Filed Fay');
    await plantGroup('grp_file1', 'Filed one', [person.id]);
    await plantGroup('grp_file2', 'Filed two', []);
    const linkIn = async (query: string) => {
      const page = await read(`/admin/people?${query}`, asOwner);
      const [before, results] = page.split('<div id="results"') as [string, string];
      expect(before).not.toContain('/admin/people/file');
      return /href="(\/admin\/people\/file[^"]*)"/.exec(results)?.[1] ?? null;
    };
    expect(await linkIn('search=filed')).toBe('/admin/people/file?search=filed');
    expect(await linkIn('in=filed+one')).toBe('/admin/people/file?group=grp_file1');
    for (const unclear of ['in=filed', 'in=no-such-group', 'group=grp_nothing', 'search=nobody-at-all'])
      expect([unclear, await linkIn(unclear)]).toEqual([unclear, null]);
    expect(await read('/admin/people?search=filed')).not.toContain('/admin/people/file');
  });

  it('leads to the file of those whom the search finds, through a fresh authentication', async () => {
    const page = await read('/admin/people/file?search=a%26b&status=inactive&role=member', asOwner);
    expect(page).toContain('href="/api/orgs/current/users/export?search=a%26b&amp;role=member&amp;active=false"');
    for (const name of ['constructor', '__proto__', 'toString']) {
      const unknown = await asOwner.get(`/admin/people/file?status=${name}&role=${name}`);
      expect(unknown.text).not.toMatch(/\[native code\]|\[object/);
      const record = await asOwner.get(`/admin/record/export?action=${name}`);
      expect([name, record.status]).toEqual([name, 200]);
      expect(textOf(record.text)).toContain(name);
      expect(record.text).not.toMatch(/\[native code\]|\[object/);
      expect((await asOwner.get(`/admin/people?status=${name}`)).status).toBe(200);
    }
    expect((await asAdmin.get('/admin/people/file')).status).toBe(403);
    await product.context.pool.query('UPDATE sessions SET authenticated_at = NULL WHERE user_id = $1', [owner.id]);
    const stepUp = await asOwner.get('/admin/people/file?role=member');
    expect(stepUp.status).toBe(401);
    expect(stepUp.text).toContain('returnTo=%2Fadmin%2Fpeople%2Ffile%3Frole%3Dmember');
  });
});

describe('a choice of people', () => {
  const boxesOf = (page: string) => [...page.matchAll(/type="checkbox" name="users" value="(usr_\w+)"( checked)?/g)];

  it('goes with whoever turns the page without a script, and back to what they chose', async () => {
    const people = await plantUsers(product, 52, { sessions: 1 });
    await product.context.pool.query(`UPDATE users SET name = 'Turned over' WHERE id = ANY ($1)`, [
      people.map(({ id }) => id),
    ]);
    const first = '/admin/people?search=turned+over&sort=name';
    const page = await read(first);
    const [chosen, other] = boxesOf(page).map(([, id]) => id) as [string, string];
    const turn = /formaction="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(turn).toMatch(/^\/admin\/people\?search=turned\+over&sort=name&cursor=/);
    const second = await asAdmin.post(turn, { do: 'turn', users: ['', chosen, other] });
    expect(second.status).toBe(200);
    expect(textOf(second.text)).toContain('You have also chosen 2 people who are not on this page.');
    expect(boxesOf(second.text)).toHaveLength(2);
    const [, third] = boxesOf(second.text)[0] as unknown as [string, string];
    const fields = fieldsOf(second.text, 'go-on');
    expect(fields.users).toEqual([`${chosen} ${other}`]);
    const asked = await asAdmin.post('/admin/sign-out', { do: 'go-on', users: [...(fields.users ?? []), third] });
    expect(textOf(asked.text)).toContain('Sign 3 people out everywhere?');
    const back = await asAdmin.post(first, { do: 'turn', users: [`${chosen} ${third}`] });
    expect(boxesOf(back.text).flatMap(([, id, checked]) => (checked ? [id] : []))).toEqual([chosen]);
    const done = await asAdmin.post('/admin/sign-out', { ...fieldsOf(asked.text, 'sign-out'), do: 'sign-out' });
    expect(textOf((await asAdmin.follow(done)).text)).toContain('Whose access: 3 people');
    expect(await Promise.all(people.map(alive))).toEqual(
      people.map(({ id }) => ([chosen, other, third].includes(id) ? 0 : 1)),
    );
  });

  it('is turned over in a turn of the lists, as a page is shown: however often, two run at once', async () => {
    await plantGroup('grp_turns', 'Turns', []);
    const turn = () => asAdmin.post('/admin/people?group=grp_turns', { do: 'turn', users: [''] });
    await whileLocked(
      product,
      (blocker) => blocker.query('LOCK TABLE group_members IN ACCESS EXCLUSIVE MODE'),
      async () => {
        const turned = [turn(), turn(), turn()];
        const now = () => product.context.inTurn.count().lists;
        await expect.poll(now, { timeout: 60_000 }).toMatchObject({ running: 2, waiting: 1 });
        void Promise.all(turned);
      },
    );
    await expect.poll(() => product.context.inTurn.count().lists.running, { timeout: 60_000 }).toBe(0);
  });

  it('gets a receipt whose ticket says how many more there are than it names, with all of them as a file', async () => {
    const people = await plantUsers(product, 202, { sessions: 0 });
    const asked = await asAdmin.post('/admin/sign-out', { do: 'go-on', users: people.map(({ id }) => id).join(' ') });
    const done = await asAdmin.post('/admin/sign-out', { ...fieldsOf(asked.text, 'sign-out'), do: 'sign-out' });
    const receipt = await asAdmin.follow(done);
    expect(textOf(receipt.text)).toContain(`and 2 people more: ${product.url}${done.location}`);
    const href = /href="(\/api\/[^"]+\/together\/export)"/.exec(receipt.text)?.[1] ?? '';
    const file = await asAdmin.get(href);
    expect(file.text.trim().split('\r\n')).toHaveLength(203);
  });

  it('is everybody whom the search finds, and who joins after that is shown is named, not signed out', async () => {
    const people = [await plant('Found Ann', { sessions: 1 }), await plant('Found Bob', { sessions: 2 })];
    const page = await read('/admin/people?search=found&status=live');
    expect(textOf(page)).toContain('2 people Choose all 2 people');
    const fields = fieldsOf(page, 'choose-found');
    const third = await plant('Found Cid', { sessions: 1 });
    const shown = await asAdmin.post('/admin/sign-out', { ...fields, do: 'choose-found' });
    expect(textOf(shown.text)).toContain('Sign 3 people out everywhere?');
    expect(textOf(shown.text)).toContain('Sign out 4 sessions');
    expect(shown.text).toContain('href="/admin/people?search=found&amp;status=live"');
    const late = await plant('Found Late', { sessions: 1 });
    const done = await asAdmin.post('/admin/sign-out', { ...fieldsOf(shown.text, 'sign-out'), do: 'sign-out' });
    const receipt = await asAdmin.follow(done);
    expect(textOf(receipt.text)).toContain('1 person matches your search by now who was not among those shown');
    expect(await Promise.all([...people, third, late].map(alive))).toEqual([0, 0, 0, 1]);
    // Nobody but whoever has signed them out is told so, and not by another receipt.
    const [, receiptPath = '', sealed = ''] = /^(.*)\?found=(.+)$/.exec(done.location ?? '') ?? [];
    for (const [by, path] of [
      [asOwner, `${receiptPath}?found=${sealed}`],
      [asAdmin, `${receiptPath}?found=search%3Dfound`],
      [asAdmin, `${receiptPath.replace('/together', '')}?joined=${late.id}`],
    ] as const)
      expect(textOf(await read(path, by))).not.toContain('your search by now');
    const looked = await asAdmin.post('/admin/sign-out', { ...fieldsOf(receipt.text, 'go-on'), do: 'go-on' });
    expect(textOf(looked.text)).toContain('Sign 1 person out everywhere?');
    const again = await asAdmin.post('/admin/sign-out', { ...fieldsOf(looked.text, 'sign-out'), do: 'sign-out' });
    expect(textOf((await asAdmin.follow(again)).text)).toContain('Found Late: access ended');
    expect(await alive(late)).toBe(0);
  });

  it('is followed by the true number of those who have joined, all of whom can be signed out, too', async () => {
    await plant('Late Lee', { sessions: 1 });
    const shown = await asAdmin.post('/admin/sign-out', { do: 'choose-found', found: 'search=late+lee' });
    const many = await plantUsers(product, 60, { sessions: 0 });
    const ids = many.map(({ id }) => id);
    await product.context.pool.query(`UPDATE users SET name = 'Late Lee' WHERE id = ANY ($1)`, [ids]);
    const receipt = await asAdmin.follow(
      await asAdmin.post('/admin/sign-out', { ...fieldsOf(shown.text, 'sign-out'), do: 'sign-out' }),
    );
    expect(textOf(receipt.text)).toContain('60 people match your search by now');
    expect(fieldsOf(receipt.text, 'go-on').users?.[0]?.split(' ').toSorted()).toEqual(ids.toSorted());
  });

  it('ends without waiting for a turn of the lists once more, however busy they are', async () => {
    const person = await plant('Busy Bee', { sessions: 1 });
    await plantGroup('grp_busy', 'Busy', []);
    const shown = await asAdmin.post('/admin/sign-out', { do: 'choose-found', found: 'search=busy+bee' });
    await whileLocked(
      product,
      (blocker) => blocker.query('LOCK TABLE group_members IN ACCESS EXCLUSIVE MODE'),
      async () => {
        const lists = [1, 2].map(() => asOwner.get('/admin/people?group=grp_busy'));
        void Promise.all(lists);
        const now = () => product.context.inTurn.count().lists;
        await expect.poll(now, { timeout: 60_000 }).toMatchObject({ running: 2, waiting: 0 });
        const { refused } = now();
        const done = await asAdmin.post('/admin/sign-out', { ...fieldsOf(shown.text, 'sign-out'), do: 'sign-out' });
        expect([done.status, await alive(person), now().refused]).toEqual([303, 0, refused]);
      },
    );
  });

  it('is shown anew with whoever has joined, where the confirmation doesn’t count any more', async () => {
    const person = await plant('Anew Ann', { sessions: 1 });
    await plant('Anew Bob', { sessions: 1 });
    const page = await read('/admin/people?search=anew');
    const shown = await asAdmin.post('/admin/sign-out', { ...fieldsOf(page, 'choose-found'), do: 'choose-found' });
    await plant('Anew Cid', { sessions: 1 });
    await product.revoke({ format: 'opaque', id: person.id }, { apiKey: product.orgs.whiterabbit.apiKey });
    const fields = { ...fieldsOf(shown.text, 'sign-out'), administrators: 'Kept words' };
    const refused = await asAdmin.post('/admin/sign-out', { ...fields, do: 'sign-out' });
    expect(refused.status).toBe(409);
    expect(textOf(refused.text)).toContain('Sign 3 people out everywhere?');
    expect(refused.text).toContain('value="Kept words"');
  });

  it('is of so many at most, and says what to do instead', async () => {
    const { id: org } = product.orgs.whiterabbit;
    const ids = await product.context.pool.query(
      `INSERT INTO users (org_id, id, email, email_key, name)
       SELECT $1, 'usr_throng' || n, 'throng' || n || '@example.fake', 'throng' || n || '@example.fake', 'Throng' FROM generate_series(1, 1001) n
       RETURNING id`,
      [org],
    );
    const page = textOf(await read('/admin/people?search=throng'));
    expect(page).toContain('1,001 people 1,000 people at most can be chosen at once.');
    expect(page).not.toContain('Choose all');
    // Of a thousand who aren't signed in, those who are can be chosen; the others only in part.
    expect(textOf(await read('/admin/people?status=live'))).toMatch(/(\d+ people) Choose all \1/);
    const away = textOf(await read('/admin/people?status=away'));
    expect(away).toContain('people or more Not everybody could be looked at for this number.');
    expect(away).not.toContain('addresses at the identity provider are left out');
    const found = await asAdmin.post('/admin/sign-out', { do: 'choose-found', found: 'search=throng' });
    expect(found.status).toBe(400);
    expect(textOf(found.text)).toContain('Your search finds more than 1,000 people by now');
    const all = await asAdmin.post('/admin/sign-out', { do: 'go-on', users: ids.rows.map(({ id }) => id).join(' ') });
    expect(all.status).toBe(400);
    expect(textOf(all.text)).toContain('These are 1,001 people; 1,000 at most are signed out at once.');
  });
});

describe('a person', () => {
  it('shows what they are signed in with, which of it is one’s own, their groups, accounts and what happened', async () => {
    await plantGroup('grp_own', 'Own group', [admin.id]);
    await admin.send('GET', '');
    const text = textOf(await read(`/admin/people/${admin.id}`));
    expect(text).toContain('This is yours, here');
    expect(text).toContain('Own group');
    expect(text).toContain(product.orgs.whiterabbit.issuer);
    expect(text).toContain('What happened');
    const [theirs] = await plantUsers(product, 1, { org: 'metacortex' });
    expect((await asAdmin.get(`/admin/people/${theirs?.id}`)).status).toBe(404);
    expect((await asAdmin.get(`/admin/people/${theirs?.id}/sign-out`)).status).toBe(404);
  });

  it('gets another role by whoever may, and nothing is overwritten that somebody else changed meanwhile', async () => {
    const person = await plant('Role Player');
    const path = `/admin/people/${person.id}`;
    expect(await read(path)).not.toContain('value="role"');
    const page = await asOwner.press(path, 'role', { role: 'admin' });
    expect((await asOwner.follow(page)).text).toContain('The role is changed.');
    expect(textOf(await read(path))).toContain('Role Admin');
    const open = openConsole(product.url, owner.cookie);
    const before = await open.get(path);
    await product.context.pool.query(`UPDATE users SET role = 'super_admin' WHERE id = $1`, [person.id]);
    const sent = await open.post(path, {
      do: 'role',
      once: hidden(before, 'once'),
      role: 'member',
      'was-role': 'admin',
    });
    expect(sent.status).toBe(409);
    expect(textOf(sent.text)).toContain('It is now: Super admin.');
    const { rows } = await product.context.pool.query('SELECT role FROM users WHERE id = $1', [person.id]);
    expect(rows).toEqual([{ role: 'super_admin' }]);
  });

  it('is called otherwise, where nobody else has changed that meanwhile', async () => {
    const person = await plant('Named Nat');
    const path = `/admin/people/${person.id}/name`;
    expect((await asAdmin.get(path)).status).toBe(403);
    const before = await asOwner.get(path);
    const done = await asOwner.follow(await asOwner.press(path, 'name', { name: 'Nathalie' }));
    expect(textOf(done.text)).toContain('Nathalie');
    const fields = { once: hidden(before, 'once'), 'was-name': 'Named Nat', name: 'Natasha' };
    const late = await asOwner.post(path, { do: 'name', ...fields });
    expect(late.status).toBe(409);
    expect(textOf(late.text)).toContain('It is now: Nathalie');
    expect(late.text).toContain('value="Natasha"');
    const once = hidden(late, 'once');
    const again = await asOwner.post(path, { do: 'name', ...fields, 'was-name': hidden(late, 'was-name'), once });
    expect(textOf((await asOwner.follow(again)).text)).toContain('Natasha');
  });

  it('keeps the other names that somebody else gave meanwhile, and shows those that both changed', async () => {
    const person = await plant('Two Named');
    const path = `/admin/people/${person.id}/name`;
    const stale = (await asOwner.get(path)).text;
    const theirs = { name: 'Their Name', givenName: 'Their Given', familyName: 'Their Family' };
    expect((await asOwner.press(path, 'name', theirs)).status).toBe(303);
    const fields = { ...fieldsOf(stale, 'name'), do: 'name', name: 'My Name', givenName: 'My Given' };
    const late = await asOwner.post(path, fields);
    expect(late.status).toBe(409);
    for (const name of ['Their Name', 'Their Given']) expect(textOf(late.text)).toContain(`It is now: ${name}`);
    await asOwner.follow(await asOwner.post(path, { ...fieldsOf(late.text, 'name'), do: 'name' }));
    const saved = fieldsOf((await asOwner.get(path)).text, 'name');
    expect([saved.name, saved.givenName, saved.familyName]).toEqual([['My Name'], ['My Given'], ['Their Family']]);
  });

  it('gets another address from an owner, who sees first what that means', async () => {
    const person = await plant('Addressed Al', { sessions: 1 });
    const path = `/admin/people/${person.id}/name`;
    const email = `new-${person.email}`;
    const looked = await asOwner.press(path, 'look-address', { email });
    expect(textOf(looked.text)).toContain(`Give Addressed Al the address ${email}?`);
    expect(textOf(looked.text)).toContain('Change the address, and sign out 1 session');
    const fields = { once: hidden(looked, 'once'), confirmation: hidden(looked, 'confirmation'), email };
    const done = await asOwner.follow(await asOwner.post(path, { do: 'address', ...fields }));
    expect(textOf(done.text)).toContain(`Address ${email}`);
    expect(await alive(person)).toBe(0);
    const wrong = await asOwner.press(path, 'look-address', { email: 'no address' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('value="no address"');
  });

  it('is switched off after what would end was shown, and on again', async () => {
    const person = await plant('Switched Sue', { sessions: 2 });
    const path = `/admin/people/${person.id}`;
    expect(textOf(await read(`${path}/switch-off`, asOwner))).toContain('Switch off, and sign out 2 sessions');
    expect((await asAdmin.get(`${path}/switch-off`)).status).toBe(403);
    const done = await asOwner.follow(await asOwner.press(`${path}/switch-off`, 'switch-off'));
    expect(textOf(done.text)).toContain('Switched off');
    expect(await alive(person)).toBe(0);
    const on = await asOwner.follow(await asOwner.press(path, 'switch-on'));
    expect(textOf(on.text)).toContain('Anyone who is switched off is signed out');
  });

  it('is unlinked from an account, and linked to another, each after what it means was shown', async () => {
    const person = await plant('Linked Lou', { sessions: 1 });
    const path = `/admin/people/${person.id}`;
    const { rows } = await product.context.pool.query('SELECT id, connection_id FROM identities WHERE user_id = $1', [
      person.id,
    ]);
    const unlink = `${path}/identities/${rows[0].id}/unlink`;
    expect((await asAdmin.get(unlink)).status).toBe(403);
    expect(textOf(await read(unlink, asOwner))).toContain('no longer belongs to Linked Lou');
    await asOwner.follow(await asOwner.press(unlink, 'unlink'));
    expect(await alive(person)).toBe(0);
    expect(textOf(await read(path, asOwner))).toContain('No account is linked.');
    const link = `${path}/identities/link`;
    const account = { connection: rows[0].connection_id, subject: 'new-subject' };
    const looked = await asOwner.press(link, 'look', account);
    expect(textOf(looked.text)).toContain('with the account new-subject is taken for Linked Lou');
    const fields = { once: hidden(looked, 'once'), confirmation: hidden(looked, 'confirmation'), ...account };
    const done = await asOwner.post(link, { do: 'link', ...fields });
    expect((await asOwner.follow(done)).text).toContain('new-subject');
  });

  it('is erased by an owner who says that they know it can’t be undone', async () => {
    const person = await plant('Gone Gail', { sessions: 1 });
    const path = `/admin/people/${person.id}/erase`;
    expect((await asAdmin.get(path)).status).toBe(403);
    expect(textOf((await asOwner.press(path, 'erase')).text)).toContain('Tick the box first');
    const done = await asOwner.press(path, 'erase', { sure: 'on' });
    expect(done.location).toBe('/admin/people');
    expect(await alive(person)).toBe(0);
    expect((await asOwner.get(`/admin/people/${person.id}`)).status).toBe(404);
  });
});

describe('signing out', () => {
  const reasons = { administrators: 'Laptop <stolen>', person: 'Your laptop was stolen.' };

  it('says the number first, ends everything, and gives a receipt for the ticket', async () => {
    const person = await plant('Receipt Rae', { sessions: 3, grants: 1 });
    const path = `/admin/people/${person.id}/sign-out`;
    expect(textOf(await read(path))).toContain('Sign out 4 sessions');
    expect(await alive(person)).toBe(3);
    const done = await asAdmin.press(path, 'sign-out', reasons);
    expect(done.location).toMatch(/^\/admin\/revocations\/rev_\w+$/);
    const receipt = textOf((await asAdmin.follow(done)).text);
    expect(receipt).toContain('Receipt Rae: access ended');
    expect(receipt).toContain('What ended: 3 browsers, 1 app');
    expect(receipt).toContain('Reason for the record: Laptop <stolen>');
    const [, ticket = ''] = receipt.split('For a ticket');
    expect(ticket).toContain('How: Administrator');
    expect(ticket).toMatch(/Took: \d+(\.\d)? ms/);
    expect(ticket).toMatch(
      /Who was told: Administrators by their notifications.* No webhook of yours wants to know this\./,
    );
    expect(receipt).toContain(`Revocation: ${done.location?.split('/').at(-1)}`);
    expect(await alive(person)).toBe(0);
  });

  it('ends one session and leaves the others', async () => {
    const person = await plant('Single Sam', { sessions: 2 });
    const { rows } = await product.context.pool.query('SELECT id FROM sessions WHERE user_id = $1 LIMIT 1', [
      person.id,
    ]);
    const path = `/admin/people/${person.id}/sessions/${rows[0].id}/sign-out`;
    expect(textOf(await read(path))).toContain('Everything else of theirs stays signed in.');
    await asAdmin.follow(await asAdmin.press(path, 'sign-out'));
    expect(await alive(person)).toBe(1);
    expect((await asAdmin.get(path)).status).toBe(404);
  });

  it('shows anew what would end when that has changed meanwhile, with what was typed', async () => {
    const person = await plant('Changed Chi', { sessions: 2 });
    const path = `/admin/people/${person.id}/sign-out`;
    const page = await asAdmin.get(path);
    await product.context.pool.query('UPDATE users SET generation = generation + 1 WHERE id = $1', [person.id]);
    const fields = {
      do: 'sign-out',
      once: hidden(page, 'once'),
      confirmation: hidden(page, 'confirmation'),
      ...reasons,
    };
    const again = await asAdmin.post(path, fields);
    expect(again.status).toBe(409);
    expect(textOf(again.text)).toContain('Since the confirmation was given, access has ended otherwise');
    expect(textOf(again.text)).toContain('They are signed in nowhere.');
    expect(again.text).toContain('value="Laptop &lt;stolen&gt;"');
  });

  it('opens a person who has 20,000 sessions, and ends all of them by one form', async () => {
    const person = await plant('Many Max', { sessions: 20_000 });
    const here = `/admin/people/${person.id}`;
    expect(await read(here)).toContain('rel="next"');
    expect(textOf(await read('/admin/people?search=many+max'))).toContain('20,000 browsers');
    expect(textOf(await read(`${here}/sign-out`))).toContain('Sign out 10,000 or more sessions');
    expect(textOf(await read(`${here}/switch-off`, asOwner))).toContain(
      'Switch off, and sign out 10,000 or more sessions',
    );
    const receipt = await asAdmin.follow(await asAdmin.press(`${here}/sign-out`, 'sign-out'));
    expect(textOf(receipt.text)).toContain('Many Max: access ended');
    expect(textOf(await read(here))).toContain('They are signed in nowhere.');
    expect(await statusOfMe(product.url, person.cookies.at(-1) as string)).toBe(401);
  });

  it('does it once, however often the form is sent', async () => {
    const person = await plant('Double Di', { sessions: 1 });
    const path = `/admin/people/${person.id}/sign-out`;
    const page = await asAdmin.get(path);
    const fields = { do: 'sign-out', once: hidden(page, 'once'), confirmation: hidden(page, 'confirmation') };
    const sent = await Promise.all([asAdmin.post(path, fields), asAdmin.post(path, fields)]);
    expect(sent.map(({ status }) => status)).toEqual([303, 303]);
    const { rows } = await product.context.pool.query('SELECT count(*)::int AS n FROM revocations WHERE user_id = $1', [
      person.id,
    ]);
    expect(rows[0].n).toBe(1);
  });
});

describe('a list of people', () => {
  const path = '/admin/sign-out';

  it('is pasted: unknown names are shown first, the others are signed out, and each is on the receipt', async () => {
    const one = await plant('Pasted Pam', { sessions: 2 });
    const two = await plant('Pasted Pat', { sessions: 1 });
    const names = `"Pam" <${one.email.toUpperCase()}>; zorro\n${two.id}, ${one.email}\n\nnobody@whiterabbit.fake`;
    const looked = await asAdmin.press(path, 'look', { names });
    const text = textOf(looked.text);
    expect(text).toContain('2 names are not known here zorro nobody@whiterabbit.fake');
    expect(text).toContain('Go on with the 2 people found');
    expect(looked.text).toContain('zorro\n');
    const page = await asAdmin.post(path, { do: 'go-on', once: '', users: hidden(looked, 'users') });
    expect(textOf(page.text)).toContain('Sign out 3 sessions');
    const fields = {
      once: hidden(page, 'once'),
      confirmation: hidden(page, 'confirmation'),
      users: hidden(page, 'users'),
    };
    const done = await asAdmin.post(path, { do: 'sign-out', ...fields, administrators: 'Left' });
    const receipt = textOf((await asAdmin.follow(done)).text);
    expect(receipt).toContain('Signed out together');
    expect(receipt).toContain('What ended 3 browsers');
    expect(receipt).toContain(`${one.email}: 2 browsers`);
    expect(receipt).toContain(`${two.email}: 1 browser`);
    expect([await alive(one), await alive(two)]).toEqual([0, 0]);
    const single = await asAdmin.get(String(done.location).replace('/together', ''));
    expect(textOf(single.text)).toContain('Everybody of this list: 2 people');
  });

  it.each([
    ['a, b\nc\t"d"', ['a', 'b', 'c', 'd']],
    ['"Moss, Trinity" <t@x.fake>, Neo <n@x.fake>', ['t@x.fake', 'n@x.fake']],
    ['Moss, Trinity <t@x.fake>; Anderson, Thomas <n@x.fake>;', ['t@x.fake', 'n@x.fake']],
    [' a ,, a\n\n', ['a']],
  ])('is read as people copy it: %j', (text, names) => {
    expect(readNames(text)).toEqual(names);
  });

  it('goes straight to what will end where everybody is known, and looks again after a reload', async () => {
    const person = await plant('Known Kim', { sessions: 1 });
    const first = await asAdmin.press(path, 'look', { names: person.email });
    expect(textOf(first.text)).toContain('Sign 1 person out everywhere?');
    const again = await asAdmin.post(path, { do: 'look', once: 'the-same-once', names: person.email });
    expect(textOf(again.text)).toContain('Sign out 1 session');
  });

  it('of people who were chosen is not signed out when it has changed: it is shown anew', async () => {
    const people = [await plant('Chosen Cal', { sessions: 1 }), await plant('Chosen Cam', { sessions: 1 })];
    const chosen = people.map(({ id }) => id);
    const page = await asAdmin.post(path, { do: 'go-on', once: 'chosen-once', users: chosen });
    await product.context.pool.query('UPDATE users SET generation = generation + 1 WHERE id = $1', [chosen[0]]);
    const fields = {
      once: hidden(page, 'once'),
      confirmation: hidden(page, 'confirmation'),
      users: hidden(page, 'users'),
    };
    const again = await asAdmin.post(path, { do: 'sign-out', ...fields, administrators: 'Kept text' });
    expect(again.status).toBe(409);
    expect(textOf(again.text)).toContain('Sign out 1 session');
    expect(again.text).toContain('value="Kept text"');
    expect(await alive(people[1] as { cookies: string[] })).toBe(1);
  });

  it('asks for somebody when nobody is chosen, and for fewer when there are too many', async () => {
    const none = await asAdmin.post(path, { do: 'go-on', once: 'none-chosen' });
    expect(none.status).toBe(400);
    expect(textOf(none.text)).toContain('Choose at least one person first.');
    const names = Array.from({ length: 1_001 }, (_, index) => `n${index}`).join('\n');
    const many = await asAdmin.press(path, 'look', { names });
    expect(textOf(many.text)).toContain('These are 1,001 names; 1,000 at most');
    expect(many.text).toContain('n1000');
  });

  it('comes back after a fresh authentication', async () => {
    const person = await plant('Stepped Stu', { sessions: 1 });
    await product.context.pool.query('UPDATE sessions SET authenticated_at = NULL WHERE user_id = $1', [admin.id]);
    const asked = await asAdmin.post(path, { do: 'go-on', once: 'step-up-once', users: person.id });
    expect(asked.status).toBe(401);
    await product.context.pool.query('UPDATE sessions SET authenticated_at = now() WHERE user_id = $1', [admin.id]);
    const back = textOf(await read(path));
    expect(back).toContain('Stepped Stu');
    expect(back).toContain('Sign out 1 session');
  });
});

describe('groups and everyone', () => {
  it('a group is listed, shows who is in it, and is signed out', async () => {
    const people = [await plant('Member Mo', { sessions: 1 }), await plant('Member Max', { sessions: 2 })];
    await plantGroup(
      'grp_out',
      'Night <shift>',
      people.map(({ id }) => id),
    );
    expect(textOf(await read('/admin/groups?search=night'))).toContain('Night <shift> 2');
    expect(textOf(await read('/admin/groups/grp_out'))).toContain('Member Mo');
    const path = '/admin/groups/grp_out/sign-out';
    expect(textOf(await read(path))).toContain('Sign out 3 sessions');
    const receipt = await asAdmin.follow(await asAdmin.press(path, 'sign-out'));
    expect(textOf(receipt.text)).toContain('What ended 3 browsers');
    expect(await Promise.all(people.map(alive))).toEqual([0, 0]);
    expect(textOf(await read('/admin/groups?search=none-such'))).toContain('No group has this in its name.');
    const abroad = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const there = openConsole(product.url, abroad.cookie);
    expect(textOf((await there.get('/admin/groups')).text)).toContain('There are no groups yet.');
    expect((await there.get('/admin/groups/grp_out')).status).toBe(404);
    expect((await there.get(path)).status).toBe(404);
  });

  it('everyone is signed out by an owner who types the organisation’s name, and may stay themselves', async () => {
    const person = await plant('Everyone Eve', { sessions: 1 });
    expect((await asAdmin.get('/admin/everyone')).status).toBe(403);
    expect(textOf(await read('/admin/everyone', asOwner))).toContain(
      'Without this tick, you are signed out here, too.',
    );
    const wrong = await asOwner.press('/admin/everyone', 'sign-out', { org: 'Another', administrators: 'Breach' });
    expect(textOf(wrong.text)).toContain('That is not the name of the organisation.');
    expect(wrong.text).toContain('value="Breach"');
    expect(await alive(person)).toBe(1);
    const done = await asOwner.press('/admin/everyone', 'sign-out', { org: ' whiterabbit ' });
    expect(textOf((await asOwner.follow(done)).text)).toContain('Everyone in whiterabbit: access ended');
    expect(await alive(person)).toBe(0);
    expect(await alive(admin)).toBe(0);
    expect(await statusOfMe(product.url, owner.cookie)).toBe(200);
  });

  it('everyone is signed out with oneself where the box is empty', async () => {
    const page = await asOwner.get('/admin/everyone');
    const fields = Object.fromEntries(
      ['once', 'confirmation', 'confirmation-of-all'].map((name) => [name, hidden(page, name)]),
    );
    const done = await asOwner.post('/admin/everyone', { do: 'sign-out', ...fields, org: 'whiterabbit' });
    expect(done.status).toBe(303);
    expect(await statusOfMe(product.url, owner.cookie)).toBe(401);
  });
});
