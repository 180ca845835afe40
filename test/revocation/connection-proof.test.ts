import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { beginWith, createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { createOrgs } from '../../src/orgs/orgs.ts';
import { addHostileOrg, type SignInBed, startSignInBed } from '../sign-in/support.ts';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts';
import { callerJwt, type JwtOptions, postRevocation } from '../support/idp-jwt.ts';

const mallory = { format: 'email', email: 'mallory@hostile.fake' };
let bed: SignInBed;
/** The squatter's own identity provider, which signs whatever it likes with keys of its own. */
let fake: HostileIdp;
let connections: ReturnType<typeof createConnections>;
/** Milliseconds by which this process's monotonic clock is ahead. */
let ahead = 0;
beforeAll(async () => {
  const real = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => real() + ahead);
  bed = await startSignInBed({ env: { TRUST_PROXY: 'loopback' } });
  fake = await startHostileIdp({ clientId: bed.hostile.clientId });
  connections = createConnections(bed.product.context);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await fake?.stop();
  await bed?.stop();
});

const shared = () => `${bed.url}/global-token-revocation`;
const revokeBy = (options: JwtOptions = {}, subject: unknown = mallory, idp: HostileIdp = bed.hostile) =>
  postRevocation(shared(), callerJwt(idp, shared(), options), subject);
const connectionOf = async (orgId: string) => {
  const [connection] = await connections.listConnections(orgId);
  if (!connection) throw new Error('the org has no connection');
  return connection;
};
const isProven = async (orgId: string) => (await connectionOf(orgId)).provenAt !== null;
const unprove = (orgId: string) => bed.prisma.connection.updateMany({ where: { orgId }, data: { provenAt: null } });
async function signIn(org: string) {
  const browser = createBrowser({ baseUrl: bed.url });
  await browser.signIn({ appUrl: bed.url, org, email: '', password: '' });
  return browser;
}
const statusOf = async (browser: Awaited<ReturnType<typeof signIn>>) => (await browser.get('/api/users/me')).status;

/**
 * An org whose connection claims the genuine issuer and client id, but leads to the squatter's own
 * provider.
 */
let squatters = 0;
async function addSquatter(claimed: { issuer: string; acceptedIssuers?: string[] }) {
  squatters += 1;
  const slug = `squatter-${squatters}`;
  const { prisma, keyring, guardedFetch } = bed.product.context;
  const { issuer: _own, responseIss: _iss, ...endpoints } = await discover(guardedFetch, fake.issuer);
  fake.setIdToken({ claims: { iss: claimed.issuer } });
  fake.setAuthorizeParams((_query, { iss: _iss, ...honest }) => honest);
  fake.setPerson({ sub: `sub-${slug}`, email: `${slug}@${slug}.fake` });
  return createOrgs({ prisma }).createOrg(
    {
      name: slug,
      slug,
      domains: [{ domain: `${slug}.fake`, verified: true }],
    },
    byOperator,
    beginWith(keyring, { ...endpoints, ...claimed, clientId: bed.hostile.clientId, clientSecret: 's' }, byOperator),
  );
}

describe('a connection', () => {
  it('is proven by its first sign-in, once; until then its JWTs do not count', async () => {
    expect(await isProven(bed.org.id)).toBe(false);
    expect((await revokeBy()).status).toBe(401);
    const browser = await signIn('hostile');
    expect([await statusOf(browser), await isProven(bed.org.id)]).toEqual([200, true]);
    const { provenAt } = await connectionOf(bed.org.id);
    const where = { orgId: bed.org.id, action: 'connection.proven' };
    expect(await bed.prisma.auditEvent.count({ where })).toBe(1);
    await signIn('hostile');
    expect((await connectionOf(bed.org.id)).provenAt).toEqual(provenAt);
    expect(await bed.prisma.auditEvent.count({ where })).toBe(1);
    expect((await revokeBy()).status).toBe(204);
    expect(await statusOf(browser)).toBe(401);
  });

  it('is not proven by a sign-in that fails', async () => {
    await unprove(bed.org.id);
    for (const how of [{ signer: 'foreign' as const }, { claims: { nonce: 'x' } }, { claims: { aud: 'other' } }]) {
      bed.hostile.setIdToken(how);
      await signIn('hostile');
      expect(await isProven(bed.org.id)).toBe(false);
    }
    bed.hostile.reset();
  });

  it.each([
    ['cannot be read', answers.status(500)],
    ['is silent', answers.hang()],
    ['is another issuer’s', answers.json({ issuer: 'https://other.example' })],
  ])('whose metadata %s stays unproven for now, and people sign in', async (_name, answer) => {
    await unprove(bed.org.id);
    bed.hostile.set('discovery', answer);
    expect(await statusOf(await signIn('hostile'))).toBe(200);
    expect(await isProven(bed.org.id)).toBe(false);
    bed.hostile.reset();
    ahead += 60_000;
    await signIn('hostile');
    expect(await isProven(bed.org.id)).toBe(true);
  });

  it('that could not be proven is not tried again within a minute, unless it was changed', async () => {
    await unprove(bed.org.id);
    const asked = () => bed.hostile.requests.filter(({ endpoint }) => endpoint === 'discovery').length;
    bed.hostile.set('discovery', answers.status(500));
    const before = asked();
    for (let count = 0; count < 3; count += 1) await signIn('hostile');
    expect(asked()).toBe(before + 1);
    const data = { acceptedIssuers: [`${bed.hostile.issuer}/further`] };
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data });
    await signIn('hostile');
    // The issuer itself and the further one, which isn't there.
    expect(bed.hostile.requests.filter(({ url }) => url.pathname.startsWith('/further/'))).toHaveLength(1);
    expect(asked()).toBe(before + 2);
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { acceptedIssuers: [] } });
    ahead += 59_000;
    await signIn('hostile');
    expect(asked()).toBe(before + 2);
    bed.hostile.reset();
    ahead += 1_000;
    await signIn('hostile');
    expect(await isProven(bed.org.id)).toBe(true);
  });

  it('takes no time of its own away from a sign-in whose IdP is slow', { timeout: 40_000 }, async () => {
    await unprove(bed.org.id);
    bed.hostile.set('discovery', answers.hang());
    bed.hostile.set('token', async (request, response) => {
      await delay(7_000);
      const started = bed.hostile.requests.filter(({ endpoint }) => endpoint === 'authorize').at(-1);
      const nonce = started?.url.searchParams.get('nonce') ?? '';
      // Who it is must be asked for at the userinfo endpoint.
      const unnamed = { sub: 'slow', email: undefined, email_verified: undefined };
      const idToken = bed.hostile.signIdToken({ nonce, claims: unnamed });
      return answers.json({ access_token: 'a', id_token: idToken })(request, response);
    });
    bed.hostile.setPerson({ sub: 'slow', email: 'slow@hostile.fake' });
    const browser = await signIn('hostile');
    expect([await statusOf(browser), await isProven(bed.org.id)]).toEqual([200, false]);
    bed.hostile.setPerson({ sub: 'mallory', email: 'mallory@hostile.fake' });
    bed.hostile.reset();
    ahead += 60_000;
    await signIn('hostile');
    expect(await isProven(bed.org.id)).toBe(true);
  });

  it.each(['tokenEndpoint', 'jwksUri'] as const)('with a %s of its own is not proven by a sign-in', async (member) => {
    const { id, [member]: before } = await connectionOf(bed.org.id);
    const other = await connections.updateConnection(bed.org.id, id, { [member]: `${before}?` }, byOperator);
    expect(await statusOf(await signIn('hostile'))).toBe(200);
    expect(await isProven(bed.org.id)).toBe(false);
    expect((await connections.vouchForConnection(bed.org.id, other.id, byOperator)).provenAt).not.toBeNull();
    await connections.updateConnection(bed.org.id, id, { [member]: before }, byOperator);
    await signIn('hostile');
    expect(await isProven(bed.org.id)).toBe(true);
  });

  it.each([
    ['issuer', (now: { issuer: string }) => ({ issuer: `${now.issuer}/`, acceptedIssuers: [now.issuer] })],
    ['acceptedIssuers', () => ({ acceptedIssuers: ['https://new.fake'] })],
    ['clientId', () => ({ clientId: 'another' })],
    ['tokenEndpoint', () => ({ tokenEndpoint: 'https://new.fake/token' })],
    ['jwksUri', () => ({ jwksUri: 'https://new.fake/jwks' })],
  ])('must prove itself anew after another %s', async (_name, changes) => {
    const before = await connectionOf(bed.org.id);
    expect(before.provenAt).not.toBeNull();
    const after = await connections.updateConnection(bed.org.id, before.id, changes(before), byOperator);
    expect(after.provenAt).toBeNull();
    const { issuer, acceptedIssuers, clientId, tokenEndpoint, jwksUri, provenAt } = before;
    const data = { issuer, acceptedIssuers, clientId, tokenEndpoint, jwksUri, provenAt };
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data });
  });

  it('must do so when it is switched on again, and not after a change that says nothing of its IdP', async () => {
    const { id, issuer } = await connectionOf(bed.org.id);
    const update = (changes: object) => connections.updateConnection(bed.org.id, id, changes, byOperator);
    expect((await update({ name: 'N', issuer, clientSecret: bed.hostile.clientSecret })).provenAt).not.toBeNull();
    expect((await update({ active: false })).provenAt).not.toBeNull();
    expect((await update({ active: true })).provenAt).toBeNull();
    expect((await connections.vouchForConnection(bed.org.id, id, byOperator)).provenAt).not.toBeNull();
    await expect(connections.vouchForConnection(bed.product.orgs.metacortex.id, id, byOperator)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it.each([
    ['issuer', 'https://earlier.fake'],
    ['acceptedIssuers', ['https://earlier.fake']],
    ['clientId', 'earlier'],
    ['tokenEndpoint', 'https://earlier.fake/token'],
    ['jwksUri', 'https://earlier.fake/jwks'],
  ])('is not proven by what it was before another %s', async (member, earlier) => {
    const before = await connectionOf(bed.org.id);
    await unprove(bed.org.id);
    const seen = { ...before, [member]: earlier };
    expect(await connections.proveConnection(bed.org.id, before.id, seen, byOperator)).toBe('unchanged');
    expect(await isProven(bed.org.id)).toBe(false);
    expect(await connections.proveConnection(bed.org.id, before.id, before, byOperator)).toBe('proven');
  });

  it('is not proven while it is switched off, whoever vouches for it', async () => {
    await unprove(bed.org.id);
    const before = await connectionOf(bed.org.id);
    const set = (active: boolean) =>
      bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { active } });
    await set(false);
    expect(await connections.proveConnection(bed.org.id, before.id, before, byOperator)).toBe('unchanged');
    const vouching = connections.vouchForConnection(bed.org.id, before.id, byOperator);
    await expect(vouching).rejects.toMatchObject({ code: 'conflict' });
    await set(true);
    expect(await connections.proveConnection(bed.org.id, before.id, before, byOperator)).toBe('proven');
  });
});

describe("an org that registers another's issuer and client id", () => {
  const forms = (): [string, { issuer: string; acceptedIssuers?: string[] }][] => [
    ['as its issuer', { issuer: bed.hostile.issuer }],
    ['as a further issuer', { issuer: fake.issuer, acceptedIssuers: [bed.hostile.issuer] }],
  ];

  it.each([0, 1])('first, leading to a provider of its own: it never speaks for it (%i)', async (form) => {
    const claimed = forms()[form]?.[1] as { issuer: string };
    await unprove(bed.org.id);
    const squatter = await addSquatter(claimed);
    const theirs = await signIn(squatter.slug);
    expect([await statusOf(theirs), await isProven(squatter.id)]).toEqual([200, false]);
    const ours = await signIn('hostile');
    expect(await isProven(bed.org.id)).toBe(true);

    const theirSubject = { format: 'email', email: `${squatter.slug}@${squatter.slug}.fake` };
    const kid = (await bed.hostile.keys.jwks()).keys[0]?.kid;
    const options = { claims: { iss: bed.hostile.issuer }, header: { kid } };
    const their = (subject: unknown) => revokeBy(options, subject, fake);
    expect([(await their(mallory)).status, (await their(theirSubject)).status]).toEqual([401, 401]);
    expect([await statusOf(ours), await statusOf(theirs)]).toEqual([200, 200]);
    expect((await revokeBy({}, theirSubject)).status).toBe(404);
    expect((await revokeBy()).status).toBe(204);
    expect([await statusOf(ours), await statusOf(theirs)]).toEqual([401, 200]);
  });

  it.each([0, 1])('afterwards: refused quietly, whoever vouches for it (%i)', async (form) => {
    const claimed = forms()[form]?.[1] as { issuer: string };
    const squatter = await addSquatter(claimed);
    const theirs = await signIn(squatter.slug);
    expect([await statusOf(theirs), await isProven(squatter.id)]).toEqual([200, false]);
    const { id } = await connectionOf(squatter.id);
    const vouching = connections.vouchForConnection(squatter.id, id, byOperator);
    await expect(vouching).rejects.toMatchObject({ code: 'conflict' });
    expect((await revokeBy()).status).toBe(204);
    expect(await statusOf(theirs)).toBe(200);
  });

  it.each([0, 1])('first, handing over an ID token that the genuine IdP made: it is not proven (%i)', async (form) => {
    const claimed = forms()[form]?.[1] as { issuer: string };
    await unprove(bed.org.id);
    const squatter = await addSquatter(claimed);
    const [genuine, own] = [await bed.hostile.keys.jwks(), await fake.keys.jwks()];
    fake.set('jwks', answers.json({ keys: [...genuine.keys, ...own.keys] }));
    fake.set('token', (request, response) => {
      const started = fake.requests.filter(({ endpoint }) => endpoint === 'authorize').at(-1);
      const nonce = started?.url.searchParams.get('nonce') ?? '';
      const claims = { sub: squatter.slug, email: `${squatter.slug}@${squatter.slug}.fake` };
      const idToken = bed.hostile.signIdToken({ nonce, claims });
      return answers.json({ access_token: 'a', id_token: idToken })(request, response);
    });
    const theirs = await signIn(squatter.slug);
    expect([await statusOf(theirs), await isProven(squatter.id)]).toEqual([200, false]);
    fake.reset();
    const ours = await signIn('hostile');
    expect([await statusOf(ours), await isProven(bed.org.id)]).toEqual([200, true]);
    expect((await revokeBy()).status).toBe(204);
    expect([await statusOf(ours), await statusOf(theirs)]).toEqual([401, 200]);
  });

  it('that the proven one accepts beside its own: it is taken', async () => {
    const ours = await connectionOf(bed.org.id);
    const alias = 'https://alias.fake';
    await connections.updateConnection(bed.org.id, ours.id, { acceptedIssuers: [alias] }, byOperator);
    await connections.vouchForConnection(bed.org.id, ours.id, byOperator);
    const squatter = await addSquatter({ issuer: alias });
    const theirs = await connectionOf(squatter.id);
    expect(await connections.proveConnection(squatter.id, theirs.id, theirs, byOperator)).toBe('taken');
    await connections.updateConnection(bed.org.id, ours.id, { acceptedIssuers: [] }, byOperator);
    await connections.vouchForConnection(bed.org.id, ours.id, byOperator);
    expect(await connections.proveConnection(squatter.id, theirs.id, theirs, byOperator)).toBe('proven');
  });

  it('of the same provider and client: of two at the same moment exactly one is proven, 20 times', async () => {
    const second = await addHostileOrg(bed.product, bed.hostile, 'second');
    const both = [await connectionOf(bed.org.id), await connectionOf(second.id)];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([unprove(bed.org.id), unprove(second.id)]);
      const outcomes = await Promise.all(
        both.map((one) => connections.proveConnection(one.orgId, one.id, one, byOperator)),
      );
      expect(outcomes.sort()).toEqual(['proven', 'taken']);
    }
  });
});
