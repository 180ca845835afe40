import type { Requests } from './requests.ts';

export const administrationRequests: Requests = {
  async getOrg({ ask, owner, product }) {
    await ask('getOrg', { as: owner });
    await ask('getOrg');
    await ask('getOrg', { as: await product.signIn('metacortex') });
  },
};
