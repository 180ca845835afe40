import { afterAll, beforeAll, expect, it } from 'vitest';
import { roles } from '../../src/api/permissions.ts';
import type { Role } from '../../src/database/generated/client.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, plantGroup, plantMembers, reveal, send } from './client.ts';
import { rotationsOf, until } from './support.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
/** Accounts that people are asked to change: one for each test that needs one, made together. */
let left: { account: string; rotation: string }[];
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  left = await Promise.all(
    Array.from({ length: roles.length * ways.length + 2 }, async () => {
      const account = await addAccount(owner);
      const { body } = await owner.send('POST', `/accounts/${account}/rotate`);
      await until(async () => (await rotationsOf(product, account))[0]?.state === 'manual');
      return { account, rotation: String(body.id) };
    }),
  );
});
afterAll(() => product?.stop());

const ways = ['none', 'use', 'manage', 'use by a group', 'manage by a group'] as const;
type Way = (typeof ways)[number];
type Subject = Readonly<{ role: Role; way: Way }>;

const reads = ({ role }: Subject) => role !== 'member';
const changes = ({ role }: Subject) => role === 'owner' || role === 'super_admin';
const manages = ({ way }: Subject) => way.startsWith('manage');
const uses = ({ way }: Subject) => way !== 'none';

/** An operation: what is sent, and which status means that it was let through. */
type Tried = Readonly<{
  method: string;
  path: (account: string, rotation?: string) => string;
  json?: (someone: string) => unknown;
  passed: number;
  may: (subject: Subject) => boolean;
  refused?: (subject: Subject) => number;
}>;

const here = '/api/orgs/current/accounts';
const readable = (subject: Subject) => reads(subject) || manages(subject);
const changeable = (subject: Subject) => changes(subject) || manages(subject);
const operations: Record<string, Tried> = {
  listAccounts: { method: 'GET', path: () => here, passed: 200, may: reads },
  getAccount: { method: 'GET', path: (id) => `${here}/${id}`, passed: 200, may: readable },
  listAccountRights: { method: 'GET', path: (id) => `${here}/${id}/rights`, passed: 200, may: readable },
  listAccountVersions: { method: 'GET', path: (id) => `${here}/${id}/versions`, passed: 200, may: readable },
  listAccountReveals: { method: 'GET', path: (id) => `${here}/${id}/reveals`, passed: 200, may: readable },
  listRotationsOfAccount: { method: 'GET', path: (id) => `${here}/${id}/rotations`, passed: 200, may: readable },
  listRotations: { method: 'GET', path: () => '/api/orgs/current/rotations', passed: 200, may: reads },
  // Each is refused for what it lacks only after it was let in.
  addAccount: { method: 'POST', path: () => here, json: () => ({}), passed: 400, may: changes },
  importAccounts: { method: 'POST', path: () => `${here}/import`, json: () => ({}), passed: 400, may: changes },
  removeAccount: { method: 'DELETE', path: (id) => `${here}/${id}`, json: () => ({}), passed: 409, may: changes },
  eraseAccountKey: {
    method: 'DELETE',
    path: () => '/api/orgs/current/account-key',
    json: () => ({}),
    passed: 409,
    may: ({ role }) => role === 'owner',
  },
  changeAccount: {
    method: 'PATCH',
    path: (id) => `${here}/${id}`,
    json: (someone) => ({ notes: someone }),
    passed: 200,
    may: changeable,
  },
  giveAccountRight: {
    method: 'POST',
    path: (id) => `${here}/${id}/rights`,
    json: (someone) => ({ userId: someone, right: 'use' }),
    passed: 201,
    may: changeable,
  },
  endAccountRight: { method: 'DELETE', path: (id) => `${here}/${id}/rights/art_none`, passed: 404, may: changeable },
  // Before a password is given: while people are asked to change it, theirs is the one to confirm.
  confirmRotation: {
    method: 'POST',
    path: (id, rotation = 'rot_none') => `${here}/${id}/rotations/${rotation}/confirm`,
    json: () => ({ password: 'x' }),
    passed: 200,
    may: changeable,
  },
  giveAccountPassword: {
    method: 'POST',
    path: (id) => `${here}/${id}/password`,
    json: () => ({ password: 'another-secret' }),
    passed: 200,
    may: changeable,
  },
  testAccount: { method: 'POST', path: (id) => `${here}/${id}/test`, passed: 200, may: changeable },
  revealMyAccount: {
    method: 'POST',
    path: (id) => `/api/users/me/accounts/${id}/reveal`,
    passed: 200,
    may: uses,
    refused: () => 404,
  },
  revealAccountVersion: {
    method: 'POST',
    path: (id) => `${here}/${id}/versions/1/reveal`,
    passed: 200,
    may: manages,
    refused: (subject) => (uses(subject) ? 403 : 404),
  },
  rotateAccount: { method: 'POST', path: (id) => `${here}/${id}/rotate`, passed: 202, may: changeable },
};

it('the table has every operation on shared accounts', async () => {
  const document = (await (await fetch(`${product.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string; tags: string[] }>>;
  };
  const known = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods)
      .filter(({ tags }) => tags.includes('Shared accounts') || path.startsWith('/api/users/me/accounts'))
      .map(({ operationId }) => operationId),
  );
  // What somebody's own list shows is tried with each of them.
  expect([...Object.keys(operations), 'listMyAccounts'].toSorted()).toEqual(known.toSorted());
});

async function subjectOf(role: Role, way: Way) {
  const person = await plantAdministrator(product, role);
  const { account, rotation } = left.pop() as (typeof left)[number];
  const right = way.startsWith('manage') ? 'manage' : 'use';
  if (way.endsWith('group')) {
    const group = await plantGroup(product, `grp_${person.id}`, [person.id]);
    await giveRight(owner, account, { groupId: group, right });
  } else if (way !== 'none') await giveRight(owner, account, { userId: person.id, right });
  return { ...person, account, rotation };
}

it.each(roles.flatMap((role) => ways.map((way) => [role, way] as const)))(
  'a person of the role %s with the right "%s" may do exactly what the table says',
  async (role, way) => {
    const subject = { role, way };
    const { cookie, account, rotation } = await subjectOf(role, way);
    const [someone] = await plantMembers(product, 1);
    const found: Record<string, number> = {};
    const expected: Record<string, number> = {};
    for (const [name, { method, path, json, passed, may, refused }] of Object.entries(operations)) {
      const { status } = await send(
        product.url,
        cookie,
        method,
        path(account, rotation),
        json?.(someone?.id as string),
      );
      found[name] = status;
      expected[name] = may(subject) ? passed : (refused?.(subject) ?? 403);
    }
    expect(found).toEqual(expected);
    const { body } = await send(product.url, cookie, 'GET', '/api/users/me/accounts');
    const listed = way === 'none' ? [] : [{ id: account, right: manages(subject) ? 'manage' : 'use' }];
    expect(body.items).toMatchObject(listed);
    expect((body.items as unknown[]).length).toBe(listed.length);
  },
);

it('a right counts for whoever has just authenticated, and for no browser of another origin', async () => {
  const { cookie, id, account } = await subjectOf('member', 'manage');
  const [someone] = await plantMembers(product, 1);
  const writing = Object.entries(operations).filter(([, { method, may }]) => method !== 'GET' && may === changeable);
  expect(writing.length).toBeGreaterThan(6);
  const tried = async (headers: Record<string, string>) =>
    Promise.all(
      writing.map(async ([name, { method, path, json }]) => {
        const { body } = await send(product.url, cookie, method, path(account), json?.(someone?.id as string), headers);
        return [name, body.code];
      }),
    );
  expect(await tried({ origin: 'https://elsewhere.example' })).toEqual(
    writing.map(([name]) => [name, 'foreign_origin']),
  );
  await product.context.pool.query(
    `UPDATE sessions SET authenticated_at = now() - interval '61 minutes' WHERE user_id = $1`,
    [id],
  );
  expect(await tried({})).toEqual(writing.map(([name]) => [name, 'reauthentication_required']));
});

it('nobody of another organisation does any of it, nor learns whether the account is there', async () => {
  const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
  const own = await addAccount(stranger);
  await giveRight(stranger, own, { userId: stranger.id, right: 'manage' });
  const { account, rotation } = left.pop() as (typeof left)[number];
  const right = await giveRight(owner, account, { userId: owner.id, right: 'manage' });
  const [someone] = await plantMembers(product, 1);
  // Of this account alone: passwords of others may be on their way just now.
  const print = async () => {
    const tables = [
      ['accounts', 'id'],
      ['account_versions', 'account_id'],
      ['account_rights', 'account_id'],
      ['account_reveals', 'account_id'],
      ['account_rotations', 'account_id'],
      ['org_account_keys', '$2'],
    ];
    const texts = await Promise.all(
      tables.map(([table, column]) =>
        product.context.pool.query(
          `SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t::text), '[]')::text AS rows FROM ${table} t
           WHERE org_id = $1 AND ${column} = $2::text`,
          [product.orgs.whiterabbit.id, account],
        ),
      ),
    );
    return texts.map(({ rows }) => rows[0].rows);
  };
  const before = await print();
  const asked = async (name: string, id: string) => {
    const { method, path, json } = operations[name] as Tried;
    const real = id !== 'acc_nothing';
    const address = path(id, real ? rotation : 'rot_none').replace('art_none', real ? right : 'art_none');
    const { status, body } = await send(product.url, stranger.cookie, method, address, json?.(someone?.id as string));
    const { requestId: _requestId, ...rest } = body;
    return JSON.stringify([status, rest]);
  };
  const [ofOne, ofNone] = [true, false].map((one) =>
    Object.keys(operations).filter((name) => (operations[name]?.path('a') !== operations[name]?.path('b')) === one),
  ) as [string[], string[]];
  const wrong: unknown[] = [];
  for (const name of ofOne) {
    const [there, nothing] = [await asked(name, account), await asked(name, 'acc_nothing')];
    if (there !== nothing || !there.startsWith('[404')) wrong.push([name, there, nothing]);
  }
  expect(wrong).toEqual([]);
  // Nor by an account of their own: the right and the rotation are another's.
  for (const name of ['endAccountRight', 'confirmRotation']) expect(await asked(name, own)).toMatch(/^\[404/);

  const call = (method: string, path: string, json?: unknown) => send(product.url, stranger.cookie, method, path, json);
  const listed = async (path = here) => ((await call('GET', path)).body.items as { id: string }[]).map(({ id }) => id);
  const importing = async (use: string) => {
    const body = `name,user_name,use\nMailbox,crew,${use}\n`;
    const headers = { cookie: stranger.cookie, 'content-type': 'text/csv' };
    return (await fetch(`${product.url}${here}/import`, { method: 'POST', headers, body })).status;
  };
  const withoutAccount: Record<string, () => Promise<void>> = {
    listAccounts: async () => expect(await listed()).toEqual([own]),
    async listRotations() {
      const { body } = await owner.send('GET', '/rotations');
      expect((body.items as { id: string }[]).map(({ id }) => id)).toContain(rotation);
      expect(await listed('/api/orgs/current/rotations')).toEqual([]);
    },
    async addAccount() {
      const wanted = (accountId: string) => ({ name: 'Twin', userName: 'x', administrator: { accountId } });
      const [there, nothing] = [await call('POST', here, wanted(account)), await call('POST', here, wanted('acc_no'))];
      expect([there.status, there.body.code, there.body.detail]).toEqual([
        nothing.status,
        nothing.body.code,
        nothing.body.detail,
      ]);
      expect(there.status).toBeGreaterThanOrEqual(400);
      expect(await listed()).toEqual([own]);
    },
    async importAccounts() {
      expect(await importing(someone?.email as string)).toBe(400);
      expect(await importing(stranger.email)).toBe(200);
      expect(await listed()).toHaveLength(2);
      expect((await owner.send('GET', '/accounts?search=Mailbox')).body.items).toEqual([]);
    },
    async eraseAccountKey() {
      const { status, body } = await call('DELETE', '/api/orgs/current/account-key', {});
      expect(status).toBe(409);
      const { confirmation } = body;
      expect((await call('DELETE', '/api/orgs/current/account-key', { confirmation })).status).toBeLessThan(300);
      expect((await reveal(product.url, stranger.cookie, own)).status).toBe(409);
    },
  };
  expect(Object.keys(withoutAccount).toSorted()).toEqual(ofNone.toSorted());
  for (const attempt of Object.values(withoutAccount)) await attempt();
  expect(await print()).toEqual(before);
  expect((await reveal(product.url, owner.cookie, account)).status).toBe(200);
});
