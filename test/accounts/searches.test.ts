import { expect, it } from 'vitest';
import { planScheduled } from '../../src/accounts/rotation/plan-rotations.ts';
import { askReconciliation } from '../../src/accounts/rotation/reconcile.ts';
import { givePassword } from '../../src/accounts/versions.ts';
import { byOperator } from '../../src/by.ts';
import { rotateAlone } from './alone.ts';
import { rotationsOf, until } from './support.ts';

// What is known of which password signs in, and what follows from it.
const alone = await rotateAlone('org_of_searches');
const { pool, orgId, ask, last, start, untilState, kept } = alone;

/** A version beside the first one. */
async function keep(version: number, password: string, state: string, more: { rotation?: string } = {}) {
  if (state === 'current')
    await pool.query(`UPDATE account_versions SET state = 'former' WHERE account_id = $1 AND state = 'current'`, [
      alone.account,
    ]);
  await pool.query(
    `INSERT INTO account_versions (org_id, account_id, version, sealed, state, rotation_id) VALUES ($1, $2, $3, $4, $5::"AccountVersionState", $6)`,
    [
      orgId,
      alone.account,
      version,
      await alone.vault.seal(orgId, alone.account, version, password),
      state,
      more.rotation ?? null,
    ],
  );
  await pool.query(
    `UPDATE accounts SET next_version = $2 + 1, version = CASE WHEN $3 THEN $2 ELSE version END, changed_at = now() WHERE id = $1`,
    [alone.account, version, state === 'current'],
  );
}

it('what was found to sign in is the former one that is to be refused', async () => {
  // It is called current, and there somebody has set the one before again.
  await keep(2, 'the second password', 'current');
  alone.system.state.accepts = ['the first password'];
  alone.system.state.behaviours = ['sets it and says no'];
  await pool.query(
    `INSERT INTO account_rotations (org_id, id, account_id, cause, state, sent_at, candidate, previous) VALUES ($1, 'rot_found', $2, 'hand', 'uncertain', now(), 3, 2)`,
    [orgId, alone.account],
  );
  await keep(3, 'never set', 'candidate', { rotation: 'rot_found' });
  start();
  await untilState('old_works');
  expect(await last()).toMatchObject({ previous: 1, candidate: 3 });
  alone.system.state.accepts = [];
  await untilState('done');
});

it('a given-up candidate is not tried for the former password', async () => {
  await keep(2, 'given up', 'former', { rotation: 'rot_given_up' });
  await keep(3, 'the current one', 'current');
  alone.system.state.password = 'nobody knows this';
  alone.system.state.behaviours = ['sets it and says no'];
  await pool.query(
    `INSERT INTO account_rotations (org_id, id, account_id, cause, state, sent_at, candidate, previous) VALUES ($1, 'rot_search', $2, 'hand', 'uncertain', now(), 4, 3)`,
    [orgId, alone.account],
  );
  await keep(4, 'the candidate', 'candidate', { rotation: 'rot_search' });
  start();
  await untilState('done');
  const tried = alone.system.state.tries.map(({ password }) => password);
  expect(tried).toContain('the first password');
  expect(tried).not.toContain('given up');
});

it('a password that was taken and denied is found before people are asked', async () => {
  alone.account = await alone.plant({ admin: 'itself' });
  alone.system.state.admin = 'the first password';
  await ask();
  let set = false;
  start(
    { giveUp: 0.3 },
    {
      async set(_, { password }) {
        if (!set) alone.system.state.password = password;
        set = true;
        return { result: 'denied', error: 'wrong_administrator' };
      },
    },
  );
  await untilState('done', 'manual');
  expect(await last()).toMatchObject({ state: 'done' });
  expect(await alone.current()).toBe(alone.system.state.password);
});

it('a password that was taken and called a bad one is found, too', async () => {
  alone.account = await alone.plant({ admin: 'itself' });
  await ask();
  let sets = 0;
  start(
    { giveUp: 0.3 },
    {
      async set({ admin }, { password }) {
        if (admin?.password !== alone.system.state.password) return { result: 'denied', error: 'wrong_administrator' };
        alone.system.state.password = password;
        sets += 1;
        return sets === 1 ? { result: 'rejected', error: 'password_rules' } : { result: 'set' };
      },
    },
  );
  await untilState('done', 'manual');
  expect(await last()).toMatchObject({ state: 'done' });
  expect(await alone.current()).toBe(alone.system.state.password);
  expect(await kept()).toContain('1 former');
});

it('a refusal after a long time away is the first of its day', async () => {
  alone.system.state.away = true;
  await ask();
  start({ giveUp: 3600 });
  await until(async () => (await last())?.why === 'unavailable');
  await pool.query(
    `UPDATE account_rotations SET failing_since = now() - interval '2 days', why_since = now() - interval '2 days' WHERE account_id = $1`,
    [alone.account],
  );
  alone.system.state.admin = 'another one';
  alone.system.state.away = false;
  await until(async () => (await last())?.why === 'denied');
  expect(await last()).toMatchObject({ state: 'candidate' });
  await pool.query(`UPDATE account_rotations SET why_since = now() - interval '2 days' WHERE account_id = $1`, [
    alone.account,
  ]);
  await untilState('manual');
});

it('the right password is taken while a rotation is refused, and it goes on with that', async () => {
  alone.account = await alone.plant({ password: 'a wrong one', admin: 'itself' });
  await ask();
  start(
    { denied: [3600] },
    {
      async set({ admin }, { password }) {
        if (admin?.password !== alone.system.state.password) return { result: 'denied', error: 'wrong_administrator' };
        alone.system.state.password = password;
        return { result: 'set' };
      },
    },
  );
  await until(async () => (await last())?.why === 'denied');
  await pool.query('DELETE FROM account_administrator_tries WHERE org_id = $1', [orgId]);
  const place = { pool, vault: alone.vault };
  expect(await givePassword(place, orgId, alone.account, 'the first password', byOperator)).toBe(3);
  await untilState('done');
  expect(await alone.current()).toBe(alone.system.state.password);
});

it('no password is taken once one may have left', async () => {
  await ask();
  await pool.query(`UPDATE account_rotations SET state = 'candidate', sent_at = now() WHERE account_id = $1`, [
    alone.account,
  ]);
  const place = { pool, vault: alone.vault };
  await expect(givePassword(place, orgId, alone.account, 'another', byOperator)).rejects.toMatchObject({
    code: 'conflict',
  });
});

it('nothing is scheduled where no password is known', async () => {
  await pool.query(
    `UPDATE accounts SET every_days = 1, version = NULL, changed_at = NULL, created_at = now() - interval '2 days' WHERE id = $1`,
    [alone.account],
  );
  await planScheduled(pool);
  expect(await rotationsOf(alone.product, alone.account)).toEqual([]);
});

it('a clock that stepped back holds up nothing', async () => {
  await ask();
  await pool.query(`UPDATE account_rotations SET due_at = now() + interval '1 day' WHERE account_id = $1`, [
    alone.account,
  ]);
  await pool.query(`UPDATE accounts SET wrong_tried_at = now() + interval '1 day' WHERE id = $1`, [alone.account]);
  start();
  await untilState('done');
});

it('a reconciliation looks at what waits for people, too, and not where only they can', async () => {
  alone.system.state.password = 'of before the restore';
  await keep(2, 'of before the restore', 'former');
  const wait = (account: string) =>
    pool.query(
      `INSERT INTO account_rotations (org_id, id, account_id, cause, state, error, do_until) VALUES ($1, $2, $3, 'reconcile', 'manual', 'rejected', now())`,
      [orgId, `rot_${account}`, account],
    );
  await wait(alone.account);
  const theirs = await alone.plant({ connector: 'manual' });
  await wait(theirs);
  await askReconciliation(pool, orgId);
  start();
  await untilState('done');
  expect(await alone.current()).toBe('of before the restore');
  expect((await rotationsOf(alone.product, theirs))[0]).toMatchObject({ state: 'manual', error: 'rejected' });
});
