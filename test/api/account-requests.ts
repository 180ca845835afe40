import type { Requests } from './requests.ts';
import type { World } from './world.ts';

const nobody = { id: 'acc_nobody' };

/** An account with a first password, which the owner manages. */
async function addedAccount({ ask, owner, product }: World): Promise<{ id: string; right: string }> {
  const body = { name: 'Computer', userName: 'operator', password: 'a-first-password' };
  const { json } = await ask('addAccount', { as: owner, body });
  const params = { id: String(json.id) };
  const given = await ask('giveAccountRight', {
    as: owner,
    params,
    body: { userId: product.orgs.whiterabbit.userId, right: 'manage' },
  });
  return { id: params.id, right: String(given.json.id) };
}

export const accountRequests: Requests = {
  async addAccount(world) {
    const { ask, owner } = world;
    await addedAccount(world);
    await ask('addAccount', { as: owner, body: { name: 'Computer' } });
    await ask('addAccount', { as: owner, body: { name: 'C', userName: 'c', administrator: nobody } });
  },
  async importAccounts(world) {
    const { ask, owner } = world;
    const csv = 'name,user_name,password,use\nPrinter,admin,"a,b",trinity@whiterabbit.fake\n';
    await ask('importAccounts', { as: owner, body: csv, query: { dryRun: 'true' } });
    const { json } = await ask('importAccounts', { as: owner, body: csv });
    if (json.accounts !== 1 || json.rights !== 1) throw new Error('nothing was imported');
    await ask('importAccounts', { as: owner, body: 'name\nPrinter' });
    await ask('importAccounts', { as: owner, body: 'x'.repeat(2_000_000) });
  },
  async listAccounts(world) {
    await addedAccount(world);
    const { json } = await world.ask('listAccounts', { as: world.owner, query: { search: 'compu', limit: '1' } });
    if (json.items.length !== 1) throw new Error('the account is not listed');
    if (json.next !== null) await world.ask('listAccounts', { as: world.owner, query: { cursor: json.next } });
    await world.ask('listAccounts', { as: world.owner, query: { cursor: 'none' } });
    await world.ask('listAccounts', {});
  },
  async getAccount(world) {
    await world.ask('getAccount', { as: world.owner, params: { id: (await addedAccount(world)).id } });
    await world.ask('getAccount', { as: world.owner, params: nobody });
  },
  async changeAccount(world) {
    const { ask, owner } = world;
    const params = { id: (await addedAccount(world)).id };
    await ask('changeAccount', {
      as: owner,
      params,
      body: { notes: 'On the bridge.\nBy the terminal.', everyDays: 90 },
    });
    await ask('changeAccount', { as: owner, params, body: { settings: { host: 'db.example' } } });
    await ask('changeAccount', { as: owner, params: nobody, body: { notes: '' } });
  },
  async giveAccountPassword(world) {
    const params = { id: (await addedAccount(world)).id };
    const body = { password: 'a-second-password' };
    const { json } = await world.ask('giveAccountPassword', { as: world.owner, params, body });
    if (json.version !== 2) throw new Error('no second version was made');
    await world.ask('giveAccountPassword', { as: world.owner, params, body: { password: '' } });
    await world.ask('giveAccountPassword', { as: world.owner, params: nobody, body });
  },
  async listAccountVersions(world) {
    const params = { id: (await addedAccount(world)).id };
    const { json } = await world.ask('listAccountVersions', { as: world.owner, params });
    if (json.items.length !== 1) throw new Error('the version is not listed');
    await world.ask('listAccountVersions', { as: world.owner, params, query: { cursor: 'none' } });
    await world.ask('listAccountVersions', { as: world.owner, params: nobody });
  },
  async giveAccountRight(world) {
    const { ask, owner, product } = world;
    const params = { id: (await addedAccount(world)).id };
    const { userId } = product.orgs.whiterabbit;
    await ask('giveAccountRight', { as: owner, params, body: { userId, right: 'use' } });
    await ask('giveAccountRight', { as: owner, params, body: { groupId: 'grp_nobody', right: 'use' } });
    await ask('giveAccountRight', { as: owner, params, body: { userId, right: 'all' } });
    await ask('giveAccountRight', { as: owner, params: nobody, body: { userId, right: 'use' } });
  },
  async listAccountRights(world) {
    const params = { id: (await addedAccount(world)).id };
    const { json } = await world.ask('listAccountRights', { as: world.owner, params });
    if (json.items.length !== 1) throw new Error('the right is not listed');
    await world.ask('listAccountRights', { as: world.owner, params: nobody });
  },
  async endAccountRight(world) {
    const params = await addedAccount(world);
    await world.ask('endAccountRight', { as: world.owner, params });
    await world.ask('endAccountRight', { as: world.owner, params });
  },
  async listAccountReveals(world) {
    const params = { id: (await addedAccount(world)).id };
    await world.ask('listAccountReveals', { as: world.owner, params });
    await world.ask('listAccountReveals', { as: world.owner, params: nobody });
  },
  async listRotationsOfAccount(world) {
    const params = { id: (await addedAccount(world)).id };
    await world.ask('listRotationsOfAccount', { as: world.owner, params });
    await world.ask('listRotationsOfAccount', { as: world.owner, params, query: { state: 'lost' } });
    await world.ask('listRotationsOfAccount', { as: world.owner, params: nobody });
  },
  async listRotations(world) {
    await world.ask('listRotations', { as: world.owner, query: { revocation: 'rev_1', state: 'done' } });
    await world.ask('listRotations', {});
  },
  async rotateAccount(world) {
    const params = { id: (await addedAccount(world)).id };
    const { json } = await world.ask('rotateAccount', { as: world.owner, params });
    if (json.cause !== 'hand') throw new Error('no rotation was asked for');
    await world.ask('listRotationsOfAccount', { as: world.owner, params });
    await world.ask('rotateAccount', { as: world.owner, params: nobody });
  },
  async confirmRotation(world) {
    const { ask, owner, product } = world;
    const { id } = await addedAccount(world);
    const { json } = await ask('rotateAccount', { as: owner, params: { id } });
    // People have to do it: the connector is theirs.
    await product.context.pool.query(`UPDATE account_rotations SET state = 'manual' WHERE id = $1`, [json.id]);
    const params = { id, rotation: String(json.id) };
    await ask('confirmRotation', { as: owner, params, body: { candidate: true } });
    await ask('confirmRotation', { as: owner, params, body: { password: 'a-new-password' } });
    await ask('confirmRotation', { as: owner, params, body: { password: 'a-new-password' } });
    await ask('confirmRotation', {
      as: owner,
      params: { ...params, rotation: 'rot_nothing' },
      body: { candidate: true },
    });
    await ask('confirmRotation', { as: owner, params, body: {} });
  },
  async testAccount(world) {
    const params = { id: (await addedAccount(world)).id };
    const { json } = await world.ask('testAccount', { as: world.owner, params });
    if (json.result !== 'unproven') throw new Error('people cannot be asked');
    await world.ask('testAccount', { as: world.owner, params: nobody });
  },
  async revealMyAccount(world) {
    const params = { id: (await addedAccount(world)).id };
    const { json } = await world.ask('revealMyAccount', { as: world.owner, params });
    if (json.password !== 'a-first-password') throw new Error('another password is shown');
    await world.ask('revealMyAccount', { as: world.owner, params: nobody });
    await world.ask('revealMyAccount', { params });
  },
  async revealAccountVersion(world) {
    const { ask, owner } = world;
    const { id } = await addedAccount(world);
    await ask('giveAccountPassword', { as: owner, params: { id }, body: { password: 'a-second-password' } });
    const { json } = await ask('revealAccountVersion', { as: owner, params: { id, version: '1' } });
    if (json.password !== 'a-first-password') throw new Error('another version is shown');
    await ask('revealAccountVersion', { as: owner, params: { id, version: '9' } });
    await ask('revealAccountVersion', { as: owner, params: { ...nobody, version: '1' } });
  },
  async removeAccount(world) {
    const { ask, owner } = world;
    const params = { id: (await addedAccount(world)).id };
    const { json } = await ask('removeAccount', { as: owner, params, body: {} });
    if (json.effects.versions !== 1) throw new Error('it isn’t said what would be lost');
    await ask('removeAccount', { as: owner, params, body: { confirmation: json.confirmation } });
    await ask('removeAccount', { as: owner, params, body: {} });
  },
  async eraseAccountKey(world) {
    const { ask, owner } = world;
    await addedAccount(world);
    const { json } = await ask('eraseAccountKey', { as: owner, body: {} });
    await ask('eraseAccountKey', { as: owner, body: { confirmation: json.confirmation } });
    await ask('eraseAccountKey', { as: owner, body: {} });
  },
  async listMyAccounts(world) {
    await addedAccount(world);
    const { json } = await world.ask('listMyAccounts', { as: world.owner });
    if (!json.items.some(({ right }: { right: string }) => right === 'manage'))
      throw new Error('the account is not listed');
    await world.ask('listMyAccounts', {});
  },
};
