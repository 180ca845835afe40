import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepAccounts } from '../../src/accounts/sweep.ts';
import { clean } from '../../src/database/chores.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { addAccount } from './client.ts';
import { openTarget, type Target, untilSettled } from './support.ts';

let product: Product;
let owner: Awaited<ReturnType<typeof plantAdministrator>>;
let target: Target;
beforeAll(async () => {
  product = await startProduct();
  owner = await plantAdministrator(product, 'owner');
  target = openTarget();
});
afterAll(async () => {
  await target?.drop();
  await product?.stop();
});

const sql = (text: string, values: unknown[] = []) => product.context.pool.query(text, values);
const versionsOf = async (account: string) =>
  (await sql('SELECT version FROM account_versions WHERE account_id = $1 ORDER BY version', [account])).rows.map(
    ({ version }) => version,
  );
const give = (account: string, password: string) => owner.send('POST', `/accounts/${account}/password`, { password });
/** An account of a role of a real PostgreSQL. */
async function addRole() {
  const role = await target.makeRole();
  const account = await addAccount(owner, {
    connector: 'postgresql',
    settings: target.place,
    userName: role.name,
    password: role.password,
    administrator: target.admin,
  });
  return { role, account };
}
/** As if `count` passwords had been kept before: versions 1 to `count` of the second one's kind. */
async function plantVersions(account: string, count: number, dead: readonly number[] = []) {
  await sql(
    `INSERT INTO account_versions (org_id, account_id, version, sealed, state)
     SELECT org_id, account_id, n, sealed, CASE WHEN n = ANY ($3::int[]) THEN 'dead'::"AccountVersionState" ELSE 'former' END
     FROM account_versions, generate_series(2, $2::int) n WHERE account_id = $1 AND version = 1`,
    [account, count, dead],
  );
  await sql('UPDATE accounts SET next_version = $2 WHERE id = $1', [account, count + 1]);
}

describe('of a hundred kept passwords', () => {
  it('the oldest go once a later one has signed in, dead ones first', async () => {
    const { role, account } = await addRole();
    await plantVersions(account, 104, [50]);
    // Nothing proves any of them: only the one that never counted goes.
    expect((await give(account, role.password)).body).toEqual({ version: 105 });
    const unproven = await versionsOf(account);
    expect([unproven.length, unproven.includes(50), unproven[0]]).toEqual([104, false, 1]);
    expect((await owner.send('POST', `/accounts/${account}/rotate`)).status).toBe(202);
    await untilSettled(product, account);
    const kept = await versionsOf(account);
    expect([kept.length, kept.at(-1), kept.includes(105)]).toEqual([100, 106, true]);
  });

  it('people add none to a thousand that nothing has proven, until one signs in', async () => {
    const { role, account } = await addRole();
    await plantVersions(account, 999);
    expect((await give(account, role.password)).body).toEqual({ version: 1_000 });
    const refused = await give(account, role.password);
    expect([refused.status, refused.body.type, refused.body.detail]).toEqual([
      409,
      expect.stringContaining('conflict'),
      expect.stringContaining('1000 passwords'),
    ]);
    expect((await versionsOf(account)).length).toBe(1_000);
    expect((await owner.send('POST', `/accounts/${account}/test`)).body.result).toBe('accepted');
    expect((await owner.send('POST', `/accounts/${account}/rotate`)).status).toBe(202);
    await untilSettled(product, account);
    expect((await give(account, role.password)).status).toBe(200);
    expect((await versionsOf(account)).length).toBe(100);
  });

  it('a thousand stay of what a system said that it had set, and never proved', async () => {
    const settings = {
      url: 'https://computer.whiterabbit.fake/password',
      body: { type: 'json', template: '{"password":"{{new}}"}' },
    };
    const account = await addAccount(owner, { connector: 'http', settings, password: 'first' });
    await plantVersions(account, 1_500, [40]);
    await sql(`UPDATE account_versions SET rotation_id = 'rot_before' WHERE account_id = $1 AND version > 1`, [
      account,
    ]);
    expect((await give(account, 'the-right-one')).status).toBe(200);
    const kept = await versionsOf(account);
    // The current one was typed in: it lets nothing go, and those before the last that was set do.
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([1_000, 502, 1_501]);
  });

  it('they go by people’s word where people change it, and never those of another account', async () => {
    const [account, other] = [await addAccount(owner), await addAccount(owner)];
    for (const id of [account, other]) await plantVersions(id, 100);
    await give(account, 'the-newest');
    expect((await versionsOf(account)).length).toBe(100);
    expect((await versionsOf(account))[0]).not.toBe((await versionsOf(other))[0]);
    expect((await versionsOf(other)).length).toBe(100);
  });
});

describe('the history of accounts', () => {
  const sweep = async () => {
    while (!(await clean(product.context.pool, [sweepAccounts])));
  };
  const left = async (table: string, account: string) =>
    // Those that are planted here: whoever gave a password is on record as knowing it, too.
    (
      await sql(`SELECT id FROM ${table} WHERE account_id = $1 AND right(id, length($1)) = $1 ORDER BY id`, [account])
    ).rows.map(({ id }) => id.replace(`_${account}`, ''));

  it.each([
    ['metacortex', null],
    ['whiterabbit', 30],
  ] as const)('goes with the record of %s, which it keeps for %s days', async (slug, retention) => {
    const who = await plantAdministrator(product, 'owner', { org: slug });
    const { id: org } = product.orgs[slug];
    await sql('UPDATE orgs SET audit_retention_days = $2 WHERE id = $1', [org, retention]);
    const account = await addAccount(who);
    await who.send('POST', `/accounts/${account}/password`, { password: 'second-secret' });
    const ago = retention ?? 400;
    await sql(`UPDATE accounts SET changed_at = now() - make_interval(days => 1) WHERE id = $1`, [account]);
    await sql(
      `INSERT INTO account_reveals (org_id, id, account_id, version, user_id, at)
       SELECT $1, n || '_' || $2, $2, version, $3, now() - make_interval(days => days)
       FROM (VALUES ('old', 1, $4::int + 1), ('young', 1, $4::int - 1), ('current', 2, $4::int + 1)) v (n, version, days)`,
      [org, account, who.id, ago],
    );
    await sql(
      `INSERT INTO account_rotations (org_id, id, account_id, cause, state, candidate, finished_at)
       SELECT $1, n || '_' || $2, $2, 'hand', state::"AccountRotationState", candidate, now() - make_interval(days => days)
       FROM (VALUES ('a-old', 'done', 1, $3::int + 1), ('b-young', 'done', 1, $3::int - 1), ('c-old', 'old_works', 1, $3::int + 1),
                    ('d-last', 'old_works', 2, $3::int + 1)) v (n, state, candidate, days)`,
      [org, account, ago],
    );
    await sweep();
    expect(await left('account_reveals', account)).toEqual(['current', 'young']);
    expect(await left('account_rotations', account)).toEqual(['b-young', 'd-last']);
  });
});
