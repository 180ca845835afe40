import { randomUUID } from 'node:crypto';
import type { Requests } from './requests.ts';
import type { World } from './world.ts';

const form = (act: string, fields: Record<string, string> = {}) => ({ do: act, once: randomUUID(), ...fields });
/** Where nobody listens. */
const url = 'http://127.0.0.1:9/hook';

async function addWebhook({ ask, owner }: World) {
  const { json } = await ask('addWebhook', { as: owner, body: { url, kinds: ['revocation'] } });
  return { id: String(json.id) };
}
async function removeWebhook({ ask, owner }: World, params: { id: string }) {
  await ask('removeWebhook', { as: owner, params });
}

/** The pages of notifications and webhooks, and their forms. */
export const notificationPageRequests: Requests = {
  async showNotifications({ ask, owner }) {
    await ask('showNotifications', { as: owner });
    await ask('showNotifications');
  },
  showNotificationsAct: ({ ask, owner }) =>
    ask('showNotificationsAct', { as: owner, body: form('read', { upTo: '0' }) }),
  showMailSettings: ({ ask, owner }) => ask('showMailSettings', { as: owner }),
  showMailSettingsAct: ({ ask, owner }) => ask('showMailSettingsAct', { as: owner, body: form('save') }),
  showWebhooks: ({ ask, owner }) => ask('showWebhooks', { as: owner }),
  async showWebhooksAct(world) {
    const body = form('add', { url, kinds: 'revocation' });
    const { text } = await world.ask('showWebhooksAct', { as: world.owner, body });
    await removeWebhook(world, { id: /\/admin\/webhooks\/(\w+)"/.exec(text)?.[1] ?? '' });
  },
  async showWebhook(world) {
    const params = await addWebhook(world);
    await world.ask('showWebhook', { as: world.owner, params });
    await removeWebhook(world, params);
  },
  async showWebhookAct(world) {
    const params = await addWebhook(world);
    for (const act of ['pause', 'rotate'])
      await world.ask('showWebhookAct', { as: world.owner, params, body: form(act) });
    await removeWebhook(world, params);
  },
  async showWebhookRemoval(world) {
    const params = await addWebhook(world);
    await world.ask('showWebhookRemoval', { as: world.owner, params });
    await removeWebhook(world, params);
  },
  async showWebhookRemovalAct(world) {
    const params = await addWebhook(world);
    await world.ask('showWebhookRemovalAct', { as: world.owner, params, body: form('remove') });
  },
  showUndelivered: ({ ask, owner }) => ask('showUndelivered', { as: owner }),
  async showDelivery(world) {
    const params = await addWebhook(world);
    const { json } = await world.ask('testWebhook', { as: world.owner, params });
    await world.ask('showDelivery', { as: world.owner, params: { id: String(json.delivery) } });
    await removeWebhook(world, params);
  },
};
