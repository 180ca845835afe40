import { decodeJwt, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { newId } from '../../src/database/ids.ts';
import { transaction } from '../../src/database/pool.ts';
import { type AppWithSecret, createApps } from '../../src/downstream/apps.ts';
import { createForwards } from '../../src/downstream/forwards.ts';
import { pauseSilentStreams } from '../../src/downstream/ssf/sweep.ts';
import { removePerson } from '../../src/revocation/remove-person.ts';
import { switchOff, switchOn } from '../../src/revocation/switch-person.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import {
  addReceiver,
  audience,
  type EventReceiver,
  eventOf,
  receiverAt,
  type Sets,
  type TestApps,
  uris,
} from './event-receiver.ts';
import { type Receiver, startReceiver } from './receiver.ts';

// The transmitter's cases of the OpenID Foundation's conformance suite for the Shared Signals
// Framework, and what else a receiver may ask: each one is a conversation over HTTP.

let product: Product;
let apps: TestApps;
let app: AppWithSecret;
/** The receiver whose stream each conversation makes anew. */
let siem: EventReceiver;
let readOnly: string;
/** Another receiver of the same org, and one of another org. */
let neighbour: EventReceiver;
let stranger: EventReceiver;
let bySubject: EventReceiver;
beforeAll(async () => {
  product = await startProduct();
  apps = createApps({ ...product.context, appFetch: product.context.webhookFetch });
  app = await addReceiver(product);
  const [next, foreign, named] = [
    await addReceiver(product),
    await addReceiver(product, {}, 'metacortex'),
    await addReceiver(product, { naming: 'iss_sub' }),
  ];
  siem = receiverAt(product, app);
  readOnly = await siem.askForToken('ssf.read');
  await siem.askForToken();
  neighbour = receiverAt(product, next);
  stranger = receiverAt(product, foreign, 'metacortex');
  bySubject = receiverAt(product, named);
  for (const receiver of [neighbour, stranger, bySubject]) await receiver.askForToken();
});
afterAll(() => product?.stop());

const pushed: Receiver[] = [];
async function pushReceiver(answer: Parameters<typeof startReceiver>[0] = 202) {
  const receiver = await startReceiver(answer);
  pushed.push(receiver);
  return receiver;
}
afterEach(async () => {
  await apps.change(orgId(), app.id, { state: 'enabled' }, byOperator);
  for (const receiver of [siem, neighbour, stranger, bySubject])
    for (const { stream_id: id } of (await receiver.call('GET', '/stream')).body as unknown as { stream_id: string }[])
      expect((await receiver.call('DELETE', `/stream?stream_id=${id}`)).status).toBe(204);
  for (const receiver of pushed.splice(0)) await receiver.stop();
});

const orgId = (org: keyof Product['orgs'] = 'whiterabbit') => product.orgs[org].id;
const push = (endpoint: string, header?: string) => ({
  method: 'urn:ietf:rfc:8935',
  endpoint_url: endpoint,
  ...(header && { authorization_header: header }),
});
const everything = [uris.revoked, uris.credential, uris.disabled, uris.enabled, uris.purged];
async function created(body: object = {}, receiver = siem): Promise<string> {
  const { status, body: stream } = await receiver.createStream(body);
  expect(status).toBe(201);
  return stream.stream_id as string;
}
type Person = { id: string; email: string };
const person = async () => (await plantUsers(product, 1))[0] as Person;
async function revokedPerson(): Promise<Person> {
  const user = await person();
  await revoke(user.email);
  return user;
}
const revoke = async (email: string) => expect((await product.revoke({ format: 'email', email })).status).toBe(204);
const forwards = () => createForwards({ ...product.context, wake: product.context.wakeForwarder });
async function settled(user: Person, status: string, of: Pick<AppWithSecret, 'id'> = app) {
  for (;;) {
    const rows = await forwards().list(orgId(), { user: user.id, app: of.id }, { after: null, limit: 10 });
    if (rows.some((row) => row.status === status)) return rows.filter((row) => row.status === status);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const change = (user: Person, how: 'off' | 'on' | 'removed') =>
  transaction(product.context.accessPool, async (client) => {
    await client.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId(), user.id]);
    const ending = { orgId: orgId(), initiator: 'admin', by: byOperator, reason: 'Left.', asked: null } as const;
    if (how === 'off') await switchOff(client, user.id, ending, null);
    if (how === 'on') await switchOn(client, user.id, { orgId: orgId(), by: byOperator });
    if (how !== 'removed') return;
    await removePerson(client, { id: user.id, active: true }, ending);
    const event = `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id)
                   VALUES ($1, 'evt_' || $2, 'user.removed', 'operator', 'user', $2)`;
    await client.query(event, [orgId(), user.id]);
  });
async function plantAccount(name: string, org: keyof Product['orgs'] = 'whiterabbit'): Promise<string> {
  const id = newId('account');
  const account = { orgId: orgId(org), id, name, userName: 'reports', connector: 'manual' };
  await product.context.prisma.account.create({ data: account });
  return id;
}
const rotated = (account: string, detail: object, org?: keyof Product['orgs']) =>
  recorded('account.rotated', account, { version: 2, ...detail }, org);
const reconciled = (account: string, detail: object) => recorded('account.reconciled', account, detail);
const recorded = (action: string, account: string, detail: object, org: keyof Product['orgs'] = 'whiterabbit') =>
  product.context.pool.query(
    `INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id, detail)
     VALUES ($1, $2, $5, 'system', 'account', $3, $4)`,
    [orgId(org), newId('auditEvent'), account, JSON.stringify({ rotation: newId('rotation'), ...detail }), action],
  );
const setsOf = (body: Record<string, unknown>) => body.sets as Sets;
const emailOf = (payload: JWTPayload) => (payload.sub_id as { email: string }).email;

describe('metadata', () => {
  it('stands at the address that is inserted before the issuer’s path, and names exactly that issuer', async () => {
    const { origin, pathname } = new URL(siem.issuer);
    const { status, body } = await siem.call(
      'GET',
      `${origin}/.well-known/ssf-configuration${pathname}`,
      undefined,
      null,
    );
    expect(status).toBe(200);
    expect(body).toEqual({
      spec_version: '1_0',
      issuer: siem.issuer,
      jwks_uri: `${siem.issuer}/oauth/jwks`,
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
      configuration_endpoint: `${siem.issuer}/ssf/stream`,
      status_endpoint: `${siem.issuer}/ssf/status`,
      add_subject_endpoint: `${siem.issuer}/ssf/subjects/add`,
      remove_subject_endpoint: `${siem.issuer}/ssf/subjects/remove`,
      verification_endpoint: `${siem.issuer}/ssf/verify`,
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
      default_subjects: 'ALL',
    });
    const oauth = await siem.call('GET', `${siem.issuer}/.well-known/openid-configuration`, undefined, null);
    expect(oauth.body).toMatchObject({ issuer: siem.issuer, jwks_uri: body.jwks_uri });
    expect(oauth.body.scopes_supported).toEqual(expect.arrayContaining(['ssf.manage', 'ssf.read']));
  });

  it('of an organisation that does not exist is not found', async () => {
    const address = `${product.url}/.well-known/ssf-configuration/orgs/org_nobody`;
    expect((await siem.call('GET', address, undefined, null)).status).toBe(404);
  });
});

describe('authorization', () => {
  it('is asked for without a word of what was wrong where nothing was sent', async () => {
    const none = await siem.call('GET', '/stream', undefined, null);
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="ssf"']);
    const wrong = await siem.call('POST', '/stream', {}, 'a-token-that-nobody-gave');
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="ssf", error="invalid_token"',
    ]);
  });

  it('to read is none to manage', async () => {
    const refused = await siem.call('POST', '/stream', {}, readOnly);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer realm="ssf", error="insufficient_scope", scope="ssf.manage"',
    ]);
    const id = await created();
    expect((await siem.call('GET', `/stream?stream_id=${id}`, undefined, readOnly)).status).toBe(200);
    expect((await siem.call('DELETE', `/stream?stream_id=${id}`, undefined, readOnly)).status).toBe(403);
  });

  it('of another organisation, and the stream of a neighbour, lead nowhere', async () => {
    const id = await created();
    const foreign = await stranger.askForToken();
    expect((await siem.call('GET', `/stream?stream_id=${id}`, undefined, foreign)).status).toBe(401);
    expect((await siem.call('POST', `/poll/${id}`, { returnImmediately: true }, foreign)).status).toBe(401);
    for (const [method, path, body] of [
      ['GET', `/stream?stream_id=${id}`],
      ['DELETE', `/stream?stream_id=${id}`],
      ['PATCH', '/stream', { stream_id: id, description: 'mine now' }],
      ['PUT', '/stream', { stream_id: id }],
      ['GET', `/status?stream_id=${id}`],
      ['POST', '/status', { stream_id: id, status: 'disabled' }],
      ['POST', '/verify', { stream_id: id }],
      ['POST', '/subjects/remove', { stream_id: id, subject: { format: 'email', email: trinity.email } }],
      ['POST', `/poll/${id}`, { returnImmediately: true }],
    ] as const)
      expect([method, path, (await neighbour.call(method, path, body)).status]).toEqual([method, path, 404]);
    expect((await siem.call('GET', `/status?stream_id=${id}`)).body).toEqual({ stream_id: id, status: 'enabled' });
  });

  it('ends with the app', async () => {
    const id = await created();
    await apps.change(orgId(), app.id, { state: 'disabled' }, byOperator);
    expect((await siem.call('GET', `/stream?stream_id=${id}`)).status).toBe(401);
  });
});

describe('a stream', () => {
  it('is created for pushes, and says how it is; its header is never shown again', async () => {
    const receiver = await pushReceiver();
    const { status, body, headers } = await siem.createStream({
      delivery: push(receiver.url, 'Bearer the-key'),
      events_requested: [uris.revoked, 'https://example.com/an-event-of-others'],
      description: 'Of the SIEM',
    });
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(body).toEqual({
      stream_id: expect.stringMatching(/^str_/),
      iss: siem.issuer,
      aud: audience,
      delivery: push(receiver.url),
      events_supported: everything,
      events_requested: [uris.revoked, 'https://example.com/an-event-of-others'],
      events_delivered: [uris.revoked],
      min_verification_interval: 5,
      inactivity_timeout: 604_800,
      description: 'Of the SIEM',
    });
    const { rows } = await product.context.pool.query('SELECT event_streams::text AS text FROM event_streams');
    expect(rows.map(({ text }) => text).join()).not.toContain('the-key');
  });

  it('without a word of delivery is polled, and has every event', async () => {
    const { body } = await siem.createStream();
    const address = `${siem.issuer}/ssf/poll/${body.stream_id}`;
    expect(body).toMatchObject({
      delivery: { method: 'urn:ietf:rfc:8936', endpoint_url: address },
      events_delivered: everything,
    });
  });

  it('is one a receiver: a second is a conflict', async () => {
    await created();
    expect((await siem.createStream()).status).toBe(409);
  });

  it.each([
    ['not JSON', '{"delivery":'],
    ['a list', []],
    ['a text', '"stream"'],
    ['a method of nobody', { delivery: { method: 'urn:ietf:rfc:1149' } }],
    ['a push to nowhere', { delivery: { method: 'urn:ietf:rfc:8935' } }],
    ['a push into our own network', { delivery: push('http://169.254.169.254/latest') }],
    ['a header of two lines', { delivery: push('https://receiver.example', 'Bearer a\r\nHost: b') }],
    ['events that are none', { events_requested: 'all' }],
    ['more events than there can be', { events_requested: Array.from({ length: 101 }, (_, n) => `urn:${n}`) }],
  ])('is not made of %s', async (_name, body) => {
    const { status, body: problem } = await siem.call('POST', '/stream', body);
    expect([status, problem.code]).toEqual([400, 'invalid_request']);
    expect((await siem.call('GET', '/stream')).body).toEqual([]);
  });

  it('is read by its id, or in a list; an unknown one is not found', async () => {
    const id = await created();
    const { body } = await siem.call('GET', `/stream?stream_id=${id}`);
    expect(body).toMatchObject({ stream_id: id });
    expect((await siem.call('GET', '/stream')).body).toEqual([body]);
    expect((await siem.call('GET', '/stream?stream_id=str_nobody')).status).toBe(404);
  });

  it('is updated in what is sent, and keeps the rest', async () => {
    const receiver = await pushReceiver();
    const id = await created({ delivery: push(receiver.url, 'Bearer kept'), description: 'Before' });
    const { status, body } = await siem.call('PATCH', '/stream', { stream_id: id, events_requested: [uris.revoked] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      description: 'Before',
      events_delivered: [uris.revoked],
      delivery: push(receiver.url),
    });
    await revokedPerson();
    expect((await receiver.until(1))[0]?.authorization).toBe('Bearer kept');
  });

  it('is replaced by what is sent, and forgets the rest', async () => {
    const id = await created({ events_requested: [uris.revoked], description: 'Before' });
    const before = (await siem.call('GET', `/stream?stream_id=${id}`)).body;
    const { status, body } = await siem.call('PUT', '/stream', { ...before, description: undefined });
    expect([status, body.description, body.events_delivered]).toEqual([200, undefined, [uris.revoked]]);
    const after = await siem.call('PUT', '/stream', { stream_id: id });
    expect(after.body).toMatchObject({ events_delivered: everything, delivery: before.delivery });
  });

  it('takes back what we supply only as it is', async () => {
    const id = await created();
    for (const wrong of [
      { iss: 'https://elsewhere.example' },
      { aud: 'https://elsewhere.example' },
      { events_supported: [uris.revoked] },
      { inactivity_timeout: 1 },
      { delivery: { method: 'urn:ietf:rfc:8936', endpoint_url: 'https://elsewhere.example' } },
    ])
      for (const method of ['PATCH', 'PUT'])
        expect((await siem.call(method, '/stream', { stream_id: id, ...wrong })).status).toBe(400);
  });

  it.each(['PATCH', 'PUT'])('that is unknown is not changed by %s, nor is one that is not named', async (method) => {
    await created();
    expect((await siem.call(method, '/stream', { stream_id: 'str_nobody' })).status).toBe(404);
    expect((await siem.call(method, '/stream', { description: 'Of nobody' })).status).toBe(404);
    expect((await siem.call(method, '/stream', 'null')).status).toBe(400);
  });

  it('is deleted once, with what waits in it', async () => {
    const id = await created();
    const user = await revokedPerson();
    await settled(user, 'pending');
    expect((await siem.call('DELETE', '/stream')).status).toBe(400);
    expect((await siem.call('DELETE', `/stream?stream_id=${id}`)).status).toBe(204);
    expect((await siem.call('DELETE', `/stream?stream_id=${id}`)).status).toBe(404);
    expect(await settled(user, 'cancelled')).toMatchObject([{ error: 'stream_deleted' }]);
    // A receiver without a stream hears nothing, and the receipt says so.
    expect(await settled(await revokedPerson(), 'left_out')).toMatchObject([{ error: 'no_stream' }]);
  });

  it('takes no other methods', async () => {
    const { status, headers } = await siem.call('GET', '/verify');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('status', () => {
  it('is enabled at first, and what was set last', async () => {
    const id = await created();
    const read = async () => (await siem.call('GET', `/status?stream_id=${id}`)).body;
    expect(await read()).toEqual({ stream_id: id, status: 'enabled' });
    const set = { stream_id: id, status: 'paused', reason: 'At night' };
    expect(await siem.call('POST', '/status', set)).toMatchObject({ status: 200, body: set });
    expect(await read()).toEqual(set);
    expect((await siem.call('POST', '/status', { stream_id: id, status: 'asleep' })).status).toBe(400);
    expect((await siem.call('POST', '/status', { stream_id: 'str_nobody', status: 'paused' })).status).toBe(404);
    expect((await siem.call('GET', '/status')).status).toBe(400);
  });

  it('paused holds what comes, by poll and by push, and enabled lets it go', async () => {
    const id = await created();
    await siem.call('POST', '/status', { stream_id: id, status: 'paused' });
    const first = await revokedPerson();
    await settled(first, 'pending');
    expect((await siem.poll(id)).body).toEqual({ sets: {}, moreAvailable: false });
    await siem.call('POST', '/status', { stream_id: id, status: 'enabled' });
    expect((await siem.pollFor(id, 1)).map(emailOf)).toEqual([first.email]);
    const receiver = await pushReceiver();
    await siem.call('POST', '/status', { stream_id: id, status: 'paused' });
    await siem.call('PATCH', '/stream', { stream_id: id, delivery: push(receiver.url) });
    const second = await revokedPerson();
    await settled(second, 'pending');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(receiver.received).toEqual([]);
    await siem.call('POST', '/status', { stream_id: id, status: 'enabled' });
    const calls = await receiver.until(2);
    expect(calls.map(({ text }) => emailOf(decodeJwt(text))).toSorted()).toEqual(
      [first.email, second.email].toSorted(),
    );
  });

  it('disabled discards what waits and what comes', async () => {
    const id = await created();
    const before = await revokedPerson();
    await settled(before, 'pending');
    await siem.call('POST', '/status', { stream_id: id, status: 'disabled' });
    expect(await settled(before, 'cancelled')).toMatchObject([{ error: 'stream_disabled' }]);
    expect(await settled(await revokedPerson(), 'left_out')).toMatchObject([{ error: 'stream_disabled' }]);
    await siem.call('POST', '/status', { stream_id: id, status: 'enabled' });
    expect((await siem.poll(id)).body).toEqual({ sets: {}, moreAvailable: false });
  });

  it('that an administrator changes is told before the stream stands still, and the receiver cannot undo it', async () => {
    const receiver = await pushReceiver();
    const id = await created({ delivery: push(receiver.url) });
    await apps.change(orgId(), app.id, { state: 'paused' }, byOperator);
    const [told] = await receiver.until(1);
    const payload = await siem.verify(told?.text as string);
    expect(payload.sub_id).toEqual({ format: 'opaque', id });
    expect(eventOf(payload)).toEqual([uris.updated, { status: 'paused' }]);
    expect((await siem.call('GET', `/status?stream_id=${id}`)).body.status).toBe('paused');
    expect((await siem.call('POST', '/status', { stream_id: id, status: 'enabled' })).status).toBe(403);
    await settled(await revokedPerson(), 'pending');
    await apps.change(orgId(), app.id, { state: 'enabled' }, byOperator);
    const types = (await receiver.until(3)).slice(1).map(({ text }) => eventOf(decodeJwt(text))[0]);
    expect(types.toSorted()).toEqual([uris.revoked, uris.updated].toSorted());
  });

  it('that both paused stays as the administrator wants it, and every answer says so', async () => {
    const id = await created();
    const set = (status: string) => siem.call('POST', '/status', { stream_id: id, status });
    const read = async () => (await siem.call('GET', `/status?stream_id=${id}`)).body;
    await set('paused');
    await apps.change(orgId(), app.id, { state: 'paused' }, byOperator);
    expect((await set('enabled')).status).toBe(403);
    expect(await read()).toEqual({ stream_id: id, status: 'paused' });
    await apps.change(orgId(), app.id, { state: 'enabled' }, byOperator);
    expect(await read()).toEqual({ stream_id: id, status: 'paused' });
    expect(await set('enabled')).toMatchObject({ status: 200, body: { stream_id: id, status: 'enabled' } });
  });

  it('is paused after a week of silence, and a poll still says that', async () => {
    const id = await created();
    await product.context.pool.query(
      `UPDATE event_streams SET last_used_at = now() - interval '8 days'; UPDATE apps SET last_received_at = NULL`,
    );
    await transaction(product.context.pool, pauseSilentStreams);
    await settled(await revokedPerson(), 'pending');
    const [set, ...others] = Object.values(setsOf((await siem.poll(id)).body));
    expect(others).toEqual([]);
    expect(eventOf(await siem.verify(set as string))).toEqual([
      uris.updated,
      { status: 'paused', reason: 'The receiver was silent for too long.' },
    ]);
    await siem.call('POST', '/status', { stream_id: id, status: 'enabled' });
    expect((await siem.pollFor(id, 2)).map((payload) => eventOf(payload)[0])).toContain(uris.revoked);
  });
});

describe('subjects', () => {
  it('that are removed are heard of no more, until they are added again', async () => {
    const id = await created();
    const [removed, other] = [await person(), await person()];
    const subject = { format: 'email', email: removed.email };
    expect((await siem.call('POST', '/subjects/remove', { stream_id: id, subject })).status).toBe(204);
    await revoke(removed.email);
    await revoke(other.email);
    expect((await siem.pollFor(id, 1)).map(emailOf)).toEqual([other.email]);
    expect(await settled(removed, 'left_out')).toMatchObject([{ error: 'subject_removed' }]);
    expect((await siem.call('POST', '/subjects/add', { stream_id: id, subject, verified: true })).status).toBe(200);
    await product.context.pool.query(`UPDATE forwards SET revoked_at = revoked_at - interval '1 minute'`);
    await revoke(removed.email);
    expect((await siem.pollFor(id, 2)).map(emailOf)).toContain(removed.email);
  });

  it('that nobody is called by are answered like everybody', async () => {
    const id = await created();
    const subject = { format: 'email', email: 'nobody@whiterabbit.fake' };
    expect((await siem.call('POST', '/subjects/remove', { stream_id: id, subject })).status).toBe(204);
    expect((await siem.call('POST', '/subjects/add', { stream_id: id, subject })).status).toBe(200);
  });

  it.each([
    [undefined],
    [{ format: 'email' }],
    [{ email: trinity.email }],
    [{ format: 'phone_number', phone_number: '+12065550100' }],
  ])('that are none are refused: %j', async (subject) => {
    const id = await created();
    for (const way of ['add', 'remove'])
      expect((await siem.call('POST', `/subjects/${way}`, { stream_id: id, subject })).status).toBe(400);
  });
});

describe('verification', () => {
  it('is a token of its own by a push, with the state that was given', async () => {
    const receiver = await pushReceiver();
    const id = await created({ delivery: push(receiver.url, 'Bearer the-key'), events_requested: [] });
    const asked = await siem.call('POST', '/verify', { stream_id: id, state: 'VGhpcyBpcyBhIHN0YXRl' });
    expect([asked.status, asked.body]).toEqual([204, {}]);
    const [call] = await receiver.until(1);
    expect(call).toMatchObject({ type: 'application/secevent+jwt', authorization: 'Bearer the-key' });
    const payload = await siem.verify(call?.text as string);
    expect(payload.sub_id).toEqual({ format: 'opaque', id });
    expect(eventOf(payload)).toEqual([uris.verification, { state: 'VGhpcyBpcyBhIHN0YXRl' }]);
  });

  it('is one by a poll, too, without a state where none was given', async () => {
    const id = await created();
    expect((await siem.call('POST', '/verify', { stream_id: id })).status).toBe(204);
    expect((await siem.pollFor(id, 1)).map(eventOf)).toEqual([[uris.verification, {}]]);
  });

  it('is refused too often, of a stream that does not flow, and of none', async () => {
    const id = await created();
    expect((await siem.call('POST', '/verify', { stream_id: id })).status).toBe(204);
    const again = await siem.call('POST', '/verify', { stream_id: id });
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '5']);
    for (const status of ['paused', 'disabled']) {
      await siem.call('POST', '/status', { stream_id: id, status });
      expect((await siem.call('POST', '/verify', { stream_id: id })).status).toBe(400);
    }
    expect((await siem.call('POST', '/verify', { stream_id: 'str_nobody' })).status).toBe(404);
    expect((await siem.call('POST', '/verify', { state: 'x' })).status).toBe(400);
  });
});

describe('an event', () => {
  it('has the shape of SSF 1.0 and CAEP 1.0, signed by the organisation', async () => {
    const receiver = await pushReceiver();
    await created({ delivery: push(receiver.url) });
    const begun = Math.floor(Date.now() / 1000);
    const user = await person();
    await change(user, 'off');
    const calls = await receiver.until(2);
    const payloads = await Promise.all(calls.map(({ text }) => siem.verify(text)));
    const revoked = payloads.find((payload) => eventOf(payload)[0] === uris.revoked) as JWTPayload;
    expect(Object.keys(revoked).toSorted()).toEqual(['aud', 'events', 'iat', 'iss', 'jti', 'sub_id', 'txn']);
    expect(revoked.sub_id).toEqual({ format: 'email', email: user.email });
    const [, members] = eventOf(revoked);
    expect(members).toEqual({
      event_timestamp: expect.any(Number),
      initiating_entity: 'admin',
      reason_admin: { en: 'Left.' },
    });
    expect(members.event_timestamp).toBeGreaterThanOrEqual(begun);
    expect(members.event_timestamp).toBeLessThan(begun + 3600);
    const disabled = payloads.find((payload) => eventOf(payload)[0] === uris.disabled) as JWTPayload;
    expect([disabled.txn, disabled.sub_id]).toEqual([revoked.txn, revoked.sub_id]);
    expect(disabled.jti).not.toBe(revoked.jti);
  });

  it('names people by issuer and subject where the app is set so, and leaves out who has none', async () => {
    const id = await created({}, bySubject);
    const user = await revokedPerson();
    const [payload] = await bySubject.pollFor(id, 1);
    expect(payload?.sub_id).toEqual({ format: 'iss_sub', iss: product.orgs.whiterabbit.issuer, sub: user.id });
  });

  it('is sent of a type that was asked for alone', async () => {
    const id = await created({ events_requested: [uris.enabled, uris.purged] });
    const user = await person();
    await change(user, 'off');
    await change(user, 'on');
    const gone = await person();
    await change(gone, 'removed');
    const payloads = await siem.pollFor(id, 2);
    expect(payloads.map((payload) => [eventOf(payload)[0], emailOf(payload)]).toSorted()).toEqual(
      [
        [uris.enabled, user.email],
        [uris.purged, gone.email],
      ].toSorted(),
    );
  });

  it('tells of a shared account’s new password, and not what it is, whoever’s access ended for it', async () => {
    const [id, next] = [await created({ events_requested: [uris.credential] }), await created({}, neighbour)];
    const silent = await created({ events_requested: [uris.revoked] }, bySubject);
    const account = await plantAccount('Reports');
    const user = await revokedPerson();
    const { rows } = await product.context.pool.query('SELECT id FROM revocations WHERE user_id = $1', [user.id]);
    const revocation = rows[0].id as string;
    // One change is one event, of however many revocations.
    const causes = { revocation, revocations: `${revocation} rev_of_another`, causes: 2 };
    await rotated(account, { cause: 'revocation', ...causes });
    const [payload] = await siem.pollFor(id, 1);
    expect(payload).toMatchObject({ iss: siem.issuer, txn: revocation, sub_id: { format: 'opaque', id: account } });
    expect(eventOf(payload as JWTPayload)).toEqual([
      uris.credential,
      {
        credential_type: 'password',
        change_type: 'update',
        friendly_name: 'Reports',
        initiating_entity: 'system',
        reason_admin: { en: 'The access of somebody who may use the account ended.' },
        event_timestamp: expect.any(Number),
      },
    ]);
    // By the revocation's own event both know that they belong together.
    const both = await neighbour.pollFor(next, 2);
    expect(both.map((set) => set.txn)).toEqual([revocation, revocation]);
    expect(both.map((set) => eventOf(set)[0]).toSorted()).toEqual([uris.credential, uris.revoked].toSorted());
    expect((await bySubject.pollFor(silent, 1)).map((set) => eventOf(set)[0])).toEqual([uris.revoked]);
  });

  it.each([
    ['right_ended', 'admin', 'Somebody who knew the password has no right to the account any more.'],
    ['hand', 'admin', 'Somebody who manages the account asked for a new password.'],
    ['schedule', 'policy', 'The password is replaced from time to time.'],
    ['reconcile', 'system', 'It was found out which password counts.'],
  ])('says who caused a new password: by %s %s', async (cause, entity, reason) => {
    const id = await created({ events_requested: [uris.credential] });
    await rotated(await plantAccount('Lights'), { cause });
    const [payload] = await siem.pollFor(id, 1);
    expect(eventOf(payload as JWTPayload)[1]).toMatchObject({
      initiating_entity: entity,
      reason_admin: { en: reason },
    });
  });

  it('tells of a kept password that a comparison made the current one, and of no other comparison', async () => {
    const id = await created({ events_requested: [uris.credential] });
    const [same, other] = [await plantAccount('Same'), await plantAccount('Other')];
    await reconciled(same, { result: 'found', version: 2 });
    await reconciled(other, { result: 'found', version: 2, changed: true });
    const [payload] = await siem.pollFor(id, 1);
    expect(payload).toMatchObject({ sub_id: { format: 'opaque', id: other } });
    expect(eventOf(payload as JWTPayload)[1]).toMatchObject({
      initiating_entity: 'system',
      reason_admin: { en: 'It was found out which password counts.' },
    });
  });

  it('of another organisation’s account reaches nobody here', async () => {
    const [here, there] = [await created(), await created({}, stranger)];
    await rotated(await plantAccount('Theirs', 'metacortex'), { cause: 'hand' }, 'metacortex');
    expect(await stranger.pollFor(there, 1)).toMatchObject([{ iss: stranger.issuer }]);
    expect((await siem.poll(here)).body).toEqual({ sets: {}, moreAvailable: false });
  });

  it('is of the own organisation’s people alone, also where both have somebody of the same address', async () => {
    const [here, there] = [await created(), await created({}, stranger)];
    await product.revoke(undefined, { apiKey: product.orgs.metacortex.apiKey });
    const [payload] = await stranger.pollFor(there, 1);
    expect(payload).toMatchObject({ iss: stranger.issuer, sub_id: { email: trinity.email } });
    expect((await siem.poll(here)).body).toEqual({ sets: {}, moreAvailable: false });
  });
});

describe('a push', () => {
  it('that is refused is dead, with the code of the receiver and never its words', async () => {
    const receiver = await pushReceiver((_call, res) =>
      res.writeHead(400, { 'Content-Type': 'application/json' }).end('{"err":"invalid_key","description":"Go away"}'),
    );
    await created({ delivery: push(receiver.url), events_requested: [uris.revoked] });
    const user = await revokedPerson();
    expect(await settled(user, 'dead')).toMatchObject([{ error: 'invalid_key', httpStatus: 400, attempts: 1 }]);
    const { rows } = await product.context.pool.query(
      `SELECT detail FROM audit_events WHERE action = 'forward.failed' AND target_id = $1`,
      [app.id],
    );
    expect(JSON.stringify(rows)).toContain('invalid_key');
    expect(JSON.stringify(rows)).not.toContain('Go away');
  });

  it('to a receiver that is down comes again with the same `jti` when it is back', async () => {
    const receiver = await pushReceiver(503);
    await created({ delivery: push(receiver.url), events_requested: [uris.revoked] });
    const user = await revokedPerson();
    await receiver.until(1);
    receiver.answer(401);
    await receiver.until(2);
    receiver.answer(202);
    await settled(user, 'delivered');
    const tokens = receiver.received.map(({ text }) => decodeJwt(text));
    expect(tokens.length).toBeGreaterThan(2);
    expect(new Set(tokens.map(({ jti }) => jti)).size).toBe(1);
  });

  it('of each of two sign-outs goes out: none takes the place of another', async () => {
    const receiver = await pushReceiver(503);
    const id = await created({ delivery: push(receiver.url), events_requested: [uris.revoked] });
    const user = await revokedPerson();
    await receiver.until(1);
    await siem.call('POST', '/status', { stream_id: id, status: 'paused' });
    await product.context.pool.query(`UPDATE forwards SET revoked_at = revoked_at - interval '1 minute'`);
    await revoke(user.email);
    receiver.answer(202);
    await siem.call('POST', '/status', { stream_id: id, status: 'enabled' });
    for (;;) if ((await settled(user, 'delivered')).length === 2) break;
    const delivered = receiver.received.slice(-2).map(({ text }) => decodeJwt(text).jti);
    expect(new Set(delivered).size).toBe(2);
  });
});

describe('a poll', () => {
  it('waits for the next event, and is answered when it comes', async () => {
    const id = await created();
    const answer = siem.call('POST', `/poll/${id}`, {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    const user = await revokedPerson();
    const { status, body } = await answer;
    expect([status, body.moreAvailable]).toEqual([200, false]);
    const payloads = Object.values(setsOf(body)).map((set) => decodeJwt(set));
    expect(payloads.map(emailOf)).toEqual([user.email]);
  });

  it('takes no more than it asks for, and says that there is more', async () => {
    const id = await created();
    const people = [await revokedPerson(), await revokedPerson(), await revokedPerson()];
    await siem.pollFor(id, 3);
    const first = await siem.poll(id, { maxEvents: 2, returnImmediately: true });
    expect([Object.keys(setsOf(first.body)).length, first.body.moreAvailable]).toEqual([2, true]);
    const ack = Object.keys(setsOf(first.body));
    const rest = await siem.poll(id, { maxEvents: 2, returnImmediately: true, ack });
    expect([Object.keys(setsOf(rest.body)).length, rest.body.moreAvailable]).toEqual([1, false]);
    const told = [first, rest].flatMap(({ body }) => Object.values(setsOf(body)).map((set) => emailOf(decodeJwt(set))));
    expect(told.toSorted()).toEqual(people.map(({ email }) => email).toSorted());
  });

  it('gives what is not acknowledged again, by the same `jti`, until it is', async () => {
    const id = await created();
    const user = await revokedPerson();
    await siem.pollFor(id, 1);
    const jtis = async (body: object = {}) =>
      Object.keys(setsOf((await siem.poll(id, { returnImmediately: true, ...body })).body));
    const [jti] = await jtis();
    expect(await jtis()).toEqual([jti]);
    expect(await settled(user, 'pending')).toMatchObject([{ attempts: 0 }]);
    expect(await jtis({ ack: ['of-nobody'] })).toEqual([jti]);
    expect(await jtis({ ack: [jti, 'of-nobody'] })).toEqual([]);
    const [row] = await settled(user, 'delivered');
    expect((await forwards().find(orgId(), row?.id as string))?.log).toHaveLength(1);
    // Nothing is left of the names once it is over.
    const { rows } = await product.context.pool.query('SELECT names FROM forwards WHERE id = $1', [row?.id]);
    expect(rows).toEqual([{ names: {} }]);
  });

  it('of no events acknowledges alone, at once', async () => {
    const id = await created();
    const [user, other] = [await revokedPerson(), await revokedPerson()];
    await siem.pollFor(id, 2);
    const { sets } = (await siem.poll(id, { maxEvents: 1, returnImmediately: true })).body;
    const { status, body } = await siem.poll(id, { maxEvents: 0, ack: Object.keys(sets as Sets) });
    expect([status, body]).toEqual([200, { sets: {}, moreAvailable: true }]);
    await settled(user, 'delivered');
    await settled(other, 'pending');
  });

  it('says what was wrong with an event, and it is dead', async () => {
    const id = await created({ events_requested: [uris.revoked] });
    const user = await revokedPerson();
    await siem.pollFor(id, 1);
    const [jti] = Object.keys(setsOf((await siem.poll(id)).body));
    const setErrs = { [jti as string]: { err: 'authentication_failed', description: 'Go away' } };
    expect((await siem.poll(id, { returnImmediately: true, setErrs })).body.sets).toEqual({});
    expect(await settled(user, 'dead')).toMatchObject([{ error: 'authentication_failed' }]);
  });

  it.each([[{ maxEvents: -1 }], [{ maxEvents: 1.5 }], [{ ack: 'all' }], [{ setErrs: [] }], [[]], ['null']])(
    'that is broken is refused: %j',
    async (body) => {
      const id = await created();
      expect((await siem.call('POST', `/poll/${id}`, body)).status).toBe(400);
    },
  );

  it('of a stream that is pushed, or of no stream, is not found', async () => {
    const receiver = await pushReceiver();
    const id = await created({ delivery: push(receiver.url) });
    expect((await siem.poll(id)).status).toBe(404);
    expect((await siem.poll('str_nobody')).status).toBe(404);
  });

  it('that waits in too many is told to come later', async () => {
    const id = await created();
    const waiting = [siem.call('POST', `/poll/${id}`, {}), siem.call('POST', `/poll/${id}`, {})];
    await new Promise((resolve) => setTimeout(resolve, 200));
    const third = await siem.call('POST', `/poll/${id}`, {});
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '5']);
    await revokedPerson();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
  });
});
