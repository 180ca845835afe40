import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOf, placeSql } from '../../src/accounts/place.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, plantMembers, send } from './client.ts';

// Two accounts that are the same login would each set a password that the other calls wrong.
let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product?.stop());

const recipe = {
  url: 'https://app.whiterabbit.fake/password',
  body: { type: 'json', template: '{"user":"{{user}}","password":"{{new}}"}' },
};
const add = (json: object, by = owner) =>
  by.send('POST', '/accounts', { name: 'Second', password: 'second-secret', ...json });
const postgresql = (host: string, userName: string, more: object = {}) => ({
  connector: 'postgresql',
  userName,
  settings: { host, ...more },
});

describe('a login that is there already', () => {
  it.each([
    ['postgresql', { host: 'db-1.fake' }, { host: 'DB-1.fake', database: 'other' }, { host: 'db-1.fake', port: 5433 }],
    ['redis', { host: 'redis-1.fake' }, { host: 'redis-1.fake', tls: 'off' }, { host: 'redis-2.fake' }],
    ['mariadb', { host: 'maria-1.fake' }, { host: 'maria-1.fake' }, { host: 'maria-1.fake', at: '10.0.0.1' }],
    [
      'ldap',
      { host: 'ldap-1.fake', userDn: 'uid={{user}},ou=crew,dc=fake' },
      { host: 'ldap-1.fake', userDn: 'UID={{user}},ou=crew,dc=fake' },
      { host: 'ldap-1.fake', userDn: 'uid={{user}},ou=bots,dc=fake' },
    ],
    [
      'scim',
      { baseUrl: 'https://scim-1.fake/tenants/a' },
      { baseUrl: 'https://scim-1.fake/tenants/a/' },
      { baseUrl: 'https://scim-1.fake/tenants/b' },
    ],
    ['http', recipe, recipe, { ...recipe, url: 'https://app.whiterabbit.fake/other/password' }],
  ])('is not added again (%s), and what is another is', async (connector, settings, same, another) => {
    const first = { name: 'First', connector, userName: 'app', settings };
    expect(await add(first)).toMatchObject({ status: 201 });
    const refused = await add({ connector, userName: 'app', settings: same });
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ pointer: '#/userName' }] } });
    expect(refused.body.detail).toContain('First');
    expect(await add({ connector, userName: 'app', settings: another })).toMatchObject({ status: 201 });
    expect(await add({ connector, userName: 'other', settings: same })).toMatchObject({ status: 201 });
    const twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    expect(await add(first, twin)).toMatchObject({ status: 201 });
  });

  it('of accounts that people change counts where both say the same place', async () => {
    const first = { userName: 'door', place: 'Deck 3' };
    expect(await add(first)).toMatchObject({ status: 201 });
    expect(await add({ ...first, place: ' deck 3 ' })).toMatchObject({ status: 409 });
    expect(await add({ ...first, place: 'Deck 4' })).toMatchObject({ status: 201 });
    for (const _ of [1, 2]) expect(await add({ userName: 'door' })).toMatchObject({ status: 201 });
  });

  it('of two that are added at once lets one in', async () => {
    const both: ReturnType<typeof add>[] = [];
    await whileLocked(
      product,
      (blocker) =>
        blocker.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`accounts ${product.orgs.whiterabbit.id}`]),
      async () => {
        both.push(add(postgresql('race.fake', 'app')), add(postgresql('race.fake', 'app')));
        await waitForLock(product, 2);
      },
    );
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('is no way for a change either, and holds up no other change', async () => {
    expect(await add({ name: 'Secret one', ...postgresql('change.fake', 'app') })).toMatchObject({ status: 201 });
    const account = await addAccount(owner, postgresql('change.fake', 'other'));
    const change = { userName: 'app', password: 'second-secret' };
    const refused = await owner.send('PATCH', `/accounts/${account}`, change);
    expect(refused).toMatchObject({ status: 409 });
    expect(refused.body.detail).toContain('Secret one');
    // Whoever manages this one alone isn't told the name of another.
    const [manager] = await plantMembers(product, 1);
    await giveRight(owner, account, { userId: manager?.id, right: 'manage' });
    const theirs = await send(
      product.url,
      manager?.cookie ?? '',
      'PATCH',
      `/api/orgs/current/accounts/${account}`,
      change,
    );
    expect(theirs).toMatchObject({ status: 409 });
    expect(theirs.body.detail).not.toContain('Secret one');
    // From before this was looked at.
    await product.context.pool.query(`UPDATE accounts SET user_name = 'app' WHERE id = $1`, [account]);
    const notes = { notes: 'Which of the two?', name: 'Twin', userName: 'app' };
    expect(await owner.send('PATCH', `/accounts/${account}`, notes)).toMatchObject({ status: 200 });
  });

  it('of a file names the line', async () => {
    expect(await add({ name: 'Gate', userName: 'gate', place: 'Deck 7' })).toMatchObject({ status: 201 });
    const response = await fetch(`${product.url}/api/orgs/current/accounts/import`, {
      method: 'POST',
      headers: { cookie: owner.cookie, 'content-type': 'text/csv' },
      body: 'name,user_name,place\nA,gate,deck 7\nB,hatch,Deck 8\nC,hatch,Deck 8\nD,hatch,\nE,hatch,\n',
    });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as { errors: { detail: string }[] };
    expect(errors.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^Line 2: .*Gate/),
      expect.stringMatching(/^Line 4: .*line 3/),
    ]);
  });
});

describe('an administrator by name', () => {
  const administrator = { userName: 'rotator', password: 'rotators-own' };

  it('that is a shared account at that place has to be named as one', async () => {
    const id = await addAccount(owner, { name: 'Rotator', ...postgresql('admin.fake', 'rotator') });
    const refused = await add({ ...postgresql('admin.fake', 'app'), administrator });
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ pointer: '#/administrator' }] } });
    expect(refused.body.detail).toMatch(/Rotator.*accountId/);
    expect(await add({ ...postgresql('elsewhere.fake', 'app'), administrator })).toMatchObject({ status: 201 });
    const account = await addAccount(owner, { ...postgresql('admin.fake', 'app'), administrator: { accountId: id } });
    expect(await owner.send('PATCH', `/accounts/${account}`, { administrator })).toMatchObject({ status: 409 });
  });

  it('is not the account itself, which is at once led by an old password', async () => {
    const itself = { ...postgresql('itself.fake', 'rotator'), administrator };
    expect(await add(itself)).toMatchObject({ status: 409, body: { errors: [{ pointer: '#/administrator' }] } });
    expect(await add({ ...itself, administrator: null })).toMatchObject({ status: 201 });
  });
});

it('a place is the same in TypeScript and in SQL', async () => {
  const all = [
    ['postgresql', { host: 'DB.Fake', port: 5432 }],
    ['redis', { host: '::1', port: 6379 }],
    ['ldap', { host: 'ldap.fake', port: 636 }],
    ['scim', { baseUrl: 'https://SCIM.fake:8443/v2' }],
    ['scim', { baseUrl: 'no address' }],
    ['http', { url: 'https://App.fake?a=https://other.fake/' }],
    ['http', { url: 'HTTP://app.fake#b', port: 1 }],
    ['http', { url: 'https://user@app.fake/x' }],
    ['http', {}],
  ] as const;
  const { rows } = await product.context.pool.query<{ place: string }>(
    `SELECT ${placeSql} AS place FROM unnest($1::text[], $2::jsonb[]) WITH ORDINALITY AS a (connector, settings, id) ORDER BY id`.replace(
      'THEN a.id ELSE',
      'THEN a.id::text ELSE',
    ),
    [all.map(([connector]) => connector), all.map(([, settings]) => JSON.stringify(settings))],
  );
  expect(rows.map(({ place }) => place)).toEqual(all.map(([connector, settings]) => placeOf(connector, settings)));
});
