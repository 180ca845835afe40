import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countWaiting, waitForLock, whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { approveDevice, beginDevice, poll, tokensOf } from '../tokens/support.ts';
import { addAccount, giveRight, plantGroup, plantMembers, reveal, send } from './client.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
});
afterAll(() => product?.stop());

const eventsOf = async (account: string, action: string) =>
  (
    await product.context.pool.query(
      'SELECT actor_id, detail FROM audit_events WHERE target_id = $1 AND action = $2 ORDER BY at',
      [account, action],
    )
  ).rows;

describe('somebody with the right to use an account', () => {
  it('reads the current password, on record with the version, kept by no cache', async () => {
    const [neo] = await plantMembers(product, 1);
    const id = await addAccount(owner);
    await giveRight(owner, id, { userId: neo?.id, right: 'use' });
    await owner.send('POST', `/accounts/${id}/password`, { password: 'second-secret' });
    const { status, body, headers } = await reveal(product.url, neo?.cookie as string, id);
    expect([status, body]).toEqual([
      200,
      { accountId: id, name: 'Computer', userName: 'operator', place: '', version: 2, password: 'second-secret' },
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await eventsOf(id, 'account.revealed')).toEqual([
      { actor_id: neo?.id, detail: { name: 'Computer', version: 2 } },
    ]);
    const { body: reveals } = await owner.send('GET', `/accounts/${id}/reveals`);
    expect(reveals.items).toMatchObject([{ accountId: id, version: 2, user: { id: neo?.id } }]);
  });

  it('reads no earlier version; who manages the account does, of this account alone', async () => {
    const [neo, tank] = await plantMembers(product, 2);
    const [id, other] = [await addAccount(owner), await addAccount(owner, { password: 'of-the-other' })];
    await giveRight(owner, id, { userId: neo?.id, right: 'use' });
    await giveRight(owner, id, { userId: tank?.id, right: 'manage' });
    await owner.send('POST', `/accounts/${id}/password`, { password: 'second-secret' });
    const version = (account: string, number: string, cookie = tank?.cookie) =>
      send(product.url, cookie as string, 'POST', `/api/orgs/current/accounts/${account}/versions/${number}/reveal`);
    expect(await version(id, '1', neo?.cookie)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await version(id, '1')).toMatchObject({ status: 200, body: { version: 1, password: 'first-secret' } });
    expect(await version(id, '2')).toMatchObject({ status: 200, body: { version: 2, password: 'second-secret' } });
    expect((await version(id, '3')).status).toBe(404);
    expect((await version(other, '1')).status).toBe(404);
    expect((await version(id, 'x')).status).toBe(404);
    expect(await eventsOf(id, 'account.revealed')).toHaveLength(2);
  });

  it('has it by a group as long as they are in it', async () => {
    const [neo] = await plantMembers(product, 1);
    const id = await addAccount(owner);
    await plantGroup(product, 'grp_crew', [neo?.id as string]);
    await giveRight(owner, id, { groupId: 'grp_crew', right: 'use' });
    expect((await reveal(product.url, neo?.cookie as string, id)).status).toBe(200);
    await product.context.pool.query('DELETE FROM group_members WHERE user_id = $1', [neo?.id]);
    expect((await reveal(product.url, neo?.cookie as string, id)).status).toBe(404);
  });

  it('reads it by an app’s token for the administration, too, while its grant lives, and by no other', async () => {
    const id = await addAccount(owner);
    const browser = await product.signIn();
    await product.context.pool.query(`UPDATE users SET role = 'owner' WHERE id = $1`, [
      product.orgs.whiterabbit.userId,
    ]);
    const device = await beginDevice(product, { scope: 'openid email profile offline_access admin' });
    await approveDevice(product, browser, device.user_code);
    const { access_token: token } = (await poll(product, device.device_code)).body;
    const { access_token: personal } = await tokensOf(product, {}, browser);
    await giveRight(owner, id, { userId: product.orgs.whiterabbit.userId, right: 'manage' });
    const mine = `/api/users/me/accounts/${id}/reveal`;
    const byApp = (path = mine, bearer = token) =>
      fetch(`${product.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } });
    for (const path of [mine, `/api/orgs/current/accounts/${id}/versions/1/reveal`]) {
      const refused = await byApp(path, personal);
      expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'insufficient_scope' }]);
      expect(refused.headers.get('www-authenticate')).toContain('scope="admin"');
    }
    expect(await eventsOf(id, 'account.revealed')).toEqual([]);
    const read = await byApp();
    expect([read.status, await read.json()]).toMatchObject([200, { password: 'first-secret' }]);
    expect((await product.revoke()).status).toBe(204);
    expect((await byApp()).status).toBe(401);
  });
});

describe('nobody reads a password', () => {
  it('who authenticated longer than five minutes ago, whatever the organisation asks of administrators', async () => {
    const [neo] = await plantMembers(product, 1);
    const id = await addAccount(owner);
    await giveRight(owner, id, { userId: neo?.id, right: 'use' });
    const at = (minutes: string) =>
      product.context.pool.query(
        'UPDATE sessions SET authenticated_at = now() - make_interval(secs => $2) WHERE user_id = $1',
        [neo?.id, minutes],
      );
    await at('295');
    expect((await reveal(product.url, neo?.cookie as string, id)).status).toBe(200);
    await at('301');
    const refused = await reveal(product.url, neo?.cookie as string, id);
    expect(refused).toMatchObject({
      status: 401,
      body: { code: 'reauthentication_required', maxAge: 300, signInUrl: '/openid/start/whiterabbit?prompt=login' },
    });
    await product.context.pool.query('UPDATE sessions SET authenticated_at = NULL WHERE user_id = $1', [neo?.id]);
    expect((await reveal(product.url, neo?.cookie as string, id)).status).toBe(401);
    expect(await eventsOf(id, 'account.revealed')).toHaveLength(1);
  });

  it('by a role alone, nor learns by it whether an account is there', async () => {
    const [neo] = await plantMembers(product, 1);
    const id = await addAccount(owner);
    for (const { cookie } of [owner, neo as { cookie: string }]) {
      const answers = await Promise.all([id, 'acc_nobody'].map((account) => reveal(product.url, cookie, account)));
      const [there, nothing] = answers.map(({ status, body: { requestId: _requestId, ...body } }) => ({
        status,
        body,
      }));
      expect(there).toEqual(nothing);
      expect(there?.status).toBe(404);
    }
    const listed = await send(product.url, neo?.cookie as string, 'GET', '/api/users/me/accounts');
    expect(listed.body.items).toEqual([]);
  });

  it('of another organisation’s account', async () => {
    const stranger = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const id = await addAccount(owner);
    const given = await stranger.send('POST', `/accounts/${id}/rights`, { userId: stranger.id, right: 'manage' });
    expect(given.status).toBe(404);
    expect((await reveal(product.url, stranger.cookie, id)).status).toBe(404);
    // Whatever stands in the tables: a right of one organisation means nothing in another.
    const own = await addAccount(stranger, { password: 'of-the-twin' });
    await giveRight(owner, id, { userId: owner.id, right: 'manage' });
    expect((await reveal(product.url, owner.cookie, own)).status).toBe(404);
    const rows = await product.context.pool.query(
      'SELECT FROM account_reveals WHERE account_id = ANY ($1) AND NOT given',
      [[id, own]],
    );
    expect(rows.rowCount).toBe(0);
  });

  it('by a page of another origin', async () => {
    const id = await addAccount(owner);
    await giveRight(owner, id, { userId: owner.id, right: 'use' });
    const headers = { origin: 'https://elsewhere.example' };
    const path = `/api/users/me/accounts/${id}/reveal`;
    const forged = await send(product.url, owner.cookie, 'POST', path, undefined, headers);
    expect(forged).toMatchObject({ status: 403, body: { code: 'foreign_origin' } });
    expect((await send(product.url, owner.cookie, 'GET', path)).status).toBe(405);
    expect(await eventsOf(id, 'account.revealed')).toEqual([]);
  });

  it('more than twenty times a minute, however many come at once', async () => {
    const [neo, tank] = await plantMembers(product, 2);
    const ids = [await addAccount(owner), await addAccount(owner)];
    for (const id of ids)
      for (const person of [neo, tank]) await giveRight(owner, id, { userId: person?.id, right: 'use' });
    const answers = await Promise.all(
      Array.from({ length: 26 }, (_, n) => reveal(product.url, neo?.cookie as string, ids[n % 2] as string)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      ...Array.from({ length: 20 }, () => 200),
      ...Array.from({ length: 6 }, () => 429),
    ]);
    const refused = answers.find(({ status }) => status === 429);
    const seconds = Number(refused?.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect((await reveal(product.url, tank?.cookie as string, ids[0] as string)).status).toBe(200);
    await product.context.pool.query(`UPDATE account_reveals SET at = at - interval '1 minute' WHERE user_id = $1`, [
      neo?.id,
    ]);
    expect((await reveal(product.url, neo?.cookie as string, ids[0] as string)).status).toBe(200);
  });
});

it('somebody who asks all the time takes no connection from others', async () => {
  const [neo, other] = await plantMembers(product, 2);
  const id = await addAccount(owner);
  await giveRight(owner, id, { userId: neo?.id, right: 'use' });
  let answers: ReturnType<typeof reveal>[] = [];
  await whileLocked(
    product,
    (blocker) => blocker.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [neo?.id]),
    async () => {
      answers = Array.from({ length: 30 }, () => reveal(product.url, neo?.cookie as string, id));
      await waitForLock(product, 2);
      await expect.poll(() => product.context.inTurn.count().reveals.waiting).toBe(28);
      expect(await countWaiting(product)).toBe(2);
      expect(await statusOfMe(product.url, other?.cookie as string)).toBe(200);
    },
  );
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
});

describe('what is sealed', () => {
  it('does not open in another version’s, account’s or organisation’s row', async () => {
    const { pool } = product.context;
    const twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const [one, other, foreign] = [await addAccount(owner), await addAccount(owner), await addAccount(twin)];
    await owner.send('POST', `/accounts/${one}/password`, { password: 'second-secret' });
    for (const id of [one, other]) await giveRight(owner, id, { userId: owner.id, right: 'manage' });
    await giveRight(twin, foreign, { userId: twin.id, right: 'manage' });
    const sealedOf = async (id: string, version = 1) =>
      (await pool.query('SELECT sealed FROM account_versions WHERE account_id = $1 AND version = $2', [id, version]))
        .rows[0].sealed;
    const put = (id: string, version: number, sealed: string) =>
      pool.query('UPDATE account_versions SET sealed = $3 WHERE account_id = $1 AND version = $2', [
        id,
        version,
        sealed,
      ]);
    const first = await sealedOf(one);
    await put(one, 2, first);
    expect(await reveal(product.url, owner.cookie, one)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    await put(other, 1, first);
    expect((await reveal(product.url, owner.cookie, other)).status).toBe(409);
    await put(foreign, 1, first);
    expect((await reveal(product.url, twin.cookie, foreign)).status).toBe(409);
  });
});
