import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { answers } from '../support/hostile-answers.ts';
import { callerClaims, callerJwt, now } from '../support/idp-jwt.ts';
import { whileLocked } from '../support/locks.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { trinity } from '../support/product.ts';
import { type CallerBed, mallory, startCallerBed, statusOf } from './caller-bed.ts';

let bed: CallerBed;
beforeAll(async () => {
  bed = await startCallerBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

describe("an identity provider's signed JWT", () => {
  it('ends the sessions of its person, and is recorded as that connection', async () => {
    const browser = await bed.signedIn();
    const jti = randomUUID();
    const answer = await bed.revokeBy({ claims: { jti } });
    expect([answer.status, await statusOf(browser)]).toEqual([204, 401]);
    const requestId = answer.headers.get('x-request-id') ?? '';
    const revocation = await bed.prisma.revocation.findFirstOrThrow({ where: { requestId } });
    expect(revocation).toMatchObject({ orgId: bed.org.id, initiator: 'idp', callerId: bed.connectionId });
    const event = await bed.prisma.auditEvent.findFirstOrThrow({ where: { requestId } });
    expect(event).toMatchObject({ actorType: 'connection', actorId: bed.connectionId, action: 'access.revoked' });
    const spent = { orgId: bed.org.id, kind: 'caller_jwt', id: `${bed.connectionId} ${jti}` };
    const { expiresAt } = await bed.prisma.spent.findFirstOrThrow({ where: spent });
    // 300 seconds of life, and one minute in which it still counts.
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 355_000);
  });

  it("counts at the connection's own address, and each address only with its own audience", async () => {
    const browser = await bed.signedIn();
    const here = (aud: string) => callerJwt(bed.hostile, aud);
    expect(await bed.post(bed.own, here(bed.shared), mallory)).toMatchObject({ status: 401, code: 'invalid_token' });
    expect(await bed.post(bed.shared, here(bed.own), mallory)).toMatchObject({ status: 401, code: 'invalid_token' });
    const elsewhere = `${bed.shared}/con_${'0'.repeat(32)}`;
    expect((await bed.post(elsewhere, here(elsewhere), mallory)).status).toBe(401);
    const foreign = `${bed.shared}/${bed.product.orgs.metacortex.connectionId}`;
    expect((await bed.post(foreign, here(foreign), mallory)).status).toBe(401);
    expect(await statusOf(browser)).toBe(200);
    expect((await bed.post(bed.own, here(bed.own), mallory)).status).toBe(204);
    expect(await statusOf(browser)).toBe(401);
  });

  it('comes from a real OpenID provider: the key that signs its ID tokens', async () => {
    const { product } = bed;
    const browser = await product.signIn();
    const tenant = product.idp.tenant('whiterabbit');
    const claims = callerClaims({ issuer: tenant.issuer, clientId: 'whiterabbit-app' }, bed.shared);
    const token = await tenant.sign(claims, { typ: 'global-token-revocation+jwt' });
    expect((await bed.post(bed.shared, token, { format: 'email', email: trinity.email })).status).toBe(204);
    expect(await statusOf(browser)).toBe(401);
  });

  it.each([
    ['email, in capitals', () => ({ format: 'email', email: 'MALLORY@hostile.fake' })],
    ['account', () => ({ format: 'account', uri: 'acct:mallory@hostile.fake' })],
    ['iss_sub', () => ({ format: 'iss_sub', iss: bed.hostile.issuer, sub: 'mallory' })],
    [
      'aliases',
      () => ({
        format: 'aliases',
        identifiers: [mallory, { format: 'iss_sub', iss: bed.hostile.issuer, sub: 'mallory' }],
      }),
    ],
  ])('names its person by %s', async (_name, subject) => {
    const browser = await bed.signedIn();
    expect((await bed.revokeBy({}, subject())).status).toBe(204);
    expect(await statusOf(browser)).toBe(401);
  });

  it('is taken for the address alone in a list, too', async () => {
    const browser = await bed.signedIn();
    const token = bed.jwt({ claims: { aud: [bed.shared] } });
    expect([(await bed.post(bed.shared, token, mallory)).status, await statusOf(browser)]).toEqual([204, 401]);
  });

  it.each([
    ['the scheme in small letters', 'bearer', undefined],
    ['the type as a whole media type', 'Bearer', 'application/global-token-revocation+jwt'],
    ['the type in capitals', 'BEARER', 'Global-Token-Revocation+JWT'],
  ])('is taken with %s', async (_name, scheme, typ) => {
    const token = bed.jwt({ header: typ ? { typ } : {} });
    expect((await bed.post(bed.shared, token, mallory, { scheme })).status).toBe(204);
  });

  it.each([
    ['without nbf', () => ({ nbf: undefined })],
    ['for ten minutes', () => ({ exp: now() + 600, iat: now() })],
    ['with clocks almost a minute apart, either way', () => ({ iat: now() - 350, exp: now() - 50 })],
    [
      'with clocks almost a minute apart, the other way',
      () => ({ iat: now() + 50, nbf: now() + 50, exp: now() + 350 }),
    ],
    ['with claims that nobody asked for', () => ({ events: {}, nonce: 'n', email: 7 })],
  ])('is taken %s', async (_name, claims) => {
    expect((await bed.revokeBy({ claims: claims() })).status).toBe(204);
  });

  it.each(['PS256', 'ES256', 'EdDSA'])('is taken when signed by %s', async (alg) => {
    const { publicKey, privateKey } =
      alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : alg === 'EdDSA'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('rsa', { modulusLength: 2048 });
    bed.hostile.set('jwks', answers.json({ keys: [{ ...(await exportJWK(publicKey)), kid: alg, use: 'sig' }] }));
    await bed.forgetKeys();
    const token = await new SignJWT(callerClaims(bed.hostile, bed.shared))
      .setProtectedHeader({ alg, kid: alg, typ: 'global-token-revocation+jwt' })
      .sign(privateKey);
    expect((await bed.post(bed.shared, token, mallory)).status).toBe(204);
    await bed.forgetKeys();
  });

  it('is taken without a key id: the key that fits is found among several', async () => {
    const earlier = (await bed.hostile.keys.jwks()).keys;
    bed.hostile.keys.rotate();
    bed.hostile.set('jwks', answers.json({ keys: [...earlier, ...(await bed.hostile.keys.jwks()).keys] }));
    await bed.forgetKeys();
    expect((await bed.revokeBy({ header: { kid: undefined } })).status).toBe(204);
    expect((await bed.revokeBy({ header: { kid: undefined }, signer: 'foreign' })).status).toBe(401);
  });

  it('is taken from the first one on that a new key signed', async () => {
    await bed.forgetKeys();
    expect((await bed.revokeBy()).status).toBe(204);
    bed.hostile.keys.rotate();
    expect((await bed.revokeBy()).status).toBe(204);
  });

  it('405 with Allow for other methods, at both addresses', async () => {
    for (const url of [bed.shared, bed.own])
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await fetch(url, { method });
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      }
  });
});

describe('an issuer of the connection', () => {
  const alias = 'https://login.hostile.fake';
  const accept = (acceptedIssuers: string[]) =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { acceptedIssuers } });
  afterEach(() => accept([]));

  it('is any that it accepts, in the JWT and in the subject identifier', async () => {
    const browser = await bed.signedIn();
    expect((await bed.revokeBy({ claims: { iss: alias } })).status).toBe(401);
    await accept(['https://other.hostile.fake', alias]);
    expect(await statusOf(browser)).toBe(200);
    const subject = { format: 'iss_sub', iss: alias, sub: 'mallory' };
    expect((await bed.revokeBy({ claims: { iss: alias } }, subject)).status).toBe(204);
    expect(await statusOf(browser)).toBe(401);
    expect((await bed.revokeBy({}, subject)).status).toBe(204);
  });

  it('names nobody as the issuer of a subject when it is another one', async () => {
    const { issuer } = bed.product.orgs.whiterabbit;
    for (const iss of [alias, issuer, 'https://nowhere.example'])
      expect(await bed.revokeBy({}, { format: 'iss_sub', iss, sub: 'mallory' })).toMatchObject({
        status: 404,
        code: 'user_not_found',
      });
  });
});

describe('its reach', () => {
  const shape = async (subject: unknown) => {
    const { headers, ...rest } = await bed.revokeBy({}, subject);
    const kept = [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
    return { ...rest, headers: kept };
  };

  it('is who has an identity on the connection, or an address of its domain', async () => {
    const orgId = bed.org.id;
    const add = (id: string, email: string) =>
      bed.prisma.user.create({ data: { orgId, id, email, emailKey: email, name: id } });
    await add('usr_provisioned', 'provisioned@hostile.fake');
    await add('usr_outside', 'outside@elsewhere.fake');
    expect((await bed.revokeBy({}, { format: 'email', email: 'provisioned@hostile.fake' })).status).toBe(204);
    expect((await bed.revokeBy({}, { format: 'opaque', id: 'usr_outside' })).status).toBe(404);
    expect((await bed.revokeBy({}, { format: 'email', email: 'outside@elsewhere.fake' })).status).toBe(404);
    const { generation } = await bed.prisma.user.findFirstOrThrow({ where: { orgId, id: 'usr_outside' } });
    expect(generation).toBe(0);
  });

  it('ends at the connection: people of another connection of the org and of other orgs are nobody', async () => {
    const { prisma } = bed;
    const orgId = bed.org.id;
    const other = await bed.connections.addConnection(
      orgId,
      {
        issuer: 'https://second.fake',
        authorizationEndpoint: 'https://second.fake/a',
        tokenEndpoint: 'https://second.fake/t',
        jwksUri: 'https://second.fake/j',
        clientId: 'second',
        clientSecret: 's',
      },
      byOperator,
    );
    const email = 'second@second.fake';
    await prisma.user.create({ data: { orgId, id: 'usr_second', email, emailKey: email, name: 'S' } });
    const identity = { issuer: 'https://second.fake', subject: 'second', userId: 'usr_second' };
    await prisma.identity.create({ data: { orgId, id: 'idn_second', connectionId: other.id, ...identity } });
    const [planted] = await plantUsers(bed.product, 1);
    const nobody = await shape({ format: 'opaque', id: 'usr_nobody' });
    expect(nobody.status).toBe(404);
    for (const subject of [
      { format: 'opaque', id: 'usr_second' },
      { format: 'email', email },
      { format: 'iss_sub', iss: 'https://second.fake', sub: 'second' },
      { format: 'opaque', id: planted?.id },
      { format: 'email', email: planted?.email },
      { format: 'email', email: trinity.email },
    ])
      expect(await shape(subject)).toEqual(nobody);
    expect((await prisma.user.findFirstOrThrow({ where: { id: 'usr_second' } })).generation).toBe(0);
    expect(await statusOfMe(bed.url, planted?.cookies[0] as string)).toBe(200);
  });
});

describe('what names a person', () => {
  const plant = async (
    id: string,
    email: string,
    identity?: { connectionId: string; issuer: string; subject: string },
  ) => {
    const orgId = bed.org.id;
    await bed.prisma.user.create({ data: { orgId, id, email, emailKey: email, name: id } });
    if (identity) await bed.prisma.identity.create({ data: { orgId, id: `idn_${id}`, userId: id, ...identity } });
  };

  it('is a subject of its own connection, not one of another connection of the same issuer', async () => {
    const orgId = bed.org.id;
    const { issuer } = bed.hostile;
    const {
      id: _id,
      createdAt: _at,
      updatedAt: _then,
      ...rest
    } = await bed.prisma.connection.findFirstOrThrow({
      where: { orgId },
    });
    const beside = { ...rest, id: 'con_beside', clientId: 'beside', provenAt: null, roleMapping: {} };
    await bed.prisma.connection.create({ data: beside });
    // Within its reach by the domain; the subject is the second connection's name for somebody.
    await plant('usr_beside', 'beside@hostile.fake', { connectionId: 'con_beside', issuer, subject: 'beside' });
    expect((await bed.revokeBy({}, { format: 'iss_sub', iss: issuer, sub: 'beside' })).status).toBe(404);
    expect((await bed.revokeBy({}, { format: 'email', email: 'beside@hostile.fake' })).status).toBe(204);
  });

  it('is a subject under an issuer that is still the connection’s', async () => {
    const { issuer } = bed.hostile;
    const earlier = { connectionId: bed.connectionId, issuer: 'https://earlier.fake', subject: 'earlier' };
    await plant('usr_earlier', 'earlier@elsewhere.fake', earlier);
    expect((await bed.revokeBy({}, { format: 'iss_sub', iss: issuer, sub: 'earlier' })).status).toBe(404);
    expect((await bed.revokeBy({}, { format: 'iss_sub', iss: earlier.issuer, sub: 'earlier' })).status).toBe(404);
  });

  it('is an address of a domain only if that one is verified', async () => {
    const orgId = bed.org.id;
    const claimed = { orgId, id: 'dom_claimed', domain: 'claimed.fake', connectionId: bed.connectionId };
    await bed.prisma.domain.create({ data: claimed });
    await plant('usr_claimed', 'somebody@claimed.fake');
    const subject = { format: 'email', email: 'somebody@claimed.fake' };
    expect((await bed.revokeBy({}, subject)).status).toBe(404);
    await bed.prisma.domain.updateMany({ where: { orgId, id: 'dom_claimed' }, data: { verifiedAt: new Date() } });
    expect((await bed.revokeBy({}, subject)).status).toBe(204);
  });
});

describe('the order of answers: 401, 403, 400, 404', () => {
  it('a JWT that counts hears what is wrong with its request, and may be sent again with a better one', async () => {
    const token = bed.jwt();
    const malformed = await bed.post(bed.shared, token, null, { body: '{' });
    expect([malformed.status, malformed.code]).toEqual([400, 'invalid_request']);
    expect((await bed.post(bed.shared, token, { format: 'email' })).status).toBe(400);
    expect((await bed.post(bed.shared, token, mallory)).status).toBe(204);
  });

  it('one that does not count hears nothing of it', async () => {
    const malformed = await bed.post(bed.shared, bed.jwt({ signer: 'foreign' }), null, { body: '{' });
    expect(malformed).toMatchObject({ status: 401, code: 'invalid_token' });
    expect(malformed.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('one whose person is not found is used up', async () => {
    const token = bed.jwt();
    expect((await bed.post(bed.shared, token, { format: 'opaque', id: 'usr_nobody' })).status).toBe(404);
    expect((await bed.post(bed.shared, token, mallory)).status).toBe(401);
  });
});

describe('a switch of the org', () => {
  const set = (data: { apiKeyCallers?: boolean; jwtCallers?: boolean }) =>
    bed.prisma.org.update({ where: { id: bed.org.id }, data });
  afterEach(() => set({ apiKeyCallers: true, jwtCallers: true }));

  it('turns JWTs off, or API keys, at once: 403 for what would else count', async () => {
    const { apiKey } = await bed.product.context.apiKeys.create(bed.org.id, { name: 'own' }, byOperator);
    const byKey = (url = bed.shared) => bed.post(url, apiKey, mallory);
    const browser = await bed.signedIn();
    await set({ jwtCallers: false });
    expect(await bed.revokeBy()).toMatchObject({ status: 403, code: 'caller_not_allowed' });
    expect((await bed.post(bed.own, callerJwt(bed.hostile, bed.own), null, { body: '{' })).status).toBe(403);
    expect((await bed.revokeBy({ signer: 'foreign' })).status).toBe(401);
    expect(await statusOf(browser)).toBe(200);
    expect((await byKey()).status).toBe(204);
    await set({ apiKeyCallers: false, jwtCallers: true });
    expect(await byKey()).toMatchObject({ status: 403, code: 'caller_not_allowed' });
    expect((await bed.revokeBy()).status).toBe(204);
  });

  it('a JWT that was refused so is not used up', async () => {
    const token = bed.jwt();
    await set({ jwtCallers: false });
    expect((await bed.post(bed.shared, token, mallory)).status).toBe(403);
    await set({ jwtCallers: true });
    expect((await bed.post(bed.shared, token, mallory)).status).toBe(204);
  });

  it.each([
    ['switched off', { active: false }],
    ['not proven', { provenAt: null, roleMapping: {} }],
  ])('a connection that is %s: 401', async (_name, change) => {
    const where = { orgId: bed.org.id, id: bed.connectionId };
    const { active, provenAt } = await bed.prisma.connection.findFirstOrThrow({ where });
    await bed.prisma.connection.updateMany({ where, data: change });
    expect((await bed.revokeBy()).status).toBe(401);
    expect((await bed.post(bed.own, callerJwt(bed.hostile, bed.own), mallory)).status).toBe(401);
    await bed.prisma.connection.updateMany({ where, data: { active, provenAt } });
    expect((await bed.revokeBy()).status).toBe(204);
  });
});

describe("an API key at a connection's own address", () => {
  it("counts where the connection is its org's, and is unknown elsewhere", async () => {
    const { whiterabbit, metacortex } = bed.product.orgs;
    const at = (id: string) => bed.post(`${bed.shared}/${id}`, whiterabbit.apiKey, { format: 'opaque', id: 'usr_0' });
    expect((await at(whiterabbit.connectionId)).status).toBe(404);
    for (const id of [metacortex.connectionId, `con_${'0'.repeat(32)}`, '%00', 'x'.repeat(300)])
      expect(await at(id)).toMatchObject({ status: 401, code: 'invalid_token' });
  });
});

describe('what is down', () => {
  it("503 while the identity provider's keys cannot be had, and it works again afterwards", async () => {
    for (const [answer, jwksUri] of [
      [answers.status(500)],
      [answers.text('<html>')],
      [answers.redirect('http://localhost:1/')],
      [answers.json({ keys: 'none' })],
      [answers.reset()],
      [answers.huge(2_000_000)],
      [answers.json({}), 'http://localhost:1/jwks'],
    ] as const) {
      bed.hostile.set('jwks', answer);
      await bed.forgetKeys(jwksUri);
      const refused = await bed.revokeBy();
      expect([refused.status, refused.code]).toEqual([503, 'unavailable']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      bed.hostile.reset();
      if (!jwksUri) await expect.poll(async () => (await bed.revokeBy()).status, { timeout: 5_000 }).toBe(204);
    }
    await bed.forgetKeys();
  });

  it('503 where the database cannot do it; the JWT is not used up then', async () => {
    const token = bed.jwt();
    await whileLocked(
      bed.product,
      (blocker) => blocker.query('SELECT FROM users WHERE org_id = $1 FOR UPDATE', [bed.org.id]),
      async () => {
        expect(await bed.post(bed.shared, token, mallory)).toMatchObject({ status: 503, code: 'unavailable' });
      },
    );
    expect((await bed.post(bed.shared, token, mallory)).status).toBe(204);
    expect((await bed.post(bed.shared, token, mallory)).status).toBe(401);
  });
});

// Last: it uses up this network's failures.
it('a JWT that counts is never counted among the failures of its network', async () => {
  const post = (token: string) =>
    fetch(bed.shared, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ sub_id: mallory }),
    });
  const statuses = [];
  for (let count = 0; count < 40; count += 1) statuses.push((await post(bed.jwt({ signer: 'none' }))).status);
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
  for (let count = 0; count < 5; count += 1) expect((await post(bed.jwt())).status).toBe(204);
});
