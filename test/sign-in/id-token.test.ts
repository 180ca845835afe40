import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createIdpKeys } from '../../src/connections/idp-keys.ts';
import type { SignInConnection } from '../../src/sign-in/find-sign-in-connection.ts';
import { createIdTokenVerifier } from '../../src/sign-in/id-token.ts';
import { answers } from '../support/hostile-answers.ts';
import { type SignInBed, startSignInBed } from './support.ts';

let bed: SignInBed;
beforeAll(async () => {
  bed = await startSignInBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const now = () => Math.floor(Date.now() / 1000);

async function expectRefused(reason: string, status: number) {
  const before = await bed.countSessions();
  const { page, me } = await bed.attempt();
  expect([page.status, (await bed.refusals()).at(-1), me.status]).toEqual([status, reason, 401]);
  expect(page.text).not.toMatch(/\bat .*\.ts:\d+|Error:|JWT|jose/);
  expect(await bed.countSessions()).toBe(before);
}

describe('an ID token is refused', () => {
  type How = Parameters<SignInBed['hostile']['setIdToken']>[0];
  const cases: [string, () => How][] = [
    ['without a signature (alg none)', () => ({ signer: 'none' })],
    ['signed with the public key as a secret (HS256)', () => ({ signer: 'hs256-public' })],
    ['signed with another key under the known id', () => ({ signer: 'foreign' })],
    ['under an unknown key id', () => ({ signer: 'foreign', header: { kid: 'unknown' } })],
    ['that says RS256 but is HS256', () => ({ signer: 'hs256-public', header: { alg: 'RS256' } })],
    ['with a critical header nobody knows', () => ({ header: { crit: ['b64'], b64: false } })],
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['for another client', () => ({ claims: { aud: 'another' } })],
    ['for several clients without us', () => ({ claims: { aud: ['another', 'a third'] } })],
    ['for no client', () => ({ claims: { aud: [] } })],
    ['for audiences of another type', () => ({ claims: { aud: [bed.hostile.clientId, 7] } })],
    ['issued to another party', () => ({ claims: { azp: 'another' } })],
    [
      'for several clients, issued to another party',
      () => ({ claims: { aud: [bed.hostile.clientId, 'another'], azp: 'another' } }),
    ],
    ['issued to an empty party', () => ({ claims: { azp: '' } })],
    ['issued to a list', () => ({ claims: { azp: [bed.hostile.clientId] } })],
    ['with another nonce', () => ({ claims: { nonce: 'another' } })],
    ['without a nonce', () => ({ claims: { nonce: undefined } })],
    ['with a nonce of another type', () => ({ claims: { nonce: 7 } })],
    ['that has expired', () => ({ claims: { exp: now() - 120 } })],
    ['without an expiry', () => ({ claims: { exp: undefined } })],
    ['from the future', () => ({ claims: { iat: now() + 300, exp: now() + 600 } })],
    ['issued long ago', () => ({ claims: { iat: now() - 3600 } })],
    ['without a moment of issue', () => ({ claims: { iat: undefined } })],
    ['with a subject that is a number', () => ({ claims: { sub: 42 } })],
    ['without a subject', () => ({ claims: { sub: undefined } })],
    ['with an empty subject', () => ({ claims: { sub: '' } })],
    ['with an overlong subject', () => ({ claims: { sub: 's'.repeat(256) } })],
    ['with a subject the database could not take', () => ({ claims: { sub: 'a\u0000b' } })],
    ['whose payload is null', () => ({ payload: null })],
    ['whose payload is a list', () => ({ payload: [] })],
    ['whose payload is a number', () => ({ payload: 7 })],
  ];
  test.each(cases)('%s', async (_name, how) => {
    bed.hostile.setIdToken(how());
    await expectRefused('id_token_invalid', 403);
  });

  test('that brings its own key', async () => {
    bed.hostile.setIdToken({ signer: 'foreign', header: { jwk: await bed.hostile.keys.foreignJwk() } });
    await expectRefused('id_token_invalid', 403);
  });
});

describe('where the token names no key and the set has several', () => {
  test.each([
    ['own', 200],
    ['foreign', 401],
  ] as const)('signed with the %s key: %i', async (signer, status) => {
    bed.hostile.keys.rotate();
    const earlier = (await bed.hostile.keys.jwks()).keys;
    bed.hostile.keys.rotate();
    bed.hostile.set('jwks', answers.json({ keys: [...earlier, ...(await bed.hostile.keys.jwks()).keys] }));
    // A key set that was fetched is kept.
    await bed.prisma.connection.updateMany({
      where: { orgId: bed.org.id },
      data: { jwksUri: `${bed.hostile.issuer}/jwks?${signer}` },
    });
    bed.hostile.setIdToken({ signer, header: { kid: undefined } });
    expect((await bed.attempt()).me.status).toBe(status);
  });
});

describe('a token response is refused', () => {
  test.each([
    ['null', null],
    ['a list', []],
    ['a text', 'tokens'],
    ['without an ID token', { access_token: 'a' }],
    ['with a numeric ID token', { access_token: 'a', id_token: 7 }],
    ['with an empty ID token', { access_token: 'a', id_token: '' }],
    ['with an access token that is a list', { access_token: [], id_token: 'a.b.c' }],
  ])('%s', async (_name, value) => {
    bed.hostile.set('token', answers.json(value));
    await expectRefused('idp_garbage', 502);
  });

  test.each(['x', 'a.b', 'a.b.c', '..', '.e30.', '....'])('with the ID token %j', async (id_token) => {
    bed.hostile.set('token', answers.json({ access_token: 'a', id_token }));
    await expectRefused('id_token_invalid', 403);
  });

  test.each([
    ['invalid_grant', 'code_refused', 400],
    ['invalid_client', 'client_refused', 502],
    ['something of its own', 'idp_error', 502],
  ])('with the error %s', async (error, reason, status) => {
    bed.hostile.set('token', answers.json({ error, error_description: 'words' }, 400));
    await expectRefused(reason, status);
  });
});

describe('what is tolerated', () => {
  test('a clock one minute apart', async () => {
    bed.hostile.setIdToken({ claims: { iat: now() + 30, exp: now() - 30 } });
    expect((await bed.attempt()).me.status).toBe(200);
  });

  test('several audiences that name us as azp, and a name of another type', async () => {
    bed.hostile.setIdToken({ claims: { aud: [bed.hostile.clientId, 'x'], azp: bed.hostile.clientId, name: 7 } });
    expect((await bed.attempt()).me.status).toBe(200);
  });

  test.each([undefined, null])('several audiences, us among them, and no azp (%s)', async (azp) => {
    bed.hostile.setIdToken({ claims: { aud: ['x', bed.hostile.clientId, 'y'], azp } });
    expect((await bed.attempt()).me.status).toBe(200);
  });

  test.each([
    ['a list', ['a@hostile.fake']],
    ['an object', { value: 'a@hostile.fake' }],
    ['true', true],
    ['overlong', `${'a'.repeat(320)}@hostile.fake`],
  ])('an address that can’t be one of somebody who is known: %s', async (_what, email) => {
    bed.hostile.set('userinfo', answers.json({ sub: 'mallory', email }));
    bed.hostile.setIdToken({ claims: { email: 'mallory@hostile.fake' } });
    expect((await bed.attempt()).me.status).toBe(200);
    bed.hostile.setIdToken({ claims: { email } });
    expect((await bed.attempt()).me.json()).toMatchObject({ email: 'mallory@hostile.fake' });
    bed.hostile.setIdToken({ claims: { sub: 'newcomer', email } });
    bed.hostile.set('userinfo', answers.json({ sub: 'newcomer', email }));
    await expectRefused('email_missing', 403);
  });

  test('a rotated key, known from its first token on', async () => {
    expect((await bed.attempt()).me.status).toBe(200);
    bed.hostile.keys.rotate();
    expect((await bed.attempt()).me.status).toBe(200);
  });

  test('another issuer that the connection accepts: the same person', async () => {
    const { prisma, org } = bed;
    await prisma.connection.updateMany({ where: { orgId: org.id }, data: { acceptedIssuers: ['https://alias.fake'] } });
    const people = await prisma.user.count({ where: { orgId: org.id } });
    bed.hostile.setIdToken({ claims: { iss: 'https://alias.fake' } });
    expect((await bed.attempt()).me.status).toBe(200);
    expect(await prisma.user.count({ where: { orgId: org.id } })).toBe(people);
  });
});

test('a verification that nobody waits for any more fails without a word', async () => {
  const { guardedFetch } = bed.product.context;
  const idpKeys = createIdpKeys({ guardedFetch, log: pino({ level: 'silent' }) });
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  bed.hostile.set('jwks', answers.status(500));
  const { issuer, clientId } = bed.hostile;
  const connection = { id: 'con_1', issuer, clientId, acceptedIssuers: [], jwksUri: `${issuer}/jwks` };
  const expected = { orgId: 'org_1', nonce: 'n', signal: AbortSignal.abort() };
  const token = bed.hostile.signIdToken({ nonce: 'n' });
  const verifying = createIdTokenVerifier(idpKeys)(token, connection as unknown as SignInConnection, expected);
  await expect(verifying).rejects.toMatchObject({ reason: 'idp_unreachable' });
  // Shares the fetch that fails.
  const other = { orgId: 'org_1', ...connection };
  await expect(idpKeys.verify(token, other, { types: ['JWT'], network: 'unknown' })).rejects.toMatchObject({
    status: 503,
  });
  await turn();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
