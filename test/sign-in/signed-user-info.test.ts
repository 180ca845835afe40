import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answers } from '../support/hostile-answers.ts';
import type { TokenOptions } from '../support/hostile-keys.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
let sub: string;
let count = 0;
beforeAll(async () => {
  bed = await startSignInBed();
});
beforeEach(() => {
  sub = `sub-${++count}`;
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const now = () => Math.floor(Date.now() / 1000);
const email = () => `person-${count}@elsewhere.fake`;

function userInfo(claims: Record<string, unknown> = {}, how: TokenOptions = {}): string {
  const { issuer, clientId, keys } = bed.hostile;
  const honest = { iss: issuer, aud: clientId, sub, email: email(), email_verified: true, name: 'Signed' };
  return keys.sign({ ...honest, ...claims }, how);
}

/** A first sign-in, whose ID token lacks the address; user info answers with this text. */
async function attempt(text: string, type = 'application/jwt') {
  bed.hostile.setIdToken({ claims: { sub, email: undefined, email_verified: undefined, name: undefined } });
  bed.hostile.set('userinfo', answers.text(text, type));
  return bed.attempt();
}

async function expectRefused(text: string, reason: string, status: number, type?: string) {
  const { page, me } = await attempt(text, type);
  expect([(await bed.refusals()).at(-1), page.status, me.status]).toEqual([reason, status, 401]);
}

describe('a signed user-info answer', () => {
  it('is read, and asked for beside JSON', async () => {
    bed.hostile.requests.length = 0;
    const { me } = await attempt(`${userInfo()}\n`);
    expect(me.json()).toMatchObject({ email: email(), name: 'Signed' });
    const asked = bed.hostile.requests.filter(({ endpoint }) => endpoint === 'userinfo');
    expect(asked.map(({ headers }) => headers.accept)).toEqual(['application/json, application/jwt']);
  });

  it.each(['application/jwt; charset=utf-8', 'application/json', 'text/plain'])('is one as %s too', async (type) => {
    expect((await attempt(userInfo(), type)).me.status).toBe(200);
  });

  it('may name several audiences, another accepted issuer, and its time', async () => {
    await bed.prisma.connection.updateMany({
      where: { orgId: bed.org.id },
      data: { acceptedIssuers: ['https://alias.fake'] },
    });
    const claims = { iss: 'https://alias.fake', aud: ['x', bed.hostile.clientId], iat: now() + 30, exp: now() - 30 };
    expect((await attempt(userInfo(claims))).me.status).toBe(200);
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { acceptedIssuers: [] } });
  });

  it('is verified by a key that its ID token was the first to name', async () => {
    bed.hostile.keys.rotate();
    // The pause between two fetches of a key set.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await attempt(userInfo())).me.status).toBe(200);
  });

  it('has the connection’s claim for the address', async () => {
    const set = (emailClaim: string) =>
      bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { emailClaim } });
    await set('upn');
    const claims = { upn: `upn-${count}@hostile.fake` };
    expect((await attempt(userInfo(claims))).me.json()).toMatchObject({ email: claims.upn });
    await set('email');
  });

  const refused: [string, () => string][] = [
    ['without a signature (alg none)', () => userInfo({}, { signer: 'none' })],
    ['signed with the public key as a secret', () => userInfo({}, { signer: 'hs256-public' })],
    ['that says RS256 but is HS256', () => userInfo({}, { signer: 'hs256-public', header: { alg: 'RS256' } })],
    ['signed with another key', () => userInfo({}, { signer: 'foreign' })],
    ['with a critical header nobody knows', () => userInfo({}, { header: { crit: ['b64'], b64: false } })],
    ['of another issuer', () => userInfo({ iss: 'https://evil.example' })],
    ['without an issuer', () => userInfo({ iss: undefined })],
    ['for another client', () => userInfo({ aud: 'another' })],
    ['for nobody', () => userInfo({ aud: undefined })],
    ['about another person', () => userInfo({ sub: 'another' })],
    ['about nobody', () => userInfo({ sub: undefined })],
    ['about a number', () => userInfo({ sub: 7 })],
    ['that has expired', () => userInfo({ exp: now() - 120 })],
    ['whose expiry is a text', () => userInfo({ exp: 'never' })],
    ['from the future', () => userInfo({ iat: now() + 300 })],
    ['issued long ago', () => userInfo({ iat: now() - 3600 })],
    ['whose moment of issue is null', () => userInfo({ iat: null })],
    ['that isn’t to be used yet', () => userInfo({ nbf: now() + 300 })],
    ['whose payload is a list', () => bed.hostile.keys.sign([])],
    ['whose payload is null', () => bed.hostile.keys.sign(null)],
    ['that is cut off', () => userInfo().slice(0, -20)],
    ['of two parts', () => userInfo().split('.').slice(0, 2).join('.')],
    ['of four parts', () => `${userInfo()}.e30`],
    ['that is encrypted', () => `${userInfo()}.e30.e30`],
    ['that is dots alone', () => 'a..'],
    ['in quotes', () => JSON.stringify(userInfo())],
  ];
  it.each(refused)('%s is refused', async (_, make) => {
    await expectRefused(make(), 'user_info_invalid', 502);
    expect(await bed.prisma.identity.count({ where: { orgId: bed.org.id, subject: sub } })).toBe(0);
  });

  it('whose address is of another type has none', async () => {
    await expectRefused(userInfo({ email: ['a@hostile.fake'] }), 'email_missing', 403);
  });

  it('keeps nobody out who is known', async () => {
    await attempt(userInfo());
    for (const text of [userInfo({}, { signer: 'foreign' }), userInfo({ sub: 'another' }), `${userInfo()}.e30.e30`])
      expect((await attempt(text)).me.json()).toMatchObject({ email: email() });
  });
});
