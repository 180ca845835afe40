import type { Requests } from './requests.ts';

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
