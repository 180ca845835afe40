import { hasten, until } from '../notifications/support.ts';
import type { Requests } from './requests.ts';
import type { World } from './world.ts';

export const notificationRequests: Requests = {
  async listNotifications({ ask, owner, product }) {
    const { json } = await ask('listNotifications', { as: owner, query: { limit: '1', unread: 'true' } });
    if (json.items.length !== 1) throw new Error('nothing was told of');
    await ask('listNotifications', { as: owner });
    await ask('listNotifications', { as: owner, query: { cursor: 'none' } });
    await ask('listNotifications', { as: await product.signIn('metacortex') });
  },
  async countUnreadNotifications({ ask, owner }) {
    await ask('countUnreadNotifications', { as: owner });
    await ask('countUnreadNotifications');
  },
  async readNotifications({ ask, owner }) {
    await ask('readNotifications', { as: owner, body: { upTo: 1 } });
    await ask('readNotifications', { as: owner, body: { upTo: 'all' } });
  },
  async getNotificationSettings({ ask, owner }) {
    await ask('getNotificationSettings', { as: owner });
  },
  async setNotificationSettings({ ask, owner }) {
    await ask('setNotificationSettings', { as: owner, body: { email: [] } });
    await ask('setNotificationSettings', { as: owner, body: { email: ['revocation'] } });
    await ask('setNotificationSettings', { as: owner, body: { email: ['weather'] } });
  },
};

const nothing = { id: 'whk_nobody' };
/** Where nobody listens: what is sent there stays under way. */
const body = { url: 'http://127.0.0.1:9/hook', kinds: ['revocation'] };

async function addWebhook({ ask, owner }: World) {
  const { json } = await ask('addWebhook', { as: owner, body });
  return { id: String(json.id) };
}

/** A delivery that has failed for the last time. */
async function deadDelivery(world: World) {
  const { ask, owner, product } = world;
  const { json } = await ask('testWebhook', { as: owner, params: await addWebhook(world) });
  const params = { id: String(json.delivery) };
  await product.context.pool.query('UPDATE deliveries SET tries = 12 WHERE id = $1', [params.id]);
  await until(async () => {
    await hasten(product);
    return (await ask('getDelivery', { as: owner, params })).json.status === 'dead';
  });
  return params;
}

export const webhookRequests: Requests = {
  async addWebhook(world) {
    await addWebhook(world);
    await world.ask('addWebhook', { as: world.owner, body: { ...body, url: 'https://10.0.0.1/' } });
  },
  async listWebhooks({ ask, owner }) {
    await ask('listWebhooks', { as: owner });
  },
  async getWebhook(world) {
    await world.ask('getWebhook', { as: world.owner, params: await addWebhook(world) });
    await world.ask('getWebhook', { as: world.owner, params: nothing });
  },
  async changeWebhook(world) {
    const params = await addWebhook(world);
    await world.ask('changeWebhook', { as: world.owner, params, body: { active: false, kinds: ['api_key'] } });
    await world.ask('changeWebhook', { as: world.owner, params: nothing, body: {} });
  },
  async rotateWebhookSecret(world) {
    await world.ask('rotateWebhookSecret', { as: world.owner, params: await addWebhook(world) });
    await world.ask('rotateWebhookSecret', { as: world.owner, params: nothing });
  },
  async testWebhook(world) {
    await world.ask('testWebhook', { as: world.owner, params: await addWebhook(world) });
    await world.ask('testWebhook', { as: world.owner, params: nothing });
  },
  async removeWebhook({ ask, owner }) {
    // An organisation may have ten, and the next ones need room.
    const { json } = await ask('listWebhooks', { as: owner });
    for (const { id } of json.items) await ask('removeWebhook', { as: owner, params: { id } });
    await ask('removeWebhook', { as: owner, params: nothing });
  },
  async listDeliveries(world) {
    const params = await addWebhook(world);
    await world.ask('testWebhook', { as: world.owner, params });
    const { json } = await world.ask('listDeliveries', { as: world.owner, params });
    if (json.items.length !== 1) throw new Error('the test is not listed');
    await world.ask('listDeliveries', { as: world.owner, params: nothing });
  },
  async getDelivery(world) {
    const params = await deadDelivery(world);
    const { json } = await world.ask('getDelivery', { as: world.owner, params });
    if (json.log.length === 0) throw new Error('no attempt is in the log');
    await world.ask('getDelivery', { as: world.owner, params: nothing });
  },
  async replayDelivery(world) {
    const params = await deadDelivery(world);
    await world.ask('replayDelivery', { as: world.owner, params });
    await world.ask('replayDelivery', { as: world.owner, params });
    await world.ask('replayDelivery', { as: world.owner, params: nothing });
  },
  async listDeadLetters(world) {
    await deadDelivery(world);
    const { json } = await world.ask('listDeadLetters', { as: world.owner, query: { limit: '1' } });
    if (json.items.length !== 1) throw new Error('the dead letter is not listed');
    await world.ask('listDeadLetters', { as: world.owner, query: { cursor: 'none' } });
  },
  async replayDeadLetters(world) {
    await deadDelivery(world);
    const { json } = await world.ask('replayDeadLetters', { as: world.owner });
    if (json.replayed === 0) throw new Error('the dead letter was not sent again');
  },
  async replayDeadLetter(world) {
    const params = await deadDelivery(world);
    await world.ask('replayDeadLetter', { as: world.owner, params });
    await world.ask('replayDeadLetter', { as: world.owner, params: nothing });
  },
};
