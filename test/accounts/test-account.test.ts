import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '../support/temporary-postgres.ts';
import { addAccount } from './client.ts';
import { rotationsOf, until } from './support.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let server: TemporaryPostgres;
let database: Record<string, unknown>;
const roles = { shared: 'the-right-one', rotator: 'the-administrators' };
beforeAll(async () => {
  [product, server] = await Promise.all([startProduct(), startTemporaryPostgres({ seed: inject('seed') })]);
  const client = new pg.Client({ connectionString: server.databaseUrl });
  await client.connect();
  for (const [role, password] of Object.entries(roles))
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
  await client.end();
  const { port } = new URL(server.databaseUrl);
  const settings = { host: '127.0.0.1', port: Number(port), tls: 'off' };
  database = { connector: 'postgresql', settings, userName: 'shared', password: roles.shared };
});
afterAll(async () => {
  await product?.stop();
  await server?.stop();
});
beforeEach(async () => {
  owner = await plantAdministrator(product, 'owner');
  await product.context.pool.query('DELETE FROM account_administrator_tries');
});

const test = (account: string) => owner.send('POST', `/accounts/${account}/test`);
const eventsOf = async (account: string) =>
  (
    await product.context.pool.query(
      `SELECT detail - 'name' AS detail FROM audit_events WHERE target_id = $1 AND action = 'account.tested' ORDER BY at`,
      [account],
    )
  ).rows.map(({ detail }) => detail);

it('says whether the password and the administrator’s sign in, on record without either', async () => {
  const administrator = { userName: 'rotator', password: roles.rotator };
  const account = await addAccount(owner, { ...database, administrator });
  const right = await test(account);
  expect([right.status, right.body]).toEqual([
    200,
    { result: 'accepted', error: null, administrator: { result: 'accepted', error: null } },
  ]);
  expect((await test(account)).status).toBe(200);
  const { body } = await owner.send('GET', `/accounts/${account}/versions`);
  expect(body.items).toMatchObject([{ version: 1, acceptedAt: expect.any(String), refusedAt: null }]);
  await owner.send('PATCH', `/accounts/${account}`, { administrator: { ...administrator, password: 'wrong-one' } });
  expect((await test(account)).body).toMatchObject({ result: 'accepted', administrator: { result: 'refused' } });
  expect(await eventsOf(account)).toEqual([
    { result: 'accepted', version: 1, administrator: 'accepted' },
    { result: 'accepted', version: 1, administrator: 'accepted' },
    { result: 'accepted', version: 1, administrator: 'refused' },
  ]);
});

it('tries a wrong password once a minute, however many ask', async () => {
  const account = await addAccount(owner, { ...database, password: 'wrong-one' });
  const answers = await Promise.all(Array.from({ length: 5 }, () => test(account)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429, 429, 429, 429]);
  expect(answers.find(({ status }) => status === 200)?.body).toMatchObject({ result: 'refused', administrator: null });
  const seconds = Number(answers.find(({ status }) => status === 429)?.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(await eventsOf(account)).toEqual([{ result: 'refused', version: 1 }]);
  // A password that is given anew is no wrong one yet.
  await owner.send('POST', `/accounts/${account}/password`, { password: roles.shared });
  expect((await test(account)).body).toMatchObject({ result: 'accepted' });
});

it('tries an administrator whose password was wrong once a minute, whichever account asks for it', async () => {
  const administrator = { userName: 'rotator', password: 'wrong-one' };
  const [first, second] = [
    await addAccount(owner, { ...database, administrator }),
    await addAccount(owner, { ...database, administrator }),
  ];
  const answers = await Promise.all([first, second].map(test));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429]);
  // Another password is a guess as well.
  for (const account of [first, second])
    await owner.send('PATCH', `/accounts/${account}`, { administrator: { ...administrator, password: 'a-guess' } });
  const again = await Promise.all([first, second].map(test));
  expect(again.map(({ status }) => status)).toEqual([429, 429]);
  expect(Number(again[1]?.headers.get('retry-after'))).toBeGreaterThan(0);
  // So does a rotation know, and doesn't try.
  expect((await owner.send('POST', `/accounts/${second}/rotate`, {})).status).toBe(202);
  await until(async () => (await rotationsOf(product, second))[0]?.error === 'wrong_administrator');
  await product.context.pool.query(
    `UPDATE account_administrator_tries SET tried_at = tried_at - interval '1 minute' WHERE org_id = $1`,
    [product.orgs.whiterabbit.id],
  );
  await product.context.pool.query('UPDATE accounts SET wrong_tried_at = NULL');
  await owner.send('PATCH', `/accounts/${first}`, { administrator: { ...administrator, password: roles.rotator } });
  expect((await test(first)).body).toMatchObject({ administrator: { result: 'accepted' } });
});

it('tries another account that administers it by its current password', async () => {
  const admin = await addAccount(owner, { ...database, userName: 'rotator', password: roles.rotator });
  const account = await addAccount(owner, { ...database, administrator: { accountId: admin } });
  expect((await test(account)).body).toMatchObject({ result: 'accepted', administrator: { result: 'accepted' } });
  await owner.send('POST', `/accounts/${admin}/password`, { password: 'wrong-one' });
  expect((await test(account)).body).toMatchObject({ result: 'accepted', administrator: { result: 'refused' } });
});

it('goes to no address that the operator does not allow, and says so by a word', async () => {
  const settings = { host: '10.1.2.3', tls: 'off' };
  const account = await addAccount(owner, { ...database, settings });
  expect((await test(account)).body).toMatchObject({ result: 'unavailable', error: 'address_refused' });
  // Nothing was tried: the next try needs no wait.
  expect((await test(account)).status).toBe(200);
  const none = await addAccount(owner, { ...database, password: undefined });
  expect(await test(none)).toMatchObject({ status: 409, body: { code: 'conflict' } });
});
