import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { eraseNames } from '../../src/audit/erase-names.ts';
import { byOperator } from '../../src/by.ts';
import { transaction } from '../../src/database/pool.ts';
import { type AppWithSecret, createApps } from '../../src/downstream/apps.ts';
import { createForwards } from '../../src/downstream/forwards.ts';
import { pauseSilentStreams, sweepEvents } from '../../src/downstream/ssf/sweep.ts';
import { switchOff } from '../../src/revocation/switch-person.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import {
  addReceiver,
  type EventReceiver,
  eventOf,
  receiverAt,
  type Sets,
  type TestApps,
  uris,
} from './event-receiver.ts';
import { type Receiver, startReceiver } from './receiver.ts';

// What becomes of streams, and of what waits in them, over time and when their settings change.

let product: Product;
let apps: TestApps;
let app: AppWithSecret;
let siem: EventReceiver;
let endpoint: Receiver;
beforeAll(async () => {
  product = await startProduct();
  apps = createApps({ ...product.context, appFetch: product.context.webhookFetch });
  app = await addReceiver(product);
  siem = receiverAt(product, app);
  await siem.askForToken();
  endpoint = await startReceiver(202);
});
afterAll(async () => {
  await endpoint?.stop();
  await product?.stop();
});
afterEach(async () => {
  await apps.change(orgId(), app.id, { state: 'enabled', settings: { naming: 'email' } }, byOperator);
  for (const { stream_id: id } of (await siem.call('GET', '/stream')).body as unknown as { stream_id: string }[])
    await siem.call('DELETE', `/stream?stream_id=${id}`);
  endpoint.answer(202);
  endpoint.received.splice(0);
});

const orgId = () => product.orgs.whiterabbit.id;
const query = (text: string, ...values: unknown[]) => product.context.pool.query(text, values);
const pushed = () => ({ method: 'urn:ietf:rfc:8935', endpoint_url: endpoint.url });
async function created(body: object = {}): Promise<string> {
  const { status, body: stream } = await siem.createStream({ events_requested: [uris.revoked], ...body });
  expect(status).toBe(201);
  return stream.stream_id as string;
}
type Person = { id: string; email: string };
async function revoked(): Promise<Person> {
  const [user] = (await plantUsers(product, 1)) as unknown as [Person];
  expect((await product.revoke({ format: 'email', email: user.email })).status).toBe(204);
  return user;
}
async function settled(user: Person, status: string) {
  const forwards = createForwards({ ...product.context, wake: product.context.wakeForwarder });
  for (;;) {
    const rows = await forwards.list(orgId(), { user: user.id, app: app.id }, { after: null, limit: 10 });
    const row = rows.find((each) => each.status === status);
    if (row) return row;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const onRecord = async (action: string) =>
  (
    await query(
      'SELECT actor_type, detail FROM audit_events WHERE org_id = $1 AND action = $2 AND target_id = $3 ORDER BY at, id',
      orgId(),
      action,
      app.id,
    )
  ).rows;
/** Nobody has heard of the receiver for eight days. */
const silence = async () => {
  await query(`UPDATE event_streams SET last_used_at = now() - interval '8 days' WHERE org_id = $1`, orgId());
  await query(`UPDATE apps SET last_received_at = now() - interval '8 days' WHERE org_id = $1`, orgId());
  await transaction(product.context.pool, pauseSilentStreams);
};

it('a stream that is pushed goes on, however long nothing happened', async () => {
  await created({ delivery: pushed() });
  await silence();
  const user = await revoked();
  const [call] = await endpoint.until(1);
  const payload = decodeJwt(call?.text as string);
  expect([eventOf(payload)[0], payload.sub_id]).toEqual([uris.revoked, { format: 'email', email: user.email }]);
});

it('a polled stream that is paused for silence is on record for administrators', async () => {
  const id = await created();
  await silence();
  expect((await onRecord('app.changed')).at(-1)).toEqual({
    actor_type: 'system',
    detail: { name: 'SIEM', changed: 'stream', stream: 'paused' },
  });
  expect((await siem.call('GET', `/status?stream_id=${id}`)).body.status).toBe('paused');
});

it('what nobody fetched for 30 days is given up, and administrators are told once', async () => {
  await created();
  const users = [await revoked(), await revoked()];
  for (const user of users) await settled(user, 'pending');
  const fresh = await revoked();
  await settled(fresh, 'pending');
  const ids = users.map(({ id }) => id);
  await query(`UPDATE forwards SET created_at = now() - interval '31 days' WHERE user_id = ANY ($1)`, ids);
  await transaction(product.context.pool, sweepEvents);
  for (const user of users) expect(await settled(user, 'dead')).toMatchObject({ error: 'not_fetched' });
  await settled(fresh, 'pending');
  const told = await onRecord('forward.failed');
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ actor_type: 'system', detail: { name: 'SIEM', error: 'not_fetched', attempts: 0 } });
  await transaction(product.context.pool, sweepEvents);
  expect(await onRecord('forward.failed')).toHaveLength(1);
});

it('what waited for polls outlives the first failure where the stream is pushed from now on', async () => {
  const id = await created();
  const user = await revoked();
  await settled(user, 'pending');
  // Tries of it would have ended long ago.
  await query(`UPDATE forwards SET tried_until = now() - interval '1 day' WHERE user_id = $1`, user.id);
  endpoint.answer(503);
  expect((await siem.call('PATCH', '/stream', { stream_id: id, delivery: pushed() })).status).toBe(200);
  await endpoint.until(1);
  endpoint.answer(202);
  expect(await settled(user, 'delivered')).toMatchObject({ attempts: 2 });
});

const reason = 'She has left for Zion.';
async function revokedWithReason(): Promise<Person> {
  const [user] = (await plantUsers(product, 1)) as unknown as [Person];
  await transaction(product.context.accessPool, async (client) => {
    await client.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId(), user.id]);
    await switchOff(client, user.id, { orgId: orgId(), initiator: 'admin', by: byOperator, reason, asked: null }, null);
  });
  return user;
}
const kept = async (user: Person) => (await query('SELECT said FROM forwards WHERE user_id = $1', user.id)).rows;

it.each([
  ['fetched', () => undefined],
  ['pushed', () => pushed()],
])('nothing is left of the reason once an event was %s', async (how, delivery) => {
  const id = await created({ delivery: delivery() });
  const user = await revokedWithReason();
  if (how === 'fetched') {
    await siem.pollFor(id, 1);
    const { sets } = (await siem.poll(id)).body;
    const [token] = Object.values(sets as Sets);
    expect(eventOf(decodeJwt(token as string))[1]).toMatchObject({ reason_admin: { en: reason } });
    await siem.poll(id, { maxEvents: 0, ack: Object.keys(sets as Sets) });
  }
  await settled(user, 'delivered');
  expect(await kept(user)).toEqual([{ said: { initiator: 'admin' } }]);
});

it('nothing is left of the reason where an event was cancelled', async () => {
  const id = await created();
  const user = await revokedWithReason();
  await settled(user, 'pending');
  await siem.call('POST', '/status', { stream_id: id, status: 'disabled' });
  await settled(user, 'cancelled');
  expect(await kept(user)).toEqual([{ said: { initiator: 'admin' } }]);
});

it('the reason of what could not be told stays to be told again, until the person is erased', async () => {
  endpoint.answer(400);
  await created({ delivery: pushed() });
  const user = await revokedWithReason();
  await settled(user, 'dead');
  expect(await kept(user)).toMatchObject([{ said: { reasonAdmin: reason } }]);
  await transaction(product.context.accessPool, (client) =>
    eraseNames(client, orgId(), { userId: user.id, keep: null }),
  );
  expect(await kept(user)).toEqual([{ said: { initiator: 'admin' } }]);
});

/** Somebody whom no identity provider has named to us, revoked. */
async function revokedStranger(): Promise<Person> {
  const id = `usr_${crypto.randomUUID()}`;
  const email = `${id}@whiterabbit.fake`;
  await query(
    `INSERT INTO users (org_id, id, email, email_key, name) VALUES ($1, $2, $3, $3, 'Stranger')`,
    orgId(),
    id,
    email,
  );
  expect((await product.revoke({ format: 'email', email })).status).toBe(204);
  return { id, email };
}
const nameBySubject = () => apps.change(orgId(), app.id, { settings: { naming: 'iss_sub' } }, byOperator);

it('an event that would name nobody since the naming was changed is left out of polls', async () => {
  const id = await created();
  const strangers = [await revokedStranger(), await revokedStranger()];
  const user = await revoked();
  for (const each of [...strangers, user]) await settled(each, 'pending');
  await nameBySubject();
  const { body } = await siem.poll(id, { maxEvents: 1, returnImmediately: true });
  const subjects = Object.values(body.sets as Sets).map((set) => decodeJwt(set).sub_id);
  expect([subjects, body.moreAvailable]).toEqual([
    [{ format: 'iss_sub', iss: product.orgs.whiterabbit.issuer, sub: user.id }],
    false,
  ]);
  for (const each of strangers) expect(await settled(each, 'left_out')).toMatchObject({ error: 'no_identity' });
  expect(await onRecord('app.names_missing')).toHaveLength(1);
});

it('an event that would name nobody since the naming was changed is not pushed', async () => {
  const id = await created({ delivery: pushed() });
  await siem.call('POST', '/status', { stream_id: id, status: 'paused' });
  const [stranger, user] = [await revokedStranger(), await revoked()];
  for (const each of [stranger, user]) await settled(each, 'pending');
  await nameBySubject();
  await siem.call('POST', '/status', { stream_id: id, status: 'enabled' });
  expect(await settled(stranger, 'left_out')).toMatchObject({ error: 'no_identity' });
  await settled(user, 'delivered');
  expect(endpoint.received.map(({ text }) => decodeJwt(text).sub_id)).toEqual([
    { format: 'iss_sub', iss: product.orgs.whiterabbit.issuer, sub: user.id },
  ]);
});
