import { newId } from '../../src/database/ids.ts';
import { idHash } from '../../src/tokens/id-hash.ts';
import { plantApp } from '../tokens/planted-apps.ts';
import type { Requests } from './requests.ts';
import type { World } from './world.ts';

const stranger = { as: 'a-token-of-nobody' };

/** A receiver with an access token, as its token endpoint would have given it. */
async function receiver({ product }: World, scope = 'ssf.manage ssf.read') {
  const { orgId, id } = await plantApp(product, product.orgs.whiterabbit, { kind: 'ssf' });
  const token = newId('grant');
  await product.context.pool.query(
    `INSERT INTO tokens (kind, id_hash, payload, expires_at) VALUES ('ClientCredentials', $1, $2, now() + interval '1 hour')`,
    [idHash(orgId, token), { clientId: id, scope }],
  );
  return { as: token, params: { org: orgId } };
}

async function withStream(world: World) {
  const asked = await receiver(world);
  const { json } = await world.ask('createEventStream', { ...asked, body: {} });
  return { ...asked, stream: String(json.stream_id) };
}

const subject = { format: 'email', email: 'trinity@whiterabbit.fake' };
const uri = 'urn:ietf:rfc:8935';

/** Asks with a good body, with a broken one, about a stream of nobody, and as a stranger. */
const inAllWays =
  (id: string, body: Record<string, unknown>, broken: Record<string, unknown> | null) => async (world: World) => {
    const { stream, ...asked } = await withStream(world);
    await world.ask(id, { ...asked, body: { stream_id: stream, ...body } });
    if (broken) await world.ask(id, { ...asked, body: { stream_id: stream, ...broken } });
    await world.ask(id, { ...asked, body: { stream_id: newId('stream'), ...body } });
    await world.ask(id, { ...asked, ...stranger, body: { stream_id: stream, ...body } });
  };

export const eventRequests: Requests = {
  async getEventTransmitter(world) {
    await world.ask('getEventTransmitter', { params: { org: world.product.orgs.whiterabbit.id } });
    await world.ask('getEventTransmitter', { params: { org: newId('org') } });
  },
  async createEventStream(world) {
    const asked = await receiver(world);
    const delivery = { method: uri, endpoint_url: 'https://receiver.example/in', authorization_header: 'Bearer it' };
    await world.ask('createEventStream', { ...asked, body: { delivery: { method: 'pigeon' } } });
    await world.ask('createEventStream', { ...asked, body: { delivery } });
    await world.ask('createEventStream', { ...asked, body: { delivery } });
    await world.ask('createEventStream', { ...(await receiver(world, 'ssf.read')), body: {} });
    await world.ask('createEventStream', { ...asked, ...stranger, body: {} });
  },
  async readEventStream(world) {
    const { stream, ...asked } = await withStream(world);
    await world.ask('readEventStream', { ...asked, query: { stream_id: stream } });
    await world.ask('readEventStream', asked);
    await world.ask('readEventStream', { ...asked, query: { stream_id: newId('stream') } });
    await world.ask('readEventStream', { ...asked, ...stranger });
  },
  updateEventStream: inAllWays('updateEventStream', { description: 'Mine' }, { aud: 'https://other.example' }),
  replaceEventStream: inAllWays('replaceEventStream', { events_requested: [] }, { events_requested: 'all' }),
  async deleteEventStream(world) {
    const { stream, ...asked } = await withStream(world);
    await world.ask('deleteEventStream', { ...asked, query: { stream_id: stream } });
    await world.ask('deleteEventStream', { ...asked, query: { stream_id: stream } });
    await world.ask('deleteEventStream', asked);
  },
  async readEventStreamStatus(world) {
    const { stream, ...asked } = await withStream(world);
    await world.ask('readEventStreamStatus', { ...asked, query: { stream_id: stream } });
    await world.ask('readEventStreamStatus', asked);
  },
  setEventStreamStatus: inAllWays('setEventStreamStatus', { status: 'paused', reason: 'Night' }, { status: 'asleep' }),
  addEventStreamSubject: inAllWays('addEventStreamSubject', { subject }, { subject: { format: 'phone' } }),
  removeEventStreamSubject: inAllWays(
    'removeEventStreamSubject',
    { subject },
    { subject: { format: 'phone_number', phone_number: '+12065550100' } },
  ),
  async verifyEventStream(world) {
    const { stream, ...asked } = await withStream(world);
    const body = { stream_id: stream, state: 'one' };
    await world.ask('verifyEventStream', { ...asked, body });
    await world.ask('verifyEventStream', { ...asked, body });
    await world.ask('verifyEventStream', { ...asked, body: { state: 'two' } });
  },
  async pollEvents(world) {
    const { stream, ...asked } = await withStream(world);
    const poll = { ...asked, params: { ...asked.params, stream } };
    await world.ask('verifyEventStream', { ...asked, body: { stream_id: stream } });
    const { json } = await world.ask('pollEvents', { ...poll, body: { returnImmediately: true } });
    const ack = Object.keys(json.sets);
    if (ack.length !== 1) throw new Error('the verification does not wait');
    await world.ask('pollEvents', { ...poll, body: { maxEvents: 0, ack, setErrs: { x: { err: 'invalid_key' } } } });
    await world.ask('pollEvents', { ...poll, body: { maxEvents: -1 } });
    await world.ask('pollEvents', { ...poll, params: { ...poll.params, stream: newId('stream') }, body: {} });
    await world.ask('pollEvents', { ...poll, ...stranger, body: {} });
  },
  async getEventPoll(world) {
    const params = await polled(world);
    await world.ask('getEventPoll', { as: world.owner, params });
    await world.ask('getEventPoll', { as: world.owner, params: { id: newId('connection') } });
  },
  async setEventPoll(world) {
    const params = await polled(world);
    const auth = { method: 'client_credentials', tokenEndpoint: `${nowhere}/token`, clientId: 'us' };
    await world.ask('setEventPoll', { as: world.owner, params, body: { endpoint: nowhere, auth } });
    await world.ask('setEventPoll', {
      as: world.owner,
      params,
      body: { endpoint: nowhere, auth, credential: 'secret' },
    });
    await world.ask('setEventPoll', { as: world.owner, params, body: { endpoint: nowhere } });
  },
  async removeEventPoll(world) {
    const params = await polled(world);
    await world.ask('removeEventPoll', { as: world.owner, params });
    await world.ask('removeEventPoll', { as: world.owner, params });
  },
};

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:1/poll';

async function polled({ ask, owner, product }: World) {
  const params = { id: product.orgs.whiterabbit.connectionId };
  const body = { endpoint: nowhere, auth: { method: 'bearer' }, credential: 'token' };
  await ask('setEventPoll', { as: owner, params, body });
  return params;
}
