import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { discover } from '../../src/connections/discovery.ts';
import { type CallerBed, startCallerBed, statusOf } from '../revocation/caller-bed.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { callerJwt, postRevocation } from '../support/idp-jwt.ts';
import { addHostileOrg } from './support.ts';

// An org moves from its first identity provider to a second one. A third has nothing to do with it.
type Place = Readonly<{ idp: HostileIdp; connectionId: string }>;
let bed: CallerBed;
let owner: Browser;
let key: string;
let first: Place;
let second: Place;
let third: Place;
let domainId: string;
let count = 0;
beforeAll(async () => {
  bed = await startCallerBed();
  first = { idp: bed.hostile, connectionId: bed.connectionId };
  second = await addPlace('second');
  third = await addPlace('third');
  key = (await bed.product.context.apiKeys.create(bed.org.id, { name: 'Okta' }, byOperator)).apiKey;
  owner = await bed.signedIn();
  await bed.prisma.user.updateMany({ where: { orgId: bed.org.id }, data: { role: 'owner' } });
  domainId = (await bed.prisma.domain.findFirstOrThrow({ where: { orgId: bed.org.id } })).id;
  // A first sign-in proves each of them.
  for (const place of [second, third])
    expect((await signIn(place, `${place.idp.clientId}@elsewhere.fake`)).status).toBe(200);
});
beforeEach(async () => {
  count += 1;
  await choose(first);
});
afterAll(async () => {
  await second?.idp.stop();
  await third?.idp.stop();
  await bed?.stop();
});

async function addPlace(clientId: string): Promise<Place> {
  const idp = await startHostileIdp({ clientId });
  const described = await discover(bed.product.context.guardedFetch, idp.issuer);
  const input = { ...described, clientId, clientSecret: idp.clientSecret };
  return { idp, connectionId: (await bed.connections.addConnection(bed.org.id, input, byOperator)).id };
}

/** An owner says who is authoritative for hostile.fake. */
async function choose(...places: readonly Place[]) {
  const json = { connectionIds: places.map(({ connectionId }) => connectionId) };
  const answer = await owner.open('PATCH', `/api/orgs/current/domains/${domainId}`, { json });
  expect(answer.status).toBe(200);
}

const at = (name: string) => `${name}-${count}@hostile.fake`;

/** Signs in at one of the places, which calls the person this. */
async function signIn({ idp, connectionId }: Place, email: string, email_verified: unknown = true) {
  idp.setIdToken({ claims: { sub: `${email} at ${connectionId}`, email, email_verified } });
  const browser = createBrowser({ baseUrl: bed.url });
  const query = { connection: connectionId };
  await browser.signIn({ appUrl: bed.url, org: bed.org.slug, query, email: '', password: '' });
  const me = await browser.get('/api/users/me');
  idp.reset();
  return { browser, status: me.status, id: me.status === 200 ? String(me.json().id) : null };
}

const refusal = async () => (await bed.refusals()).at(-1);
const named = (email: string) => ({ format: 'email', email });
const revokeByJwt = async ({ idp }: Place, email: string) =>
  (await postRevocation(bed.shared, callerJwt(idp, bed.shared), named(email))).status;

describe('an organisation that moves to another identity provider', () => {
  it('lets its people in through both, as the persons they are; a revocation by address ends both', async () => {
    const before = await signIn(first, at('mover'));
    expect([(await signIn(second, at('mover'))).status, await refusal()]).toEqual([
      401,
      'connection_not_authoritative',
    ]);
    await choose(first, second);
    const after = await signIn(second, at('mover'), false);
    expect([after.status, after.id]).toEqual([200, before.id]);
    const identities = await bed.prisma.identity.findMany({ where: { userId: before.id as string } });
    expect(identities.map(({ connectionId }) => connectionId).sort()).toEqual(
      [first.connectionId, second.connectionId].sort(),
    );
    expect([await statusOf(before.browser), await statusOf(after.browser)]).toEqual([200, 200]);
    expect((await postRevocation(bed.shared, key, named(at('mover')))).status).toBe(204);
    expect([await statusOf(before.browser), await statusOf(after.browser)]).toEqual([401, 401]);
  });

  it.each([
    ['first', () => first],
    ['second', () => second],
  ])('is heard from both: a JWT of the %s ends what came by the other', async (_, caller) => {
    await choose(first, second);
    const people = [await signIn(first, at('both')), await signIn(second, at('both'))];
    expect(people[0]?.id).toBe(people[1]?.id);
    expect(await revokeByJwt(caller(), at('both'))).toBe(204);
    for (const { browser } of people) expect(await statusOf(browser)).toBe(401);
    // Also of people who never signed in through either.
    const email = at('provisioned');
    await bed.prisma.user.create({ data: { orgId: bed.org.id, id: email, email, emailKey: email, name: 'P' } });
    expect(await revokeByJwt(caller(), email)).toBe(204);
  });

  it('a third is still another’s: it brings nobody in, takes no address, and reaches nobody', async () => {
    await choose(first, second);
    const { browser } = await signIn(first, at('home'));
    expect([(await signIn(third, at('home'))).status, await refusal()]).toEqual([401, 'connection_not_authoritative']);
    expect([(await signIn(third, at('nobody'))).status, await refusal()]).toEqual([
      401,
      'connection_not_authoritative',
    ]);
    expect([await revokeByJwt(third, at('home')), await statusOf(browser)]).toEqual([404, 200]);
  });

  it('another organisation’s connection to the same provider is as little as before', async () => {
    await choose(first, second);
    const { browser } = await signIn(second, at('ours'));
    const theirs = await addHostileOrg(bed.product, second.idp, `moving-${count}`);
    const stranger = createBrowser({ baseUrl: bed.url });
    second.idp.setIdToken({ claims: { sub: 'stranger', email: at('ours'), email_verified: true } });
    await stranger.signIn({ appUrl: bed.url, org: theirs.slug, email: '', password: '' });
    second.idp.reset();
    const users = await bed.prisma.user.findMany({ where: { emailKey: at('ours') } });
    expect(new Set(users.map(({ orgId }) => orgId))).toEqual(new Set([bed.org.id, theirs.id]));
    const list = await stranger.get('/api/users/me');
    expect(list.json().id).not.toBe(users.find(({ orgId }) => orgId === bed.org.id)?.id);
    expect(await statusOf(browser)).toBe(200);
  });

  it('is done when the first is taken away: it brings in nobody new, and ends only whom it knows', async () => {
    await choose(first, second);
    const known = await signIn(first, at('known'));
    await choose(second);
    expect([(await signIn(first, at('late'))).status, await refusal()]).toEqual([401, 'connection_not_authoritative']);
    const newcomer = await signIn(second, at('newcomer'), false);
    expect(newcomer.status).toBe(200);
    expect([await revokeByJwt(first, at('newcomer')), await statusOf(newcomer.browser)]).toEqual([404, 200]);
    // Who signed in through it is known to it, until it is switched off.
    expect((await signIn(first, at('known'))).id).toBe(known.id);
    expect([await revokeByJwt(first, at('known')), await statusOf(known.browser)]).toEqual([204, 401]);
  });

  it('opens its domain when the last is taken away: what any connection calls verified is believed', async () => {
    await choose();
    expect([(await signIn(third, at('open'), false)).status, await refusal()]).toEqual([401, 'email_unverified']);
    expect((await signIn(third, at('open'))).status).toBe(200);
  });
});

it('a sign-in through a connection that is taken away meanwhile links nobody', async () => {
  await choose(first, second);
  await signIn(first, at('meanwhile'));
  second.idp.setIdToken({ claims: { sub: at('meanwhile'), email: at('meanwhile'), email_verified: true } });
  const browser = createBrowser({ baseUrl: bed.url });
  const query = { connection: second.connectionId };
  const { callbackUrl } = await browser.beginSignIn({ appUrl: bed.url, org: bed.org.slug, query });
  await choose(first);
  await browser.get(callbackUrl as string);
  second.idp.reset();
  expect([await statusOf(browser), await refusal()]).toEqual([401, 'connection_not_authoritative']);
});
