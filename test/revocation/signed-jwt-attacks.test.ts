import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { startServer } from '../../src/server.ts';
import type { Browser } from '../support/browser.ts';
import { callerClaims, callerJwt, type JwtOptions, now } from '../support/idp-jwt.ts';
import { startNode } from '../support/product.ts';
import { type CallerBed, mallory, startCallerBed, statusOf } from './caller-bed.ts';

let bed: CallerBed;
let browser: Browser;
beforeAll(async () => {
  bed = await startCallerBed();
  browser = await bed.signedIn();
});
afterEach(async () => {
  vi.restoreAllMocks();
  bed.hostile.reset();
});
afterAll(() => bed?.stop());

describe('401 for a JWT', () => {
  const logoutEvent = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const secEvent = {
    'https://schemas.openid.net/secevent/caep/event-type/session-revoked': { event_timestamp: now() },
  };
  const typ = (value: unknown): JwtOptions => ({ header: { typ: value } });
  const claims = (changes: Record<string, unknown>): JwtOptions => ({ claims: changes });
  const { issuer: noIssuer, clientId: noClient } = { issuer: 'https://nobody.example', clientId: 'nobody' };

  const cases: [string, () => JwtOptions][] = [
    ['without a signature (alg none)', () => ({ signer: 'none' })],
    ['without a signature, alg spelled another way', () => ({ signer: 'none', header: { alg: 'nOnE' } })],
    ['signed with the public key as a secret (HS256)', () => ({ signer: 'hs256-public' })],
    ['that says RS256 but is HS256', () => ({ signer: 'hs256-public', header: { alg: 'RS256' } })],
    ['with an algorithm that is no text', () => ({ header: { alg: ['RS256'] } })],
    ['without an algorithm', () => ({ header: { alg: undefined } })],
    ['with an algorithm that its key does not know', () => ({ header: { alg: 'ES256' } })],

    ['without a type', () => typ(undefined)],
    ['of type JWT', () => typ('JWT')],
    ['with a type that only begins so', () => typ('global-token-revocation+jwt2')],
    ['with a type list', () => typ(['global-token-revocation+jwt'])],
    ['with a type of another tree', () => typ('text/global-token-revocation+jwt')],

    ['for another server', () => claims({ aud: 'https://other.example/global-token-revocation' })],
    ['for our client id', () => claims({ aud: bed.hostile.clientId })],
    ['for nobody, in a list', () => claims({ aud: [] })],
    ['for a list in a list', () => claims({ aud: [[bed.shared]] })],
    ['for the address twice', () => claims({ aud: [bed.shared, bed.shared] })],
    ['for several', () => claims({ aud: [bed.shared, 'https://other.example'] })],
    ['for no address', () => claims({ aud: undefined })],
    ['for null', () => claims({ aud: null })],
    ["for the connection's own address", () => claims({ aud: bed.own })],
    ['for our origin', () => claims({ aud: bed.url })],
    ['for the address with a query', () => claims({ aud: `${bed.shared}?x` })],
    ['for the address with a slash', () => claims({ aud: `${bed.shared}/` })],
    ['for the address in capitals', () => claims({ aud: bed.shared.toUpperCase() })],

    ['that has expired', () => claims({ iat: now() - 400, exp: now() - 61 })],
    ['that expires in milliseconds', () => claims({ exp: (now() + 300) * 1000 })],
    ['with its expiry as text', () => claims({ exp: String(now() + 300) })],
    ['that never expires', () => claims({ exp: undefined })],
    ['not yet issued', () => claims({ iat: now() + 120, exp: now() + 400 })],
    ['not yet valid', () => claims({ nbf: now() + 120 })],
    ['with a beginning that is text', () => claims({ nbf: 'today' })],
    ['that lives too long', () => claims({ iat: now(), exp: now() + 601 })],
    ['that lives too long, though it expires soon', () => claims({ iat: now() - 590, exp: now() + 20 })],
    ['that ends before it begins', () => claims({ iat: now(), exp: now() - 1 })],
    ['without a moment of issue', () => claims({ iat: undefined })],
    ['with an issue of null', () => claims({ iat: null })],

    ['without jti', () => claims({ jti: undefined })],
    ['with an empty jti', () => claims({ jti: '' })],
    ['with a numeric jti', () => claims({ jti: 7 })],
    ['with an overlong jti', () => claims({ jti: 'j'.repeat(256) })],
    ['with a jti that the database could not take', () => claims({ jti: 'a\0b' })],
    ['with half a surrogate pair as jti', () => claims({ jti: '\ud800' })],

    ['signed with a foreign key under the known id', () => ({ signer: 'foreign' })],
    ['of another issuer', () => claims({ iss: noIssuer })],
    ['of an issuer that is the beginning of ours', () => claims({ iss: bed.hostile.issuer.slice(0, -1) })],
    [
      "of another connection's issuer and client",
      () => claims({ iss: bed.product.orgs.whiterabbit.issuer, sub: 'whiterabbit-app' }),
    ],
    ["of another connection's issuer with our client", () => claims({ iss: bed.product.orgs.whiterabbit.issuer })],
    ["of our issuer with another's client", () => claims({ sub: 'whiterabbit-app' })],
    ['for a client that is not there', () => claims({ sub: noClient })],
    ['whose subject is the issuer (RFC 7523)', () => claims({ sub: bed.hostile.issuer })],
    ['without a subject', () => claims({ sub: undefined })],
    ['without an issuer', () => claims({ iss: undefined })],
    ['with a subject of another type', () => claims({ sub: [bed.hostile.clientId] })],
    ['with a subject that the database could not take', () => claims({ sub: 'a\0b' })],

    [
      'that is an ID token',
      () => ({
        header: { typ: 'JWT' },
        payload: { ...callerClaims(bed.hostile, bed.hostile.clientId), sub: 'mallory', nonce: 'n', ...mallory },
      }),
    ],
    ['that is an ID token with our claims', () => ({ ...typ('JWT'), claims: { nonce: 'n', email: mallory.email } })],
    ['that is an ID token without a type', () => ({ ...typ(undefined), claims: { nonce: 'n' } })],
    ['that is a logout token', () => ({ ...typ('logout+jwt'), claims: { events: logoutEvent, sid: 's' } })],
    [
      'that is a security event',
      () => ({ ...typ('secevent+jwt'), claims: { events: secEvent, sub_id: mallory, exp: undefined } }),
    ],
    ['that is an access token', () => typ('at+jwt')],

    ['with an empty list of critical headers', () => ({ header: { crit: [] } })],
    ['with a critical header nobody knows', () => ({ header: { crit: ['x'], x: 1 } })],
    ['with an unencoded payload', () => ({ header: { crit: ['b64'], b64: false } })],
    ['with a list of key ids', () => ({ header: { kid: ['a'] } })],
    ['with a numeric key id', () => ({ header: { kid: 1 } })],
    ['with an overlong key id', () => ({ header: { kid: 'k'.repeat(256) } })],

    ['whose payload is null', () => ({ payload: null })],
    ['whose payload is a list', () => ({ payload: [] })],
    ['whose payload is a number', () => ({ payload: 7 })],
    ['whose payload is empty', () => ({ payload: {} })],
    [
      'whose claims are inherited',
      () => ({ payload: JSON.parse(`{"__proto__":${JSON.stringify(callerClaims(bed.hostile, bed.shared))}}`) }),
    ],
  ];

  it.each(cases)('%s', async (_name, options) => {
    const answer = await bed.revokeBy(options());
    expect([answer.status, answer.code]).toEqual([401, 'invalid_token']);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="global-token-revocation", error="invalid_token"',
    );
    expect(answer.detail).not.toMatch(/hostile|jose|con_|org_/);
  });

  it.each(['..', 'a.b.c', '....', '.e30.', 'e30.e30.', `${'e30'}.${'x'.repeat(12_000)}.x`, 'eyJhbGciOiJSUzI1NiJ9..x'])(
    'that is %s',
    async (token) => {
      expect(await bed.post(bed.shared, token, mallory)).toMatchObject({ status: 401, code: 'invalid_token' });
    },
  );

  it('encrypted, or as large as the server takes no header', async () => {
    expect((await bed.post(bed.shared, 'e30.e30.e30.e30.e30', mallory)).status).toBe(401);
    expect((await bed.revokeBy({ claims: { filler: 'x'.repeat(11_000) }, signer: 'foreign' })).status).toBe(401);
    expect((await bed.revokeBy({ claims: { filler: 'x'.repeat(20_000) } })).status).toBe(431);
  });

  it('says the same of what is unknown here and of what is known but signed by another', async () => {
    const answers = await Promise.all([
      bed.revokeBy({ signer: 'foreign' }),
      bed.revokeBy({ claims: { iss: noIssuer } }),
      bed.revokeBy({ claims: { sub: noClient } }),
      bed.revokeBy({ claims: { iss: bed.product.orgs.metacortex.issuer, sub: 'metacortex-app' } }),
    ]);
    expect(new Set(answers.map(({ status, code, detail }) => `${status} ${code} ${detail}`)).size).toBe(1);
  });

  afterAll(async () => {
    // All that did nothing, and what is honest still counts.
    expect(await statusOf(browser)).toBe(200);
    expect((await bed.revokeBy()).status).toBe(204);
    expect(await statusOf(browser)).toBe(401);
  });
});

describe('a key that the token asks for', () => {
  it('is never fetched nor taken from it: jku, x5u, jwk, x5c, a path as key id', async () => {
    const jwk = await bed.hostile.keys.foreignJwk();
    // The published keys may be asked for: the key under this id may be a new one.
    const others = () => bed.hostile.requests.filter(({ url }) => url.pathname !== '/jwks').length;
    const before = others();
    for (const header of [
      { jwk },
      { jku: `${bed.hostile.issuer}/evil` },
      { x5u: `${bed.hostile.issuer}/evil` },
      { x5c: ['MIIB'] },
    ])
      expect((await bed.revokeBy({ signer: 'foreign', header })).status).toBe(401);
    expect(others()).toBe(before);
    await bed.forgetKeys();
    for (const kid of ['../../../../etc/passwd', '/dev/null', "' OR 1=1 --", '', 'a\0b', '__proto__']) {
      await bed.forgetKeys();
      expect((await bed.revokeBy({ signer: 'foreign', header: { kid } })).status).toBe(401);
    }
    expect(bed.hostile.requests.filter(({ url }) => url.pathname === '/evil')).toEqual([]);
  });
});

describe('a repeat', () => {
  it('is refused; another JWT at once is not', async () => {
    const token = bed.jwt();
    const statuses = [];
    for (const each of [token, token, bed.jwt(), token])
      statuses.push((await bed.post(bed.shared, each, mallory)).status);
    expect(statuses).toEqual([204, 401, 204, 401]);
  });

  it("is refused at the connection's own address too: a jti counts once for a connection", async () => {
    const jti = randomUUID();
    expect((await bed.revokeBy({ claims: { jti } })).status).toBe(204);
    const there = callerJwt(bed.hostile, bed.own, { claims: { jti } });
    expect(await bed.post(bed.own, there, mallory)).toMatchObject({ status: 401, code: 'invalid_token' });
  });

  it('at the same moment on two nodes: exactly one counts, 20 times', async () => {
    const node = await startNode(bed.product.env);
    try {
      for (let round = 0; round < 20; round += 1) {
        const token = bed.jwt();
        const urls = [bed.shared, `${node.url}/global-token-revocation`];
        const answers = await Promise.all(urls.map((url) => bed.post(url, token, mallory)));
        expect(answers.map(({ status }) => status).sort()).toEqual([204, 401]);
      }
    } finally {
      node.process.kill('SIGTERM');
    }
  });
});

describe('junk with unknown keys', () => {
  const junk = (from = '192.0.2.1') =>
    bed.post(bed.shared, bed.jwt({ signer: 'foreign', header: { kid: randomUUID() } }), mallory, { from });
  /** Moves this process's monotonic clock on. */
  const later = (milliseconds: number) => {
    const real = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => real() + milliseconds);
  };

  it('is told from a known key whose algorithm it isn’t: 401 at once and each time, and no fetch', async () => {
    expect((await bed.revokeBy()).status).toBe(204);
    const before = bed.jwksCount();
    const answers = [1, 2, 3].map(() => bed.revokeBy({ header: { alg: 'ES256' } }));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(bed.jwksCount()).toBe(before);
  });

  it('from one network causes one fetch a minute, and keeps a new key out there no longer than that', async () => {
    await bed.forgetKeys();
    expect((await bed.revokeBy()).status).toBe(204);
    const before = bed.jwksCount();
    const answers = await Promise.all(Array.from({ length: 200 }, () => junk()));
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([401, 503]);
    expect(bed.jwksCount()).toBe(before + 1);

    bed.hostile.keys.rotate();
    const genuine = bed.jwt();
    const sameNetwork = { from: '192.0.2.2' };
    const early = await bed.post(bed.shared, genuine, mallory, sameNetwork);
    expect([early.status, early.code]).toEqual([503, 'unavailable']);
    const wait = Number(early.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect(bed.jwksCount()).toBe(before + 1);

    later(wait * 1000);
    const more = Array.from({ length: 50 }, () => junk());
    const [first] = await Promise.all([bed.post(bed.shared, genuine, mallory, sameNetwork), ...more]);
    expect(first.status).toBe(204);
    expect(bed.jwksCount()).toBe(before + 2);
    expect((await bed.revokeBy()).status).toBe(204);
  });

  it.each([false, true])(
    'keeps out no key of a genuine caller from elsewhere (under the same id: %s)',
    async (keepKid) => {
      await bed.forgetKeys();
      expect((await bed.revokeBy()).status).toBe(204);
      const heard = [];
      for (let count = 0; count < 3; count += 1) heard.push((await junk()).status);
      expect(heard).toEqual([401, 503, 503]);
      const browser = await bed.signedIn();
      bed.hostile.keys.rotate({ keepKid });
      expect((await bed.revokeBy()).status).toBe(204);
      expect(await statusOf(browser)).toBe(401);
    },
  );

  it('from five hundred networks causes few fetches, and keeps no caller out that called before', async () => {
    await bed.forgetKeys();
    const known = { from: '198.51.100.7' };
    expect((await bed.post(bed.shared, bed.jwt(), mallory, known)).status).toBe(204);
    const before = bed.jwksCount();
    const startedAt = performance.now();
    const networks = Array.from({ length: 500 }, (_, n) => `100.${64 + Math.floor(n / 250)}.${n % 250}.1`);
    const answers = await Promise.all(networks.map((from) => junk(from)));
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([401, 503]);
    const made = bed.jwksCount() - before;
    expect(made).toBeLessThanOrEqual(10 + Math.ceil((performance.now() - startedAt) / 6_000));
    bed.hostile.keys.rotate();
    expect((await bed.post(bed.shared, bed.jwt(), mallory, known)).status).toBe(204);
    expect(bed.jwksCount() - before).toBe(made + 1);
  });

  it('does not disturb keys that are known', async () => {
    await bed.forgetKeys();
    expect((await bed.revokeBy()).status).toBe(204);
    const all = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 10 ? junk() : bed.revokeBy())));
    expect(all.filter((_, n) => n % 10 === 0).map(({ status }) => status)).toEqual(Array(10).fill(204));
  });

  it('of one connection costs another nothing', async () => {
    const other = bed.product.orgs.whiterabbit;
    const tenant = bed.product.idp.tenant('whiterabbit');
    await bed.forgetKeys();
    await Promise.all(Array.from({ length: 20 }, () => junk()));
    const claims = callerClaims({ issuer: other.issuer, clientId: 'whiterabbit-app' }, bed.shared);
    const token = await tenant.sign(claims, { typ: 'global-token-revocation+jwt' });
    expect((await bed.post(bed.shared, token, { format: 'opaque', id: 'usr_0' })).status).toBe(404);
  });
});

describe('keys inside the network', () => {
  it('are never asked for: 503, and nothing arrives', async () => {
    const seen: string[] = [];
    const inside = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.end(JSON.stringify({ keys: [] }));
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    const { port } = inside.address() as AddressInfo;
    const config = loadConfig({ ...bed.product.env, PORT: '0' }, 'production');
    const node = await startServer(createContext(config, pino({ level: 'silent' })));
    const url = `http://localhost:${node.port}/global-token-revocation`;
    try {
      for (const jwksUri of [
        `http://localhost:${port}/jwks`,
        `https://localhost:${port}/jwks`,
        `https://127.0.0.1:${port}/jwks`,
        `https://[::1]:${port}/jwks`,
        `https://[::ffff:127.0.0.1]:${port}/jwks`,
        `https://0x7f000001:${port}/jwks`,
        'https://169.254.169.254/latest/meta-data',
        'https://10.0.0.1/jwks',
      ]) {
        await bed.forgetKeys(jwksUri);
        expect(await bed.post(url, bed.jwt(), mallory)).toMatchObject({ status: 503, code: 'unavailable' });
      }
      expect(seen).toEqual([]);
    } finally {
      await node.stop();
      inside.close();
      await bed.forgetKeys();
    }
  });
});

describe('two proven connections of one issuer and client, which should not be', () => {
  it('are told apart by nothing at the shared address: 401, recorded once in each org; their own addresses work', async () => {
    const { whiterabbit } = bed.product.orgs;
    const where = { orgId: whiterabbit.id, id: whiterabbit.connectionId };
    const before = await bed.prisma.connection.findFirstOrThrow({ where });
    await bed.prisma.connection.updateMany({
      where,
      data: { acceptedIssuers: [bed.hostile.issuer], clientId: bed.hostile.clientId },
    });
    const again = await bed.signedIn();
    const ambiguities = async (orgId: string) => {
      const events = await bed.prisma.auditEvent.findMany({
        where: { orgId, action: 'call.refused', detail: { path: ['reason'], equals: 'ambiguous' } },
        orderBy: { at: 'asc' },
      });
      return events.map(({ detail }) => (detail as { repeats: number }).repeats);
    };
    for (let round = 0; round < 3; round += 1) {
      const answer = await bed.post(bed.shared, bed.jwt(), mallory, { from: '192.0.2.77' });
      expect(answer).toMatchObject({ status: 401, code: 'invalid_token' });
    }
    expect(await statusOf(again)).toBe(200);
    for (const orgId of [bed.org.id, whiterabbit.id]) expect(await ambiguities(orgId)).toEqual([0]);
    await bed.product.context.refusedCalls.flush({ all: true });
    for (const orgId of [bed.org.id, whiterabbit.id]) expect(await ambiguities(orgId)).toEqual([0, 2]);
    expect((await bed.post(bed.own, callerJwt(bed.hostile, bed.own), mallory)).status).toBe(204);
    expect(await statusOf(again)).toBe(401);
    const { acceptedIssuers, clientId } = before;
    await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers, clientId } });
  });
});
