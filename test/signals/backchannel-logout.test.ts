import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { heading } from '../sign-in/support.ts';
import { createBrowser } from '../support/browser.ts';
import { answers } from '../support/hostile-answers.ts';
import { atTheirInsert, deadlocksOf, letSignInsWait, waitForLock, whileLocked } from '../support/locks.ts';
import { liveGrants, plantGrants } from '../support/planted-grants.ts';
import { startNode, stopProcess, trinity } from '../support/product.ts';
import { logoutEvent, now, type SignalBed, startSignalBed } from './support.ts';

let bed: SignalBed;
beforeAll(async () => {
  bed = await startSignalBed();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const operator = { initiator: 'operator', by: byOperator } as const;
const newBrowser = () => createBrowser({ baseUrl: bed.url });
const revocations = () =>
  bed.prisma.revocation.findMany({ where: { orgId: bed.org.id }, orderBy: { createdAt: 'asc' } });

/** What a session may keep that is nobody's any more once it has ended. */
const plantSecrets = () =>
  bed.pool.query(`UPDATE sessions SET id_token = 'sealed', data = '{"kept":1}' WHERE org_id = $1`, [bed.org.id]);
const secretsOf = async (revocationId: string | undefined) => {
  const where = { orgId: bed.org.id, revocationId: revocationId ?? 'none' };
  return (await bed.prisma.session.findMany({ where })).map(({ data, idToken }) => ({ data, idToken }));
};
const erased = { data: {}, idToken: null };

/** The IdP's name for the newest session of an org of the product's. */
async function sidOf(slug: 'whiterabbit' | 'metacortex'): Promise<string> {
  const where = { orgId: bed.product.orgs[slug].id };
  const session = await bed.prisma.session.findFirstOrThrow({ where, orderBy: { createdAt: 'desc' } });
  if (!session.idpSid) throw new Error('the IdP named no session');
  return session.idpSid;
}

/** A logout token of a real tenant. */
function signed(org: 'whiterabbit' | 'metacortex', claims: Record<string, unknown>): Promise<string> {
  const tenant = bed.product.idp.tenant(org);
  const base = { iss: tenant.issuer, aud: `${org}-app`, iat: now(), exp: now() + 120, jti: randomUUID() };
  return tenant.sign({ ...base, events: { [logoutEvent]: {} }, ...claims }, { typ: 'logout+jwt' });
}

async function expectOk(token: string, org = 'hostile') {
  const answer = await bed.postLogout(token, { org });
  expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
}

async function expectRefused(answer: Response, status = 400, error = 'invalid_request') {
  const body = (await answer.json()) as Record<string, string>;
  expect([answer.status, body.error, answer.headers.get('cache-control')]).toEqual([status, error, 'no-store']);
  expect(body.error_description).toMatch(/\w/);
  return body;
}

describe('a logout token without sid', () => {
  test('ends all of the person, wherever; signing in again works at once', async () => {
    const browsers = [await bed.signIn('one'), await bed.signIn('two'), await bed.signIn()];
    const [grant] = await plantGrants(bed.product, { orgId: bed.org.id, userId: await bed.userId() }, 1);
    await plantSecrets();
    const token = bed.logoutToken();
    await expectOk(token);
    for (const browser of browsers) expect(await bed.me(browser)).toBe(401);
    expect(await liveGrants(bed.product, [grant as never])).toEqual([]);
    const last = (await revocations()).at(-1);
    expect(last).toMatchObject({ initiator: 'idp', callerId: bed.connection.id, userId: await bed.userId() });
    expect(last).toMatchObject({ sessionsEnded: 3, grantsEnded: 1, subject: { format: 'iss_sub', sub: 'mallory' } });
    expect(await secretsOf(last?.id)).toEqual([erased, erased, erased]);
    expect(await bed.me(await bed.signIn('one'))).toBe(200);
  });

  test('is not run twice', async () => {
    const token = bed.logoutToken();
    await expectOk(token);
    const browser = await bed.signIn();
    await expectOk(token);
    expect(await bed.me(browser)).toBe(200);
  });

  test('without exp is not run twice either, and is remembered until its age refuses it', async () => {
    const iat = now() - 30;
    const jti = randomUUID();
    const token = bed.logoutToken({ exp: undefined, iat, jti });
    await expectOk(token);
    const browser = await bed.signIn();
    await expectOk(token);
    expect(await bed.me(browser)).toBe(200);
    const id = `${bed.connection.id} ${jti}`;
    const { expiresAt } = await bed.prisma.spent.findFirstOrThrow({ where: { kind: 'logout_token', id } });
    // Ten minutes of age, and a minute that clocks may differ.
    expect(expiresAt.getTime()).toBeGreaterThanOrEqual((iat + 600 + 60) * 1000);
  });

  test('is a success for whom nobody here knows, and touches nobody', async () => {
    const browser = await bed.signIn();
    const before = (await revocations()).length;
    await expectOk(bed.logoutToken({ sub: 'nobody' }));
    expect([await bed.me(browser), (await revocations()).length]).toEqual([200, before]);
  });

  test('counts under every issuer of the connection', async () => {
    const where = { orgId: bed.org.id };
    await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: ['https://custom.example'] } });
    const browser = await bed.signIn();
    await expectOk(bed.logoutToken({ iss: 'https://custom.example' }));
    await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: [] } });
    expect(await bed.me(browser)).toBe(401);
  });
});

describe('a logout token with sid', () => {
  test('ends what was born of that session at the IdP, and nothing else', async () => {
    const [one, two, three] = [await bed.signIn('sid-1'), await bed.signIn('sid-2'), await bed.signIn()];
    const person = { orgId: bed.org.id, userId: await bed.userId() };
    const ended = await plantGrants(bed.product, person, 2, { idpSid: 'sid-1' });
    const kept = await plantGrants(bed.product, person, 2, { idpSid: 'sid-2' });
    const before = await bed.prisma.user.findFirstOrThrow({ where: { id: person.userId } });
    await plantSecrets();
    await expectOk(bed.logoutToken({ sid: 'sid-1', sub: undefined }));
    expect(await Promise.all([one, two, three].map(bed.me))).toEqual([401, 200, 200]);
    expect((await one.get('/api/users/me')).json()).toMatchObject({ code: 'session_revoked' });
    expect(await liveGrants(bed.product, [...ended, ...kept])).toEqual(
      expect.arrayContaining(kept.map(({ id }) => id)),
    );
    expect(await liveGrants(bed.product, ended)).toEqual([]);
    const after = await bed.prisma.user.findFirstOrThrow({ where: { id: person.userId } });
    expect(after.generation).toBe(before.generation);
    const last = (await revocations()).at(-1);
    expect(last).toMatchObject({ userId: person.userId, initiator: 'idp', sessionsEnded: 1, grantsEnded: 2 });
    expect(last).toMatchObject({ callerId: bed.connection.id, tombstonesPending: false });
    expect(await secretsOf(last?.id)).toEqual([erased]);
    expect((await bed.audited('idp_session.ended')).at(-1)).toMatchObject({
      ...{ actorType: 'connection', actorId: bed.connection.id, targetId: person.userId },
      detail: { revocation: last?.id, sessionsEnded: 1, grantsEnded: 2 },
    });
  });

  test.each([
    ['null', null],
    ['empty', ''],
  ])('beside a sub that is %s ends that session alone', async (name, sub) => {
    const [one, two] = [await bed.signIn(`a sub that is ${name}`), await bed.signIn(`beside ${name}`)];
    await expectOk(bed.logoutToken({ sid: `a sub that is ${name}`, sub }));
    expect(await Promise.all([one, two].map(bed.me))).toEqual([401, 200]);
  });

  test('and sub also ends what that person has from before the IdP sent one, at this connection alone', async () => {
    const orgId = bed.org.id;
    await expectOk(bed.logoutToken());
    const [old, other] = [await bed.signIn(), await bed.signIn('another')];
    bed.hostile.setPerson({ sub: 'second', email: 'second@hostile.fake' });
    const second = await bed.signIn();
    bed.hostile.setPerson({ sub: 'mallory', email: 'mallory@hostile.fake' });
    const person = { orgId, userId: await bed.userId() };
    const grants = await plantGrants(bed.product, person, 2);
    const { id: _id, createdAt: _at, updatedAt: _then, ...rest } = bed.connection;
    await bed.prisma.connection.create({
      data: { ...rest, id: 'con_beside', clientId: 'beside', provenAt: null, roleMapping: {} },
    });
    const [kept] = await plantGrants(bed.product, person, 1);
    await bed.pool.query(`UPDATE grants SET connection_id = 'con_beside' WHERE id = $1`, [kept?.id]);
    await expectOk(bed.logoutToken({ sid: 'never seen', sub: 'nobody' }));
    await expectOk(bed.logoutToken({ sid: 'never seen', sub: 'mallory', aud: 'beside' }));
    expect(await Promise.all([old, other, second].map(bed.me))).toEqual([200, 200, 200]);
    expect(await liveGrants(bed.product, grants)).toHaveLength(2);
    await expectOk(bed.logoutToken({ sid: 'never seen' }));
    expect(await Promise.all([old, other, second].map(bed.me))).toEqual([401, 200, 200]);
    expect(await liveGrants(bed.product, [...grants, kept as never])).toEqual([kept?.id]);
    const last = (await revocations()).at(-1);
    expect(last).toMatchObject({ userId: person.userId, sessionsEnded: 1, grantsEnded: 2 });
    await bed.pool.query(`UPDATE grants SET connection_id = $1 WHERE connection_id = 'con_beside'`, [
      bed.connection.id,
    ]);
    await bed.prisma.connection.delete({ where: { orgId_id: { orgId, id: 'con_beside' } } });
  });

  test('of two people is a revocation of each', async () => {
    const first = await bed.signIn('shared');
    bed.hostile.setPerson({ sub: 'second', email: 'second@hostile.fake' });
    const second = await bed.signIn('shared');
    bed.hostile.setPerson({ sub: 'mallory', email: 'mallory@hostile.fake' });
    const before = await revocations();
    await expectOk(bed.logoutToken({ sid: 'shared', sub: undefined }));
    expect(await Promise.all([first, second].map(bed.me))).toEqual([401, 401]);
    const made = (await revocations()).slice(before.length);
    const where = { orgId: bed.org.id, emailKey: { in: ['mallory@hostile.fake', 'second@hostile.fake'] } };
    const people = (await bed.prisma.user.findMany({ where })).map(({ id }) => id).sort();
    expect(made.map(({ userId }) => userId).sort()).toEqual(people);
    for (const { id, userId } of made) {
      const ended = await bed.prisma.session.findMany({ where: { orgId: bed.org.id, revocationId: id } });
      expect(ended.map((session) => [session.userId, session.idpSid])).toEqual([[userId, 'shared']]);
    }
    const events = (await bed.audited('idp_session.ended')).slice(-2);
    expect(events.map(({ targetId }) => targetId).sort()).toEqual(people);
  });

  test('asks nobody for a password afterwards: signing in works at once, silently', async () => {
    const browser = await bed.product.signIn('metacortex');
    await expectOk(await signed('metacortex', { sid: await sidOf('metacortex') }), 'metacortex');
    expect(await bed.me(browser)).toBe(401);
    const step = await browser.beginSignIn({ appUrl: bed.url, org: 'metacortex' });
    // This provider kept its session, so it is the one that ended: a new one there is what lets the
    // person in.
    expect(step.callbackUrl).toBeDefined();
    bed.product.idp.tenant('metacortex').endSessions('metacortex-trinity');
    const start = await browser.get('/openid/start/metacortex');
    expect(new URL(start.headers.get('location') ?? '').searchParams.get('prompt')).toBeNull();
    expect(await bed.me(await bed.product.signIn('metacortex'))).toBe(200);
  });

  test('tells an open page', async () => {
    const browser = await bed.signIn('sid-5');
    const stream = await browser.open('GET', '/api/users/me/events', { signal: AbortSignal.timeout(20_000) });
    await expectOk(bed.logoutToken({ sid: 'sid-5' }));
    expect(await stream.text()).toContain('event: signed-out\ndata: {"reason":"session_revoked"');
  });

  test('is not run twice, and is a success when nothing is left to end', async () => {
    await expectOk(bed.logoutToken({ sid: 'sid-6' }));
    const before = {
      revocations: (await revocations()).length,
      events: (await bed.audited('idp_session.ended')).length,
    };
    const token = bed.logoutToken({ sid: 'sid-6' });
    await expectOk(token);
    await expectOk(token);
    expect((await revocations()).length).toBe(before.revocations);
    expect((await bed.audited('idp_session.ended')).length).toBe(before.events + 1);
  });

  test('is remembered for a day from the last one on', async () => {
    const sid = 'sid-7';
    const note = async () =>
      (await bed.prisma.spent.findFirstOrThrow({ where: { kind: 'idp_session', id: `${bed.connection.id} ${sid}` } }))
        .expiresAt;
    await expectOk(bed.logoutToken({ sid }));
    await bed.pool.query(`UPDATE spent SET expires_at = now() + interval '1 hour' WHERE kind = 'idp_session'`);
    await expectOk(bed.logoutToken({ sid }));
    expect((await note()).getTime() - Date.now()).toBeGreaterThan(86_000_000);
    await bed.pool.query(`UPDATE spent SET expires_at = now() + interval '2 days' WHERE kind = 'idp_session'`);
    await expectOk(bed.logoutToken({ sid }));
    expect((await note()).getTime() - Date.now()).toBeGreaterThan(2 * 86_000_000);
  });

  test.each([
    ['a revocation of the person', () => bed.postLogout(bed.logoutToken())],
    ['a sign-out of everyone', () => revokeOrgAccess(bed.pool, { orgId: bed.org.id, ...operator })],
  ])('leaves what %s ended to that one', async (name, end) => {
    await bed.signIn(name);
    await end();
    const first = (await revocations()).at(-1);
    await expectOk(bed.logoutToken({ sid: name }));
    const session = () => bed.prisma.session.findFirstOrThrow({ where: { orgId: bed.org.id, idpSid: name } });
    // Tombstones of a sign-out of everyone are written by housekeeping, ours or the product's own.
    while ((await session()).revokedAt === null) await clean(bed.pool, chores);
    expect([(await session()).revocationId, (await revocations()).at(-1)?.id]).toEqual([first?.id, first?.id]);
  });

  test('counts as ended only what was alive', async () => {
    await bed.signIn('dead already');
    await bed.pool.query('UPDATE users SET generation = generation + 1 WHERE org_id = $1', [bed.org.id]);
    const before = (await revocations()).length;
    await expectOk(bed.logoutToken({ sid: 'dead already' }));
    expect((await bed.audited('idp_session.ended')).at(-1)?.detail).toMatchObject({ sessionsEnded: 0 });
    expect((await revocations()).length).toBe(before);
  });

  test('of another connection or another org ends nothing', async () => {
    const twins = { whiterabbit: await bed.product.signIn(), metacortex: await bed.product.signIn('metacortex') };
    const sid = await sidOf('whiterabbit');
    await expectOk(bed.logoutToken({ sid }));
    await expectOk(await signed('metacortex', { sid }), 'metacortex');
    // Another connection of the same org.
    const { id: _id, createdAt: _at, updatedAt: _then, ...rest } = bed.connection;
    const sibling = { ...rest, id: 'con_sibling', clientId: 'sibling', provenAt: null, roleMapping: {} };
    await bed.prisma.connection.create({ data: sibling });
    const mallory = await bed.signIn('sid-9');
    await expectOk(bed.logoutToken({ sid: 'sid-9', aud: 'sibling' }));
    await expectOk(bed.logoutToken({ aud: 'sibling' }));
    await bed.prisma.connection.delete({ where: { orgId_id: { orgId: bed.org.id, id: 'con_sibling' } } });
    expect(await Promise.all([twins.whiterabbit, twins.metacortex, mallory].map(bed.me))).toEqual([200, 200, 200]);
  });

  test('from a real provider, when the person signs out there', async () => {
    const [first, second] = [await bed.product.signIn(), await bed.product.signIn()];
    const tenant = bed.product.idp.tenant('whiterabbit');
    const signal = await tenant.sendBackchannelLogout(trinity.email, { sid: await sidOf('whiterabbit') });
    expect(signal.call?.answer.status).toBe(200);
    expect([await bed.me(first), await bed.me(second)]).toEqual([200, 401]);
    expect((await tenant.sendBackchannelLogout(trinity.email)).call?.answer.status).toBe(200);
    expect(await bed.me(first)).toBe(401);
  });
});

describe('a logout token with sid, where the connection says that it ends all of the person', () => {
  const set = (logoutTokenEnds: 'person' | 'session') =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { logoutTokenEnds } });
  beforeAll(() => set('person'));
  afterAll(() => set('session'));

  const as = (name: string) => bed.hostile.setPerson({ sub: name, email: `${name}@hostile.fake` });
  const noteOf = (sid: string) =>
    bed.prisma.spent.findFirst({ where: { kind: 'idp_session', id: `${bed.connection.id} ${sid}` } });

  test.each([
    ['and sub, as Keycloak sends one for all of its sessions', { sub: 'mallory' }],
    ['alone', { sub: undefined }],
  ])('%s', async (name, claims) => {
    await expectOk(bed.logoutToken());
    const sids = [`${name} 1`, `${name} 2`, `${name} 3`, undefined];
    const browsers = [];
    for (const sid of sids) browsers.push(await bed.signIn(sid));
    const person = { orgId: bed.org.id, userId: await bed.userId() };
    const grants = await plantGrants(bed.product, person, 2, { idpSid: `${name} 2` });
    as('bystander');
    const bystander = await bed.signIn(`${name} 4`);
    as('mallory');
    await expectOk(bed.logoutToken({ sid: `${name} 1`, ...claims }));
    expect(await Promise.all([...browsers, bystander].map(bed.me))).toEqual([401, 401, 401, 401, 200]);
    expect(await liveGrants(bed.product, grants)).toEqual([]);
    const last = (await revocations()).at(-1);
    expect(last).toMatchObject({ userId: person.userId, initiator: 'idp', sessionsEnded: 4, grantsEnded: 2 });
    expect(last?.subject).toMatchObject({ iss: bed.hostile.issuer, sid: `${name} 1` });
    expect(last?.userGeneration).not.toBeNull();
    const remembered = (await noteOf(`${name} 1`))?.expiresAt.getTime() ?? 0;
    expect(remembered - Date.now()).toBeGreaterThan(86_000_000);
    expect(await bed.me(await bed.signIn(`${name} 5`))).toBe(200);
  });

  test('means the person by a session of theirs that is dead already, too', async () => {
    const [out, left] = [await bed.signIn('person dead'), await bed.signIn('person left')];
    expect((await out.post('/api/signout')).status).toBe(204);
    await expectOk(bed.logoutToken({ sid: 'person dead', sub: undefined }));
    expect(await bed.me(left)).toBe(401);
  });

  test('means everybody who has that session: each has a revocation of their own', async () => {
    const first = [await bed.signIn('person shared'), await bed.signIn('person first')];
    as('second');
    const second = [await bed.signIn('person shared'), await bed.signIn('person second')];
    as('mallory');
    const before = (await revocations()).length;
    await expectOk(bed.logoutToken({ sid: 'person shared' }));
    expect(await Promise.all([...first, ...second].map(bed.me))).toEqual([401, 401, 401, 401]);
    const made = (await revocations()).slice(before);
    expect(made.map(({ sessionsEnded }) => sessionsEnded)).toEqual([2, 2]);
    expect(new Set(made.map(({ userId }) => userId)).size).toBe(2);
  });

  test('is a success for a session and a person whom nobody here knows, and touches nobody', async () => {
    const browser = await bed.signIn('person known');
    const before = (await revocations()).length;
    await expectOk(bed.logoutToken({ sid: 'person unknown', sub: 'nobody' }));
    await expectOk(bed.logoutToken({ sid: 'person unknown', sub: undefined }));
    expect([await bed.me(browser), (await revocations()).length]).toEqual([200, before]);
    expect(await noteOf('person unknown')).not.toBeNull();
  });

  test('of another connection, or another org, reaches nobody', async () => {
    const orgId = bed.org.id;
    const twin = await bed.product.signIn('metacortex');
    const browser = await bed.signIn('person sibling');
    const { id: _id, createdAt: _at, updatedAt: _then, ...rest } = bed.connection;
    const own = { id: 'con_person', clientId: 'person', logoutTokenEnds: 'person' as const };
    await bed.prisma.connection.create({ data: { ...rest, ...own, provenAt: null, roleMapping: {} } });
    await expectOk(bed.logoutToken({ sid: 'person sibling', aud: 'person' }));
    await expectOk(bed.logoutToken({ sid: await sidOf('metacortex'), sub: undefined }));
    await bed.prisma.connection.delete({ where: { orgId_id: { orgId, id: 'con_person' } } });
    expect([await bed.me(browser), await bed.me(twin)]).toEqual([200, 200]);
  });

  test('is not run twice, nor when twenty come at once', async () => {
    await bed.signIn('person once');
    const token = bed.logoutToken({ sid: 'person once' });
    const before = (await revocations()).length;
    const sent = Array.from({ length: 20 }, () => bed.postLogout(token));
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    const browser = await bed.signIn('person after');
    await expectOk(token);
    expect([await bed.me(browser), (await revocations()).length]).toEqual([200, before + 1]);
  });

  test('that fails spends nothing', async () => {
    const browser = await bed.signIn('person again');
    const token = bed.logoutToken({ sid: 'person again' });
    await bed.pool.query('ALTER TABLE revocations ADD CONSTRAINT none CHECK (false) NOT VALID');
    expect((await bed.postLogout(token)).status).toBe(500);
    await bed.pool.query('ALTER TABLE revocations DROP CONSTRAINT none');
    expect(await bed.me(browser)).toBe(200);
    await expectOk(token);
    expect(await bed.me(browser)).toBe(401);
  });

  test('lets no sign-in of the person survive that is about to insert its session, with whatever sid', async () => {
    await letSignInsWait(bed.product);
    for (let trial = 0; trial < 10; trial += 1) {
      await bed.signIn(`person before ${trial}`);
      bed.hostile.setIdToken({ claims: { sid: `person between ${trial}` } });
      const browser = newBrowser();
      const callback = await bed.begin(browser);
      let finishing: Promise<unknown> = Promise.resolve();
      await whileLocked(bed.product, atTheirInsert, async () => {
        finishing = browser.get(callback);
        await waitForLock(bed.product);
        await expectOk(bed.logoutToken({ sid: `person before ${trial}`, sub: trial % 2 ? 'mallory' : undefined }));
      });
      await finishing;
      expect(await bed.me(browser)).toBe(401);
    }
  });

  test('beside front-channel logouts of the same session blocks nobody, and breaks no deadlock', async () => {
    const deadlocks = await deadlocksOf(bed.product);
    for (let trial = 0; trial < 20; trial += 1) {
      const sid = `person beside ${trial}`;
      const browser = await bed.signIn(sid);
      const query = new URLSearchParams({ iss: bed.hostile.issuer, sid });
      const framed = () => fetch(`${bed.url}/openid/frontchannel-logout/hostile?${query}`);
      const signed = () => bed.postLogout(bed.logoutToken({ sid, sub: trial % 2 ? 'mallory' : undefined }));
      const answers = await Promise.all([signed(), framed(), signed(), framed()]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(await bed.me(browser)).toBe(401);
    }
    expect(await deadlocksOf(bed.product)).toBe(deadlocks);
  });
});

describe('a first-ever sign-in under way when its person’s logout token comes', () => {
  const set = (logoutTokenEnds: 'person' | 'session') =>
    bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { logoutTokenEnds } });

  test.each([
    ['with sub alone', 'session', undefined],
    ['with sub, and another sid, which ends all of the person', 'person', 'newcomer elsewhere'],
  ] as const)('doesn’t complete: %s', async (name, ends, sid) => {
    await set(ends);
    const sub = `newcomer ${name}`;
    // The session at the IdP is older: it may be the one that ended.
    const claims = { sub, email: `${ends}@hostile.fake`, sid: 'newcomer here', auth_time: now() - 1000 };
    bed.hostile.setIdToken({ claims });
    const browser = newBrowser();
    const callback = await bed.begin(browser);
    await expectOk(bed.logoutToken({ sub, sid }));
    await set('session');
    const answer = await browser.get(callback);
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login');
    expect(await bed.me(browser)).toBe(401);
    bed.hostile.setIdToken({ claims: { ...claims, sid: 'newcomer fresh', auth_time: now() } });
    expect((await bed.attempt()).me.status).toBe(200);
  });
});

describe('a sign-in under way with the sid of a session that ended', () => {
  test('goes to the IdP once more, and completes with a new session there only', async () => {
    bed.hostile.setIdToken({ claims: { sid: 'flight-1' } });
    const browser = newBrowser();
    const callback = await bed.begin(browser);
    await expectOk(bed.logoutToken({ sid: 'flight-1' }));
    const again = await browser.get(callback);
    const location = new URL(again.headers.get('location') ?? '');
    expect([again.status, location.origin, location.searchParams.get('prompt')]).toEqual([
      302,
      bed.hostile.issuer,
      'login',
    ]);
    expect(await bed.me(browser)).toBe(401);
    const second = (await browser.get(location.href)).headers.get('location') ?? '';
    const refused = await browser.get(second);
    expect([refused.status, heading(refused)]).toEqual([409, 'Your access changed meanwhile']);
    expect([await bed.me(browser), (await bed.refusals()).at(-1)]).toEqual([401, 'overtaken']);
    expect(await bed.me(await bed.signIn('flight-2'))).toBe(200);
  });

  test('does not survive where the logout comes between its reading and its insert', async () => {
    const userId = await bed.userId();
    for (let trial = 0; trial < 10; trial += 1) {
      const sid = `between-${trial}`;
      bed.hostile.setIdToken({ claims: { sid } });
      const browser = newBrowser();
      const callback = await bed.begin(browser);
      const lock = (blocker: PoolClient) =>
        blocker.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE', [bed.org.id, userId]);
      let finishing: Promise<unknown> = Promise.resolve();
      await whileLocked(bed.product, lock, async () => {
        finishing = browser.get(callback);
        await waitForLock(bed.product);
        await expectOk(bed.logoutToken({ sid }));
      });
      await finishing;
      expect(await bed.me(browser)).toBe(401);
    }
  });

  test('is refused as such where the person is switched off between its reading and its insert', async () => {
    const userId = await bed.userId();
    bed.hostile.setIdToken({ claims: { sid: 'switched-off' } });
    const browser = newBrowser();
    const callback = await bed.begin(browser);
    const switchOff = (blocker: PoolClient) =>
      blocker.query('UPDATE users SET active = false WHERE org_id = $1 AND id = $2', [bed.org.id, userId]);
    let finishing: ReturnType<typeof browser.get> | undefined;
    await whileLocked(bed.product, switchOff, async () => {
      finishing = browser.get(callback);
      await waitForLock(bed.product);
    });
    const page = await finishing;
    expect([page?.status, (await bed.refusals()).at(-1), await bed.me(browser)]).toEqual([403, 'user_inactive', 401]);
    await bed.prisma.user.updateMany({ where: { orgId: bed.org.id, id: userId }, data: { active: true } });
  });

  test('nor does it come to life when the ended session is no longer remembered', async () => {
    const browser = await bed.signIn('forgotten day');
    const person = { orgId: bed.org.id, userId: await bed.userId() };
    const grants = await plantGrants(bed.product, person, 1, { idpSid: 'forgotten day' });
    const others = [await bed.signIn('forgotten'), await bed.signIn('day')];
    // As the one that was inserted at that very moment is left: alive but for the note.
    await bed.pool.query(
      `INSERT INTO spent (org_id, kind, id, expires_at)
       SELECT $1, 'idp_session', $2 || ' ' || sid, now() - interval '2 hours'
       FROM unnest('{"forgotten day",forgotten}'::text[]) AS ended (sid)`,
      [bed.org.id, bed.connection.id],
    );
    const notes = () => bed.prisma.spent.count({ where: { id: { contains: 'forgotten' } } });
    // The product's own housekeeping may have the turn just now.
    while ((await notes()) > 0) await clean(bed.pool, chores);
    expect(await Promise.all([browser, ...others].map(bed.me))).toEqual([401, 401, 200]);
    expect(await liveGrants(bed.product, grants)).toEqual([]);
  });
});

type Claims = Record<string, unknown>;
/**
 * Times are those of the test's own turn: a busy machine may come to it a minute after the table
 * was read.
 */
const asNow = (claims: Claims | (() => Claims)): Claims => (typeof claims === 'function' ? claims() : claims);

describe('a token that breaks a rule', () => {
  test.each<[string, Claims | (() => Claims)]>([
    ['no issuer', { iss: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an issuer with NUL', { iss: 'https://evil.example\0' }],
    ['no audience', { aud: undefined }],
    ['another audience', { aud: 'whiterabbit-app' }],
    ['an audience of others', { aud: ['a', 'b'] }],
    ['an audience that is no text', { aud: [7, null] }],
    ['no iat', { iat: undefined }],
    ['an iat in words', { iat: 'now' }],
    ['a date in the future', () => ({ iat: now() + 120, exp: now() + 200 })],
    ['an age of 12 minutes', () => ({ iat: now() - 720, exp: now() + 60 })],
    ['an age of 12 minutes without exp', () => ({ iat: now() - 720, exp: undefined })],
    ['a date in the future without exp', () => ({ iat: now() + 120, exp: undefined })],
    ['an exp in words', { exp: 'soon' }],
    ['an exp that is over', () => ({ iat: now() - 300, exp: now() - 120 })],
    ['an end before its beginning', () => ({ exp: now() - 30 })],
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
    ['a jti of 300 letters', { jti: 'x'.repeat(300) }],
    ['a jti with NUL', { jti: 'a\0b' }],
    ['no events', { events: undefined }],
    ['events null', { events: null }],
    ['events in a list', { events: [logoutEvent] }],
    ['another event', { events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} } }],
    ['an event that is null', { events: { [logoutEvent]: null } }],
    ['an event that is a list', { events: { [logoutEvent]: [] } }],
    ['an event that is a text', { events: { [logoutEvent]: '{}' } }],
    ['a nonce', { nonce: 'n' }],
    ['a nonce that is null', { nonce: null }],
    ['neither sub nor sid', { sub: undefined }],
    ['a sub that is a number', { sub: 7 }],
    ['an empty sub', { sub: '' }],
    ['a sid that is null without sub', { sid: null, sub: undefined }],
    ['an empty sid without sub', { sid: '', sub: undefined }],
    ['neither, as null and as empty text', { sid: null, sub: '' }],
    ['a sid that is an object without sub', { sid: {}, sub: undefined }],
    ['a sid with NUL without sub', { sid: 'a\0b', sub: undefined }],
  ])('is refused: %s', async (_name, changes) => {
    const browser = await bed.signIn('rules');
    await expectRefused(await bed.postLogout(bed.logoutToken(asNow(changes))));
    expect(await bed.me(browser)).toBe(200);
  });

  test.each<[string, Claims | (() => Claims), Record<string, unknown>]>([
    ['no typ', {}, { typ: undefined }],
    ['the typ JWT', {}, { typ: 'JWT' }],
    ['the whole media type', {}, { typ: 'application/logout+jwt' }],
    ['an audience in a list', { aud: ['another', 'hostile-client'] }, {}],
    ['a clock 30 s ahead', () => ({ iat: now() + 30, exp: now() + 150 }), {}],
    ['an exp 30 s ago', () => ({ iat: now() - 150, exp: now() - 30 }), {}],
    ['no exp', { exp: undefined }, {}],
    ['an exp of null', { exp: null }, {}],
    ['no exp, nine minutes old', () => ({ iat: now() - 540, exp: undefined }), {}],
    ['a life of two hours', () => ({ exp: now() + 7_200 }), {}],
    ['a life of a year', () => ({ exp: now() + 31_536_000 }), {}],
    ['a sid that is null beside sub', { sid: null }, {}],
    ['an empty sid beside sub', { sid: '' }, {}],
    ['a sid beside sub that no sign-in can have had', { sid: 'x'.repeat(300) }, {}],
    ['a member in the event', { events: { [logoutEvent]: { more: 1 } } }, {}],
    ['claims of its own', { more: { deep: [] } }, {}],
    ['Keycloak’s word on offline sessions', { events: { [logoutEvent]: {}, revoke_offline_access: true } }, {}],
    ['a second event', { events: { [logoutEvent]: {}, 'https://other.example': {} } }, {}],
  ])('is not: %s', async (_name, changes, header) => {
    const browser = await bed.signIn();
    await expectOk(bed.logoutToken(asNow(changes), { header }));
    expect(await bed.me(browser)).toBe(401);
  });
});

describe('attacks', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['no signature', () => bed.logoutToken({}, { signer: 'none' })],
    ['a foreign key under the published id', () => bed.logoutToken({}, { signer: 'foreign' })],
    ['the public key as a secret (HS256)', () => bed.logoutToken({}, { signer: 'hs256-public' })],
    [
      'a key that the token brings along',
      async () => bed.logoutToken({}, { signer: 'foreign', header: { jwk: await bed.hostile.keys.foreignJwk() } }),
    ],
    ['a kid of the wrong type', () => bed.logoutToken({}, { header: { kid: ['a'] } })],
    ['an extension that must be understood', () => bed.logoutToken({}, { header: { crit: ['exp'] } })],
    ['an ID token in its place', () => bed.hostile.signIdToken({ nonce: 'n' })],
    ['an ID token without nonce in its place', () => bed.hostile.signIdToken({ claims: { jti: 'j' } })],
    [
      'a revocation request in its place',
      () => bed.logoutToken({}, { header: { typ: 'global-token-revocation+jwt' } }),
    ],
    ['a security event in its place', () => bed.eventToken('session-revoked')],
    ['a security event, its typ made up', () => bed.eventToken('session-revoked', { header: { typ: 'logout+jwt' } })],
    ['an access token in its place', () => bed.logoutToken({}, { header: { typ: 'at+jwt' } })],
    ['nothing', () => ''],
    ['junk', () => 'a.b.c'],
    ['a payload that is no object', () => bed.hostile.keys.sign([], { header: { typ: 'logout+jwt' } })],
    ['a token of 17 KB', () => bed.logoutToken({ more: 'x'.repeat(17_000) })],
  ])('%s', async (_name, make) => {
    const browser = await bed.signIn();
    await expectRefused(await bed.postLogout(await make()));
    expect(await bed.me(browser)).toBe(200);
  });

  test('junk from one network keeps out no token from another that a new key signed', async () => {
    const browser = await bed.signIn();
    const junk = () => bed.logoutToken({}, { signer: 'foreign', header: { kid: randomUUID() } });
    const heard = [];
    for (let count = 0; count < 3; count += 1) heard.push((await bed.postLogout(junk(), { from: '192.0.2.1' })).status);
    expect(heard).toEqual([400, 503, 503]);
    bed.hostile.keys.rotate();
    expect((await bed.postLogout(bed.logoutToken(), { from: '192.0.2.2' })).status).toBe(503);
    await expectOk(bed.logoutToken());
    expect(await bed.me(browser)).toBe(401);
  });

  test('a token of one org at another, and at one that does not exist', async () => {
    for (const org of ['whiterabbit', 'nobody', 'a%00b', 'x'.repeat(100)])
      await expectRefused(await bed.postLogout(bed.logoutToken(), { org }));
  });

  test('an org whose own IdP speaks for the IdP of another', async () => {
    const browser = await bed.product.signIn();
    const { issuer } = bed.product.idp.tenant('whiterabbit');
    const claims = { iss: issuer, aud: 'whiterabbit-app', sub: 'whiterabbit-trinity' };
    await expectRefused(await bed.postLogout(bed.logoutToken(claims), { org: 'whiterabbit' }));
    await expectRefused(await bed.postLogout(bed.logoutToken(claims)));
    // It even says that it is that IdP: its word then counts in its own org, which has nobody of
    // that name.
    const where = { orgId: bed.org.id };
    await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: [issuer] } });
    await expectOk(bed.logoutToken({ iss: issuer, sub: 'whiterabbit-trinity' }));
    await bed.prisma.connection.updateMany({ where, data: { acceptedIssuers: [] } });
    expect(await bed.me(browser)).toBe(200);
  });

  test('a connection that is switched off', async () => {
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { active: false } });
    await expectRefused(await bed.postLogout(bed.logoutToken()));
    await bed.prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { active: true } });
  });

  test('forms that are none', async () => {
    const url = `${bed.url}/openid/backchannel-logout/hostile`;
    const token = bed.logoutToken();
    const post = (body: string, type: string) =>
      fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
    const form = 'application/x-www-form-urlencoded';
    await expectRefused(await post(JSON.stringify({ logout_token: token }), 'application/json'));
    await expectRefused(await post(`logout_token=${token}`, 'text/plain'));
    await expectRefused(await post(`logout_token=${token}&logout_token=${token}`, form));
    await expectRefused(await post('', form));
    await expectRefused(await fetch(`${url}?logout_token=${token}`, { method: 'POST' }));
    await expectRefused(await post(`logout_token=${'x'.repeat(100_000)}`, form), 413);
    const get = await fetch(`${url}?logout_token=${token}`);
    expect([get.status, get.headers.get('allow'), get.headers.get('cache-control')]).toEqual([405, 'POST', 'no-store']);
  });

  describe('at two nodes', () => {
    let other: Awaited<ReturnType<typeof startNode>>;
    beforeAll(async () => {
      other = await startNode(bed.product.env);
    });
    afterAll(async () => {
      if (other) await stopProcess(other.process);
    });

    test('without the keys it is 503 and nothing is spent; with them the same token works', async () => {
      const browser = await bed.signIn('keys');
      bed.hostile.set('jwks', answers.status(500));
      const token = bed.logoutToken({ sid: 'keys' });
      const at = { at: other.url };
      const down = await bed.postLogout(token, at);
      expect(down.headers.get('retry-after')).toMatch(/^\d+$/);
      await expectRefused(down, 503, 'temporarily_unavailable');
      expect(await bed.me(browser)).toBe(200);
      bed.hostile.reset();
      let answer = await bed.postLogout(token, at);
      while (answer.status === 503) answer = await bed.postLogout(token, at);
      expect([answer.status, await bed.me(browser)]).toEqual([200, 401]);
    });

    test.each([
      ['with sid', 'both-nodes'],
      ['without', undefined],
    ])('twenty times the same at once: it is run once (%s)', async (_name, sid) => {
      await bed.signIn('both-nodes-first');
      await bed.signIn(sid);
      const before = (await revocations()).length;
      const token = bed.logoutToken({ sid });
      const sent = Array.from({ length: 20 }, (_, i) => bed.postLogout(token, { at: i % 2 ? other.url : bed.url }));
      expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect((await revocations()).length).toBe(before + 1);
    });
  });
});
