import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
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
