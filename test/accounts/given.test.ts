import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, plantMembers, reveal } from './client.ts';
import { rotationsOf, until, untilSettled } from './support.ts';

// Whoever typed a password in knows it, also without a right to read it.
let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let other: typeof owner;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());
beforeEach(async () => {
  owner = await plantAdministrator(product, 'owner');
  other = await plantAdministrator(product, 'owner');
});

const revoke = async ({ email }: { email: string }) =>
  expect((await product.revoke({ format: 'email', email })).status).toBe(204);
const expectChanged = async (account: string) =>
  expect(await untilSettled(product, account)).toMatchObject([
    { cause: 'revocation', user_id: owner.id, revealed: true },
  ]);

it('an account that somebody added with its password', async () => {
  const account = await addAccount(owner);
  const without = await addAccount(owner, { password: undefined });
  await revoke(owner);
  await expectChanged(account);
  expect(await rotationsOf(product, without)).toEqual([]);
});

it('a password that somebody gave', async () => {
  const account = await addAccount(other);
  expect((await owner.send('POST', `/accounts/${account}/password`, { password: 'second-secret' })).status).toBe(200);
  await revoke(owner);
  await expectChanged(account);
});

it('a file that somebody imported', async () => {
  const imported = await fetch(`${product.url}/api/orgs/current/accounts/import`, {
    method: 'POST',
    headers: { cookie: owner.cookie, 'content-type': 'text/csv' },
    body: 'name,user_name,password\nImported,admin,a-password-of-a-file\n',
  });
  expect(imported.status).toBeLessThan(300);
  const { rows } = await product.context.pool.query("SELECT id FROM accounts WHERE name = 'Imported'");
  await revoke(owner);
  await expectChanged(rows[0].id);
});

it('a rotation that somebody did by hand', async () => {
  const account = await addAccount(other);
  const asked = await other.send('POST', `/accounts/${account}/rotate`);
  await untilSettled(product, account);
  const confirmed = await owner.send('POST', `/accounts/${account}/rotations/${asked.body.id}/confirm`, {
    password: 'typed-by-the-owner',
  });
  expect(confirmed.status).toBe(200);
  await revoke(owner);
  const rows = await untilSettled(product, account);
  expect(rows[1]).toMatchObject({ cause: 'revocation', user_id: owner.id, revealed: true });
});

it('that of an administrator is nobody’s to change here: administrators are told, once for a sign-out', async () => {
  const own = { userName: 'rotator', password: 'rotators-own' };
  const account = await addAccount(owner, { password: undefined, administrator: own });
  const later = await addAccount(other, { password: undefined });
  await owner.send('PATCH', `/accounts/${later}`, { administrator: own });
  const elsewhere = await addAccount(owner, { password: undefined, administrator: own });
  await other.send('PATCH', `/accounts/${elsewhere}`, { administrator: { ...own, password: 'another' } });
  expect((await other.send('GET', `/accounts/${account}`)).body.administrator).toMatchObject({
    userName: 'rotator',
    givenBy: { id: owner.id },
    givenAt: expect.any(String),
  });
  const told = async () =>
    (
      await product.context.pool.query<{ id: string }>(
        `SELECT target_id AS id FROM audit_events WHERE action = 'account.administrator_known' AND detail ->> 'user' = $1`,
        [owner.id],
      )
    ).rows
      .map(({ id }) => id)
      .toSorted();
  const both = [account, later].toSorted();
  await revoke(owner);
  await until(async () => (await told()).length > 0);
  expect(await told()).toEqual(both);
  // It is of the person's timeline too, whom the event names in its detail alone.
  const query = `action=account.administrator_known&person=${owner.id}`;
  const items = (await other.send('GET', `/audit-events?${query}`)).body.items as { target: { id: string } }[];
  expect(items.map(({ target }) => target.id).toSorted()).toEqual(both);
  await revoke(owner);
  await until(async () => (await product.context.pool.query('SELECT FROM account_outbox')).rowCount === 0);
  expect(await told()).toEqual(both);
});

it('is not a password that they have read: no list says so, and it counts for no limit', async () => {
  const accounts: string[] = [];
  for (let count = 0; count < 21; count += 1) accounts.push(await addAccount(owner));
  const account = accounts[0] as string;
  expect((await owner.send('GET', `/accounts/${account}/reveals`)).body).toMatchObject({ items: [] });
  await giveRight(owner, account, { userId: owner.id, right: 'use' });
  expect((await reveal(product.url, owner.cookie, account)).status).toBe(200);
  // Others know nothing of it.
  const [member] = await plantMembers(product, 1);
  await revoke(member as { email: string });
  expect(await rotationsOf(product, account)).toEqual([]);
});
