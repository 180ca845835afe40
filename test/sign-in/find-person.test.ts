import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { admitPerson } from '../../src/sign-in/admit-person.ts';
import type { SignInPerson } from '../../src/sign-in/find-user.ts';
import { insertUser } from '../../src/users/users.ts';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
let count = 0;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterEach(async () => {
  bed.hostile.reset();
  await bed.prisma.org.update({ where: { id: bed.org.id }, data: { createUsers: true } });
});
afterAll(() => bed?.stop());

const addUser = (email: string) =>
  bed.prisma.$transaction((db) => insertUser(db, bed.org.id, { email, name: 'Somebody' }, byOperator));
const userOf = (emailKey: string) => bed.prisma.user.findFirst({ where: { orgId: bed.org.id, emailKey } });

/** Signs in as a subject that was never seen, with these claims in the ID token. */
function asStranger(
  claims: Partial<Record<'email' | 'email_verified' | 'name' | 'given_name' | 'family_name', unknown>>,
  sub = `stranger-${++count}`,
) {
  bed.hostile.setIdToken({ claims: { sub, email_verified: undefined, ...claims } });
  return bed.attempt();
}

async function expectRefused(attempt: ReturnType<typeof asStranger>, reason: string) {
  const { page, me } = await attempt;
  expect([(await bed.refusals()).at(-1), page.status, me.status]).toEqual([reason, 403, 401]);
}

test('an address of the verified domain is vouched for by the connection; the user is created as a member', async () => {
  const { me } = await asStranger({ email: 'New.Person@Hostile.fake', name: ' New\u0000 Person ' });
  expect(me.json()).toMatchObject({ email: 'New.Person@Hostile.fake', name: 'New Person', role: 'member' });
  expect(await userOf('new.person@hostile.fake')).not.toBeNull();
});

test('the parts of a name are kept, and the newer ones at the next sign-in, of whoever is not provisioned', async () => {
  const email = 'named@hostile.fake';
  const nameOf = async () => {
    const { id, name, profile } = (await userOf(email)) ?? {};
    return { id, name, kept: (profile as { name?: object } | undefined)?.name };
  };
  const changes = (targetId: string | undefined) =>
    bed.prisma.auditEvent.count({ where: { targetId: targetId ?? '', action: 'user.changed' } });
  const signIn = async (name: string | undefined, given_name: unknown, family_name: unknown) =>
    expect((await asStranger({ email, name, given_name, family_name }, 'named')).me.status).toBe(200);
  await signIn('Anna  Alt', 'Anna\u0000', ' Alt ');
  const { id, ...first } = await nameOf();
  expect(first).toEqual({
    name: 'Anna  Alt',
    kept: { formatted: 'Anna  Alt', givenName: 'Anna', familyName: 'Alt' },
  });
  expect(await changes(id)).toBe(0);
  // Somebody of the same id in another organisation.
  const twin = { orgId: bed.product.orgs.metacortex.id, id: id ?? '' };
  await bed.prisma.user.create({ data: { ...twin, email, emailKey: email, name: 'Anna  Alt' } });
  await signIn('Anna  Alt', 'Anna', 'Alt');
  expect(await changes(id)).toBe(0);
  await signIn(undefined, 'Anna', 'Neu');
  const married = { id, name: 'Anna Neu', kept: { formatted: 'Anna Neu', givenName: 'Anna', familyName: 'Neu' } };
  expect(await nameOf()).toEqual(married);
  expect(await changes(id)).toBe(1);
  expect(await bed.prisma.user.findFirst({ where: twin })).toMatchObject({ name: 'Anna  Alt', profile: {} });
  // Nothing is said, or nothing that can be a name.
  for (const nothing of [undefined, null, '', ' \u0000', 7, { a: 1 }, ['x']]) {
    await signIn('Other', nothing, nothing);
    expect(await nameOf()).toEqual(married);
  }
  await bed.prisma.user.updateMany({ where: { id: id ?? '' }, data: { name: 'Given by hand' } });
  await signIn('Anna Dritt', 'Anna', '😀'.repeat(101));
  expect(await nameOf()).toMatchObject({ name: 'Given by hand', kept: { familyName: '😀'.repeat(100) } });
  await bed.prisma.user.updateMany({ where: { id: id ?? '' }, data: { provisioned: true } });
  const before = await nameOf();
  await signIn('Anna Viert', 'Anna', 'Viert');
  expect(await nameOf()).toEqual(before);
});

test('a part of a name that the identity provider does not say stays, and so does what was said by hand', async () => {
  const nameOf = async (email: string) => {
    const { name, profile } = (await userOf(email)) ?? {};
    return [name, (profile as { name?: object } | undefined)?.name];
  };
  const email = 'cher@hostile.fake';
  const claims = { email, name: undefined };
  await asStranger({ ...claims, given_name: 'Cherilyn', family_name: 'Sarkisian' }, 'cher');
  await asStranger({ ...claims, given_name: 'Cher' }, 'cher');
  const kept = { formatted: 'Cher Sarkisian', givenName: 'Cher', familyName: 'Sarkisian' };
  expect(await nameOf(email)).toEqual(['Cher Sarkisian', kept]);
  await asStranger({ email, name: 'Cher!', given_name: 'Cher' }, 'cher');
  expect(await nameOf(email)).toEqual(['Cher!', { ...kept, formatted: 'Cher!' }]);

  const { id } = bed.org;
  const { whiterabbit } = bed.product.orgs;
  const ofHostile = { ...bed.product, orgs: { ...bed.product.orgs, whiterabbit: { ...whiterabbit, id } } };
  const owner = await plantAdministrator(ofHostile, 'owner');
  const changed = await owner.send('PATCH', `/users/${(await userOf(email))?.id}`, { familyName: 'Bono' });
  expect(changed.body).toMatchObject({ name: 'Cher Bono', givenName: 'Cher', familyName: 'Bono' });
  await asStranger({ ...claims, given_name: 'Cherilyn', family_name: 'Sarkisian' }, 'cher');
  expect(await nameOf(email)).toEqual(['Cher Bono', { ...kept, formatted: 'Cher Bono', familyName: 'Bono' }]);

  const byHand = { email: 'by.hand@hostile.fake', givenName: 'Ada', familyName: 'King' };
  await bed.prisma.$transaction((db) => insertUser(db, bed.org.id, byHand, byOperator));
  expect((await asStranger({ email: byHand.email, given_name: 'Augusta', family_name: 'Byron' })).me.status).toBe(200);
  expect(await nameOf(byHand.email)).toEqual(['Ada King', { givenName: 'Ada', familyName: 'King' }]);
});

test('the parts of a newcomer’s name may stand in user info alone', async () => {
  bed.hostile.setIdToken({ claims: { sub: 'informed', email: undefined, name: undefined } });
  const claims = { email: 'informed@hostile.fake', given_name: 'Ina', family_name: 'Formed' };
  bed.hostile.set('userinfo', answers.json({ sub: 'informed', ...claims }));
  const { me } = await bed.attempt();
  expect(me.json().name).toBe('Ina Formed');
  const { profile } = (await userOf('informed@hostile.fake')) ?? {};
  expect(profile).toEqual({ name: { formatted: 'Ina Formed', givenName: 'Ina', familyName: 'Formed' } });
});

test('a verified address elsewhere is fine, an unverified one is refused, before it is told whether it exists', async () => {
  expect((await asStranger({ email: 'guest@elsewhere.fake', email_verified: true })).me.status).toBe(200);
  await addUser('owner@elsewhere.fake');
  for (const email of ['owner@elsewhere.fake', 'nobody@elsewhere.fake'])
    for (const email_verified of [undefined, false, 'false', 'yes', '1', '', 1, null, ['true'], { true: true }])
      await expectRefused(asStranger({ email, email_verified }), 'email_unverified');
  expect(await userOf('nobody@elsewhere.fake')).toBeNull();
});

test('a domain that is not verified, or is another connection’s, vouches for nothing', async () => {
  const orgId = bed.org.id;
  await bed.prisma.domain.create({ data: { orgId, id: 'dom_1', domain: 'claimed.fake' } });
  await bed.prisma.domain.create({ data: { orgId, id: 'dom_2', domain: 'ours.fake', verifiedAt: new Date() } });
  await expectRefused(asStranger({ email: 'a@claimed.fake' }), 'email_unverified');
  await expectRefused(asStranger({ email: 'a@ours.fake' }), 'email_unverified');
  await expectRefused(asStranger({ email: 'a@sub.hostile.fake' }), 'email_unverified');
  await expectRefused(asStranger({ email: 'a@whiterabbit.fake' }), 'email_unverified');
});

test('an existing user is linked once; another subject with the address is refused', async () => {
  const user = await addUser('linked@hostile.fake');
  const first = await asStranger({ email: 'LINKED@hostile.fake' }, 'linked-subject');
  expect(first.me.json()).toMatchObject({ id: user.id });
  await expectRefused(asStranger({ email: 'linked@hostile.fake', email_verified: true }), 'identity_mismatch');
  // The subject decides from now on, whatever the address says.
  await addUser('other@hostile.fake');
  const again = await asStranger({ email: 'other@hostile.fake' }, 'linked-subject');
  expect(again.me.json()).toMatchObject({ id: user.id });
});

test.each([
  'tr\u0456nity@hostile.fake',
  'tr\u0130nity@hostile.fake',
  'trinity\u200b@hostile.fake',
  'a@hostile.fake@evil.fake',
  '"a b"@hostile.fake',
  'a b@hostile.fake',
  'plain',
  '@',
  'a@localhost',
])('the address %j is refused', (email) =>
  expectRefused(asStranger({ email, email_verified: true }), 'email_unusable'),
);

test.each(['\u00a0 blank@hostile.fake \n', 'BLANK@hostile.fake '])('blanks around %j are cut off', async (email) => {
  const known = await userOf('blank@hostile.fake');
  const { me } = await asStranger({ email }, 'blank');
  expect(me.json()).toMatchObject({ email: 'blank@hostile.fake', ...(known && { id: known.id }) });
});

test('blanks around the address of user info are cut off, and blanks alone are no address', async () => {
  const answer = (sub: string, email: string) =>
    bed.hostile.set('userinfo', answers.json({ sub, email, email_verified: true }));
  answer('blank-info', ' blank-info@elsewhere.fake ');
  const { me } = await asStranger({ email: ' ' }, 'blank-info');
  expect(me.json()).toMatchObject({ email: 'blank-info@elsewhere.fake' });
  answer('no-info', ' ');
  await expectRefused(asStranger({ email: undefined }, 'no-info'), 'email_missing');
});

test('an address outside ASCII comes from who speaks for its domain; elsewhere no verification helps', async () => {
  const { me } = await asStranger({ email: 'JÜRGEN@hostile.fake' }, 'juergen');
  expect(me.json()).toMatchObject({ email: 'JÜRGEN@hostile.fake' });
  expect(await userOf('jürgen@hostile.fake')).toMatchObject({ id: me.json().id });
  const plain = await asStranger({ email: 'jurgen@hostile.fake' }, 'jurgen');
  expect(plain.me.json().id).not.toBe(me.json().id);
  await expectRefused(asStranger({ email: 'jürgen@elsewhere.fake', email_verified: true }), 'email_unusable');
  expect(await userOf('jürgen@elsewhere.fake')).toBeNull();
  // Another org's domain is nothing here.
  await expectRefused(asStranger({ email: 'jürgen@whiterabbit.fake', email_verified: true }), 'email_unusable');
  // An administrator may bring one in; the connection's word still doesn't lead there.
  const added = await addUser('zoë@elsewhere.fake');
  await expectRefused(asStranger({ email: 'zoë@elsewhere.fake', email_verified: true }), 'email_unusable');
  expect(await bed.prisma.identity.count({ where: { userId: added.id } })).toBe(0);
});

test('without an address nobody is let in', async () => {
  bed.hostile.set('userinfo', answers.json({ sub: 'no-address' }));
  await expectRefused(asStranger({ email: undefined }, 'no-address'), 'email_missing');
});

test('an address only at the user-info endpoint: asked with the access token, and only for the same subject', async () => {
  bed.hostile.set(
    'userinfo',
    answers.json({ sub: 'thin', email: 'thin@elsewhere.fake', email_verified: true, name: 'Thin' }),
  );
  bed.hostile.requests.length = 0;
  expect((await asStranger({ email: undefined, name: undefined }, 'thin')).me.json()).toMatchObject({ name: 'Thin' });
  const asked = bed.hostile.requests.filter(({ endpoint }) => endpoint === 'userinfo');
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer access']);
  for (const sub of ['another', undefined, 7]) {
    bed.hostile.set('userinfo', answers.json({ sub, email: 'x@hostile.fake', email_verified: true }));
    const { page } = await asStranger({ email: undefined });
    expect([page.status, (await bed.refusals()).at(-1)]).toEqual([502, 'user_info_invalid']);
  }
});

test('an org that adds people itself lets no stranger in, but its own people', async () => {
  await bed.prisma.org.update({ where: { id: bed.org.id }, data: { createUsers: false } });
  await expectRefused(asStranger({ email: 'stranger@hostile.fake' }), 'user_unknown');
  expect(await userOf('stranger@hostile.fake')).toBeNull();
  await addUser('known@hostile.fake');
  expect((await asStranger({ email: 'known@hostile.fake' })).me.status).toBe(200);
});

test('someone switched off is refused, linked or not', async () => {
  const user = await addUser('gone@hostile.fake');
  const switchTo = (active: boolean) => bed.prisma.user.updateMany({ where: { id: user.id }, data: { active } });
  await switchTo(false);
  await expectRefused(asStranger({ email: 'gone@hostile.fake' }, 'gone'), 'user_inactive');
  expect(await bed.prisma.identity.count({ where: { userId: user.id } })).toBe(0);
  await switchTo(true);
  expect((await asStranger({ email: 'gone@hostile.fake' }, 'gone')).me.status).toBe(200);
  await switchTo(false);
  await expectRefused(asStranger({ email: 'gone@hostile.fake' }, 'gone'), 'user_inactive');
});

test('ten first sign-ins of one person at once all succeed, as one user', async () => {
  for (const email of ['rush@hostile.fake', 'rush-linked@hostile.fake']) {
    if (email.startsWith('rush-')) await addUser(email);
    bed.hostile.setIdToken({ claims: { sub: email, email } });
    const callbacks = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const browser = createBrowser({ baseUrl: bed.url });
        return { browser, url: await bed.begin(browser) };
      }),
    );
    const answered = await Promise.all(callbacks.map(({ browser, url }) => browser.get(url)));
    expect(answered.map((answer) => answer.status)).toEqual(Array(10).fill(303));
    expect(await bed.prisma.user.count({ where: { orgId: bed.org.id, emailKey: email } })).toBe(1);
    expect(await bed.prisma.identity.count({ where: { orgId: bed.org.id, subject: email } })).toBe(1);
  }
});

test('the same subject and address in another org is another person', async () => {
  const { whiterabbit } = bed.product.orgs;
  const { me } = await asStranger({ email: 'trinity@whiterabbit.fake', email_verified: true });
  expect(me.json()).toMatchObject({ orgId: bed.org.id });
  expect(me.json()).not.toMatchObject({ id: whiterabbit.userId });
});

describe('a second connection, whose identity provider calls every address verified', () => {
  let guest: HostileIdp;
  let connectionId = '';
  beforeAll(async () => {
    guest = await startHostileIdp({ clientId: 'guest' });
    const { prisma, keyring, guardedFetch } = bed.product.context;
    const { clientId, clientSecret } = guest;
    const input = { ...(await discover(guardedFetch, guest.issuer)), clientId, clientSecret };
    const added = await createConnections({ prisma, keyring }).addConnection(bed.org.id, input, byOperator);
    connectionId = added.id;
  });
  afterEach(() => guest.reset());
  afterAll(() => guest?.stop());

  const setFirstActive = (active: boolean) =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id, id: { not: connectionId } }, data: { active } });

  async function asGuest(
    email: string,
    { sub = `guest-${++count}`, email_verified = true as unknown, names = {} as object } = {},
  ) {
    guest.setIdToken({ claims: { sub, email, email_verified, ...names } });
    const browser = createBrowser({ baseUrl: bed.url });
    const query = { connection: connectionId };
    const page = await browser.signIn({ appUrl: bed.url, org: 'hostile', query, email: '', password: '' });
    return { page, browser, me: await browser.get('/api/users/me') };
  }

  async function addAs(email: string, role: 'member' | 'admin' | 'super_admin' | 'owner') {
    const { id } = await addUser(email);
    await bed.prisma.user.updateMany({ where: { id }, data: { role } });
    return id;
  }
  const linksOf = (userId: string) => bed.prisma.identity.count({ where: { userId } });

  test.each(['member', 'super_admin', 'owner'] as const)(
    'is not let in as a %s whose domain another connection speaks for',
    async (role) => {
      const id = await addAs(`${role}@hostile.fake`, role);
      await expectRefused(asGuest(`${role}@hostile.fake`), 'connection_not_authoritative');
      expect(await linksOf(id)).toBe(0);
    },
  );

  test('creates nobody there, also while the connection that speaks for it is switched off, and tells nothing of who exists', async () => {
    await addUser('there@hostile.fake');
    for (const email of ['new-guest@hostile.fake', 'there@hostile.fake'])
      for (const email_verified of [true, false])
        await expectRefused(asGuest(email, { email_verified }), 'connection_not_authoritative');
    await setFirstActive(false);
    await expectRefused(asGuest('new-guest@hostile.fake'), 'connection_not_authoritative');
    await setFirstActive(true);
    expect(await userOf('new-guest@hostile.fake')).toBeNull();
  });

  test('says in words what is to be asked for', async () => {
    const { page } = await asGuest('somebody@hostile.fake');
    expect(page.text).toMatch(/Ask your administrator/);
  });

  test.each(['admin', 'super_admin', 'owner'] as const)(
    'elsewhere it is not let in as a %s, who is on record, but is once it is the only connection',
    async (role) => {
      const email = `${role}@nobodys.fake`;
      const id = await addAs(email, role);
      await expectRefused(asGuest(email), 'connection_not_authoritative');
      const refused = await bed.prisma.auditEvent.findFirst({ where: { targetId: id, action: 'sign_in.refused' } });
      expect(refused?.detail).toEqual({ reason: 'connection_not_authoritative', connection: connectionId });
      expect(await linksOf(id)).toBe(0);
      await setFirstActive(false);
      const { me } = await asGuest(email);
      await setFirstActive(true);
      expect(me.json()).toMatchObject({ id });
    },
  );

  test('elsewhere it means a plain member whom no other connection knows, and may create one', async () => {
    const free = await addUser('free@nobodys.fake');
    expect((await asGuest('free@nobodys.fake')).me.json()).toMatchObject({ id: free.id });
    expect((await asGuest('created@nobodys.fake')).me.status).toBe(200);
    const { me } = await asStranger({ email: 'known@nobodys.fake', email_verified: true });
    expect(me.status).toBe(200);
    await expectRefused(asGuest('known@nobodys.fake'), 'connection_not_authoritative');
    expect(await linksOf(String(me.json().id))).toBe(1);
  });

  test('nobody whom another connection knows is its to link, also while that one is switched off', async () => {
    for (const role of ['member', 'owner'] as const) {
      const email = `${role}-of-another@nobodys.fake`;
      const { me } = await asStranger({ email, email_verified: true });
      const id = String(me.json().id);
      await bed.prisma.user.updateMany({ where: { orgId: bed.org.id, id }, data: { role } });
      await setFirstActive(false);
      await expectRefused(asGuest(email), 'connection_not_authoritative');
      await setFirstActive(true);
      expect(await linksOf(id)).toBe(1);
    }
  });

  test('names nobody for whose address another connection speaks', async () => {
    const email = 'named-elsewhere@hostile.fake';
    const names = { name: undefined, given_name: 'Nora', family_name: 'Own' };
    const { me } = await asStranger({ email, ...names });
    const userId = String(me.json().id);
    const link = { orgId: bed.org.id, connectionId, issuer: guest.issuer, subject: 'guest-of-nora' };
    await bed.prisma.identity.create({ data: { ...link, id: 'idn_guest_of_nora', userId } });
    const guests = await asGuest(email, { sub: link.subject, names: { ...names, given_name: 'Mallory' } });
    expect(guests.me.json()).toMatchObject({ id: userId, name: 'Nora Own' });
    expect((await userOf(email))?.profile).toMatchObject({ name: { givenName: 'Nora' } });
    const free = 'named-free@nobodys.fake';
    await asGuest(free, { names });
    expect((await userOf(free))?.profile).toMatchObject({ name: { givenName: 'Nora' } });
  });

  test('whom it knows already is let in whatever became of the role or the domain', async () => {
    const sub = 'long-known';
    const { me } = await asGuest('long-known@nobodys.fake', { sub });
    await bed.prisma.user.updateMany({ where: { id: String(me.json().id) }, data: { role: 'owner' } });
    expect((await asGuest('x@hostile.fake', { sub })).me.json()).toMatchObject({ id: me.json().id });
  });

  describe('what changed since the person was found', () => {
    type Unknown = Exclude<SignInPerson, { kind: 'known' }>;
    const admit = (person: Unknown, id = connectionId) => {
      const by = { actor: { type: 'connection', id }, ip: null, requestId: 'r' } as const;
      const where = { orgId: bed.org.id, connectionId: id, by };
      return admitPerson(bed.pool, person, { issuer: guest.issuer, subject: `late-${++count}` }, where);
    };
    const toLink = (userId: string, emailKey: string): Unknown => ({
      ...{ kind: 'to_link', userId, email: emailKey, emailKey, emailVerified: true },
    });

    test('a role, an address or a domain: nobody is linked', async () => {
      const owner = await addAs('late-owner@nobodys.fake', 'owner');
      await admit(toLink(owner, 'late-owner@nobodys.fake'));
      const renamed = await addAs('late-renamed@nobodys.fake', 'member');
      await admit(toLink(renamed, 'late-before@nobodys.fake'));
      const inDomain = await addAs('late@hostile.fake', 'member');
      await admit(toLink(inDomain, 'late@hostile.fake'));
      const unvouched = await addAs('late-unvouched@nobodys.fake', 'member');
      await admit({
        kind: 'to_link',
        userId: unvouched,
        email: 'late-unvouched@nobodys.fake',
        emailKey: 'late-unvouched@nobodys.fake',
        emailVerified: false,
      });
      for (const id of [owner, renamed, inDomain, unvouched]) expect(await linksOf(id)).toBe(0);
      const member = await addAs('late-member@nobodys.fake', 'member');
      await admit(toLink(member, 'late-member@nobodys.fake'));
      expect(await linksOf(member)).toBe(1);
    });

    test('an address outside ASCII: nobody is linked or created', async () => {
      const [added, created] = ['zoé@nobodys.fake', 'zoê@nobodys.fake'];
      const id = await addAs(added, 'member');
      await admit(toLink(id, added));
      await admit({ kind: 'to_create', email: created, emailKey: created, emailVerified: true, name: 'Late' });
      expect([await linksOf(id), await userOf(created)]).toEqual([0, null]);
    });

    test('a domain: nobody is created', async () => {
      const create = (email: string, emailVerified: boolean) =>
        admit({ kind: 'to_create', email, emailKey: email, emailVerified, name: 'Late' });
      await create('late-new@hostile.fake', true);
      await create('late-new@nobodys.fake', false);
      expect(await userOf('late-new@hostile.fake')).toBeNull();
      expect(await userOf('late-new@nobodys.fake')).toBeNull();
      await create('late-new@nobodys.fake', true);
      expect(await userOf('late-new@nobodys.fake')).not.toBeNull();
    });

    test('two connections that link one person at once: one does', async () => {
      const first = await bed.prisma.connection.findFirstOrThrow({
        where: { orgId: bed.org.id, id: { not: connectionId } },
      });
      for (let i = 0; i < 10; i++) {
        const email = `both-${i}@nobodys.fake`;
        const id = await addAs(email, 'member');
        await Promise.all([admit(toLink(id, email)), admit(toLink(id, email), first.id)]);
        expect(await linksOf(id)).toBe(1);
      }
    });

    test('a role that changes while the link waits for it', async () => {
      const email = 'promoted@nobodys.fake';
      const id = await addAs(email, 'member');
      const client = await bed.pool.connect();
      await client.query('BEGIN');
      await client.query(`UPDATE users SET role = 'owner' WHERE id = $1`, [id]);
      const admitted = admit(toLink(id, email));
      await new Promise((resolve) => setTimeout(resolve, 200));
      await client.query('COMMIT');
      client.release();
      await admitted;
      expect(await linksOf(id)).toBe(0);
    });
  });
});
