import { notificationRequests, webhookRequests } from './notification-requests.ts';
import { recordRequests } from './record-requests.ts';
import type { Requests } from './requests.ts';
import { settingsRequests } from './settings-requests.ts';
import type { Answer, World } from './world.ts';

/**
 * Asks it twice, as an administrator does: the first answer says what would end, and how to say
 * yes.
 */
async function confirmed(
  { ask, owner }: World,
  id: string,
  { params, body = {} }: { params?: Record<string, string> | undefined; body?: object } = {},
): Promise<Answer> {
  const first = await ask(id, { as: owner, params, body });
  if (first.json.code !== 'confirmation_required') throw new Error(`${id} asked for no confirmation: ${first.text}`);
  return ask(id, { as: owner, params, body: { ...body, confirmation: first.json.confirmation } });
}

/** Somebody of the org who has just signed in. */
const neo = { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' };

async function signedInNeo({ product, ask, owner }: World) {
  const browser = await product.signIn('whiterabbit', neo);
  const { json } = await ask('listUsers', { as: owner, query: { search: neo.email } });
  return { browser, id: String(json.items[0].id) };
}

const nobody = { id: 'usr_nobody' };

const peopleRequests: Requests = {
  async listUsers({ ask, owner, product }) {
    await ask('listUsers', { as: owner });
    const { json } = await ask('listUsers', {
      as: owner,
      query: { limit: '1', role: 'owner', active: 'true', live: 'true' },
    });
    if (json.items.length !== 1) throw new Error('the owner is not listed');
    await ask('listUsers', { as: owner, query: { limit: '0' } });
    await ask('listUsers', { as: owner, query: { cursor: 'none' } });
    await ask('listUsers', { as: await product.signIn('metacortex') });
  },
  async getUser(world) {
    const { id } = await signedInNeo(world);
    await world.ask('getUser', { as: world.owner, params: { id } });
    await world.ask('getUser', { as: world.owner, params: nobody });
  },
  async changeUser(world) {
    const { id } = await signedInNeo(world);
    const { ask, owner, product } = world;
    await ask('changeUser', { as: owner, params: { id }, body: { role: 'admin', name: 'Neo' } });
    await ask('changeUser', { as: owner, params: { id }, body: { active: false } });
    await ask('changeUser', { as: owner, params: { id }, body: { active: true, role: 'member' } });
    await ask('changeUser', { as: owner, params: { id }, body: { role: 'king' } });
    await ask('changeUser', { as: owner, params: nobody, body: { role: 'admin' } });
    await ask('changeUser', { as: owner, params: { id: product.orgs.whiterabbit.userId }, body: { role: 'member' } });
    await ask('changeUser', { params: { id }, body: { role: 'admin' } });
    await confirmed(world, 'changeUser', { params: { id }, body: { email: 'thomas@whiterabbit.fake' } });
    await confirmed(world, 'changeUser', { params: { id }, body: { email: neo.email } });
    await ask('changeUser', { as: owner, params: { id }, body: { email: 'trinity@whiterabbit.fake' } });
  },
  async listUserIdentities(world) {
    const { id } = await signedInNeo(world);
    const { json } = await world.ask('listUserIdentities', { as: world.owner, params: { id }, query: { limit: '1' } });
    if (json.items.length !== 1) throw new Error('neo has no identity');
    await world.ask('listUserIdentities', { as: world.owner, params: nobody });
  },
  async unlinkUserIdentity(world) {
    const { id } = await signedInNeo(world);
    const { json } = await world.ask('listUserIdentities', { as: world.owner, params: { id } });
    const params = { id, identityId: String(json.items[0].id) };
    await confirmed(world, 'unlinkUserIdentity', { params });
    await world.ask('unlinkUserIdentity', { as: world.owner, params, body: {} });
  },
  async linkUserIdentity(world) {
    const { ask, owner, product } = world;
    const { id } = await signedInNeo(world);
    const { json } = await ask('listUserIdentities', { as: owner, params: { id } });
    await confirmed(world, 'unlinkUserIdentity', { params: { id, identityId: String(json.items[0].id) } });
    const body = { connection: product.orgs.whiterabbit.connectionId, subject: 'whiterabbit-neo' };
    await confirmed(world, 'linkUserIdentity', { params: { id }, body });
    await ask('linkUserIdentity', { as: owner, params: { id }, body });
    await ask('linkUserIdentity', { as: owner, params: { id }, body: { ...body, subject: '' } });
    await ask('linkUserIdentity', { as: owner, params: nobody, body });
  },
  async forgetSubjects(world) {
    const { ask, owner, product } = world;
    // One that knows nobody: else the owner would be signed out.
    const body = { issuer: product.orgs.whiterabbit.issuer, clientId: 'forgetful', clientSecret: 'secret' };
    const { json } = await ask('addConnection', { as: owner, body });
    await confirmed(world, 'forgetSubjects', { params: { id: json.id } });
    await ask('forgetSubjects', { as: owner, params: nobody, body: {} });
    await ask('changeConnection', { as: owner, params: { id: json.id }, body: { active: false } });
  },
  async listGroups({ ask, owner }) {
    await ask('listGroups', { as: owner, query: { limit: '1', search: 'crew' } });
    await ask('listGroups', { as: owner, query: { cursor: 'none' } });
    await ask('listGroups', {});
  },
  async listGroupMembers({ ask, owner, product }) {
    const { id: orgId, userId } = product.orgs.whiterabbit;
    const id = 'grp_documented';
    await product.context.prisma.group.create({ data: { orgId, id, displayName: 'Crew' } });
    await product.context.prisma.groupMember.create({ data: { orgId, groupId: id, userId } });
    const groups = await ask('listGroups', { as: owner });
    if (groups.json.items[0]?.members !== 1) throw new Error('the group is not listed');
    const { json } = await ask('listGroupMembers', { as: owner, params: { id } });
    if (json.items.length !== 1) throw new Error('nobody is in the group');
    await ask('listGroupMembers', { as: owner, params: { id: 'grp_none' } });
  },
  async listUserSessions(world) {
    const { id } = await signedInNeo(world);
    const { json } = await world.ask('listUserSessions', { as: world.owner, params: { id } });
    if (json.items.length === 0) throw new Error('neo is signed in nowhere');
    await world.ask('listUserSessions', { as: world.owner, params: nobody });
  },
};

const endingRequests: Requests = {
  async revokeUser(world) {
    const { id, browser } = await signedInNeo(world);
    const reason = { administrators: 'lost laptop', person: 'Your laptop was lost.' };
    await confirmed(world, 'revokeUser', { params: { id }, body: { reason } });
    const { json } = await world.ask('getMe', { as: browser });
    if (json.code !== 'session_revoked') throw new Error('neo is still signed in');
    await world.ask('revokeUser', { as: world.owner, params: { id }, body: { confirmation: 'none' } });
    await world.ask('revokeUser', { as: world.owner, params: nobody, body: {} });
  },
  async eraseUser(world) {
    const { id } = await signedInNeo(world);
    await confirmed(world, 'eraseUser', { params: { id } });
    await world.ask('getUser', { as: world.owner, params: { id } });
    await world.ask('eraseUser', { as: world.owner, params: nobody, body: {} });
  },
  async revokeUserSession(world) {
    const { id } = await signedInNeo(world);
    const { json } = await world.ask('listUserSessions', { as: world.owner, params: { id } });
    const params = { id, sessionId: String(json.items[0].id) };
    await confirmed(world, 'revokeUserSession', { params });
    await world.ask('revokeUserSession', { as: world.owner, params, body: {} });
  },
  async revokeMany(world) {
    const { id } = await signedInNeo(world);
    await confirmed(world, 'revokeMany', { body: { users: [id, 'usr_nobody'] } });
    await confirmed(world, 'revokeMany', { body: { everyone: true, keepCurrent: true } });
    await world.ask('revokeMany', { as: world.owner, body: { group: 'grp_nobody' } });
    await world.ask('revokeMany', { as: world.owner, body: {} });
  },
  async listRevocations({ ask, owner }) {
    const { json } = await ask('listRevocations', { as: owner });
    if (json.items.length === 0) throw new Error('no revocation is listed');
    await ask('listRevocations', {
      as: owner,
      query: { initiator: 'admin', from: '2026-01-01T00:00:00Z', limit: '2' },
    });
    await ask('listRevocations', { as: owner, query: { from: 'yesterday' } });
  },
  async getRevocation({ ask, owner }) {
    const { json } = await ask('listRevocations', { as: owner });
    await ask('getRevocation', { as: owner, params: { id: json.items[0].id } });
    await ask('getRevocation', { as: owner, params: nobody });
  },
};

export const administrationRequests: Requests = {
  async getOrg({ ask, owner, product }) {
    await ask('getOrg', { as: owner });
    await ask('getOrg');
    await ask('getOrg', { as: await product.signIn('metacortex') });
  },
  async getOverview({ ask, owner, product }) {
    await ask('getOverview', { as: owner });
    await ask('getOverview', { as: owner, query: { days: '8' } });
    await ask('getOverview');
    await ask('getOverview', { as: await product.signIn('metacortex') });
  },
  ...settingsRequests,
  ...notificationRequests,
  ...webhookRequests,
  ...peopleRequests,
  ...endingRequests,
  ...recordRequests,
};
