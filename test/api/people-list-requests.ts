import type { Requests } from './requests.ts';
import type { World } from './world.ts';

/** Signs nobody out who is signed in: somebody who was added for this. */
async function revocationOf({ ask, owner, product }: World): Promise<string> {
  const { id: orgId } = product.orgs.whiterabbit;
  const id = 'usr_documented';
  const user = { orgId, id, email: `${id}@whiterabbit.fake`, emailKey: `${id}@whiterabbit.fake`, name: 'Documented' };
  await product.context.prisma.user.createMany({ data: [user], skipDuplicates: true });
  const asked = await ask('revokeUser', { as: owner, params: { id }, body: {} });
  const body = { confirmation: asked.json.confirmation };
  return (await ask('revokeUser', { as: owner, params: { id }, body })).json.revocationId;
}

/** Lists of people, by what else they are asked for, and what became of a list. */
export const peopleListRequests: Requests = {
  async exportUsers({ ask, owner }) {
    const { text } = await ask('exportUsers', { as: owner, query: { role: 'owner' } });
    if (!text.includes(',owner,')) throw new Error('no owner was exported');
    await ask('exportUsers', { as: owner, query: { role: 'king' } });
    await ask('exportUsers');
  },
  async findUsers({ ask, owner, product }) {
    const names = [product.orgs.whiterabbit.userId, 'nobody@whiterabbit.fake'];
    const { json } = await ask('findUsers', { as: owner, body: { names } });
    if (json.results[0].users.length !== 1) throw new Error('nobody was found');
    await ask('findUsers', { as: owner, body: { names: [] } });
  },
  async countUsers({ ask, owner }) {
    await ask('countUsers', { as: owner, query: { role: 'owner', ids: 'true' } });
    await ask('countUsers', { as: owner, query: { role: 'king' } });
    await ask('countUsers');
  },
  async listGroupNames({ ask, owner }) {
    await ask('listGroupNames', { as: owner, query: { search: 'crew' } });
    await ask('listGroupNames', { as: owner, query: { limit: '0' } });
    await ask('listGroupNames');
  },
  async getGroup({ ask, owner, product }) {
    const { id: orgId } = product.orgs.whiterabbit;
    await product.context.prisma.group.create({ data: { orgId, id: 'grp_one', displayName: 'One' } });
    await ask('getGroup', { as: owner, params: { id: 'grp_one' } });
    await ask('getGroup', { as: owner, params: { id: 'grp_none' } });
  },
  async listRevocationsTogether(world) {
    const params = { id: await revocationOf(world) };
    const { json } = await world.ask('listRevocationsTogether', { as: world.owner, params });
    if (json.revocations !== 1) throw new Error('it is not among them');
    await world.ask('listRevocationsTogether', { as: world.owner, params: { id: 'rev_none' } });
  },
  async exportRevocationsTogether(world) {
    const params = { id: await revocationOf(world) };
    const { text } = await world.ask('exportRevocationsTogether', { as: world.owner, params });
    if (!text.includes(params.id)) throw new Error('it is not among them');
    await world.ask('exportRevocationsTogether', { as: world.owner, params: { id: 'rev_none' } });
  },
  async getToldOfRevocation(world) {
    await world.ask('getToldOfRevocation', { as: world.owner, params: { id: await revocationOf(world) } });
    await world.ask('getToldOfRevocation', { as: world.owner, params: { id: 'rev_none' } });
  },
};
