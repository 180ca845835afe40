import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { feedOf, type Item, relayed } from '../notifications/support.ts';
import type { Browser } from '../support/browser.ts';
import { callerJwt } from '../support/idp-jwt.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { now, type SignalBed, startSignalBed } from './support.ts';

let bed: SignalBed;
/** Of the hostile IdP's org, and of another. */
let owner: Browser;
let foreign: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  bed = await startSignalBed({ env: { TRUST_PROXY: 'loopback' } });
  bed.hostile.setPerson({ sub: 'owner', email: 'owner@hostile.fake' });
  owner = await bed.signIn();
  await bed.prisma.user.updateMany({ where: { emailKey: 'owner@hostile.fake' }, data: { role: 'owner' } });
  bed.hostile.setPerson({ sub: 'mallory', email: 'mallory@hostile.fake' });
  foreign = await plantAdministrator(bed.product, 'owner');
  await bed.signIn();
});
beforeEach(() => recorded());
afterEach(() => bed.hostile.reset());
afterAll(() => bed?.stop());

type Call = Record<string, unknown>;
/** Whatever is still counted in memory. */
const recorded = () => bed.product.context.refusedCalls.flush({ all: true });
const listed = async (query = '') =>
  (await owner.get(`/api/orgs/current/refused-calls?limit=200${query}`)).json<{ items: Call[] }>().items;
const ofAnswer = async ({ headers }: Response) =>
  (await listed()).find(({ requestId }) => requestId === headers.get('x-request-id'));
const rows = () => bed.prisma.auditEvent.count({ where: { orgId: bed.org.id, action: 'call.refused' } });
const told = async (): Promise<Item[]> => {
  await relayed(bed.product);
  return (await feedOf(owner, '?limit=100')).items.filter(({ kind }) => kind === 'refused_calls').reverse();
};
/** What is told of from here on; a minute is over since whatever was told before. */
const toldSince = async () => {
  await recorded();
  const before = (await told()).length;
  await bed.pool.query(`UPDATE notifications SET created_at = created_at - interval '1 minute'`);
  return async () => (await told()).slice(before);
};
const event = (claims: object, header = {}) => bed.eventToken('session-revoked', { claims, header });
const connection = () => ({ type: 'connection', id: bed.connection.id });

describe('a refused token that the IdP signed is the connection’s own call', () => {
  test.each<[string, () => string, string, RegExp]>([
    [
      'another audience',
      () => bed.logoutToken({ aud: 'old-client' }),
      'audience',
      /^The audience does not name the client\. It is "old-client"\.$/,
    ],
    [
      'an age',
      () => bed.logoutToken({ iat: now() - 900, exp: undefined }),
      'too_old',
      /By its iat it is 90\d seconds old/,
    ],
    ['a date ahead', () => bed.logoutToken({ iat: now() + 300 }), 'not_yet', /future\. By (300|299) seconds\.$/],
    ['an end', () => bed.logoutToken({ iat: now() - 300, exp: now() - 200 }), 'expired', /That was 20\d seconds ago/],
    ['no jti', () => bed.logoutToken({ jti: undefined }), 'claims', /missing or malformed: jti\.$/],
    ['events in a list', () => bed.logoutToken({ events: [] }), 'claims', /missing or malformed: events\.$/],
    [
      'another spelling of the issuer',
      () => bed.logoutToken({ iss: `${bed.hostile.issuer}/` }),
      'issuer',
      /^The issuer is not the one of the connection\. It is "http\S+\/"\.$/,
    ],
    [
      'another issuer',
      () => bed.logoutToken({ iss: 'https://sts.example/v1' }),
      'issuer',
      /"https:\/\/sts.example\/v1"/,
    ],
    ['nobody', () => bed.logoutToken({ sub: undefined }), 'subject', /names a subject/],
    [
      'a typ',
      () => bed.logoutToken({}, { header: { typ: 'at+jwt' } }),
      'type',
      /another kind of token\. It is "at\+jwt"\.$/,
    ],
  ])('a logout token with %s', async (_name, make, reason, explanation) => {
    const answer = await bed.postLogout(make());
    expect(answer.status).toBe(400);
    expect(await ofAnswer(answer)).toMatchObject({
      endpoint: 'logout_token',
      code: 'invalid_request',
      reason,
      explanation: expect.stringMatching(explanation),
      caller: connection(),
      authenticated: true,
      credentialType: 'jwt',
      repeats: 0,
      ip: expect.stringMatching(/^10\./),
    });
  });

  test.each<[string, () => string, string, RegExp]>([
    ['another audience', () => event({ aud: 'https://old.example' }), 'audience', /It is "https:\/\/old\.example"\.$/],
    ['an age', () => event({ iat: now() - 800_000 }), 'too_old', /By its iat it is 80000\d seconds old/],
    ['milliseconds', () => event({ iat: now() * 1000 }), 'not_yet', /By \d{13} seconds/],
    ['an end', () => event({ exp: now() - 200 }), 'expired', /That was 20\d seconds ago/],
    ['no events', () => event({ events: {} }), 'claims', /missing or malformed: events\.$/],
    ['no subject', () => event({ sub_id: null }), 'subject', /names no subject/],
    [
      'another spelling of the issuer',
      () => event({ iss: `${bed.hostile.issuer}/` }),
      'issuer',
      /^The issuer is not the one of the connection\. It is "http\S+\/"\.$/,
    ],
    ['a typ', () => event({}, { typ: 'at+jwt' }), 'type', /It is "at\+jwt"\.$/],
  ])('a security event with %s', async (_name, make, reason, explanation) => {
    const answer = await bed.pushEvent(make());
    expect(answer.status).toBe(400);
    expect(await ofAnswer(answer)).toMatchObject({
      endpoint: 'security_event',
      code: 'invalid_request',
      reason,
      explanation: expect.stringMatching(explanation),
      caller: connection(),
      authenticated: true,
    });
  });

  test('with the subject as it was asked, where it names nobody that can be', async () => {
    const sub_id = { format: 'email', email: '"mallory"@hostile.fake' };
    const answer = await bed.pushEvent(event({ sub_id }));
    expect(await ofAnswer(answer)).toMatchObject({
      code: 'invalid_subject',
      format: 'email',
      subject: JSON.stringify(sub_id),
    });
  });

  test('a thousand of them make two rows, whatever network they come from, and few notifications', async () => {
    await bed.postLogout(bed.logoutToken());
    const since = await toldSince();
    const before = await rows();
    for (let burst = 0; burst < 25; burst += 1)
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          bed.postLogout(bed.logoutToken({ jti: '' }), { from: `198.51.${burst}.${i}` }),
        ),
      );
    expect((await rows()) - before).toBe(1);
    await recorded();
    expect((await rows()) - before).toBe(2);
    expect((await listed())[0]).toMatchObject({ repeats: 999, requestId: null, network: null });
    expect((await since()).map(({ count, target, text }) => [count, target?.id, text])).toEqual([
      [
        1000,
        bed.connection.id,
        expect.stringMatching(
          /^The identity provider .* was refused with a logout token 1000 times, the last time: These claims are missing or malformed: jti\.$/,
        ),
      ],
    ]);
  });
});

/** What else the IdP signs: whoever has an app there, or a session, gets such tokens of it. */
describe('a token of another kind is a stranger’s, though the IdP signed it:', () => {
  const signedBy = (claims: object, typ = 'JWT') => bed.logoutToken({ ...claims }, { header: { typ } });
  const kinds: [string, () => string][] = [
    ['an ID token for another app', () => signedBy({ aud: 'click', events: undefined, nonce: 'n' })],
    ['an ID token for this one', () => signedBy({ events: undefined, nonce: 'n' })],
    ['an ID token without a nonce', () => signedBy({ aud: 'click', events: undefined })],
    ['an access token for another app', () => signedBy({ aud: 'click', events: undefined }, 'at+jwt')],
    ['an access token that has events', () => signedBy({ aud: 'click' }, 'at+jwt')],
    ['one with events and a nonce', () => signedBy({ aud: 'click', nonce: 'n' })],
  ];

  test.each(kinds)('%s', async (_name, make) => {
    for (const answer of [await bed.postLogout(make()), await bed.pushEvent(make())]) {
      expect(answer.status).toBe(400);
      const call = await ofAnswer(answer);
      expect(call).toMatchObject({ caller: connection(), authenticated: false });
      expect(JSON.stringify(call)).not.toContain('click');
    }
  });

  test('a hundred of them hide no genuine one, and leave it its notification', async () => {
    await bed.postLogout(bed.logoutToken());
    const since = await toldSince();
    for (let times = 0; times < 100; times += 1)
      await bed.postLogout(signedBy({ aud: 'click', events: undefined }), { from: '198.51.100.9' });
    for (let times = 0; times < 5; times += 1) await bed.postLogout(bed.logoutToken({ aud: 'elsewhere' }));
    await recorded();
    expect((await since()).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^The identity provider .* logout token 5 times, the last time: .* It is "elsewhere"\.$/),
    );
  });
});

describe('a token that nobody here vouches for is a stranger’s', () => {
  test.each<[string, () => string, string]>([
    ['signed by another', () => bed.logoutToken({ aud: bed.hostile.clientId }, { signer: 'foreign' }), 'signature'],
    ['unsigned', () => bed.logoutToken({}, { signer: 'none' }), 'algorithm'],
    [
      'of another kind, signed by another',
      () => bed.logoutToken({}, { signer: 'foreign', header: { typ: 'x' } }),
      'signature',
    ],
  ])('a logout token that is %s, at the connection that it names', async (_name, make, reason) => {
    const answer = await bed.postLogout(make());
    expect(await ofAnswer(answer)).toMatchObject({
      reason,
      endpoint: 'logout_token',
      caller: connection(),
      authenticated: false,
      subject: null,
      network: expect.stringMatching(/^10\./),
    });
  });

  test.each<[string, () => string, string, string]>([
    [
      'of an unknown issuer',
      () => bed.logoutToken({ iss: 'https://click.example' }, { signer: 'foreign' }),
      'no_connection',
      'jwt',
    ],
    [
      'of an unknown issuer, for another app',
      () => bed.logoutToken({ iss: 'https://click.example', aud: 'click' }),
      'no_connection',
      'jwt',
    ],
    ['that is none', () => 'click.click.click', 'no_token', 'none'],
  ])(
    'a logout token %s, at the org whose address was called, without a word of it',
    async (_name, make, reason, credentialType) => {
      const answer = await bed.postLogout(make());
      const call = await ofAnswer(answer);
      expect(call).toMatchObject({ reason, credentialType, caller: null, authenticated: false });
      expect(JSON.stringify(call)).not.toContain('click');
      const theirs = await foreign.send('GET', '/refused-calls');
      expect(JSON.stringify(theirs.body)).not.toContain(answer.headers.get('x-request-id'));
    },
  );

  test.each<[string, () => string, string]>([
    ['signed by another', () => bed.eventToken('session-revoked', { signer: 'foreign' }), 'signature'],
    [
      'of an unknown issuer',
      () => bed.eventToken('session-revoked', { claims: { iss: 'https://click.example' }, signer: 'foreign' }),
      'issuer',
    ],
    ['that is none', () => 'click', 'no_token'],
  ])('a security event %s, at the connection whose address was called', async (_name, make, reason) => {
    const answer = await bed.pushEvent(make());
    const call = await ofAnswer(answer);
    expect(call).toMatchObject({ reason, caller: connection(), authenticated: false });
    expect(JSON.stringify(call)).not.toContain('click');
  });

  test('at a connection that is switched off it is in the record all the same, and its IdP’s own says why', async () => {
    const where = { orgId: bed.org.id };
    await bed.prisma.connection.updateMany({ where, data: { active: false } });
    const answers = [
      await bed.postLogout(bed.logoutToken({}, { signer: 'foreign' })),
      await bed.pushEvent(bed.eventToken('session-revoked', { signer: 'foreign' })),
      await bed.pushEvent('junk'),
      await bed.postLogout(bed.logoutToken()),
      await bed.pushEvent(event({})),
    ];
    await bed.prisma.connection.updateMany({ where, data: { active: true } });
    expect(answers.map(({ status }) => status)).toEqual([400, 404, 404, 400, 404]);
    const off = { reason: 'connection_off', caller: connection() };
    const explanation = expect.stringMatching(/ The connection is switched off\.$/);
    expect(await Promise.all(answers.map(ofAnswer))).toMatchObject([
      { reason: 'no_connection', caller: null, authenticated: false },
      { ...off, authenticated: false, code: 'not_found' },
      { ...off, authenticated: false, code: 'not_found' },
      { ...off, authenticated: true, explanation },
      { ...off, authenticated: true, explanation, code: 'not_found' },
    ]);
  });

  test('at an address of nobody it is in no record; at one of another org, in that org’s', async () => {
    const before = await bed.prisma.auditEvent.count({ where: { action: 'call.refused' } });
    await bed.postLogout('junk', { org: 'nobody' });
    await bed.pushEvent('junk', { to: `${bed.url}/ssf/events/con_nobody` });
    expect(await bed.prisma.auditEvent.count({ where: { action: 'call.refused' } })).toBe(before);
    const mine = await rows();
    const answers = [
      await bed.postLogout(bed.logoutToken(), { org: 'whiterabbit' }),
      await bed.pushEvent(event({}), { to: `${bed.url}/ssf/events/${bed.product.orgs.whiterabbit.connectionId}` }),
    ];
    const { body } = await foreign.send('GET', '/refused-calls');
    const requests = (body.items as Call[]).map(({ requestId }) => requestId);
    expect(requests).toEqual(answers.map(({ headers }) => headers.get('x-request-id')).reverse());
    expect(await rows()).toBe(mine);
  });

  test('a flood of junk from everywhere fills neither the record nor the feed, and delays no genuine token', async () => {
    const since = await toldSince();
    const before = await rows();
    const junk = (network: number, host: number) =>
      bed.postLogout('junk', { from: `100.64.${network}.${host}` }).then(({ status }) => status);
    const slowest: number[] = [];
    for (let network = 0; network < 120; network += 1) {
      const flood = Array.from({ length: 6 }, (_, host) => junk(network, host));
      const begun = performance.now();
      if (network % 10 === 0) {
        expect((await bed.postLogout(bed.logoutToken({ sub: 'nobody' }))).status).toBe(200);
        slowest.push(performance.now() - begun);
      }
      expect(new Set(await Promise.all(flood))).toEqual(new Set([400]));
    }
    expect((await rows()) - before).toBeLessThanOrEqual(101);
    await recorded();
    expect((await rows()) - before).toBeLessThanOrEqual(202);
    expect(Math.max(...slowest)).toBeLessThan(4_900);
    const notifications = await since();
    expect(notifications.length).toBeLessThanOrEqual(22);
    expect(notifications.map(({ target }) => target?.id)).toContain('various');
    expect(notifications[0]?.text).toMatch(
      /^Somebody at 100\.64\.\d+\.0\/24 was refused with a logout token \d+ times$/,
    );
    expect(notifications.find(({ target }) => target?.id === 'various')?.text).toMatch(
      /^Strangers at many networks were refused with a logout token \d+ times$/,
    );
    const { rows: counted } = await bed.pool.query(
      `SELECT FROM refused_callers WHERE org_id = $1 AND caller LIKE 'logout_token network %'`,
      [bed.org.id],
    );
    expect(counted.length).toBeLessThanOrEqual(21);
  });
});

describe('counted', () => {
  test('by endpoint: a JWT that ends access hides no refused logout tokens', async () => {
    await bed.postLogout(bed.logoutToken());
    const since = await toldSince();
    const where = { orgId: bed.org.id };
    await bed.prisma.connection.updateMany({ where, data: { provenAt: new Date() } });
    const shared = `${bed.url}/global-token-revocation`;
    for (let times = 0; times < 12; times += 1) {
      await bed.postLogout(bed.logoutToken({ aud: 'elsewhere' }));
      await recorded();
      const answer = await fetch(shared, {
        method: 'POST',
        headers: { authorization: `Bearer ${callerJwt(bed.hostile, shared)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ sub_id: { format: 'iss_sub', iss: bed.hostile.issuer, sub: 'mallory' } }),
      });
      expect(answer.status).toBe(204);
      await relayed(bed.product);
    }
    expect((await since()).map(({ count, text }) => [count, text])).toEqual([
      [5, expect.stringMatching(/was refused with a logout token 5 times, the last time: .* It is "elsewhere"\.$/)],
    ]);
    await bed.postLogout(bed.logoutToken());
    const { detail } = (await bed.audited('access.revoked')).at(-1) ?? {};
    expect(detail).toMatchObject({ endpoint: 'logout_token', initiator: 'idp' });
  });

  test('with the latest of alike ones: what it says and whom it names', async () => {
    await bed.postLogout(bed.logoutToken());
    await bed.pushEvent(bed.eventToken('session-revoked'));
    const since = await toldSince();
    const wrong = (email: string) => event({ sub_id: { format: 'email', email } });
    for (const name of ['a', 'b', 'c']) await bed.postLogout(bed.logoutToken({ aud: `app-${name}` }));
    for (const name of ['a', 'b', 'c', 'd', 'e']) await bed.pushEvent(wrong(`"${name}"@hostile.fake`));
    await recorded();
    const [events, tokens] = (await listed()).filter(({ repeats }) => Number(repeats) > 0);
    expect([events, tokens]).toMatchObject([
      { repeats: 4, subject: JSON.stringify({ format: 'email', email: '"e"@hostile.fake' }) },
      { repeats: 2, subject: null, explanation: expect.stringMatching(/It is "app-c"\.$/) },
    ]);
    await bed.postLogout(bed.logoutToken({ aud: 'app-d' }));
    for (const name of ['e', 'f']) await bed.postLogout(bed.logoutToken({ aud: `app-${name}` }));
    await recorded();
    expect((await since()).map(({ text }) => text)).toContainEqual(expect.stringMatching(/It is "app-f"\.$/));
  });

  test('each endpoint counts by itself: logout tokens that go through hide no refused events', async () => {
    const since = await toldSince();
    await bed.pushEvent(bed.eventToken('session-revoked'));
    for (let times = 0; times < 5; times += 1) {
      await bed.pushEvent(event({ aud: 'elsewhere' }));
      await recorded();
      expect((await bed.postLogout(bed.logoutToken())).status).toBe(200);
      await relayed(bed.product);
    }
    expect((await since()).map(({ text }) => text)).toEqual([
      expect.stringMatching(/with a security event 5 times, the last time: The audience .* It is "elsewhere"\.$/),
    ]);
    expect(await listed('&endpoint=security_event')).not.toEqual([]);
    for (const { endpoint } of await listed('&endpoint=security_event')) expect(endpoint).toBe('security_event');
  });

  test('of its kind: an event that goes through begins anew', async () => {
    const since = await toldSince();
    for (let times = 0; times < 8; times += 1) {
      if (times % 4 === 0) await bed.pushEvent(bed.eventToken('session-revoked'));
      await bed.pushEvent(event({ aud: 'elsewhere' }));
      await recorded();
      await relayed(bed.product);
    }
    expect(await since()).toEqual([]);
  });
});

describe('an event that is taken, and ends nobody’s access', () => {
  const push = async (sub_id: object, times = 1) => {
    for (let count = 0; count < times; count += 1) expect((await bed.pushEvent(event({ sub_id }))).status).toBe(202);
    await relayed(bed.product);
  };
  const nobody = { format: 'email', email: 'nobody@hostile.fake' };
  const telephone = { format: 'phone_number', phone_number: '+4912345' };

  test('is told of at once where nobody can be found by its subject', async () => {
    const since = await toldSince();
    await push(telephone);
    expect((await since()).map(({ text, count, detail }) => [text, count, detail.format])).toEqual([
      [
        expect.stringMatching(
          /^The identity provider .* sent a security event whose subject nobody is found by here, so nobody’s access was ended$/,
        ),
        1,
        'phone_number',
      ],
    ]);
    expect((await bed.audited('signal.received')).at(-1)?.detail).toMatchObject({
      outcome: 'subject_unsupported',
      subject: JSON.stringify(telephone),
    });
    await push(telephone, 3);
    expect(await since()).toHaveLength(1);
  });

  test('is told of after five in a row where the people are unknown', async () => {
    const since = await toldSince();
    await push(nobody, 4);
    await bed.signIn();
    await push({ format: 'email', email: 'mallory@hostile.fake' });
    await push(nobody, 4);
    expect(await since()).toEqual([]);
    await push(nobody);
    expect((await since()).map(({ text, count }) => [text, count])).toEqual([
      [expect.stringMatching(/sent 5 security events about people who are unknown here/), 5],
    ]);
  });

  test('is not told of where the org only records it, nor for a logout token', async () => {
    const since = await toldSince();
    const where = { id: bed.org.id };
    await bed.prisma.org.update({ where, data: { eventActions: { 'session-revoked': 'record' } } });
    await push(telephone, 6);
    await bed.prisma.org.update({ where, data: { eventActions: {} } });
    for (let times = 0; times < 6; times += 1)
      expect((await bed.postLogout(bed.logoutToken({ sub: 'stranger' }))).status).toBe(200);
    await relayed(bed.product);
    expect(await since()).toEqual([]);
  });
});
