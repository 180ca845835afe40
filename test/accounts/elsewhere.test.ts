import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, send } from './client.ts';
import { openTarget, passwordsOf, rotationsOf, type Target, until, untilSettled } from './support.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let target: Target;
let thief: Server;
/** All that the other place was ever sent. */
const stolen: string[] = [];
let elsewhere: { connector: string; settings: Record<string, unknown> };
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  target = openTarget();
  thief = createServer(async (request, response) => {
    for await (const chunk of request) stolen.push(String(chunk));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
  const { port } = thief.address() as AddressInfo;
  const body = (template: string) => ({ type: 'json', template });
  const settings = {
    method: 'PUT',
    url: `http://127.0.0.1:${port}/set`,
    body: body('{"new":"{{new}}","old":"{{old}}"}'),
    accepted: { statuses: [204] },
    rejected: { statuses: [422] },
    tls: 'off',
    verify: {
      url: `http://127.0.0.1:${port}/try`,
      body: body('{"user":"{{user}}","tried":"{{new}}"}'),
      accepted: { statuses: [204] },
      refused: { statuses: [401] },
    },
  };
  elsewhere = { connector: 'http', settings };
});
afterAll(async () => {
  thief?.closeAllConnections();
  thief?.close();
  await target?.drop();
  await product?.stop();
});

/** An account at a real PostgreSQL with two versions, and who manages it. */
async function addAtHome() {
  const role = await target.makeRole();
  const account = await addAccount(owner, {
    connector: 'postgresql',
    settings: target.place,
    userName: role.name,
    password: 'an-earlier-one',
    administrator: target.admin,
  });
  await owner.send('POST', `/accounts/${account}/password`, { password: role.password });
  return { account, kept: ['an-earlier-one', role.password] };
}
const secretsOf = async (account: string) =>
  (await passwordsOf(product, product.orgs.whiterabbit.id, account)).map(({ password }) => password);
const lead = { administrator: null };

describe('a kept password is not sent to where an account is led', () => {
  it('which asks for the one there, of whoever it is; and then only that one is sent', async () => {
    const { account, kept } = await addAtHome();
    const superAdmin = await plantAdministrator(product, 'super_admin');
    const change = (json: object, who = superAdmin) => who.send('PATCH', `/accounts/${account}`, json);
    for (const move of [elsewhere, { userName: 'another' }, { settings: { ...target.place, host: 'localhost' } }])
      expect(await change({ ...lead, ...move }), JSON.stringify(move)).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', errors: [{ pointer: '#/password' }] },
      });
    expect((await change({ notes: 'x', password: 'for-nothing' })).body.errors).toMatchObject([
      { pointer: '#/password' },
    ]);
    expect((await change({ ...lead, ...elsewhere, password: 'the-one-there' })).status).toBe(200);
    expect((await superAdmin.send('POST', `/accounts/${account}/test`)).body).toMatchObject({ result: 'accepted' });
    expect((await superAdmin.send('POST', `/accounts/${account}/rotate`)).status).toBe(202);
    await untilSettled(product, account);
    expect(stolen.join()).toContain('the-one-there');
    for (const password of kept) expect(stolen.join()).not.toContain(password);
    // People still read them.
    await giveRight(owner, account, { userId: owner.id, right: 'manage' });
    const read = await send(
      product.url,
      owner.cookie,
      'POST',
      `/api/orgs/current/accounts/${account}/versions/2/reveal`,
    );
    expect(read.body).toMatchObject({ password: kept[1] });
  });

  it('not by a detour over people who change it, nor by a search for the one that signs in', async () => {
    const { account, kept } = await addAtHome();
    const change = (json: object) => owner.send('PATCH', `/accounts/${account}`, json);
    expect((await change({ ...lead, connector: 'manual', settings: {} })).status).toBe(200);
    expect((await change(elsewhere)).status).toBe(400);
    expect((await change({ ...elsewhere, password: 'the-one-there' })).status).toBe(200);
    await product.context.pool.query(
      `INSERT INTO account_rotations (org_id, id, account_id, cause) VALUES ($1, 'rot_' || $2, $2, 'reconcile')`,
      [product.orgs.whiterabbit.id, account],
    );
    const before = stolen.length;
    await untilSettled(product, account, { skipPauses: true });
    expect(stolen.length).toBeGreaterThan(before);
    for (const password of kept) expect(stolen.join()).not.toContain(password);
  });

  it.each(['candidate', 'set', 'uncertain', 'promoted', 'old_works', 'manual'])(
    'where a rotation is "%s" at that moment, neither is what it has made',
    async (state) => {
      const { account } = await addAtHome();
      await owner.send('POST', `/accounts/${account}/rotate`);
      await untilSettled(product, account);
      await product.context.pool.query(
        `UPDATE account_rotations SET state = $2::text::"AccountRotationState", finished_at = NULL, due_at = now() + interval '50 minutes',
           sent_at = now(), probe = CASE WHEN $2 = 'promoted' THEN 1 ELSE 0 END WHERE account_id = $1`,
        [account, state],
      );
      const kept = await secretsOf(account);
      expect(kept).toHaveLength(3);
      const led = await owner.send('PATCH', `/accounts/${account}`, {
        ...lead,
        ...elsewhere,
        password: 'the-one-there',
      });
      expect(led.status).toBe(200);
      if (state === 'manual') {
        const [rotation] = await rotationsOf(product, account);
        const confirm = `/accounts/${account}/rotations/${rotation?.id}/confirm`;
        expect((await owner.send('POST', confirm, { candidate: true })).status).toBe(409);
        await owner.send('POST', `/accounts/${account}/rotate`);
      }
      await product.context.pool.query('UPDATE account_rotations SET due_at = now() WHERE account_id = $1', [account]);
      product.context.wakeRotator();
      await untilSettled(product, account, { skipPauses: true });
      // Of the former one, which is for elsewhere, nothing is known: so it isn't called done.
      if (state === 'old_works' || state === 'promoted')
        await until(async () => (await rotationsOf(product, account))[0]?.state === 'cancelled');
      for (const password of kept) expect(stolen.join()).not.toContain(password);
    },
  );

  it('by whoever authenticated longer than five minutes ago', async () => {
    const { account } = await addAtHome();
    const late = await plantAdministrator(product, 'owner');
    await product.context.pool.query(
      `UPDATE sessions SET authenticated_at = now() - interval '301 seconds' WHERE user_id = $1`,
      [late.id],
    );
    const stale = { status: 401, body: { code: 'reauthentication_required', maxAge: 300 } };
    const leads = [
      late.send('PATCH', `/accounts/${account}`, { ...lead, ...elsewhere, password: 'the-one-there' }),
      late.send('PATCH', `/accounts/${account}`, { administrator: { accountId: account } }),
      late.send('POST', '/accounts', { name: 'x', userName: 'x', administrator: { accountId: account } }),
    ];
    for (const answer of await Promise.all(leads)) expect(answer).toMatchObject(stale);
    expect((await late.send('PATCH', `/accounts/${account}`, { notes: 'x' })).status).toBe(200);
  });
});
