import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount, giveRight, reveal } from './client.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product?.stop());
beforeEach(async () => {
  owner = await plantAdministrator(product, 'owner');
});

const count = async (table: string, account: string) =>
  (await product.context.pool.query(`SELECT count(*)::int AS n FROM ${table} WHERE account_id = $1`, [account])).rows[0]
    .n;
const read = (account: string, by = owner) => reveal(product.url, by.cookie, account);
const erase = (json: object, by = owner) => by.send('DELETE', '/account-key', json);
const confirmationOf = ({ status, body }: Awaited<ReturnType<typeof erase>>) => {
  expect([status, body.code]).toEqual([409, 'confirmation_required']);
  return { confirmation: body.confirmation };
};

describe('an account is removed', () => {
  it('once whoever removes it has seen what goes with it, and not what another confirmation is for', async () => {
    const [account, other] = [await addAccount(owner), await addAccount(owner)];
    await giveRight(owner, account, { userId: owner.id, right: 'use' });
    await read(account);
    const remove = (id: string, json: object) => owner.send('DELETE', `/accounts/${id}`, json);
    const asked = await remove(account, {});
    expect(asked.body.effects).toMatchObject({ accounts: 1, versions: 1, rights: 1, mayBeLive: [], underWay: 0 });
    const confirmed = confirmationOf(asked);
    expect((await remove(other, confirmed)).status).toBe(409);
    await owner.send('POST', `/accounts/${account}/password`, { password: 'second-secret' });
    const again = await remove(account, confirmed);
    expect(again.body).toMatchObject({ code: 'confirmation_required', effects: { versions: 2 } });
    expect((await remove(account, confirmationOf(again))).status).toBe(204);
    for (const table of ['account_versions', 'account_rights', 'account_reveals', 'account_rotations'])
      expect([table, await count(table, account)]).toEqual([table, 0]);
    expect((await owner.send('GET', `/accounts/${account}`)).status).toBe(404);
    expect((await remove(account, {})).status).toBe(404);
    const { rows } = await product.context.pool.query(
      `SELECT detail ->> 'name' AS name FROM audit_events WHERE target_id = $1 AND action = 'account.removed'`,
      [account],
    );
    expect(rows).toEqual([{ name: 'Computer' }]);
  });

  it('not while it changes the passwords of others', async () => {
    const admin = await addAccount(owner);
    const account = await addAccount(owner, { administrator: { accountId: admin } });
    await owner.send('PATCH', `/accounts/${admin}`, { administrator: { accountId: admin } });
    const refused = await owner.send('DELETE', `/accounts/${admin}`, {});
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    await owner.send('PATCH', `/accounts/${account}`, { administrator: null });
    // That it changes its own doesn't hold it.
    const confirmed = confirmationOf(await owner.send('DELETE', `/accounts/${admin}`, {}));
    expect((await owner.send('DELETE', `/accounts/${admin}`, confirmed)).status).toBe(204);
  });
});

describe('while the password of an account is being changed', () => {
  const remove = (id: string, json: object) => owner.send('DELETE', `/accounts/${id}`, json);
  const run = (text: string, values: readonly unknown[]) => product.context.pool.query(text, [...values]);
  /** A rotation that no rotator takes up; its candidate is version 2. */
  async function plantRotation(account: string, state: string, more: { sent: boolean; failing: boolean }) {
    const orgId = product.orgs.whiterabbit.id;
    const id = `rot_${account}`;
    await run(
      `INSERT INTO account_rotations (org_id, id, account_id, cause, state, candidate, previous, sent_at, failing_since, due_at)
       VALUES ($1, $2, $3, 'hand', $4::"AccountRotationState", 2, 1, CASE WHEN $5 THEN now() END, CASE WHEN $6 THEN now() END, now() + interval '1 hour')`,
      [orgId, id, account, state, more.sent, more.failing],
    );
    await run('UPDATE accounts SET next_version = 3 WHERE id = $1', [account]);
    await run(
      `INSERT INTO account_versions (org_id, account_id, version, sealed, state, rotation_id) VALUES ($1, $2, 2, 'x', 'candidate', $3)`,
      [orgId, account, id],
    );
    return id;
  }

  it.each(['candidate', 'set', 'uncertain'])(
    'it isn’t removed with the only copy of what is on its way (%s)',
    async (state) => {
      const account = await addAccount(owner);
      const before = confirmationOf(await remove(account, {}));
      const rotation = await plantRotation(account, state, { sent: true, failing: false });
      expect(await remove(account, before)).toMatchObject({ status: 409, body: { code: 'conflict' } });
      expect(await remove(account, {})).toMatchObject({ status: 409, body: { code: 'conflict' } });
      // Its system doesn't answer, perhaps for ever: who has seen which versions to read may remove it.
      await run('UPDATE account_rotations SET failing_since = now() WHERE id = $1', [rotation]);
      const asked = await remove(account, {});
      expect(asked.body.effects).toMatchObject({ mayBeLive: [1, 2], underWay: 1 });
      await run('UPDATE account_rotations SET claim = claim + 1 WHERE id = $1', [rotation]);
      expect((await remove(account, confirmationOf(asked))).status).toBe(204);
    },
  );

  it('what was seen before people were asked to set it, or the machine again, confirms nothing', async () => {
    const account = await addAccount(owner);
    const rotation = await plantRotation(account, 'uncertain', { sent: true, failing: true });
    const uncertain = confirmationOf(await remove(account, {}));
    await run(`UPDATE account_rotations SET state = 'manual' WHERE id = $1`, [rotation]);
    const manual = await remove(account, uncertain);
    expect(manual.body.effects).toMatchObject({ mayBeLive: [1, 2] });
    await run('UPDATE account_rotations SET claim = claim + 1 WHERE id = $1', [rotation]);
    const again = await remove(account, confirmationOf(manual));
    expect((await remove(account, confirmationOf(again))).status).toBe(204);
  });

  it('a candidate of which no byte has left holds nobody up', async () => {
    const account = await addAccount(owner);
    await plantRotation(account, 'candidate', { sent: false, failing: false });
    const asked = await remove(account, {});
    expect(asked.body.effects).toMatchObject({ mayBeLive: [], underWay: 0 });
    expect((await remove(account, confirmationOf(asked))).status).toBe(204);
  });

  it('a removal waits for the step that is being written, and then finds it', async () => {
    const account = await addAccount(owner);
    const rotation = await plantRotation(account, 'candidate', { sent: false, failing: false });
    const confirmed = confirmationOf(await remove(account, {}));
    let removing: ReturnType<typeof remove> | undefined;
    await whileLocked(
      product,
      (blocker) => blocker.query('UPDATE account_rotations SET sent_at = now() WHERE id = $1', [rotation]),
      async () => {
        removing = remove(account, confirmed);
        await waitForLock(product);
      },
    );
    expect(await removing).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('the question before every password is erased says how many are under way', async () => {
    const account = await addAccount(owner);
    await plantRotation(account, 'set', { sent: true, failing: false });
    const { body } = await erase({});
    expect((body.effects as { underWay: number }).underWay).toBeGreaterThan(0);
    const { rows } = await run('SELECT state FROM account_rotations WHERE account_id = $1', [account]);
    expect(rows).toEqual([{ state: 'set' }]);
  });
});

describe('when the organisation’s key is erased', () => {
  it('every password is lost at once, of this organisation alone, and a new one can be given', async () => {
    const twin = await plantAdministrator(product, 'owner', { org: 'metacortex' });
    const theirs = await addAccount(twin, { password: 'of-the-twin' });
    await giveRight(twin, theirs, { userId: twin.id, right: 'use' });
    const account = await addAccount(owner, { administrator: { userName: 'root', password: 'root-secret' } });
    await giveRight(owner, account, { userId: owner.id, right: 'manage' });
    const { pool } = product.context;
    const kept = (await pool.query('SELECT sealed FROM account_versions WHERE account_id = $1', [account])).rows[0]
      .sealed;
    await owner.send('POST', `/accounts/${account}/rotate`);
    expect((await erase({}, await plantAdministrator(product, 'super_admin'))).status).toBe(403);
    const asked = await erase({});
    expect(asked.body.effects).toMatchObject({ versions: expect.any(Number) });
    expect((await read(account)).status).toBe(200);
    const confirmed = confirmationOf(asked);
    expect((await erase(confirmed, twin)).status).toBe(409);
    expect((await erase(confirmed)).status).toBe(204);
    expect((await erase(confirmed)).body.code).toBe('conflict');
    expect(await read(account)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const { body } = await owner.send('GET', `/accounts/${account}`);
    expect(body).toMatchObject({ version: null, administrator: null, state: 'steady' });
    expect((await owner.send('GET', `/accounts/${account}/versions`)).body.items).toEqual([]);
    expect((await owner.send('GET', `/accounts/${account}/rights`)).body.items).toHaveLength(1);
    expect((await read(theirs, twin)).body.password).toBe('of-the-twin');
    // A number is never given twice; and what was sealed before opens no more, wherever it was kept.
    const given = await owner.send('POST', `/accounts/${account}/password`, { password: 'after-all' });
    expect(given.body.version).toBeGreaterThan(1);
    expect((await read(account)).body).toMatchObject({ ...given.body, password: 'after-all' });
    await pool.query(
      `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 1, $3, 'former')`,
      [product.orgs.whiterabbit.id, account, kept],
    );
    expect((await owner.send('POST', `/accounts/${account}/versions/1/reveal`)).status).toBe(409);
    const { rows } = await pool.query(
      `SELECT target_id, actor_id FROM audit_events WHERE action = 'account.key_erased'`,
    );
    expect(rows).toEqual([{ target_id: product.orgs.whiterabbit.id, actor_id: owner.id }]);
  });

  it('no password that is given at that moment is lost by halves', async () => {
    const accounts = await Promise.all(Array.from({ length: 8 }, () => addAccount(owner)));
    for (const account of accounts) await giveRight(owner, account, { userId: owner.id, right: 'use' });
    for (let round = 0; round < 3; round += 1) {
      const give = () =>
        accounts.map((account) => owner.send('POST', `/accounts/${account}/password`, { password: `secret-${round}` }));
      await Promise.all(give());
      const confirmed = confirmationOf(await erase({}));
      const giving = Promise.all(give());
      expect((await erase(confirmed)).status).toBe(204);
      for (const { status } of await giving) expect(status).toBe(200);
      for (const account of accounts.slice(0, 5)) {
        const { version } = (await owner.send('GET', `/accounts/${account}`)).body;
        expect((await read(account)).status).toBe(version === null ? 409 : 200);
      }
      await product.context.pool.query(`UPDATE account_reveals SET at = at - interval '1 minute'`);
      await Promise.all(give());
    }
  });
});
