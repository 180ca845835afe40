import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
let userId: string;
beforeAll(async () => {
  bed = await startSignInBed();
  const { me } = await bed.attempt();
  userId = String(me.json().id);
});
afterAll(() => bed?.stop());

const mapping = { staff: 'member', helpdesk: 'admin', 'Zion Admins': 'super_admin' };
const configure = (roleClaim: string | null, roleMapping: object = mapping) =>
  bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { roleClaim, roleMapping } });
const setRole = (role: 'owner' | 'super_admin' | 'admin' | 'member') =>
  bed.prisma.user.updateMany({ where: { id: userId }, data: { role } });
const roleNow = async () => (await bed.prisma.user.findFirstOrThrow({ where: { id: userId } })).role;
const changes = async () => {
  const where = { orgId: bed.org.id, action: 'role.changed' };
  return bed.prisma.auditEvent.findMany({ where, orderBy: { at: 'asc' } });
};
async function signInWith(claims: Record<string, unknown>) {
  bed.hostile.setIdToken({ claims });
  return bed.attempt();
}
beforeEach(() => configure('groups'));
afterEach(() => bed.hostile.reset());

it.each<[string, unknown, string]>([
  ['a text', 'helpdesk', 'admin'],
  ['a list, by its greatest', ['staff', 'Zion Admins', 'helpdesk', 'other'], 'super_admin'],
  ['a list without a mapped value', ['other'], 'member'],
  ['an empty list', [], 'member'],
  ['another letter case', 'zion admins', 'member'],
  ['a number', 5, 'member'],
  ['an object', { staff: true, helpdesk: 'helpdesk' }, 'member'],
  ['a list of lists', [['Zion Admins']], 'member'],
  ['the name of a role that is not mapped', 'super_admin', 'member'],
  ['the name of ownership', 'owner', 'member'],
  ['a name that every object has', 'constructor', 'member'],
])('sets the role by %s at the sign-in, and records it once', async (_name, groups, expected) => {
  const from = expected === 'member' ? 'admin' : 'member';
  await setRole(from);
  const before = (await changes()).length;
  const { me } = await signInWith({ groups });
  expect([me.json().role, await roleNow()]).toEqual([expected, expected]);
  const connection = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: bed.org.id } });
  expect((await changes()).slice(before)).toMatchObject([
    {
      ...{ actorType: 'connection', actorId: connection.id, targetType: 'user', targetId: userId },
      ...{ detail: { from, to: expected, by: 'claim' }, ip: expect.any(String), requestId: expect.any(String) },
    },
  ]);
  // Again: it is what it is.
  await signInWith({ groups });
  expect(await changes()).toHaveLength(before + 1);
});

it.each<[string, Record<string, unknown>]>([
  ['without the claim', {}],
  ['with null', { groups: null }],
  ['with a claim of another name', { roles: 'Zion Admins', Groups: 'Zion Admins' }],
])('leaves the role as it is %s', async (_name, claims) => {
  await setRole('admin');
  const before = await changes();
  await signInWith(claims);
  expect([await roleNow(), await changes()]).toEqual(['admin', before]);
});

it('leaves it where the connection names no claim, or one that only objects of ours have', async () => {
  await setRole('admin');
  for (const claim of [null, '__proto__', 'toString']) {
    await configure(claim);
    await signInWith({ groups: 'Zion Admins' });
    expect(await roleNow()).toBe('admin');
  }
});

it('neither gives ownership nor takes it', async () => {
  await setRole('owner');
  const before = await changes();
  for (const groups of ['staff', 'other', 'Zion Admins']) await signInWith({ groups });
  expect([await roleNow(), await changes()]).toEqual(['owner', before]);
  // A mapping that only the database's own administrator could write gives nothing.
  await setRole('admin');
  await configure('groups', { boss: 'owner' });
  await signInWith({ groups: 'boss' });
  expect(await roleNow()).toBe('member');
});

it('sets the role of whom it creates', async () => {
  const email = 'new@hostile.fake';
  const { me } = await signInWith({ sub: 'new', email, groups: ['helpdesk'] });
  expect(me.json()).toMatchObject({ email, role: 'admin' });
});

it('changes nothing by a sign-in that does not complete', async () => {
  await setRole('member');
  const before = await changes();
  bed.hostile.setIdToken({ claims: { groups: 'Zion Admins' } });
  const browser = createBrowser({ baseUrl: bed.url });
  const callback = await bed.begin(browser);
  await bed.prisma.user.updateMany({ where: { id: userId }, data: { active: false } });
  expect((await browser.get(callback)).status).toBe(403);
  await bed.prisma.user.updateMany({ where: { id: userId }, data: { active: true } });
  expect((await browser.get(callback)).status).toBe(400);
  expect([await roleNow(), await changes()]).toEqual(['member', before]);
});

it('counts at once for the sessions that are there, and says nothing in the other org', async () => {
  await setRole('member');
  const { browser } = await bed.attempt();
  const twin = await bed.product.signIn('metacortex');
  expect((await browser.get('/api/orgs/current')).status).toBe(403);
  await signInWith({ groups: 'helpdesk' });
  expect((await browser.get('/api/orgs/current')).status).toBe(200);
  await signInWith({ groups: 'staff' });
  expect((await browser.get('/api/orgs/current')).status).toBe(403);
  expect((await twin.get('/api/users/me')).json().role).toBe('member');
});
