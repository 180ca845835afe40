import { newId } from '../../src/database/ids.ts';
import type { Requests } from './requests.ts';
import type { World } from './world.ts';

const nobody = { id: 'app_nobody' };

async function addedApp({ ask, owner }: World): Promise<string> {
  const settings = { endpoint: 'https://payroll.example/revoke', auth: { method: 'bearer' } };
  const { json } = await ask('addApp', {
    as: owner,
    body: { kind: 'gtr', name: 'Payroll', settings, credential: 'k' },
  });
  return String(json.id);
}

/** A forward that could not be delivered. */
async function plantForward(world: World): Promise<string> {
  const app = await addedApp(world);
  const { product } = world;
  const { id: orgId, userId } = product.orgs.whiterabbit;
  const id = newId('forward');
  await product.context.pool.query(
    `INSERT INTO forwards (org_id, id, app_id, user_id, event_id, status, error, attempts, revoked_at, names)
     VALUES ($1, $2, $3, $4, 'evt_1', 'dead', 'timeout', 1, now(), '{"email":"a@b.fake"}')`,
    [orgId, id, app, userId],
  );
  await product.context.pool.query(
    `INSERT INTO forward_attempts (org_id, forward_id, number, duration_ms, error) VALUES ($1, $2, 1, 12, 'timeout')`,
    [orgId, id],
  );
  return id;
}

export const appRequests: Requests = {
  async listApps(world) {
    await addedApp(world);
    await world.ask('listApps', { as: world.owner });
    await world.ask('listApps', {});
  },
  async addApp(world) {
    const { ask, owner } = world;
    await addedApp(world);
    const settings = { redirectUris: ['https://wiki.example/callback'] };
    const { json } = await ask('addApp', { as: owner, body: { kind: 'oidc', name: 'Wiki', settings } });
    if (!json.clientSecret) throw new Error('the secret is not shown');
    await ask('addApp', { as: owner, body: { kind: 'carrier pigeon' } });
    await ask('addApp', { as: owner, body: { kind: 'oidc', name: 'Mail', settings: {} } });
  },
  async getApp(world) {
    await world.ask('getApp', { as: world.owner, params: { id: await addedApp(world) } });
    await world.ask('getApp', { as: world.owner, params: nobody });
  },
  async changeApp(world) {
    const params = { id: await addedApp(world) };
    await world.ask('changeApp', { as: world.owner, params, body: { state: 'paused', settings: { naming: 'id' } } });
    await world.ask('changeApp', { as: world.owner, params, body: { settings: { naming: 'none' } } });
    await world.ask('changeApp', { as: world.owner, params: nobody, body: { state: 'paused' } });
  },
  async testApp(world) {
    await world.ask('testApp', { as: world.owner, params: { id: await addedApp(world) } });
    await world.ask('testApp', { as: world.owner, params: nobody });
  },
  async removeApp(world) {
    const params = { id: await addedApp(world) };
    await world.ask('removeApp', { as: world.owner, params });
    await world.ask('removeApp', { as: world.owner, params });
  },
  async newAppSecret(world) {
    const { ask, owner } = world;
    const settings = { redirectUris: ['https://mail.example/callback'] };
    const { json } = await ask('addApp', { as: owner, body: { kind: 'oidc', name: 'Mail', settings } });
    await ask('newAppSecret', { as: owner, params: { id: String(json.id) } });
    await ask('newAppSecret', { as: owner, params: { id: await addedApp(world) } });
    await ask('newAppSecret', { as: owner, params: nobody });
  },
  async setAppPerson(world) {
    const params = { id: await addedApp(world), userId: world.product.orgs.whiterabbit.userId };
    await world.ask('setAppPerson', { as: world.owner, params, body: { nameThere: 'E-1' } });
    await world.ask('setAppPerson', { as: world.owner, params, body: { nameThere: '' } });
    await world.ask('setAppPerson', { as: world.owner, params: { ...params, ...nobody }, body: { nameThere: 'E-1' } });
  },
  async listAppPeople(world) {
    const { ask, owner, product } = world;
    const id = await addedApp(world);
    await ask('setAppPerson', {
      as: owner,
      params: { id, userId: product.orgs.whiterabbit.userId },
      body: { nameThere: 'E-1' },
    });
    await ask('listAppPeople', { as: owner, params: { id } });
    await ask('listAppPeople', { as: owner, params: { id }, query: { cursor: 'none' } });
    await ask('listAppPeople', { as: owner, params: nobody });
  },
  async importAppPeople(world) {
    const params = { id: await addedApp(world) };
    const csv = `${world.product.orgs.whiterabbit.userId},E-1\nnobody@whiterabbit.fake,E-2`;
    await world.ask('importAppPeople', { as: world.owner, params, body: { csv } });
    await world.ask('importAppPeople', { as: world.owner, params, body: { csv: '' } });
    await world.ask('importAppPeople', { as: world.owner, params: nobody, body: { csv } });
  },
  async removeAppPerson(world) {
    const params = { id: await addedApp(world), userId: world.product.orgs.whiterabbit.userId };
    await world.ask('setAppPerson', { as: world.owner, params, body: { nameThere: 'E-1' } });
    await world.ask('removeAppPerson', { as: world.owner, params });
    await world.ask('removeAppPerson', { as: world.owner, params });
  },
  async listForwards(world) {
    await plantForward(world);
    const { json } = await world.ask('listForwards', { as: world.owner, query: { status: 'dead', limit: '1' } });
    if (json.items.length !== 1) throw new Error('what is dead is not listed');
    await world.ask('listForwards', { as: world.owner, query: { status: 'lost' } });
    await world.ask('listForwards', {});
  },
  async getForward(world) {
    await world.ask('getForward', { as: world.owner, params: { id: await plantForward(world) } });
    await world.ask('getForward', { as: world.owner, params: nobody });
  },
  async replayForwards(world) {
    const { rows } = await world.product.context.pool.query<{ app_id: string }>(
      'SELECT app_id FROM forwards WHERE id = $1',
      [await plantForward(world)],
    );
    const params = { id: String(rows[0]?.app_id) };
    const { json } = await world.ask('replayForwards', { as: world.owner, params });
    if (json.replayed !== 1) throw new Error('what is dead is not sent again');
    await world.ask('changeApp', { as: world.owner, params, body: { state: 'disabled' } });
    await world.ask('replayForwards', { as: world.owner, params });
    await world.ask('replayForwards', { as: world.owner, params: nobody });
  },
  async replayForward(world) {
    const params = { id: await plantForward(world) };
    await world.ask('replayForward', { as: world.owner, params });
    await world.ask('replayForward', { as: world.owner, params });
    await world.ask('replayForward', { as: world.owner, params: nobody });
  },
};
