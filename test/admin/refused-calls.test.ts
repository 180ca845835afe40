import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { relayed } from '../notifications/support.ts';
import { type CallerBed, mallory, startCallerBed } from '../revocation/caller-bed.ts';
import { callerJwt, type JwtOptions, now } from '../support/idp-jwt.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { trinity } from '../support/product.ts';

type Administrator = Awaited<ReturnType<typeof plantAdministrator>>;
type Listed = {
  id: string;
  at: string;
  reason: string;
  repeats: number;
  requestId: string | null;
  ip: string;
  subject: string;
};

let bed: CallerBed;
/** Of whiterabbit, and of metacortex. */
let owner: Administrator;
let foreign: Administrator;
beforeAll(async () => {
  bed = await startCallerBed();
  owner = await plantAdministrator(bed.product, 'owner');
  foreign = await plantAdministrator(bed.product, 'owner', { org: 'metacortex' });
});
afterAll(() => bed?.stop());

const whiterabbit = () => bed.product.orgs.whiterabbit;
const email = (address: string) => ({ format: 'email', email: address });
const newNetwork = () => `172.${randomInt(16, 32)}.${randomInt(256)}.7`;

async function list(query = '', who = owner) {
  const { status, body } = await who.send('GET', `/refused-calls${query}`);
  return { status, code: body.code, items: body.items as Listed[], next: body.next as string | null };
}
/** The refused call of this very answer. */
const ofAnswer = async (headers: Headers, who = owner) =>
  (await list('', who)).items.find(({ requestId }) => requestId === headers.get('x-request-id'));
/** Of the org of the hostile IdP, in which nobody is an administrator: from the record itself. */
const recorded = (orgId: string, requestId: string | null) =>
  bed.prisma.auditEvent.findMany({ where: { orgId, requestId, action: 'call.refused' } });

describe('a refused call of an authenticated caller', () => {
  it.each([
    ['nobody', email('nobody@whiterabbit.fake'), 404, 'user_not_found'],
    ["another org's user", { format: 'email', email: 'only@metacortex.fake' }, 404, 'user_not_found'],
    ['a format by which nobody is found', { format: 'uri', uri: 'urn:x:1' }, 400, 'unsupported_subject_format'],
  ])(
    'for %s is on record before it is answered, with the subject as it was asked',
    async (_name, subject, status, code) => {
      await bed.prisma.user.upsert({
        where: { orgId_id: { orgId: bed.product.orgs.metacortex.id, id: 'usr_only' } },
        create: {
          ...{ orgId: bed.product.orgs.metacortex.id, id: 'usr_only', name: 'Only' },
          ...{ email: 'only@metacortex.fake', emailKey: 'only@metacortex.fake' },
        },
        update: {},
      });
      const answer = await bed.post(bed.shared, whiterabbit().apiKey, subject, { from: '198.51.100.9' });
      expect([answer.status, answer.code]).toEqual([status, code]);
      const key = await bed.prisma.apiKey.findFirstOrThrow({ where: { orgId: whiterabbit().id } });
      expect(await ofAnswer(answer.headers)).toEqual({
        id: expect.stringMatching(/^evt_/),
        at: expect.any(String),
        endpoint: 'revocation',
        code,
        reason: code,
        explanation: answer.detail,
        caller: { type: 'api_key', id: key.id, name: key.name },
        authenticated: true,
        credentialType: 'api_key',
        format: subject.format,
        subject: JSON.stringify(subject),
        ip: '198.51.100.9',
        network: '198.51.100.0/24',
        repeats: 0,
        firstAt: null,
        lastAt: null,
        requestId: answer.headers.get('x-request-id'),
      });
      expect(await ofAnswer(answer.headers, foreign)).toBeUndefined();
    },
  );

  it('is recorded each time, also where nothing of the body could be read', async () => {
    const before = (await list('?code=invalid_request')).items.length;
    for (let i = 0; i < 3; i++) {
      const answer = await bed.post(bed.shared, whiterabbit().apiKey, null, { body: '{' });
      expect([answer.status, answer.code]).toEqual([400, 'invalid_request']);
    }
    const subjects = await bed.post(bed.shared, whiterabbit().apiKey, { format: 'email', email: 5 });
    expect(subjects.code).toBe('invalid_subject');
    expect(await ofAnswer(subjects.headers)).toMatchObject({ code: 'invalid_subject', format: null, subject: null });
    const tooLarge = await bed.post(bed.shared, whiterabbit().apiKey, 'x'.repeat(20_000));
    expect(await ofAnswer(tooLarge.headers)).toMatchObject({ code: 'content_too_large' });
    expect((await list('?code=invalid_request')).items).toHaveLength(before + 3);
  });

  it('whose key lacks the scope, or whose kind the org has switched off, or who names two people', async () => {
    const { apiKey } = await bed.product.context.apiKeys.create(
      whiterabbit().id,
      { name: 'scim', scopes: ['scim'] },
      byOperator,
    );
    const scope = await bed.post(bed.shared, apiKey, mallory);
    expect(await ofAnswer(scope.headers)).toMatchObject({ code: 'insufficient_scope', authenticated: true });
    const aliases = { format: 'aliases', identifiers: [email(trinity.email), { format: 'opaque', id: owner.id }] };
    const ambiguous = await bed.post(bed.shared, whiterabbit().apiKey, aliases);
    expect(await ofAnswer(ambiguous.headers)).toMatchObject({ code: 'ambiguous_subject', format: 'aliases' });
    const switchTo = (apiKeyCallers: boolean) =>
      bed.prisma.org.update({ where: { id: whiterabbit().id }, data: { apiKeyCallers } });
    await switchTo(false);
    const off = await bed.post(bed.shared, whiterabbit().apiKey, mallory);
    await switchTo(true);
    expect(await ofAnswer(off.headers)).toMatchObject({ code: 'caller_not_allowed', subject: null });
  });

  it('is on record whichever character its subject is cut at', async () => {
    for (const padding of ['', 'p', 'pp', 'ppp']) {
      const uri = `urn:${padding}${'🗝'.repeat(1_000)}`;
      const answer = await bed.post(bed.shared, whiterabbit().apiKey, { format: 'uri', uri });
      expect([answer.status, answer.code]).toEqual([400, 'unsupported_subject_format']);
      const subject = (await ofAnswer(answer.headers))?.subject;
      expect(subject).toMatch(new RegExp(`^\\{"format":"uri","uri":"urn:${padding}🗝{4}`, 'u'));
      expect(subject).toHaveLength(1_000);
      expect(subject?.isWellFormed()).toBe(true);
    }
  });

  it('by a signed JWT is that of its connection', async () => {
    const answer = await bed.revokeBy({}, email('nobody@hostile.fake'));
    expect(answer.status).toBe(404);
    const [event, ...more] = await recorded(bed.org.id, answer.headers.get('x-request-id'));
    expect(event).toMatchObject({ actorType: 'connection', actorId: bed.connectionId, targetId: bed.connectionId });
    expect(event?.detail).toMatchObject({ code: 'user_not_found', credentialType: 'jwt', format: 'email' });
    expect(more).toEqual([]);
  });

  it('leaves nothing where it went through', async () => {
    const answer = await bed.revokeBy();
    expect(answer.status).toBe(204);
    expect(await recorded(bed.org.id, answer.headers.get('x-request-id'))).toEqual([]);
  });
});

/** What is on record of a JWT that the connection's IdP signed, and that was answered 401. */
async function ownCall({ status, headers }: { status: number; headers: Headers }) {
  expect(status).toBe(401);
  const events = await recorded(bed.org.id, headers.get('x-request-id'));
  const connection = { actorId: bed.connectionId, targetType: 'connection', targetId: bed.connectionId };
  expect(events).toMatchObject([{ actorType: 'connection', ...connection }]);
  return events[0]?.detail as { reason: string; explanation: string };
}

describe('a JWT that the connection’s IdP signed, and that is refused,', () => {
  it.each<[string, JwtOptions, string, RegExp]>([
    [
      'has a wrong audience',
      { claims: { aud: 'https://old.example/revoke' } },
      'audience',
      /must be exactly \S+\/global-token-revocation, the address that it is sent to\. It is "https:\/\/old\.example\/revoke"\.$/,
    ],
    ['has several audiences', { claims: { aud: ['a', 'b'] } }, 'audience', /It is \["a","b"\]\.$/],
    ['has an audience with NUL', { claims: { aud: 'a\0'.repeat(50) } }, 'audience', /It is too long or unreadable\.$/],
    ['has an audience without end', { claims: { aud: 'x'.repeat(5_000) } }, 'audience', /It is too long or unread/],
    ['is of another type', { header: { typ: 'JWT' } }, 'type', /"global-token-revocation\+jwt"\. It is "JWT"\.$/],
    ['is of no type', { header: { typ: undefined } }, 'type', /It is missing\.$/],
    ['lives too long', { claims: { exp: now() + 36_000, iat: now() } }, 'lifetime', /It lives for 36000 seconds\.$/],
    ['has no jti', { claims: { jti: undefined } }, 'claims', /Missing or malformed: jti\.$/],
    [
      'has a clock behind',
      { claims: { iat: now() - 900, exp: now() - 600 } },
      'expired',
      /That was \d+ seconds ago\.$/,
    ],
    ['has a clock ahead', { claims: { iat: now() + 600, exp: now() + 900 } }, 'not_yet', /It begins in \d+ seconds\.$/],
  ])('%s', async (_name, options, reason, explanation) => {
    await bed.product.context.refusedCalls.flush({ all: true });
    const call = await ownCall(await bed.revokeBy(options));
    expect([call.reason, call.explanation]).toEqual([reason, expect.stringMatching(explanation)]);
  });

  it.each<[string, { active?: boolean; provenAt?: null }, JwtOptions, string, RegExp]>([
    ['is not proven', { provenAt: null }, {}, 'not_proven', /The connection is not proven yet\.$/],
    ['is switched off', { active: false }, {}, 'connection_off', /The connection is switched off\.$/],
    ['has another client', {}, { claims: { sub: 'old' } }, 'subject', /another client id than "old"\.$/],
  ])('says at the connection’s own address why: it %s', async (_name, data, options, reason, explanation) => {
    const where = { orgId: bed.org.id };
    const { active, provenAt } = await bed.prisma.connection.findFirstOrThrow({ where });
    await bed.prisma.connection.updateMany({ where, data });
    const answer = await bed.post(bed.own, callerJwt(bed.hostile, bed.own, options), mallory);
    const stranger = await bed.post(
      bed.own,
      callerJwt(bed.hostile, bed.own, { ...options, signer: 'foreign' }),
      mallory,
    );
    await bed.prisma.connection.updateMany({ where, data: { active, provenAt } });
    expect(answer.detail).toBe(stranger.detail);
    const call = await ownCall(answer);
    expect([call.reason, call.explanation]).toEqual([reason, expect.stringMatching(explanation)]);
    expect(await recorded(bed.org.id, stranger.headers.get('x-request-id'))).toMatchObject([
      { actorType: 'anonymous', targetId: bed.connectionId },
    ]);
  });

  it('says at the URL that all share, too, that the connection was proven once and is switched off', async () => {
    const where = { orgId: bed.org.id };
    const { active, provenAt } = await bed.prisma.connection.findFirstOrThrow({ where });
    await bed.prisma.connection.updateMany({ where, data: { active: false } });
    await bed.product.context.refusedCalls.flush({ all: true });
    const answer = await bed.revokeBy();
    const stranger = await bed.revokeBy({ signer: 'foreign' });
    await bed.prisma.connection.updateMany({ where, data: { provenAt: null } });
    const unproven = await bed.revokeBy();
    await bed.prisma.connection.updateMany({ where, data: { active, provenAt } });
    expect(await ownCall(answer)).toMatchObject({
      reason: 'connection_off',
      explanation: expect.stringMatching(/ The connection is switched off\.$/),
    });
    expect([stranger.detail, unproven.detail]).toEqual([answer.detail, answer.detail]);
    for (const { headers } of [stranger, unproven])
      expect(await recorded(bed.org.id, headers.get('x-request-id'))).toEqual([]);
  });

  it('is a stranger’s where it is an ID or access token of that IdP, for whichever app', async () => {
    for (const typ of ['JWT', 'at+jwt']) {
      const token = callerJwt(bed.hostile, bed.own, { header: { typ }, claims: { sub: 'mallory' } });
      const answer = await bed.post(bed.own, token, mallory);
      expect(answer.status).toBe(401);
      const events = await recorded(bed.org.id, answer.headers.get('x-request-id'));
      expect(events).toMatchObject([{ actorType: 'anonymous', targetId: bed.connectionId }]);
    }
  });

  it('says what is wrong with it also where the answer is 429', async () => {
    const from = newNetwork();
    const options = { claims: { aud: 'https://old.example' } };
    const wrong = () => bed.post(bed.shared, callerJwt(bed.hostile, bed.shared, options), mallory, { from });
    let answer = await wrong();
    for (let calls = 0; calls < 40 && answer.status !== 429; calls += 1) answer = await wrong();
    expect(answer.status).toBe(429);
    const event = await bed.prisma.auditEvent.findFirstOrThrow({
      where: { orgId: bed.org.id, action: 'call.refused', detail: { path: ['code'], equals: 'too_many_requests' } },
    });
    expect((event.detail as { explanation: string }).explanation).toMatch(
      /must be exactly \S+, the address that it is sent to\. It is "https:\/\/old\.example"\.$/,
    );
  });

  it('is a stranger’s with another key, and nothing that it says is repeated', async () => {
    for (const options of [
      { claims: { aud: 'https://click.example' } },
      { header: { typ: 'https://click.example' } },
      { claims: { iat: now() + 600 } },
    ]) {
      const answer = await bed.revokeBy({ ...options, signer: 'foreign' });
      const events = await recorded(bed.org.id, answer.headers.get('x-request-id'));
      expect(events).toMatchObject([{ actorType: 'anonymous', targetId: bed.connectionId }]);
      expect(JSON.stringify(events)).not.toContain('click');
    }
  });

  it('is recorded once a minute, from wherever it comes', async () => {
    await bed.product.context.refusedCalls.flush({ all: true });
    const filter = { orgId: bed.org.id, action: 'call.refused' };
    const before = await bed.prisma.auditEvent.count({ where: filter });
    for (let times = 0; times < 40; times += 1) expect((await bed.revokeBy({ claims: { jti: '' } })).status).toBe(401);
    expect((await bed.prisma.auditEvent.count({ where: filter })) - before).toBe(1);
    await bed.product.context.refusedCalls.flush({ all: true });
    expect((await bed.prisma.auditEvent.count({ where: filter })) - before).toBe(2);
  });
});

describe('a call without a credential that counts', () => {
  const keyOf = async (change: { revoked?: boolean; expired?: boolean }) => {
    const { apiKeys } = bed.product.context;
    const expiresAt = change.expired ? new Date(Date.now() - 1000) : null;
    const { id, apiKey } = await apiKeys.create(whiterabbit().id, { name: 'old', expiresAt }, byOperator);
    if (change.revoked) await apiKeys.revoke(whiterabbit().id, id, byOperator);
    return { id, apiKey };
  };

  it.each([
    ['api_key_revoked', { revoked: true }],
    ['api_key_expired', { expired: true }],
  ])('names the key it was made with: %s; nothing that it asked for is kept', async (reason, change) => {
    const { id, apiKey } = await keyOf(change);
    const answer = await bed.post(bed.shared, apiKey, email('someone@whiterabbit.fake'));
    expect(answer.status).toBe(401);
    const call = await ofAnswer(answer.headers);
    expect(call).toMatchObject({
      ...{ code: 'invalid_token', reason, authenticated: false, caller: { type: 'api_key', id } },
      ...{ credentialType: 'api_key', format: null, subject: null, repeats: 0 },
    });
    expect(JSON.stringify(call)).not.toContain('someone');
    expect((await list(`?caller=${id}`)).items).toHaveLength(1);
    expect((await list(`?caller=${id}`, foreign)).items).toEqual([]);
  });

  it("at a connection's own address is on record of the connection's org, with and without a credential", async () => {
    const own = `${bed.shared}/${whiterabbit().connectionId}`;
    for (const [credential, reason, credentialType] of [
      ['', 'no_credential', 'none'],
      ['junk', 'api_key', 'api_key'],
      ['a.b.c', 'malformed', 'jwt'],
    ] as const) {
      const response = await fetch(own, {
        method: 'POST',
        headers: { 'x-forwarded-for': newNetwork(), ...(credential && { authorization: `Bearer ${credential}` }) },
      });
      expect(response.status).toBe(401);
      expect(await ofAnswer(response.headers)).toMatchObject({
        ...{
          reason,
          credentialType,
          authenticated: false,
          caller: { type: 'connection', id: whiterabbit().connectionId },
        },
      });
      expect(await ofAnswer(response.headers, foreign)).toBeUndefined();
    }
  });

  it("that brings another org's key there is on record of both", async () => {
    const own = `${bed.shared}/${whiterabbit().connectionId}`;
    const answer = await bed.post(own, bed.product.orgs.metacortex.apiKey, mallory);
    expect(answer.status).toBe(401);
    const here = await ofAnswer(answer.headers);
    expect(here).toMatchObject({ reason: 'api_key', caller: { type: 'connection' } });
    const there = await ofAnswer(answer.headers, foreign);
    expect(there).toMatchObject({ reason: 'api_key_elsewhere', caller: { type: 'api_key' } });
    // Neither learns of the other.
    expect(JSON.stringify(here)).not.toContain(bed.product.orgs.metacortex.id);
  });

  it('whose JWT is found wanting is its connection’s own: expired, used before, for another address', async () => {
    const reasonOf = async (answer: { status: number; headers: Headers }) => (await ownCall(answer)).reason;
    const past = Math.floor(Date.now() / 1000) - 1000;
    expect(await reasonOf(await bed.revokeBy({ claims: { iat: past, exp: past + 300 } }))).toBe('expired');
    const once = bed.jwt();
    expect((await bed.post(bed.shared, once, mallory)).status).toBe(204);
    expect(await reasonOf(await bed.post(bed.shared, once, mallory))).toBe('replayed');
    const elsewhere = callerJwt(bed.hostile, 'https://elsewhere.example/global-token-revocation');
    expect(await reasonOf(await bed.post(bed.shared, elsewhere, mallory))).toBe('audience');
  });

  it('of which nobody knows whose it is meant to be is in no record', async () => {
    const before = await bed.prisma.auditEvent.count({ where: { action: 'call.refused' } });
    expect((await bed.post(bed.shared, 'ul_unknown', mallory)).status).toBe(401);
    expect((await bed.post(`${bed.shared}/con_nobody`, 'ul_unknown', mallory)).status).toBe(401);
    expect((await bed.post(`${bed.shared}/%00`, 'ul_unknown', mallory)).status).toBe(401);
    expect(await bed.prisma.auditEvent.count({ where: { action: 'call.refused' } })).toBe(before);
  });

  it('is recorded once a minute and network; those in between are counted and recorded together', async () => {
    const { id, apiKey } = await keyOf({ revoked: true });
    const from = newNetwork();
    for (let i = 0; i < 25; i++) expect((await bed.post(bed.shared, apiKey, mallory, { from })).status).toBe(401);
    const other = await bed.post(bed.shared, apiKey, mallory, { from: newNetwork() });
    const seen = (await list(`?caller=${id}`)).items;
    expect(seen.map(({ repeats }) => repeats)).toEqual([0, 0]);
    expect(seen[0]?.requestId).toBe(other.headers.get('x-request-id'));
    // Nothing yet: the minute isn't over.
    await bed.product.context.refusedCalls.flush();
    expect((await list(`?caller=${id}`)).items).toHaveLength(2);
    await bed.product.context.refusedCalls.flush({ all: true });
    const [together, ...before] = (await list(`?caller=${id}`)).items;
    expect(before).toEqual(seen);
    expect(together).toMatchObject({ repeats: 24, ip: from, requestId: null, reason: 'api_key_revoked' });
    expect(together).toMatchObject({ firstAt: expect.any(String), lastAt: expect.any(String) });
    await bed.product.context.refusedCalls.flush({ all: true });
    expect((await list(`?caller=${id}`)).items).toHaveLength(3);
  });

  it('from ever more networks fills no record', async () => {
    const own = `${bed.shared}/${bed.product.orgs.metacortex.connectionId}`;
    const filter = { orgId: bed.product.orgs.metacortex.id, action: 'call.refused' };
    await bed.product.context.refusedCalls.flush({ all: true });
    const before = await bed.prisma.auditEvent.count({ where: filter });
    for (let i = 0; i < 120; i++)
      expect((await bed.post(own, 'junk', mallory, { from: `100.64.${i}.1` })).status).toBe(401);
    expect((await bed.prisma.auditEvent.count({ where: filter })) - before).toBe(101);
    await bed.product.context.refusedCalls.flush({ all: true });
    const [rest] = (await list('?limit=1', foreign)).items;
    expect(rest).toMatchObject({ network: 'various', ip: null, repeats: 19 });
  });
});

describe('a call that is one too many of its network', () => {
  const codes = async (id: string, who = owner) =>
    (await list(`?caller=${id}&code=too_many_requests`, who)).items.map(({ reason, repeats }) => [reason, repeats]);

  it('is on record of the org whose key or address it names, once and then with all repeats', async () => {
    const { connectionId } = whiterabbit();
    const { id, apiKey } = await bed.product.context.apiKeys.create(
      whiterabbit().id,
      { name: 'old', expiresAt: new Date(0) },
      byOperator,
    );
    const from = newNetwork();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => bed.post(bed.shared, apiKey, mallory, { from })),
    );
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
    expect(await codes(id)).toEqual([['api_key_expired', 0]]);
    await bed.product.context.refusedCalls.flush({ all: true });
    expect(await codes(id)).toEqual([
      ['api_key_expired', 19],
      ['api_key_expired', 0],
    ]);
    expect(await codes(id, foreign)).toEqual([]);
    await relayed(bed.product);
    const { rows } = await bed.pool.query(
      `SELECT org_id AS "orgId", count FROM notifications WHERE kind = 'refused_calls' AND target_id = $1`,
      [from.replace(/7$/, '0/24')],
    );
    expect(rows).toEqual([{ orgId: whiterabbit().id, count: 50 }]);
    // The network has used up its failures: another caller of it is told to its own org all the same.
    const own = `${bed.shared}/${bed.product.orgs.metacortex.connectionId}`;
    expect((await bed.post(own, 'junk', mallory, { from })).status).toBe(429);
    expect(await codes(bed.product.orgs.metacortex.connectionId, foreign)).toEqual([['api_key', 0]]);
    expect(await codes(connectionId)).toEqual([]);
  });

  it('of which nobody knows whose it is meant to be is in no record', async () => {
    const from = newNetwork();
    const before = await bed.prisma.auditEvent.count({ where: { action: 'call.refused' } });
    for (let times = 0; times < 35; times += 1) await bed.post(bed.shared, 'ul_unknown', mallory, { from });
    expect(await bed.prisma.auditEvent.count({ where: { action: 'call.refused' } })).toBe(before);
  });
});

describe('while nothing can be put on record', () => {
  it('refusals are answered as ever, and what strangers sent is counted for later', async () => {
    const { id, apiKey } = await bed.product.context.apiKeys.create(
      whiterabbit().id,
      { name: 'gone', expiresAt: new Date(0) },
      byOperator,
    );
    const before = (await list('?limit=200')).items.length;
    await bed.pool.query(`
      CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$;
      CREATE TRIGGER full_record BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse_all()`);
    const nobody = await bed.post(bed.shared, whiterabbit().apiKey, email('nobody@whiterabbit.fake'));
    const from = newNetwork();
    const strangers = [1, 2, 3].map(() => bed.post(bed.shared, apiKey, mallory, { from }));
    const answers = [nobody, ...(await Promise.all(strangers))].map(({ status, code }) => [status, code]);
    await bed.product.context.refusedCalls.flush({ all: true });
    await bed.pool.query('DROP TRIGGER full_record ON audit_events');
    expect(answers).toEqual([[404, 'user_not_found'], ...Array(3).fill([401, 'invalid_token'])]);
    expect((await list('?limit=200')).items).toHaveLength(before);
    await bed.product.context.refusedCalls.flush({ all: true });
    expect((await list(`?caller=${id}`)).items).toMatchObject([{ repeats: 3 }]);
  });
});

describe('the list of refused calls', () => {
  it('goes page by page, by code and by time, and is for administrators', async () => {
    const all = (await list('?limit=200')).items;
    const first = await list('?limit=3');
    const second = await list(`?limit=3&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.slice(0, 6).map(({ id }) => id));
    const since = all[2]?.at as string;
    const young = (await list(`?from=${since}`)).items.map(({ id }) => id);
    expect(young).toEqual(all.filter(({ at }) => at >= since).map(({ id }) => id));
    expect((await list(`?to=${since}&limit=200`)).items).toHaveLength(all.length - young.length);
    expect((await list('?endpoint=revocation&limit=200')).items).toEqual(all);
    expect((await list('?endpoint=security_event')).items).toEqual([]);
    expect(await list('?code=nonsense')).toMatchObject({ status: 400, code: 'invalid_request' });
    const member = await plantAdministrator(bed.product, 'member');
    expect(await list('', member)).toMatchObject({ status: 403, code: 'forbidden' });
  });
});
