import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { answers } from '../support/hostile-answers.ts';
import { callerJwt, postRevocation } from '../support/idp-jwt.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { startNode, stopProcess, trinity } from '../support/product.ts';
import { eventUris, now, type SignalBed, startSignalBed } from './support.ts';

let bed: SignalBed;
beforeAll(async () => {
  bed = await startSignalBed();
  await bed.signIn();
});
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

const events = [
  'session-revoked',
  'credential-change',
  'account-disabled',
  'account-purged',
  'credential-compromise',
  'sessions-revoked',
] as const;
const setActions = (eventActions: object) =>
  bed.prisma.org.update({ where: { id: bed.org.id }, data: { eventActions } });
const revocations = () =>
  bed.prisma.revocation.findMany({ where: { orgId: bed.org.id }, orderBy: { createdAt: 'asc' } });
const received = async () => (await bed.audited('signal.received')).at(-1);
const isActive = async () =>
  (await bed.prisma.user.findFirstOrThrow({ where: { orgId: bed.org.id, emailKey: 'mallory@hostile.fake' } })).active;

async function expectAccepted(token: string) {
  const answer = await bed.pushEvent(token);
  expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([202, '', 'no-store']);
}

async function expectRefused(answer: Response, err: string, status = 400) {
  const body = (await answer.json()) as Record<string, string>;
  expect([answer.status, body.err, Object.keys(body)]).toEqual([status, err, ['err', 'description']]);
  expect(answer.headers.get('content-language')).toBe('en');
  return body;
}

describe('what each event does', () => {
  afterEach(async () => {
    await setActions({});
    await bed.prisma.user.updateMany({ where: { orgId: bed.org.id }, data: { active: true } });
  });

  const defaults = { 'account-disabled': 'revoke_and_deactivate' } as Record<string, string>;
  const cases = events.flatMap((event) =>
    ['default', 'revoke', 'revoke_and_deactivate', 'record'].map((set) => [event, set] as const),
  );
  test.each(cases)('%s, set to %s', async (event, set) => {
    const action = set === 'default' ? (defaults[event] ?? 'revoke') : set;
    if (set !== 'default') await setActions({ [event]: set });
    const browser = await bed.signIn();
    const before = (await revocations()).length;
    await expectAccepted(bed.eventToken(event));
    const ended = action !== 'record';
    expect(await bed.me(browser)).toBe(ended ? 401 : 200);
    expect(await isActive()).toBe(action !== 'revoke_and_deactivate');
    expect((await revocations()).length).toBe(before + (ended ? 1 : 0));
    expect(await received()).toMatchObject({
      ...{ actorType: 'connection', actorId: bed.connection.id },
      targetId: ended ? await bed.userId() : null,
      detail: { type: event, action, outcome: ended ? 'revoked' : 'recorded' },
    });
    if (ended) expect((await revocations()).at(-1)).toMatchObject({ initiator: 'signal', callerId: bed.connection.id });
  });

  test.each([['nonsense'], [7], [null], [{ toString: 'record' }]])('a setting of %j counts as none', async (set) => {
    await setActions({ 'session-revoked': set, constructor: 'record' });
    const browser = await bed.signIn();
    await expectAccepted(bed.eventToken('session-revoked'));
    expect(await bed.me(browser)).toBe(401);
  });

  test('a setting is of one org', async () => {
    const setOther = (eventActions: object) =>
      bed.prisma.org.update({ where: { id: bed.product.orgs.whiterabbit.id }, data: { eventActions } });
    await setOther({ 'session-revoked': 'record' });
    const browser = await bed.signIn();
    await expectAccepted(bed.eventToken('session-revoked'));
    expect(await bed.me(browser)).toBe(401);
    await setOther({});
  });

  test('whoever is switched off stays out; signing in works at once for whoever is not', async () => {
    await bed.signIn();
    await expectAccepted(bed.eventToken('account-disabled'));
    expect((await bed.attempt()).me.status).toBe(401);
    expect((await bed.refusals()).at(-1)).toBe('user_inactive');
    await bed.prisma.user.updateMany({ where: { orgId: bed.org.id }, data: { active: true } });
    await expectAccepted(bed.eventToken('session-revoked'));
    expect((await bed.attempt()).me.status).toBe(200);
  });

  test('grants end too, and an open page is told without the reason', async () => {
    const browser = await bed.signIn();
    const stream = await browser.open('GET', '/api/users/me/events', { signal: AbortSignal.timeout(20_000) });
    await expectAccepted(bed.eventToken('session-revoked', { details: { reason_admin: { en: 'Stolen laptop' } } }));
    const told = await stream.text();
    expect(told).toContain('event: signed-out');
    expect(told + (await browser.get('/api/users/me')).text).not.toContain('laptop');
  });
});

describe('the reason', () => {
  test.each<[string, object, string | null]>([
    ['by language', { reason_admin: { de: 'Gestohlen', en: 'Stolen' } }, 'Stolen'],
    ['in another language only', { reason_admin: { de: 'Gestohlen' } }, 'Gestohlen'],
    ['as a text', { reason_admin: 'Stolen' }, 'Stolen'],
    ["RISC's", { reason: 'hijacking' }, 'hijacking'],
    ['too long', { reason_admin: { en: 'x'.repeat(5_000) } }, 'x'.repeat(500)],
    ['with control characters', { reason_admin: { en: 'a\0b\nc' } }, 'a b c'],
    ['with half a character', { reason_admin: { en: `${'x'.repeat(499)}😀` } }, `${'x'.repeat(499)}\ufffd`],
    ['that is none', { reason_admin: { en: { deep: [] } } }, null],
    ['for the person', { reason_user: { en: 'Sign in again' } }, null],
  ])('%s', async (_name, details, reason) => {
    await bed.signIn();
    await expectAccepted(bed.eventToken('session-revoked', { details }));
    expect((await revocations()).at(-1)?.reason).toBe(reason);
  });

  test.each<[unknown, string | null]>([
    [1_750_000_000, '2025-06-15T15:06:40.000Z'],
    [1_750_000_000_123, '2025-06-15T15:06:40.123Z'],
    ['yesterday', null],
    [-1, null],
    [1e300, null],
  ])('the moment %j is noted as %j', async (event_timestamp, happenedAt) => {
    await expectAccepted(bed.eventToken('session-revoked', { details: { event_timestamp } }));
    expect((await received())?.detail).toMatchObject({ happenedAt });
  });
});

describe('whom it is about', () => {
  const email = { format: 'email', email: 'Mallory@hostile.fake' };
  const issSub = () => ({ format: 'iss_sub', iss: bed.hostile.issuer, sub: 'mallory' });
  const inEvent = (subject: unknown) => ({ claims: { sub_id: undefined }, details: { subject } });

  test.each<[string, () => { claims?: object; details?: object }]>([
    ['sub_id: email', () => ({ claims: { sub_id: email } })],
    ['sub_id: email, with blanks', () => ({ claims: { sub_id: { ...email, email: ` ${email.email}\u00a0` } } })],
    ['sub_id: account', () => ({ claims: { sub_id: { format: 'account', uri: 'acct:mallory@hostile.fake' } } })],
    ['sub_id: aliases', () => ({ claims: { sub_id: { format: 'aliases', identifiers: [email, issSub()] } } })],
    ['sub_id: complex', () => ({ claims: { sub_id: { format: 'complex', user: issSub(), device: email } } })],
    ['subject in the event', () => inEvent(email)],
    ['a complex subject in the event', () => inEvent({ format: 'complex', user: issSub(), tenant: email })],
    ['an older complex subject', () => inEvent({ user: issSub(), device: { format: 'opaque', id: 'd' } })],
    ['both, the same', () => ({ details: { subject: issSub() } })],
    ['a subject of RISC’s drafts', () => inEvent({ ...issSub(), format: undefined, subject_type: 'iss-sub' })],
    [
      'Google’s claims of an ID token',
      () => inEvent({ ...issSub(), format: undefined, subject_type: 'id_token_claims' }),
    ],
    ['an e-mail address of RISC’s drafts', () => inEvent({ ...email, format: undefined, subject_type: 'email' })],
    [
      'claims of an ID token, as RISC’s drafts have them',
      () => inEvent({ ...issSub(), ...email, format: undefined, subject_type: 'id-token-claims' }),
    ],
  ])('%s', async (_name, how) => {
    const browser = await bed.signIn();
    await expectAccepted(bed.eventToken('session-revoked', how()));
    expect(await bed.me(browser)).toBe(401);
  });

  test.each<[string, object, string]>([
    ['nobody here', { format: 'email', email: 'nobody@hostile.fake' }, 'subject_unknown'],
    ['no address that anybody has', { format: 'email', email: 'nonsense' }, 'subject_unknown'],
    ['a telephone', { format: 'phone_number', phone_number: '+4912345' }, 'subject_unsupported'],
    ['a device alone', { format: 'complex', device: { format: 'opaque', id: 'd' } }, 'subject_unsupported'],
    ['a session alone', { format: 'complex', session: { format: 'opaque', id: 's' } }, 'subject_unsupported'],
    ['an older session alone', { session: { format: 'opaque', id: 's' } }, 'subject_unsupported'],
    ['another issuer', { format: 'iss_sub', iss: 'https://evil.example', sub: 'mallory' }, 'subject_unknown'],
  ])('%s: accepted and recorded', async (_name, sub_id, outcome) => {
    const browser = await bed.signIn();
    await expectAccepted(bed.eventToken('session-revoked', { claims: { sub_id } }));
    expect(await received()).toMatchObject({ detail: { type: 'session-revoked', outcome }, targetId: null });
    expect(await bed.me(browser)).toBe(200);
  });

  test('a user whom only another connection of the org knows is unknown to this one', async () => {
    const { id: _id, createdAt: _at, updatedAt: _then, ...rest } = bed.connection;
    await bed.prisma.connection.create({
      data: { ...rest, id: 'con_other', clientId: 'other', provenAt: null, roleMapping: {} },
    });
    const [user] = await plantUsers(bed.product, 1);
    const orgId = bed.product.orgs.whiterabbit.id;
    const [own] = await bed.prisma.connection.findMany({ where: { orgId } });
    // Whiterabbit gets a second connection, the hostile IdP's, which speaks of people of the first.
    const second = { ...rest, orgId, id: 'con_second', provenAt: null };
    await bed.prisma.connection.create({ data: { ...second, roleMapping: {} } });
    const to = `${bed.url}/ssf/events/con_second`;
    const push = (sub_id: object) =>
      bed.pushEvent(bed.eventToken('session-revoked', { claims: { aud: to, sub_id } }), { to });
    const names = [
      { format: 'email', email: user?.email },
      { format: 'opaque', id: user?.id },
      { format: 'iss_sub', iss: own?.issuer, sub: user?.id },
    ];
    for (const name of names) {
      expect((await push(name)).status).toBe(202);
      expect((await bed.audited('signal.received', orgId)).at(-1)?.detail).toMatchObject({
        outcome: 'subject_unknown',
      });
    }
    expect(await statusOfMe(bed.url, String(user?.cookies[0]))).toBe(200);
    await bed.prisma.connection.deleteMany({ where: { id: { in: ['con_other', 'con_second'] } } });
  });

  test('the twin of the same address in the other org stays', async () => {
    const browser = await bed.product.signIn('metacortex');
    await expectAccepted(
      bed.eventToken('account-disabled', { claims: { sub_id: { format: 'email', email: trinity.email } } }),
    );
    expect(await bed.me(browser)).toBe(200);
  });

  test.each<[string, () => { claims?: object; details?: unknown }]>([
    ['no subject', () => ({ claims: { sub_id: undefined } })],
    ['a subject that is a text', () => ({ claims: { sub_id: 'mallory' } })],
    ['an unknown format', () => ({ claims: { sub_id: { format: 'shoe_size', size: 44 } } })],
    ['members that do not belong', () => ({ claims: { sub_id: { ...email, more: 1 } } })],
    ['a complex subject whose user is null', () => ({ claims: { sub_id: { format: 'complex', user: null } } })],
    [
      'a complex user in a complex subject',
      () => ({ claims: { sub_id: { user: { format: 'complex', user: email } } } }),
    ],
    ['NUL', () => ({ claims: { sub_id: { format: 'email', email: 'a\0@hostile.fake' } } })],
    ['a quoted address', () => ({ claims: { sub_id: { ...email, email: '"mallory"@hostile.fake' } } })],
    ['mixed scripts', () => ({ claims: { sub_id: { ...email, email: 'm\u0430llory@hostile.fake' } } })],
    ['two that differ', () => ({ details: { subject: email } })],
    [
      'aliases of two people',
      () => ({
        claims: {
          sub_id: { format: 'aliases', identifiers: [issSub(), { format: 'email', email: 'second@hostile.fake' }] },
        },
      }),
    ],
  ])('%s: refused, and nobody is signed out', async (_name, how) => {
    bed.hostile.setPerson({ sub: 'second', email: 'second@hostile.fake' });
    await bed.signIn();
    bed.hostile.setPerson({ sub: 'mallory', email: 'mallory@hostile.fake' });
    const browser = await bed.signIn();
    await expectRefused(await bed.pushEvent(bed.eventToken('session-revoked', how())), 'invalid_request');
    expect(await bed.me(browser)).toBe(200);
  });
});

describe('events that end nothing', () => {
  test('verification is answered and recorded', async () => {
    const sub_id = { format: 'opaque', id: 'the stream' };
    await expectAccepted(bed.eventToken('verification', { claims: { sub_id }, details: { state: 'x' } }));
    expect((await received())?.detail).toMatchObject({ type: 'verification', outcome: 'verified', action: null });
    await expectAccepted(bed.eventToken('verification', { claims: { sub_id: undefined } }));
  });

  test.each([
    ['https://schemas.openid.net/secevent/caep/event-type/device-compliance-change', undefined],
    ['constructor', undefined],
    ['x'.repeat(300), 'unreadable'],
    ['a\0b', 'unreadable'],
  ])('%s is acknowledged and recorded', async (uri, type = uri) => {
    const browser = await bed.signIn();
    await expectAccepted(bed.eventToken(uri, { claims: { sub_id: { anything: [] } } }));
    expect((await received())?.detail).toMatchObject({ type, outcome: 'event_unknown', action: null });
    expect(await bed.me(browser)).toBe(200);
  });
});

describe('a token that breaks a rule', () => {
  const uri = eventUris['session-revoked'];
  const day = 86_400;
  let browser: Awaited<ReturnType<typeof bed.signIn>>;
  beforeEach(async () => {
    browser = await bed.signIn();
  });

  // A busy machine may come to a test a minute after its table was read.
  test.each<[string, object | (() => object), string]>([
    ['no issuer', { iss: undefined }, 'invalid_issuer'],
    ['another issuer', { iss: 'https://evil.example' }, 'invalid_issuer'],
    ['no audience', { aud: undefined }, 'invalid_request'],
    ['another audience', { aud: 'https://evil.example/ssf/events' }, 'invalid_audience'],
    ['an empty audience', { aud: [] }, 'invalid_audience'],
    ['an audience that is an object', { aud: {} }, 'invalid_request'],
    ['no iat', { iat: undefined }, 'invalid_request'],
    ['a date in the future', () => ({ iat: now() + 120 }), 'invalid_request'],
    ['an age of eight days', () => ({ iat: now() - 8 * day }), 'invalid_request'],
    ['an exp that is over', () => ({ exp: now() - 120 }), 'invalid_request'],
    ['an exp in words', { exp: 'never' }, 'invalid_request'],
    ['no jti', { jti: undefined }, 'invalid_request'],
    ['an empty jti', { jti: '' }, 'invalid_request'],
    ['a jti with NUL', { jti: '\0' }, 'invalid_request'],
    ['no events', { events: undefined }, 'invalid_request'],
    ['empty events', { events: {} }, 'invalid_request'],
    ['events in a list', { events: [{}] }, 'invalid_request'],
    ['two events', { events: { [uri]: {}, [eventUris['account-disabled']]: {} } }, 'invalid_request'],
    ['an event that is null', { events: { [uri]: null } }, 'invalid_request'],
    ['an event that is a list', { events: { [uri]: [] } }, 'invalid_request'],
  ])('is refused: %s', async (_name, given, err) => {
    const claims = typeof given === 'function' ? given() : given;
    await expectRefused(await bed.pushEvent(bed.eventToken('session-revoked', { claims })), err);
    expect(await bed.me(browser)).toBe(200);
  });

  test.each<[string, () => { claims?: object; details?: unknown; header?: Record<string, unknown> }]>([
    ['the client id as audience', () => ({ claims: { aud: bed.hostile.clientId } })],
    ['an audience in a list', () => ({ claims: { aud: ['https://other.example', bed.receiver] } })],
    ['an age of six days', () => ({ claims: { iat: now() - 6 * day } })],
    ['a clock 30 s ahead', () => ({ claims: { iat: now() + 30 } })],
    ['a subject in the event that is null', () => ({ details: { subject: null } })],
    [
      'a subject in the event, and a sub_id that is null',
      () => ({
        claims: { sub_id: null },
        details: { subject: { format: 'iss_sub', iss: bed.hostile.issuer, sub: 'mallory' } },
      }),
    ],
    [
      'optional members that are null',
      () => ({ details: { event_timestamp: null, reason_admin: null, reason_user: null, initiating_entity: null } }),
    ],
    ['a reason by language that is null', () => ({ details: { reason_admin: { en: null } } })],
    ['an exp to come', () => ({ claims: { exp: now() + 60 } })],
    ['the whole media type as typ', () => ({ header: { typ: 'application/secevent+jwt' } })],
    ['the typ JWT', () => ({ header: { typ: 'JWT' } })],
    ['no typ', () => ({ header: { typ: undefined } })],
  ])('is not: %s', async (_name, how) => {
    await expectAccepted(bed.eventToken('session-revoked', how()));
    expect(await bed.me(browser)).toBe(401);
  });

  test.each<[string, () => string | Promise<string>, string]>([
    ['no signature', () => bed.eventToken('session-revoked', { signer: 'none' }), 'invalid_key'],
    ['the public key as a secret', () => bed.eventToken('session-revoked', { signer: 'hs256-public' }), 'invalid_key'],
    ['a foreign key', () => bed.eventToken('session-revoked', { signer: 'foreign' }), 'authentication_failed'],
    [
      'a key that the token brings along',
      async () => {
        const jwk = await bed.hostile.keys.foreignJwk();
        return bed.eventToken('session-revoked', { signer: 'foreign', header: { jwk } });
      },
      'authentication_failed',
    ],
    [
      'an ID token that speaks of an event',
      () => bed.eventToken('session-revoked', { header: { typ: 'JWT' }, claims: { nonce: 'n' } }),
      'invalid_request',
    ],
    ['an ID token', () => bed.hostile.signIdToken({ nonce: 'n' }), 'invalid_request'],
    [
      'an ID token, its typ made up',
      () => bed.hostile.signIdToken({ header: { typ: 'secevent+jwt' } }),
      'invalid_request',
    ],
    ['a logout token', () => bed.logoutToken(), 'invalid_request'],
    [
      'a revocation request',
      () => bed.eventToken('session-revoked', { header: { typ: 'global-token-revocation+jwt' } }),
      'invalid_request',
    ],
    ['a form', () => `token=${bed.eventToken('session-revoked')}`, 'invalid_request'],
    ['JSON', () => JSON.stringify({ sub_id: {} }), 'invalid_request'],
    ['nothing', () => '', 'invalid_request'],
    [
      'a token of 17 KB',
      () => bed.eventToken('session-revoked', { details: { more: 'x'.repeat(17_000) } }),
      'invalid_request',
    ],
  ])('%s in its place', async (_name, make, err) => {
    await expectRefused(await bed.pushEvent(await make()), err);
    expect(await bed.me(browser)).toBe(200);
  });

  test.each(['application/jwt', 'application/json', 'text/plain'])('is taken as %s', async (type) => {
    expect((await bed.pushEvent(bed.eventToken('session-revoked'), { type })).status).toBe(202);
    expect(await bed.me(browser)).toBe(401);
  });

  test('a huge body, another address', async () => {
    const token = bed.eventToken('session-revoked');
    await expectRefused(await bed.pushEvent('x'.repeat(100_000)), 'invalid_request', 413);
    for (const id of ['con_nobody', 'a%00b', 'x'.repeat(100)])
      await expectRefused(await bed.pushEvent(token, { to: `${bed.url}/ssf/events/${id}` }), 'invalid_request', 404);
    const get = await fetch(bed.receiver);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await bed.me(browser)).toBe(200);
  });

  test('a token for one connection at another of the same issuer and client, and at one switched off', async () => {
    const { id: _id, createdAt: _at, updatedAt: _then, ...rest } = bed.connection;
    await bed.prisma.connection.create({
      data: { ...rest, roleMapping: {}, id: 'con_same', provenAt: null },
    });
    const to = `${bed.url}/ssf/events/con_same`;
    await expectRefused(await bed.pushEvent(bed.eventToken('session-revoked'), { to }), 'invalid_audience');
    await bed.prisma.connection.updateMany({ where: { id: 'con_same' }, data: { active: false } });
    await expectRefused(await bed.pushEvent(bed.eventToken('session-revoked'), { to }), 'invalid_request', 404);
    await bed.prisma.connection.deleteMany({ where: { id: 'con_same' } });
    expect(await bed.me(browser)).toBe(200);
  });

  test('junk from one network, which keeps out no event from another that a new key signed', async () => {
    const junk = () => bed.eventToken('session-revoked', { signer: 'foreign', header: { kid: randomUUID() } });
    const heard = [];
    for (let count = 0; count < 3; count += 1) heard.push((await bed.pushEvent(junk(), { from: '192.0.2.1' })).status);
    expect(heard).toEqual([400, 503, 503]);
    bed.hostile.keys.rotate();
    const genuine = bed.eventToken('session-revoked');
    expect((await bed.pushEvent(genuine, { from: '192.0.2.2' })).status).toBe(503);
    await expectAccepted(genuine);
    expect(await bed.me(browser)).toBe(401);
  });

  test('with the key of another connection', async () => {
    const whiterabbit = bed.product.orgs.whiterabbit;
    const { id } = await bed.prisma.connection.findFirstOrThrow({ where: { orgId: whiterabbit.id } });
    const to = `${bed.url}/ssf/events/${id}`;
    const trinitys = await bed.product.signIn();
    const sub_id = { format: 'email', email: trinity.email };
    const token = (iss: string) => bed.eventToken('account-disabled', { claims: { iss, aud: to, sub_id } });
    await expectRefused(await bed.pushEvent(token(bed.hostile.issuer), { to }), 'invalid_issuer');
    const refused = await bed.pushEvent(token(whiterabbit.issuer), { to });
    expect([400, 503]).toContain(refused.status);
    expect(await bed.me(trinitys)).toBe(200);
  });
});

describe('a repeat', () => {
  let other: Awaited<ReturnType<typeof startNode>>;
  beforeAll(async () => {
    other = await startNode(bed.product.env);
  });
  afterAll(async () => {
    if (other) await stopProcess(other.process);
  });

  test('is acknowledged, and not run', async () => {
    const token = bed.eventToken('session-revoked');
    await expectAccepted(token);
    const browser = await bed.signIn();
    const before = (await bed.audited('signal.received')).length;
    await expectAccepted(token);
    expect([await bed.me(browser), (await bed.audited('signal.received')).length]).toEqual([200, before]);
    const note = await bed.prisma.spent.findFirstOrThrow({
      where: { orgId: bed.org.id, kind: 'security_event' },
      orderBy: { expiresAt: 'desc' },
    });
    expect(note.expiresAt.getTime() - Date.now()).toBeGreaterThan(7.9 * 86_400_000);
  });

  test.each(['session-revoked', 'verification'] as const)(
    'twenty times at once at two nodes: once (%s)',
    async (event) => {
      await bed.signIn();
      const before = {
        events: (await bed.audited('signal.received')).length,
        revocations: (await revocations()).length,
      };
      const token = bed.eventToken(event);
      const sent = Array.from({ length: 20 }, (_, i) =>
        bed.pushEvent(token, { to: i % 2 ? bed.receiver.replace(bed.url, other.url) : bed.receiver }),
      );
      expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(20).fill(202));
      expect((await bed.audited('signal.received')).length).toBe(before.events + 1);
      expect((await revocations()).length).toBe(before.revocations + (event === 'verification' ? 0 : 1));
    },
  );

  test('what was refused or could not be verified is not spent', async () => {
    const browser = await bed.signIn();
    bed.hostile.set('jwks', answers.status(500));
    const token = bed.eventToken('session-revoked');
    const to = bed.receiver.replace(bed.url, (await startedAnew()).url);
    const down = await bed.pushEvent(token, { to });
    expect([down.status, down.headers.get('content-type')]).toEqual([503, 'application/problem+json; charset=utf-8']);
    expect(down.headers.get('retry-after')).toMatch(/^\d+$/);
    bed.hostile.reset();
    let answer = await bed.pushEvent(token, { to });
    while (answer.status === 503) answer = await bed.pushEvent(token, { to });
    expect([answer.status, await bed.me(browser)]).toEqual([202, 401]);
  });

  /** A node that knows no keys yet. */
  async function startedAnew() {
    await stopProcess(other.process);
    other = await startNode(bed.product.env);
    return other;
  }
});

test('keys that cannot be had, which junk can bring about, are a warning in the log at every way in, not an error', async () => {
  const { log } = bed.product.context;
  const where = { orgId: bed.org.id };
  bed.hostile.set('jwks', answers.status(500));
  const before = await bed.prisma.connection.findFirstOrThrow({ where });
  await bed.prisma.connection.updateMany({ where, data: { jwksUri: `${bed.hostile.issuer}/jwks?unknown` } });
  await bed.prisma.connection.updateMany({ where, data: { provenAt: new Date() } });
  const [error, warn] = [vi.spyOn(log, 'error'), vi.spyOn(log, 'warn')];
  const shared = `${bed.url}/global-token-revocation`;
  const subject = { format: 'email', email: 'mallory@hostile.fake' };
  const answered = [
    await bed.postLogout(bed.logoutToken()),
    await bed.pushEvent(bed.eventToken('session-revoked')),
    await postRevocation(shared, callerJwt(bed.hostile, shared), subject),
  ];
  expect(answered.map(({ status }) => status)).toEqual([503, 503, 503]);
  for (const { headers } of answered) expect(headers.get('retry-after')).toMatch(/^\d+$/);
  expect(error).not.toHaveBeenCalled();
  const lines = warn.mock.calls.map(([line]) => line as unknown as Record<string, unknown>);
  expect(lines.filter(({ code }) => code === 'unavailable')).toHaveLength(3);
  for (const line of lines) expect(line).not.toHaveProperty('err');
  vi.restoreAllMocks();
  const { jwksUri, provenAt } = before;
  await bed.prisma.connection.updateMany({ where, data: { jwksUri, provenAt } });
});
