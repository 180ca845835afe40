import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { findSignInConnection } from '../../src/sign-in/find-sign-in-connection.ts';
import { findPerson } from '../../src/sign-in/find-user.ts';
import { personClaims } from '../../src/sign-in/user-info.ts';
import { insertUser } from '../../src/users/users.ts';
import { statusOf } from '../revocation/caller-bed.ts';
import { createClient } from '../scim/support.ts';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { startHostileIdp } from '../support/hostile-idp.ts';
import { postRevocation } from '../support/idp-jwt.ts';
import { addHostileOrg, type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
let key: string;
let scim: ReturnType<typeof createClient>;
let sub: string;
let count = 0;
beforeAll(async () => {
  bed = await startSignInBed();
  const { apiKeys } = bed.product.context;
  key = (await apiKeys.create(bed.org.id, { name: 'Entra' }, byOperator)).apiKey;
  const { apiKey } = await apiKeys.create(bed.org.id, { name: 'SCIM', scopes: ['scim'] }, byOperator);
  scim = createClient(bed.url, { Authorization: `Bearer ${apiKey}` });
});
beforeEach(() => {
  sub = `sub-${++count}`;
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const at = (name: string) => `${name}-${count}@hostile.fake`;

async function setClaim(emailClaim: string, orgId = bed.org.id) {
  await bed.prisma.connection.updateMany({ where: { orgId }, data: { emailClaim } });
}

/** Signs in as a subject whose ID token has no claim about the person but these. */
async function signIn(claims: Record<string, unknown>, { as = sub } = {}) {
  const none = { email: undefined, email_verified: undefined, name: undefined };
  bed.hostile.setIdToken({ claims: { sub: as, ...none, ...claims } });
  const { browser, page, me } = await bed.attempt();
  return { browser, page, me, id: String(me.json().id) };
}

async function expectRefused(attempt: ReturnType<typeof signIn>, reason: string) {
  const { page, me } = await attempt;
  expect([(await bed.refusals()).at(-1), page.status, me.status]).toEqual([reason, 403, 401]);
}

const userOf = (emailKey: string) => bed.prisma.user.findFirst({ where: { orgId: bed.org.id, emailKey } });
const addUser = (email: string) =>
  bed.prisma.$transaction((db) => insertUser(db, bed.org.id, { email, name: 'Somebody' }, byOperator));
const linksOf = (userId: string) => bed.prisma.identity.count({ where: { orgId: bed.org.id, userId } });
const revoke = async (email: string, credential = key) =>
  (await postRevocation(`${bed.url}/global-token-revocation`, credential, { format: 'email', email })).status;

describe('a connection whose claim for the address is upn', () => {
  beforeAll(() => setClaim('upn'));
  afterAll(() => setClaim('email'));

  it('creates a newcomer of its domain by it, who is found by it from then on', async () => {
    const { browser, me } = await signIn({ upn: at('Neo') });
    expect(me.json()).toMatchObject({ email: at('Neo'), name: at('neo').split('@')[0] });
    expect(await revoke(at('neo'))).toBe(204);
    expect(await statusOf(browser)).toBe(401);
  });

  it('finds whoever was provisioned under that user name, and a call by either name ends their access', async () => {
    for (const name of ['upn', 'mail']) {
      const { id } = await scim.user(at('upn'), { emails: [{ value: at('mail'), primary: true }] });
      const { browser, ...found } = await signIn({ upn: at('UPN'), email: 'any@hostile.fake', email_verified: true });
      expect([found.id, found.me.json().email]).toEqual([id, at('mail')]);
      expect([await revoke(at(name)), await statusOf(browser)]).toEqual([204, 401]);
      expect((await scim.remove(`/Users/${id}`)).status).toBe(204);
    }
  });

  it('means whose user name it is, not a colleague who has it as an address', async () => {
    const colleague = await scim.user(at('colleague'), { emails: [{ value: at('shared'), primary: true }] });
    const person = await scim.user(at('shared'), {
      emails: [{ value: at('person'), primary: true }],
      externalId: undefined,
    });
    expect((await signIn({ upn: at('shared') })).id).toBe(person.id);
    expect([await linksOf(person.id), await linksOf(colleague.id)]).toEqual([1, 0]);
    await setClaim('email');
    expect((await signIn({ email: at('shared') }, { as: `${sub}-mail` })).id).toBe(colleague.id);
    await setClaim('upn');
  });

  it('asks user info for it where the ID token lacks it', async () => {
    bed.hostile.set('userinfo', answers.json({ sub, email: at('mail'), upn: at('informed') }));
    expect((await signIn({ email: at('mail') })).me.json()).toMatchObject({ email: at('informed') });
  });

  it('follows it, in its own domain, when it changes; elsewhere only its own calls find the person by it', async () => {
    const { browser, id } = await signIn({ upn: at('maiden') });
    expect((await signIn({ upn: at('married') })).me.json()).toMatchObject({ id, email: at('married') });
    const outside = `outside-${count}@elsewhere.fake`;
    const again = await signIn({ upn: outside, email_verified: true, xms_edov: true });
    expect(again.me.json()).toMatchObject({ id, email: at('married') });
    expect([await revoke(outside), await statusOf(browser)]).toEqual([404, 200]);
    expect(await bed.prisma.identity.findFirst({ where: { userId: id } })).toMatchObject({
      claimedEmail: outside,
      claimVerified: false,
    });
  });

  it('gives the address that it names to the identity provider as the hint of a second round', async () => {
    await signIn({ upn: at('hinted') });
    expect(await revoke(at('hinted'))).toBe(204);
    bed.hostile.requests.length = 0;
    expect((await signIn({ upn: at('hinted'), auth_time: Math.floor(Date.now() / 1000) - 3600 })).me.status).toBe(401);
    const hints = bed.hostile.requests.map(({ url }) => url.searchParams.get('login_hint'));
    expect(hints.filter((hint) => hint !== null)).toEqual([at('hinted')]);
  });

  it('never takes the mail address in its place, whatever vouches for it', async () => {
    const vouched = { email_verified: true, xms_edov: true };
    bed.hostile.set('userinfo', answers.json({ sub, email: at('mail'), ...vouched }));
    await expectRefused(signIn({ email: at('mail'), ...vouched }), 'email_missing');
    expect(await userOf(at('mail'))).toBeNull();
  });

  it.each([
    ['of nobody', 'nobody@elsewhere.fake'],
    ['of somebody', 'owner@elsewhere.fake'],
    ['of another organisation', 'trinity@whiterabbit.fake'],
    ['of a guest, as Entra ID writes it', 'a_hostile.fake#EXT#@hostile.onmicrosoft.fake'],
    ['below its domain', 'a@sub.hostile.fake'],
    ['of a domain that is not verified', 'a@claimed.fake'],
    ['of a verified domain that nobody speaks for', 'a@unspoken.fake'],
  ])('means nobody by an address %s outside its domains, with all that could vouch for it', async (_, upn) => {
    const orgId = bed.org.id;
    const domain = { orgId, id: `dom_${count}`, domain: upn.slice(2) };
    if (upn === 'a@claimed.fake') await bed.prisma.domain.create({ data: domain });
    if (upn === 'a@unspoken.fake') await bed.prisma.domain.create({ data: { ...domain, verifiedAt: new Date() } });
    const owner = upn.startsWith('owner') ? await addUser(upn) : null;
    const before = await bed.prisma.user.count({ where: { orgId } });
    for (const vouched of [{}, { email: upn }]) {
      const claims = { ...vouched, upn, email_verified: true, upn_verified: true, xms_edov: '1' };
      await expectRefused(signIn(claims), 'email_unverified');
      bed.hostile.set('userinfo', answers.json({ sub, ...claims }));
      await expectRefused(signIn({}), 'email_unverified');
    }
    expect(await bed.prisma.user.count({ where: { orgId } })).toBe(before);
    expect(await bed.prisma.identity.count({ where: { orgId, subject: sub } })).toBe(0);
    if (owner) expect(await linksOf(owner.id)).toBe(0);
  });

  it('means nobody in a domain that another connection speaks for', async () => {
    const email = at('theirs');
    const user = await addUser(email);
    const guest = await startHostileIdp({ clientId: `guest-${count}` });
    const { prisma, keyring, guardedFetch } = bed.product.context;
    const found = await discover(guardedFetch, guest.issuer);
    const { clientId, clientSecret } = guest;
    const input = { ...found, clientId, clientSecret, emailClaim: 'preferred_username' };
    const connections = createConnections({ prisma, keyring });
    const { id } = await connections.addConnection(bed.org.id, input, byOperator);
    guest.setIdToken({ claims: { sub, preferred_username: email, email, email_verified: true } });
    const step = await fetch(`${bed.url}/openid/start/hostile?connection=${id}`, { redirect: 'manual' });
    const cookie = step.headers.getSetCookie().map((each) => each.split(';')[0]);
    const back = await fetch(step.headers.get('location') ?? '', { redirect: 'manual' });
    const headers = { Cookie: cookie.join('; ') };
    const answer = await fetch(back.headers.get('location') ?? '', { redirect: 'manual', headers });
    expect([answer.status, (await bed.refusals()).at(-1)]).toEqual([403, 'connection_not_authoritative']);
    expect(await linksOf(user.id)).toBe(0);
    await prisma.connection.updateMany({ where: { id }, data: { active: false } });
    await guest.stop();
  });

  it('is one of its own: another org’s connection to the same IdP goes by `email`', async () => {
    const twin = await addHostileOrg(bed.product, bed.hostile, `twin-${count}`);
    const claims = { sub, upn: at('upn'), email: `mail@twin-${count}.fake`, email_verified: false };
    expect((await signIn(claims)).me.json()).toMatchObject({ orgId: bed.org.id, email: at('upn') });
    const browser = createBrowser({ baseUrl: bed.url });
    await browser.signIn({ appUrl: bed.url, org: twin.slug, email: '', password: '' });
    expect((await browser.get('/api/users/me')).json()).toMatchObject({ orgId: twin.id, email: claims.email });
  });

  const hostile: [string, unknown][] = [
    ['a number', 7],
    ['true', true],
    ['a list of an address', ['a@hostile.fake']],
    ['an object', { toString: 'a@hostile.fake', length: 1 }],
    ['10,000 characters', `${'a'.repeat(10_000)}@hostile.fake`],
    ['null', null],
    ['nothing', ''],
    ['blanks', ' \t\n'],
  ];
  it.each(hostile)('that is %s counts as none: a newcomer is refused, whoever is known signs in', async (_, upn) => {
    bed.hostile.set('userinfo', answers.json({ sub, upn }));
    await expectRefused(signIn({ upn }), 'email_missing');
    await signIn({ upn: at('known') }, { as: `${sub}-known` });
    const known = await signIn({ upn }, { as: `${sub}-known` });
    expect(known.me.json()).toMatchObject({ email: at('known') });
  });

  it.each([
    ['a user name', 'trinity'],
    ['a control character', 'a\u0000b@hostile.fake'],
    ['a line', 'a\r\nb@hostile.fake'],
    ['half a surrogate', 'a\ud800b@hostile.fake'],
    ['an invisible character', 'a\u200bb@hostile.fake'],
    ['a direction', 'a\u202eb@hostile.fake'],
    ['two domains', 'a@hostile.fake@evil.fake'],
    ['300 characters', `${'a'.repeat(300)}@hostile.fake`],
  ])('with %s is no address', async (_, upn) => {
    await expectRefused(signIn({ upn }), 'email_unusable');
    expect(await bed.prisma.identity.count({ where: { orgId: bed.org.id, subject: sub } })).toBe(0);
  });

  it('is left alone by a mail address that no ID token should hold', async () => {
    for (const email of [['a@hostile.fake'], 7, {}, 'a'.repeat(10_000)])
      expect((await signIn({ upn: at('beside'), email })).me.json()).toMatchObject({ email: at('beside') });
  });

  it('is named to operators where it is missing, is no address, or isn’t believed', async () => {
    const found = await findSignInConnection(bed.pool, 'hostile', { connectionId: null });
    if (!found?.connection) throw new Error('no connection');
    const { org, connection } = found;
    const find = (email: string | undefined) =>
      findPerson(bed.pool, org, connection, sub, async () => personClaims({ email }));
    await expect(find(undefined)).rejects.toMatchObject({ reason: 'email_missing', detail: 'claim_upn' });
    const elsewhere = find('a@elsewhere.fake');
    await expect(elsewhere).rejects.toMatchObject({ reason: 'email_unverified', detail: 'claim_upn' });
    await expect(find('plain')).rejects.toMatchObject({ reason: 'email_unusable', detail: 'claim_upn' });
  });

  it.each(['__proto__', 'constructor', 'toString'])('called %s is no member that every object has', async (name) => {
    await setClaim(name);
    bed.hostile.set('userinfo', answers.json({ sub }));
    await expectRefused(signIn({}), 'email_missing');
    await setClaim('upn');
  });
});

describe('what vouches for `email` outside the connection’s domains', () => {
  const email = () => `person-${count}@elsewhere.fake`;

  it.each([true, 'true', 'True', 'TRUE'])('is email_verified %j, in the ID token or in user info', async (verified) => {
    expect((await signIn({ email: email(), email_verified: verified })).me.status).toBe(200);
    const informed = `${sub}-informed`;
    const claims = { email: `informed-${email()}`, email_verified: verified };
    bed.hostile.set('userinfo', answers.json({ sub: informed, ...claims }));
    expect((await signIn({}, { as: informed })).me.status).toBe(200);
  });

  it.each([true, 'true', 1, '1'])('is xms_edov %j', async (xms_edov) => {
    expect((await signIn({ email: email(), xms_edov })).me.status).toBe(200);
  });

  it.each([false, 'false', 0, '0', 2, '', null, [], ['1'], {}, 'yes'])('isn’t xms_edov %j', async (xms_edov) => {
    await expectRefused(signIn({ email: email(), xms_edov }), 'email_unverified');
  });

  it.each([false, 'false', 0, '', 'no'])('isn’t xms_edov where email_verified is %j', async (email_verified) => {
    await expectRefused(signIn({ email: email(), email_verified, xms_edov: true }), 'email_unverified');
  });

  it('is never what another source says: an ID token’s email_verified is not for user info’s address', async () => {
    bed.hostile.set('userinfo', answers.json({ sub, email: email() }));
    await expectRefused(signIn({ email_verified: true, xms_edov: true }), 'email_unverified');
  });
});
