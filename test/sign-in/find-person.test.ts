import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { insertUser } from '../../src/users/users.ts';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
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
  bed.prisma.$transaction((db) => insertUser(db, bed.org.id, { email, name: 'Somebody' }, { type: 'operator' }));
const userOf = (emailKey: string) => bed.prisma.user.findFirst({ where: { orgId: bed.org.id, emailKey } });

/** Signs in as a subject that was never seen, with these claims in the ID token. */
function asStranger(
  claims: { email?: unknown; email_verified?: unknown; name?: unknown },
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

test('a verified address elsewhere is fine, an unverified one is refused, before it is told whether it exists', async () => {
  expect((await asStranger({ email: 'guest@elsewhere.fake', email_verified: true })).me.status).toBe(200);
  await addUser('owner@elsewhere.fake');
  for (const email of ['owner@elsewhere.fake', 'nobody@elsewhere.fake'])
    for (const email_verified of [undefined, false, 'true', 1, null])
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
  'tr\u0131nity@hostile.fake',
  'a@hostile.fake@evil.fake',
  '"a b"@hostile.fake',
  'a b@hostile.fake',
  'plain',
  '@',
  'a@localhost',
])('the address %j is refused', (email) =>
  expectRefused(asStranger({ email, email_verified: true }), 'email_unusable'),
);

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
