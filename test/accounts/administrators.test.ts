import { expect, it } from 'vitest';
import { usualTimes } from '../../src/accounts/rotation/times.ts';
import { rotateAlone } from './alone.ts';
import { plantAccount, rotationsOf, until } from './support.ts';

// Systems lock administrators, too: one that changes many accounts is tried with care.
const alone = await rotateAlone('org_of_administrators');
const { pool, orgId, product } = alone;

async function askAll(accounts: readonly string[]) {
  for (const accountId of accounts) await alone.ask({ accountId });
}
async function plantMany(count: number, more: object = {}) {
  const accounts: string[] = [];
  for (let n = 0; n < count; n += 1)
    accounts.push(await alone.plant({ userName: `user-${n}`, settings: { host: 'directory', port: 636 }, ...more }));
  return accounts;
}

it('of many accounts with one administrator whose password is wrong, one tries it in its time', async () => {
  const accounts = await plantMany(12);
  alone.system.state.admin = 'another one';
  await askAll(accounts);
  // A try that is over before its answer has come says nothing, and another one follows.
  const { limitsMs } = usualTimes;
  for (let nodes = 0; nodes < 2; nodes += 1) alone.start({ wrong: 30, limitsMs });
  // All of them know why they wait.
  await until(async () => {
    const rows = (await Promise.all(accounts.map((account) => rotationsOf(product, account)))).flat();
    return rows.every(({ error }) => error === 'wrong_administrator');
  });
  expect(alone.system.state.sets).toHaveLength(1);
  // The right one lets all through.
  alone.system.state.admin = 'the administrator';
  await pool.query(
    `UPDATE account_administrator_tries SET tried_at = tried_at - interval '1 minute' WHERE org_id = $1`,
    [orgId],
  );
  await until(async () => alone.system.state.sets.length > accounts.length);
});

it('another administrator, one elsewhere, or one of that name in another organisation, is not held up', async () => {
  const [wrong] = await plantMany(1, { admin: { userName: 'admin', password: 'wrong' } });
  const right = [
    await alone.plant({ userName: 'a', settings: { host: 'elsewhere' } }),
    await alone.plant({
      userName: 'b',
      settings: { host: 'directory', port: 636 },
      admin: { userName: 'other', password: 'the administrator' },
    }),
  ];
  // The same system, administrator and user names, of another tenant who knows the password.
  const twin = 'org_of_administrators_twin';
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'twin', 'Twin')`, [twin]);
  const ofTwin = await plantAccount(product, twin, {
    ...{ userName: 'user-0', password: 'the first password', settings: { host: 'directory', port: 636 } },
    admin: { userName: 'admin', password: 'the administrator' },
  });
  await askAll([wrong as string]);
  alone.start({ wrong: 30 });
  await until(async () => (await rotationsOf(product, wrong as string))[0]?.error === 'wrong_administrator');
  for (const account of right) {
    await askAll([account]);
    await until(async () => (await rotationsOf(product, account))[0]?.promoted_at !== null);
  }
  await alone.ask({ orgId: twin, accountId: ofTwin });
  await until(async () => (await rotationsOf(product, ofTwin))[0]?.state === 'done');
  // What is right there says nothing of the wrong one here.
  await pool.query(`UPDATE account_rotations SET due_at = clock_timestamp() WHERE account_id = $1`, [wrong]);
  const { rows } = await pool.query(
    `SELECT org_id, denied, accepted_at IS NOT NULL AS accepted FROM account_administrator_tries
     WHERE administrator = 'postgresql directory 636 admin' ORDER BY org_id`,
  );
  expect(rows).toEqual([
    { org_id: orgId, denied: true, accepted: false },
    { org_id: twin, denied: false, accepted: true },
  ]);
});

it.each(['not_permitted', 'unknown_user'])('the former password cures nothing else (%s)', async (error) => {
  const admin = await alone.plant({ userName: 'admin', password: alone.system.state.admin, admin: null });
  alone.account = await alone.plant({ admin });
  await pool.query(`UPDATE account_versions SET state = 'former', accepted_at = now() WHERE account_id = $1`, [admin]);
  await pool.query(
    `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 2, $3, 'current')`,
    [orgId, admin, await alone.vault.seal(orgId, admin, 2, 'the new one')],
  );
  await pool.query('UPDATE accounts SET version = 2, next_version = 3, changed_at = clock_timestamp() WHERE id = $1', [
    admin,
  ]);
  const tried = new Set<string>();
  await alone.ask();
  alone.start(
    {},
    {
      async set({ admin: who }) {
        tried.add(who?.password ?? '');
        return { result: 'denied', error };
      },
    },
  );
  await until(async () => (await alone.last())?.error === error);
  expect([...tried]).toEqual(['the new one']);
});

it('a directory that doesn’t know an administrator’s new password yet hears it once in its time, not of each account', async () => {
  const former = alone.system.state.admin;
  const admin = await alone.plant({ userName: 'admin', password: former, admin: null });
  const accounts = await plantMany(8, { admin });
  await pool.query(`UPDATE account_versions SET state = 'former', accepted_at = now() WHERE account_id = $1`, [admin]);
  await pool.query(
    `INSERT INTO account_versions (org_id, account_id, version, sealed, state) VALUES ($1, $2, 2, $3, 'current')`,
    [orgId, admin, await alone.vault.seal(orgId, admin, 2, 'the new one')],
  );
  // Its former one signed in a moment before it was changed.
  await pool.query(
    `INSERT INTO account_administrator_tries (org_id, administrator, accepted_at, accepted_version) VALUES ($1, $2, clock_timestamp(), 1)`,
    [orgId, admin],
  );
  await pool.query('UPDATE accounts SET version = 2, next_version = 3, changed_at = clock_timestamp() WHERE id = $1', [
    admin,
  ]);
  const tried: string[] = [];
  const connector = {
    async set({ admin: who }: { admin: { password: string } | null }) {
      tried.push(who?.password ?? '');
      return who?.password === former ? { result: 'set' } : { result: 'denied', error: 'wrong_administrator' };
    },
    verify: async () => ({ result: 'accepted' }),
    save: undefined,
    endConnections: undefined,
  };
  await askAll(accounts);
  for (let nodes = 0; nodes < 2; nodes += 1) alone.start({ wrong: 600 }, connector as never);
  await until(async () => {
    const rows = (await Promise.all(accounts.map((account) => rotationsOf(product, account)))).flat();
    return rows.every(({ promoted_at }) => promoted_at !== null);
  });
  expect(tried.filter((password) => password !== former)).toEqual(['the new one']);
});

it('a wrong password where connections are ended counts too, and keeps others from trying', async () => {
  let asked = 0;
  await alone.ask();
  alone.start({ wrong: 600 }, {
    save: undefined,
    endConnections: async () => {
      asked += 1;
      return { error: 'wrong_administrator' };
    },
  } as never);
  await alone.untilState('old_works');
  expect(await alone.last()).toMatchObject({ error: 'connections_not_ended' });
  const sets = alone.system.state.sets.length;
  const [other] = await plantMany(1, { settings: {} });
  await askAll([other as string]);
  await until(async () => (await rotationsOf(product, other as string))[0]?.error === 'wrong_administrator');
  expect(asked).toBe(1);
  expect(alone.system.state.sets).toHaveLength(sets);
});

it('a wrong password where what was set is saved counts too', async () => {
  let asked = 0;
  await alone.ask();
  alone.start(
    { wrong: 30 },
    {
      save: async () => {
        asked += 1;
        return 'denied';
      },
    },
  );
  await alone.untilState('old_works');
  await until(async () => Number((await alone.last())?.attempts) > 3);
  expect(await alone.last()).toMatchObject({ error: 'not_saved' });
  expect(asked).toBe(1);
});

it('where nothing can be ended no administrator is waited for', async () => {
  await alone.ask();
  alone.start({ wrong: 600 }, {
    save: undefined,
    endConnections: undefined,
    async verify(...tried: Parameters<typeof alone.system.connector.verify>) {
      await pool.query('UPDATE account_administrator_tries SET denied = true, accepted_at = NULL, tried_at = now()');
      return alone.system.connector.verify(...tried);
    },
  } as never);
  await alone.untilState('done');
});
