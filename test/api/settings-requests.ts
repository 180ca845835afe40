import type { Requests } from './requests.ts';

const policyRequests: Requests = {
  async listPolicies({ ask, owner, product }) {
    await ask('listPolicies', { as: owner });
    await ask('listPolicies', { as: await product.signIn('metacortex') });
  },
  async changePolicies({ ask, owner }) {
    const eventActions = { 'account-purged': 'record' };
    await ask('changePolicies', { as: owner, body: { globalLogout: true, sessionIdleSeconds: 3600, eventActions } });
    await ask('changePolicies', {
      as: owner,
      body: { globalLogout: false, sessionIdleSeconds: null, eventActions: { 'account-purged': null } },
    });
    await ask('changePolicies', { as: owner, body: { sessionIdleSeconds: 1 } });
    await ask('changePolicies', { body: {} });
  },
};

/** What an org sets up by itself. */
export const settingsRequests: Requests = { ...policyRequests };
