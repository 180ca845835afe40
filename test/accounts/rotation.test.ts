import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, plantMembers, reveal, send } from './client.ts';
import { startProxy } from './proxy.ts';
import {
  currentPassword,
  openTarget,
  passTime,
  passwordsOf,
  plantAccount,
  rotationsOf,
  until,
  untilSettled,
} from './support.ts';

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

it('of a system that is down for a day nobody who left reads on, administrators hear once, and it goes on', async () => {
  const owner = await plantAdministrator(product, 'owner');
  const [tank] = await plantMembers(product, 1);
  const port = await freePort();
  const account = await plant({ settings: { ...target.place, port }, users: [trinityId, tank?.id] });
  const read = async (browser: Browser) => (await browser.post(`/api/users/me/accounts/${account}/reveal`)).status;
  const left = await product.signIn();
  expect(await read(left)).toBe(200);

  const switchTo = (active: boolean) => owner.send('PATCH', `/users/${trinityId}`, { active });
  expect((await switchTo(false)).status).toBe(200);
  expect(await read(left)).toBe(401);
  expect((await switchTo(true)).status).toBe(200);
  const returned = await product.signIn();
  const rotation = async () => (await rotationsOf(product, account))[0];
  await until(async () => (await rotation())?.why === 'unavailable');
  // As if it had been so since yesterday.
  await product.context.pool.query(
    `UPDATE account_rotations SET failing_since = failing_since - interval '25 hours', why_since = why_since - interval '25 hours'
     WHERE account_id = $1`,
    [account],
  );
  for (let tries = 0; tries < 3; tries += 1) {
    const before = (await rotation())?.attempts ?? 0;
    await passTime(product, account);
    await until(async () => ((await rotation())?.attempts ?? 0) > before);
  }
  expect(await rotation()).toMatchObject({
    state: 'candidate',
    why: 'unavailable',
    revealed: true,
    told: ['uncertain'],
  });
  // What signs in there is still the old one, for whoever may use it.
  expect(await read(returned)).toBe(404);
  expect((await reveal(product.url, tank?.cookie as string, account)).body).toMatchObject({ password: role.password });
  const told = async () => {
    await until(async () => (await product.context.pool.query('SELECT FROM outbox LIMIT 1')).rowCount === 0);
    const { items } = (await owner.send('GET', '/notifications?limit=200')).body as {
      items: { kind: string; text: string; count: number; target: { id: string } | null }[];
    };
    return items
      .filter(({ kind, target: about }) => kind === 'shared_account' && about?.id === account)
      .map(({ text, count }) => [text, count]);
  };
  const once = [[expect.stringContaining(`The password of the shared account ${role.name} can’t be changed`), 1]];
  expect(await told()).toEqual(once);

  const back = await startProxy(target.place.port, { listenAt: port });
  try {
    await passTime(product, account);
    expect(await untilSettled(product, account)).toMatchObject([{ state: 'done', cause: 'revocation' }]);
    const { body } = await reveal(product.url, tank?.cookie as string, account);
    expect(await target.signsIn(role.name, String(body.password))).toBe(true);
    expect(await target.signsIn(role.name, role.password)).toBe(false);
    expect(await read(returned)).toBe(404);
    expect(await told()).toEqual(once);
  } finally {
    await back.stop();
  }
});
