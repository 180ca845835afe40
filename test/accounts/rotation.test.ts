import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, plantMembers, reveal, send } from './client.ts';
import { currentPassword, openTarget, passwordsOf, plantAccount, untilSettled } from './support.ts';

let product: Product;
let orgId: string;
let trinityId: string;
const target = openTarget();
let role: { name: string; password: string };

beforeAll(async () => {
  product = await startProduct();
  ({ id: orgId, userId: trinityId } = product.orgs.whiterabbit);
});
afterAll(async () => {
  await product.stop();
  await target.drop();
});
beforeEach(async () => {
  role = await target.makeRole();
});

const plant = (more: object = {}) =>
  plantAccount(product, orgId, {
    userName: role.name,
    password: role.password,
    settings: target.place,
    admin: target.admin,
    users: [trinityId],
    ...more,
  });

const actionsOf = async (accountId: string) => {
  const { rows } = await product.context.pool.query<{ action: string; detail: Record<string, unknown> }>(
    'SELECT action, detail FROM audit_events WHERE org_id = $1 AND target_id = $2 ORDER BY at',
    [orgId, accountId],
  );
  return rows;
};

it('changes the password of what a person may use when their access is revoked; the old one is refused', async () => {
  const account = await plant();
  const opened = new pg.Client({ ...target.place, ssl: false, user: role.name, password: role.password });
  const ended = new Promise<void>((resolve) => opened.on('end', () => resolve()));
  opened.on('error', () => {});
  await opened.connect();

  expect((await product.revoke()).status).toBe(204);

  const [rotation, ...others] = await untilSettled(product, account);
  expect(others).toEqual([]);
  expect(rotation).toMatchObject({ state: 'done', cause: 'revocation', candidate: 2, previous: 1, user_id: trinityId });
  const password = await currentPassword(product, orgId, account);
  expect(await target.signsIn(role.name, password)).toBe(true);
  expect(await target.signsIn(role.name, role.password)).toBe(false);
  // What had been opened with the old one is over.
  await ended;
  expect(await actionsOf(account)).toMatchObject([
    {
      action: 'account.rotated',
      detail: { rotation: rotation?.id, version: 2, cause: 'revocation', revocation: rotation?.revocation_id },
    },
  ]);
  expect((await passwordsOf(product, orgId, account)).map(({ version, state }) => [version, state])).toEqual([
    [2, 'current'],
    [1, 'former'],
  ]);
});

it('whoever still has the right reads the new password; whoever was signed out reads nothing', async () => {
  const owner = await plantAdministrator(product, 'owner');
  const [trinity, neo] = await plantMembers(product, 2);
  if (!trinity || !neo) throw new Error('nobody was planted');
  const id = await addAccount(owner, {
    userName: role.name,
    password: role.password,
    connector: 'postgresql',
    settings: target.place,
    administrator: target.admin,
  });
  for (const { id: userId } of [trinity, neo]) await giveRight(owner, id, { userId, right: 'use' });
  expect((await reveal(product.url, trinity.cookie, id)).body).toMatchObject({ version: 1, password: role.password });

  expect((await product.revoke({ format: 'email', email: trinity.email })).status).toBe(204);
  expect((await reveal(product.url, trinity.cookie, id)).status).toBe(401);
  const [rotation] = await untilSettled(product, id);
  expect(rotation).toMatchObject({ state: 'done', revealed: true, user_id: trinity.id });
  const read = await reveal(product.url, neo.cookie, id);
  expect(read).toMatchObject({ status: 200, body: { version: 2 } });
  expect(await target.signsIn(role.name, String(read.body.password))).toBe(true);
  expect(await target.signsIn(role.name, role.password)).toBe(false);
  const listed = await send(product.url, owner.cookie, 'GET', `/api/orgs/current/accounts/${id}/rotations`);
  expect(listed.body.items).toMatchObject([{ id: rotation?.id, state: 'done' }]);
});

it('what is read while it changes is one of both, under its own number', async () => {
  const owner = await plantAdministrator(product, 'owner');
  const [neo] = await plantMembers(product, 1);
  if (!neo) throw new Error('nobody was planted');
  const account = await plant({ users: [neo.id] });
  expect((await owner.send('POST', `/accounts/${account}/rotate`)).status).toBe(202);
  const read: [unknown, unknown][] = [];
  // At most 20 a minute and person.
  for (let count = 0; count < 19; count += 1) {
    const { status, body } = await reveal(product.url, neo.cookie, account);
    expect(status).toBe(200);
    read.push([body.version, body.password]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await untilSettled(product, account);
  const known = new Map(
    (await passwordsOf(product, orgId, account)).map(({ version, password }) => [version, password]),
  );
  for (const [version, password] of read) expect(known.get(version as number)).toBe(password);
});
