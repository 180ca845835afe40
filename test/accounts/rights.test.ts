import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, plantGroup, plantMembers, reveal, send } from './client.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product?.stop());

const here = '/api/orgs/current/accounts';
const rightsOf = async (account: string) =>
  (await product.context.pool.query('SELECT id, user_id, "right" FROM account_rights WHERE account_id = $1', [account]))
    .rows;

describe('a right', () => {
  it('is given by whoever manages the account too, on record with who gave it', async () => {
    const [tank, neo] = await plantMembers(product, 2);
    const account = await addAccount(owner);
    await giveRight(owner, account, { userId: tank?.id, right: 'manage' });
    const given = await send(product.url, tank?.cookie as string, 'POST', `${here}/${account}/rights`, {
      userId: neo?.id,
      right: 'use',
    });
    expect([given.status, given.body]).toMatchObject([201, { user: { id: neo?.id }, group: null, right: 'use' }]);
    const raised = await giveRight(owner, account, { userId: neo?.id, right: 'manage' });
    expect(raised).toBe(given.body.id);
    await giveRight(owner, account, { userId: neo?.id, right: 'manage' });
    const taken = await send(product.url, tank?.cookie as string, 'DELETE', `${here}/${account}/rights/${raised}`);
    expect(taken.status).toBe(204);
    const { rows } = await product.context.pool.query(
      `SELECT action, actor_id AS by, detail - 'name' AS detail FROM audit_events
       WHERE target_id = $1 AND action LIKE 'account.right%' ORDER BY at`,
      [account],
    );
    expect(rows).toEqual([
      { action: 'account.right_given', by: owner.id, detail: { user: tank?.id, right: 'manage' } },
      { action: 'account.right_given', by: tank?.id, detail: { user: neo?.id, right: 'use' } },
      { action: 'account.right_given', by: owner.id, detail: { user: neo?.id, right: 'manage' } },
      { action: 'account.right_ended', by: tank?.id, detail: { user: neo?.id, right: 'manage' } },
    ]);
    expect((await reveal(product.url, neo?.cookie as string, account)).status).toBe(404);
  });

  it('that is asked for in another form is refused with what it has to be, and a rotation’s confirmation too', async () => {
    const [neo] = await plantMembers(product, 1);
    const account = await addAccount(owner);
    const asked = (path: string, body: object, cookie = owner.cookie) =>
      send(product.url, cookie, 'POST', `${here}/${account}${path}`, body);
    const right = await asked('/rights', { right: 'use' });
    expect([right.status, right.body.detail]).toEqual([400, expect.stringContaining('`userId`, `groupId` and `who`')]);
    const confirmation = await asked('/rotations/rot_none/confirm', {});
    expect([confirmation.status, confirmation.body.detail]).toEqual([
      400,
      expect.stringContaining('{"password": "…"}'),
    ]);
    const lacking = await asked('/rotate', {}, neo?.cookie);
    expect([lacking.status, lacking.body.detail]).toEqual([403, expect.stringContaining('or the right to manage')]);
    const unread = await reveal(product.url, neo?.cookie as string, account);
    expect([unread.status, unread.body.detail]).toEqual([404, expect.stringContaining('whoever manages it can give')]);
  });

  it('ends when its holder is switched off, and does not come back', async () => {
    const [neo] = await plantMembers(product, 1);
    const account = await addAccount(owner);
    await giveRight(owner, account, { userId: neo?.id, right: 'use' });
    expect((await owner.send('PATCH', `/users/${neo?.id}`, { active: false })).status).toBe(200);
    expect(await owner.send('POST', `/accounts/${account}/rights`, { userId: neo?.id, right: 'use' })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    expect((await owner.send('PATCH', `/users/${neo?.id}`, { active: true })).status).toBe(200);
    expect(await rightsOf(account)).toEqual([]);
  });

  it('of a group counts again for whoever is switched on: groups are the identity provider’s word', async () => {
    const person = product.orgs.whiterabbit.userId;
    const account = await addAccount(owner);
    await plantGroup(product, 'grp_kept', [person]);
    await giveRight(owner, account, { groupId: 'grp_kept', right: 'use' });
    const listed = async () => (await (await product.signIn()).get(`${product.url}/api/users/me/accounts`)).text;
    expect(await listed()).toContain(account);
    await owner.send('PATCH', `/users/${person}`, { active: false });
    await owner.send('PATCH', `/users/${person}`, { active: true });
    expect(await listed()).toContain(account);
  });

  it('is not given to somebody who is being switched off at that moment', async () => {
    const [neo] = await plantMembers(product, 1);
    const account = await addAccount(owner);
    let given: Promise<{ status: number }> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('UPDATE users SET active = false WHERE id = $1', [neo?.id]),
      async () => {
        given = owner.send('POST', `/accounts/${account}/rights`, { userId: neo?.id, right: 'use' });
        await waitForLock(product, 1);
      },
    );
    expect((await given)?.status).toBe(409);
    expect(await rightsOf(account)).toEqual([]);
  });

  it('is nobody’s of another organisation, and no account has more than a thousand', async () => {
    const stranger = await plantAdministrator(product, 'member', { org: 'metacortex' });
    const account = await addAccount(owner);
    const give = (right: object) => owner.send('POST', `/accounts/${account}/rights`, right);
    expect((await give({ userId: stranger.id, right: 'use' })).status).toBe(404);
    const orgId = product.orgs.whiterabbit.id;
    await product.context.pool.query(
      `INSERT INTO groups (org_id, id, display_name) SELECT $1, 'grp_many_' || i, 'x' FROM generate_series(1, 1001) i`,
      [orgId],
    );
    await product.context.pool.query(
      `INSERT INTO account_rights (org_id, id, account_id, group_id, "right")
       SELECT $1, 'art_many_' || i, $2, 'grp_many_' || i, 'use' FROM generate_series(1, 999) i`,
      [orgId, account],
    );
    const answers = await Promise.all(
      ['grp_many_1000', 'grp_many_1001'].map((groupId) => give({ groupId, right: 'use' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    // Of somebody who has one it may still be changed.
    expect((await give({ groupId: 'grp_many_1', right: 'manage' })).status).toBe(201);
    const pages: unknown[] = [];
    let next: unknown = null;
    do {
      const query: string = next === null ? '' : `&cursor=${next}`;
      const { body } = await owner.send('GET', `/accounts/${account}/rights?limit=200${query}`);
      pages.push(...(body.items as unknown[]));
      next = body.next;
    } while (next !== null);
    expect(new Set(pages.map((right) => (right as { id: string }).id)).size).toBe(1_000);
  });
});

it('an account keeps the rules of its passwords that a change does not name', async () => {
  const account = await addAccount(owner, {
    passwordRules: { length: 20, classes: ['digit', 'lower'], leaveOut: '0l' },
  });
  const change = (passwordRules: object) => owner.send('PATCH', `/accounts/${account}`, { passwordRules });
  expect((await change({ length: 24 })).body.passwordRules).toEqual({
    length: 24,
    classes: ['digit', 'lower'],
    leaveOut: '0l',
  });
  expect((await change({ leaveOut: '1' })).body.passwordRules).toMatchObject({ length: 24, leaveOut: '1' });
  // Each of them would do, but not together.
  expect(await change({ classes: ['digit'] })).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', errors: [{ pointer: '#/passwordRules/leaveOut' }] },
  });
  expect((await change({ leaveOut: '', classes: ['digit'] })).status).toBe(200);
});

describe('a credential is taken nowhere else:', () => {
  const settings = { host: 'db.example', database: 'app' };
  const database = { connector: 'postgresql', settings };
  const change = (cookie: string, account: string, json: object) =>
    send(product.url, cookie, 'PATCH', `${here}/${account}`, json);

  it('with another place or user name the administrator’s password is given again, by whoever it is', async () => {
    const tank = await plantAdministrator(product, 'member');
    const administrator = { userName: 'root', password: 'root-secret' };
    const account = await addAccount(owner, { ...database, administrator, password: undefined });
    await giveRight(owner, account, { userId: tank.id, right: 'manage' });
    const moves = [
      { settings: { ...settings, host: 'evil.example' } },
      { settings: { ...settings, port: 5433 } },
      { userName: 'postgres' },
      { connector: 'manual', settings: {} },
    ];
    for (const { cookie } of [owner, tank])
      for (const move of moves) {
        const refused = await change(cookie, account, move);
        expect(refused, JSON.stringify(move)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
        expect(refused.body.errors).toMatchObject([{ pointer: '#/administrator' }]);
      }
    expect((await change(tank.cookie, account, { name: 'Database', notes: 'x', everyDays: 9 })).status).toBe(200);
    // The same settings move nothing.
    expect((await change(tank.cookie, account, { settings })).status).toBe(200);
    const again = await change(tank.cookie, account, { ...moves[0], administrator });
    expect([again.status, again.body]).toMatchObject([
      200,
      { settings: { host: 'evil.example' }, administrator: { userName: 'root' } },
    ]);
    expect((await change(tank.cookie, account, { ...moves[2], administrator: null })).status).toBe(200);
    const { rows } = await product.context.pool.query(
      `SELECT detail ->> 'changed' AS changed FROM audit_events WHERE target_id = $1 AND action = 'account.changed' ORDER BY at`,
      [account],
    );
    expect(rows.map(({ changed }) => changed)).toEqual([
      'name notes everyDays',
      'settings administrator',
      'userName administrator',
    ]);
  });

  it('another account is named as the administrator, and led elsewhere, by a role alone: a right to it ends', async () => {
    const tank = await plantAdministrator(product, 'member');
    const admin = await addAccount(owner, { name: 'Root' });
    const account = await addAccount(owner, { ...database, password: undefined });
    await giveRight(owner, account, { userId: tank.id, right: 'manage' });
    const name = (accountId: string, cookie = tank.cookie) => change(cookie, account, { administrator: { accountId } });
    const [there, nothing] = [await name(admin), await name('acc_nothing')];
    const plain = ({ body: { requestId: _requestId, ...body } }: typeof there) => body;
    expect(plain(there)).toEqual(plain(nothing));
    expect(there).toMatchObject({ status: 403, body: { errors: [{ pointer: '#/administrator' }] } });
    expect((await name('acc_nothing', owner.cookie)).status).toBe(400);
    // What the account's own right lets somebody do outlives it: each new password of the other
    // would go there.
    await giveRight(owner, admin, { userId: tank.id, right: 'manage' });
    expect((await name(admin)).status).toBe(403);
    expect((await name(admin, owner.cookie)).status).toBe(200);
    const mine = { host: 'evil.example' };
    const leads = [
      { userName: 'postgres' },
      { settings: { ...settings, ...mine } },
      { settings: { ...settings, tls: 'off' } },
      { connector: 'mariadb', settings: mine },
    ];
    for (const lead of leads)
      expect(await change(tank.cookie, account, lead), JSON.stringify(lead)).toMatchObject({
        status: 403,
        body: { errors: [{ pointer: '#/administrator' }] },
      });
    expect((await change(tank.cookie, account, { notes: 'x', everyDays: 9 })).status).toBe(200);
    expect((await change(owner.cookie, account, { settings: { ...settings, port: 5433 } })).status).toBe(200);
    // Without that administrator nothing of it goes anywhere, and the account may change its own password.
    expect((await change(tank.cookie, account, { ...leads[1], administrator: { accountId: account } })).status).toBe(
      200,
    );
    const foreign = await addAccount(await plantAdministrator(product, 'owner', { org: 'metacortex' }));
    expect((await name(foreign, owner.cookie)).status).toBe(400);
  });

  it('whoever says where a password is sent has read it, on record', async () => {
    const admin = await addAccount(owner, { name: 'Root' });
    const account = await addAccount(owner, { ...database, administrator: { accountId: admin } });
    const readBy = async (id: string) =>
      (
        (await owner.send('GET', `/accounts/${id}/reveals`)).body.items as { user: { id: string }; version: number }[]
      ).map(({ user, version }) => [user.id, version]);
    expect([await readBy(admin), await readBy(account)]).toEqual([[[owner.id, 1]], []]);
    const mover = await plantAdministrator(product, 'super_admin');
    await mover.send('PATCH', `/accounts/${account}`, {
      name: 'Elsewhere',
      userName: 'other',
      password: 'of-the-other',
    });
    expect(await readBy(account)).toEqual([]);
    await mover.send('PATCH', `/accounts/${account}`, {
      settings: { ...settings, host: 'mine.example' },
      password: 'the-one-there',
    });
    expect(await readBy(account)).toEqual([[mover.id, 3]]);
    expect(await readBy(admin)).toEqual([
      [mover.id, 1],
      [owner.id, 1],
    ]);
    const { rows } = await product.context.pool.query(
      `SELECT target_id, detail - 'name' AS detail FROM audit_events WHERE actor_id = $1 AND action = 'account.revealed' ORDER BY at`,
      [mover.id],
    );
    expect(rows).toEqual([
      { target_id: account, detail: { version: 3, led: true } },
      { target_id: admin, detail: { version: 1, led: true } },
    ]);
  });

  it('accounts administer no circle, but themselves, also where two are named at once', async () => {
    const [a, b, c] = [await addAccount(owner), await addAccount(owner), await addAccount(owner)];
    const name = (of: string, accountId: string) =>
      owner.send('PATCH', `/accounts/${of}`, { administrator: { accountId } });
    expect((await name(a, a)).status).toBe(200);
    expect((await name(b, a)).status).toBe(200);
    expect((await name(c, b)).status).toBe(200);
    expect(await name(a, c)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    for (let round = 0; round < 10; round += 1) {
      const [d, e] = [await addAccount(owner), await addAccount(owner)];
      const answers = await Promise.all([name(d, e), name(e, d)]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    }
  });
});
