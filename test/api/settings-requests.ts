import { picture } from '../support/pictures.ts';
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
  async previewPolicies({ ask, owner }) {
    await ask('previewPolicies', { as: owner, body: { sessionIdleSeconds: 300, auditRetentionDays: 30 } });
    await ask('previewPolicies', { as: owner, body: { sessionIdleSeconds: 1 } });
    await ask('previewPolicies', { body: {} });
  },
};

const orgRequests: Requests = {
  async changeOrg({ ask, owner }) {
    await ask('changeOrg', { as: owner, body: { name: 'Renamed' } });
    await ask('changeOrg', { as: owner, body: { name: '' } });
    await ask('changeOrg', { body: {} });
  },
  async getLook({ ask, owner }) {
    await ask('getLook', { as: owner });
    await ask('getLook', {});
  },
  async changeLook({ ask, owner }) {
    const logo = (await picture('png')).toString('base64');
    await ask('changeLook', { as: owner, body: { colour: '#ff7700', logo } });
    await ask('changeLook', { as: owner, body: { logo: Buffer.from('<svg/>').toString('base64') } });
    await ask('changeLook', { body: {} });
  },
  async showLook({ ask, product }) {
    await ask('showLook', { params: { org: product.orgs.whiterabbit.slug } });
    await ask('showLook', { params: { org: 'nowhere' } });
  },
  async showLogo({ ask, owner, product }) {
    const logo = (await picture('jpeg')).toString('base64');
    await ask('changeLook', { as: owner, body: { logo } });
    await ask('showLogo', { params: { org: product.orgs.whiterabbit.slug } });
    await ask('showLogo', { params: { org: 'nowhere' } });
  },
};

const nobody = { id: 'none_nobody' };

const connectionRequests: Requests = {
  async listConnections({ ask, owner, product }) {
    const { json } = await ask('listConnections', { as: owner, query: { limit: '1' } });
    if (json.items.length !== 1) throw new Error('the connection is not listed');
    await ask('listConnections', { as: owner, query: { cursor: 'none' } });
    await ask('listConnections', { as: await product.signIn('metacortex') });
  },
  async getConnection({ ask, owner, product }) {
    await ask('getConnection', { as: owner, params: { id: product.orgs.whiterabbit.connectionId } });
    await ask('getConnection', { as: owner, params: nobody });
  },
  async checkConnection({ ask, owner, product }) {
    const { json } = await ask('checkConnection', {
      as: owner,
      params: { id: product.orgs.whiterabbit.connectionId },
    });
    if (json.keys.keys.length === 0) throw new Error('the keys are not listed');
    await ask('checkConnection', { as: owner, params: nobody });
  },
  async addConnection({ ask, owner, product }) {
    const { issuer } = product.orgs.whiterabbit;
    const body = {
      issuer,
      clientId: 'another',
      clientSecret: 'secret',
      roleClaim: 'groups',
      roleMapping: { a: 'admin' },
    };
    const { json } = await ask('addConnection', { as: owner, body });
    await ask('addConnection', { as: owner, body });
    await ask('addConnection', { as: owner, body: { ...body, issuer: 'https://10.0.0.1' } });
    await ask('changeConnection', { as: owner, params: { id: json.id }, body: { active: false } });
  },
  async changeConnection({ ask, owner, product }) {
    const params = { id: product.orgs.whiterabbit.connectionId };
    await ask('changeConnection', { as: owner, params, body: { name: 'Renamed' } });
    await ask('changeConnection', { as: owner, params, body: { tokenEndpoint: 'https://elsewhere.example/t' } });
    await ask('changeConnection', { as: owner, params: nobody, body: { name: 'x' } });
  },
};

const domainRequests: Requests = {
  async listDomains({ ask, owner }) {
    await ask('listDomains', { as: owner, query: { limit: '1' } });
    await ask('listDomains', { as: owner, query: { cursor: 'none' } });
  },
  async addDomain({ ask, owner }) {
    await ask('addDomain', { as: owner, body: { domain: 'added.example' } });
    await ask('addDomain', { as: owner, body: { domain: 'localhost' } });
    await ask('addDomain', { as: owner, body: { domain: 'added.example', connectionId: 'con_nobody' } });
  },
  async getDomain({ ask, owner }) {
    const { json } = await ask('listDomains', { as: owner });
    await ask('getDomain', { as: owner, params: { id: json.items[0].id } });
    await ask('getDomain', { as: owner, params: nobody });
  },
  async changeDomain({ ask, owner, product }) {
    const { json } = await ask('addDomain', { as: owner, body: { domain: 'changed.example' } });
    const { connectionId } = product.orgs.whiterabbit;
    await ask('changeDomain', { as: owner, params: { id: json.id }, body: { connectionId } });
    await ask('changeDomain', { as: owner, params: { id: json.id }, body: { connectionId: 'con_nobody' } });
  },
  async verifyDomain({ ask, owner, dns }) {
    const { json } = await ask('addDomain', { as: owner, body: { domain: 'proven.example' } });
    const params = { id: json.id };
    await ask('verifyDomain', { as: owner, params });
    dns.say(json.record.name, 'SERVFAIL');
    await ask('verifyDomain', { as: owner, params });
    dns.say(json.record.name, [json.record.value]);
    await ask('verifyDomain', { as: owner, params });
    await ask('verifyDomain', { as: owner, params: nobody });
  },
  async removeDomain({ ask, owner }) {
    const { json } = await ask('addDomain', { as: owner, body: { domain: 'removed.example' } });
    await ask('removeDomain', { as: owner, params: { id: json.id } });
    await ask('removeDomain', { as: owner, params: { id: json.id } });
  },
};

const apiKeyRequests: Requests = {
  async listApiKeys({ ask, owner }) {
    await ask('listApiKeys', { as: owner, query: { limit: '1' } });
    await ask('listApiKeys', { as: owner, query: { cursor: 'none' } });
  },
  async createApiKey({ ask, owner }) {
    await ask('createApiKey', { as: owner, body: { name: 'Okta', expiresAt: '2099-01-01T00:00:00Z' } });
    await ask('createApiKey', { as: owner, body: { name: 'Okta', scopes: ['all'] } });
    await ask('createApiKey', { body: { name: 'Okta' } });
  },
  async getApiKey({ ask, owner }) {
    const { json } = await ask('createApiKey', { as: owner, body: { name: 'Seen' } });
    await ask('getApiKey', { as: owner, params: { id: json.id } });
    await ask('getApiKey', { as: owner, params: nobody });
  },
  async revokeApiKey({ ask, owner }) {
    const { json } = await ask('createApiKey', { as: owner, body: { name: 'Ended' } });
    await ask('revokeApiKey', { as: owner, params: { id: json.id } });
    await ask('revokeApiKey', { as: owner, params: { id: json.id } });
  },
};

/** What an org sets up by itself. */
export const settingsRequests: Requests = {
  ...orgRequests,
  ...policyRequests,
  ...connectionRequests,
  ...domainRequests,
  ...apiKeyRequests,
};
