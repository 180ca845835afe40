import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, send } from './client.ts';

// No column of the database holds NUL, no settings (JSON) do, and most systems read a text until there.
let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product?.stop());

const count = async () => (await product.context.pool.query('SELECT FROM accounts')).rowCount;

/** Each text of an account, and of what its connector is told. */
const places: readonly (readonly [pointer: string, body: (text: string) => Record<string, unknown>])[] = [
  ['/name', (name) => ({ name })],
  ['/userName', (userName) => ({ userName })],
  ['/place', (place) => ({ place })],
  ['/notes', (notes) => ({ notes })],
  ['/password', (password) => ({ password })],
  ['/administrator/userName', (userName) => ({ administrator: { userName, password: 'any' } })],
  ['/administrator/password', (password) => ({ administrator: { userName: 'admin', password } })],
  ['/passwordRules/leaveOut', (leaveOut) => ({ passwordRules: { leaveOut } })],
  ['/settings/host', (host) => ({ connector: 'redis', settings: { host } })],
  ['/settings/database', (database) => ({ connector: 'postgresql', settings: { host: 'db', database } })],
  ['/settings/at', (at) => ({ connector: 'mariadb', settings: { host: 'db', at } })],
  ['/settings/userDn', (text) => ({ connector: 'ldap', settings: { host: 'd', userDn: `uid={{user}},ou=${text}` } })],
  ['/settings/ca', (ca) => ({ connector: 'redis', settings: { host: 'db', ca } })],
  ['/settings/baseUrl', (text) => ({ connector: 'scim', settings: { baseUrl: `https://scim.example/${text}` } })],
  ['/settings/url', (text) => recipe({ url: `https://app.example/${text}` })],
  ['/settings/headers/x-more', (text) => recipe({ headers: { 'x-more': text } })],
  ['/settings/body/template', (text) => recipe({ body: { type: 'json', template: `{"p":"{{new}}","q":"${text}"}` } })],
  ['/settings/accepted/text', (text) => recipe({ accepted: { statuses: [200], text } })],
  [
    '/settings/verify/refused/text',
    (text) =>
      recipe({
        verify: {
          url: 'https://app.example/',
          headers: { authorization: 'Basic {{basic_new}}' },
          accepted: { statuses: [200] },
          refused: { statuses: [200], text },
        },
      }),
  ],
];
const recipe = (more: Record<string, unknown>) => ({
  connector: 'http',
  settings: { url: 'https://app.example/', body: { type: 'json', template: '{"p":"{{new}}"}' }, ...more },
});

describe('NUL is refused at its place, and nothing is kept of it', () => {
  it.each(places)('%s', async (pointer, body) => {
    const account = await addAccount(owner);
    const before = await count();
    const text = 'be\0fore';
    const added = await owner.send('POST', '/accounts', { name: 'New', userName: 'operator', ...body(text) });
    const changed = await owner.send('PATCH', `/accounts/${account}`, body(text));
    for (const answer of [added, changed]) {
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toContainEqual({
        pointer: `#${pointer}`,
        detail: expect.stringMatching(/NUL|control characters/),
      });
      expect(JSON.stringify(answer.body)).not.toContain('fore"');
    }
    expect(await count()).toBe(before);
  });

  it('a password that is given, or entered by people', async () => {
    const account = await addAccount(owner);
    const password = 'be\0fore';
    const given = await owner.send('POST', `/accounts/${account}/password`, { password });
    expect([given.status, given.body.errors]).toMatchObject([400, [{ pointer: '#/password' }]]);
    expect(JSON.stringify(given.body)).toContain('remove it');
    expect((await owner.send('POST', `/accounts/${account}/rotate`)).status).toBe(202);
    const { rows } = await product.context.pool.query('SELECT id FROM account_rotations WHERE account_id = $1', [
      account,
    ]);
    const path = `/api/orgs/current/accounts/${account}/rotations/${rows[0].id}/confirm`;
    expect((await send(product.url, owner.cookie, 'POST', path, { password })).status).toBe(400);
    const versions = 'SELECT FROM account_versions WHERE account_id = $1 AND rotation_id IS NULL';
    expect((await product.context.pool.query(versions, [account])).rowCount).toBe(1);
  });

  it('settings that are nested without an end are only refused', async () => {
    const body = `{"name":"New","userName":"operator","connector":"redis","settings":{"host":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    const response = await fetch(`${product.url}/api/orgs/current/accounts`, {
      method: 'POST',
      headers: { cookie: owner.cookie, 'content-type': 'application/json' },
      body,
    });
    expect(response.status).toBe(400);
  });

  it('who gets a right', async () => {
    const account = await addAccount(owner);
    const who = 'neo\0@whiterabbit.fake';
    expect((await owner.send('POST', `/accounts/${account}/rights`, { who, right: 'use' })).status).toBe(400);
  });
});

it.each(['name', 'user_name', 'password', 'place', 'notes', 'connector', 'use', 'manage'])(
  'NUL in a column of a file (%s) is refused at its line',
  async (column) => {
    const cells: Record<string, string> = { name: 'New', user_name: 'operator', [column]: 'be\0fore' };
    const before = await count();
    const response = await fetch(`${product.url}/api/orgs/current/accounts/import`, {
      method: 'POST',
      headers: { cookie: owner.cookie, 'content-type': 'text/csv' },
      body: `${Object.keys(cells).join(',')}\n${Object.values(cells).join(',')}\n`,
    });
    const { errors } = (await response.json()) as { errors?: { detail: string }[] };
    expect(response.status).toBe(400);
    expect(errors).toMatchObject([{ detail: expect.stringContaining('Line 2: ') }]);
    expect(await count()).toBe(before);
  },
);
