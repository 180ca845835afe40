import { expect, it } from 'vitest';
import { rotateAlone } from './alone.ts';
import { until } from './support.ts';

// An account that changes its own password, at a system that can't be asked whether one signs in:
// what is known of a password is only whether the system takes it for the old one.
const alone = await rotateAlone('org_of_changing_itself');

async function begin() {
  alone.account = await alone.plant({ admin: null });
  alone.system.state.provesNothing = true;
  await alone.ask();
}
const isKept = async () => expect(await alone.current()).toBe(alone.system.state.password);

it('goes on from the new password where the system took it and answered too late', async () => {
  await begin();
  alone.system.state.behaviours = ['sets it and says nothing'];
  alone.start({ giveUp: 5 });
  await alone.untilState('old_works', 'manual');
  expect(await alone.last()).toMatchObject({ state: 'old_works', error: 'unproven' });
  await isKept();
  expect(await alone.kept()).toEqual(['2 current', '1 former']);
  // One password only: with the former one, in vain with that again, and with itself.
  expect(alone.system.state.sets).toHaveLength(3);
  expect(new Set(alone.system.state.sets).size).toBe(1);
});

it('goes on from it, too, where the system takes no password twice', async () => {
  await begin();
  // The second one isn't let in at all: the former password is over.
  alone.system.state.behaviours = ['sets it and says nothing', 'refuses the password', 'refuses the password'];
  alone.start({ giveUp: 5 });
  await alone.untilState('old_works', 'manual');
  expect(await alone.last()).toMatchObject({ state: 'old_works', error: 'unproven' });
  await isKept();
  expect(await alone.kept()).toEqual(['2 current', '1 former']);
});

it('is searched for where the system has said no, and set it', async () => {
  await begin();
  // Nobody else's word than the system's: it refuses whoever sets it again.
  let first = true;
  const { set } = alone.system.connector;
  alone.start(
    { giveUp: 1 },
    {
      async set(...given) {
        const outcome = await set(...given);
        if (!first) return outcome;
        first = false;
        return { result: 'denied', error: 'wrong_administrator' };
      },
    },
  );
  await alone.untilState('old_works', 'manual');
  expect(await alone.last()).toMatchObject({ state: 'old_works', error: 'unproven' });
  await isKept();
});

it('neither of them is tried more often than systems allow, and in the end people are asked', async () => {
  await begin();
  alone.system.state.behaviours = ['sets it and says nothing'];
  const olds: (string | null)[] = [];
  const { set } = alone.system.connector;
  const counting = {
    async set(...given: Parameters<typeof set>) {
      olds.push(given[1].old);
      const outcome = await set(...given);
      // Somebody else changes it.
      if (olds.length === 1) alone.system.state.password = 'of somebody else';
      return outcome;
    },
  };
  alone.start({ wrong: 3600 }, counting);
  const attempts = 'SELECT attempts FROM account_rotations WHERE account_id = $1';
  await until(async () => (await alone.pool.query(attempts, [alone.account])).rows[0]?.attempts === 2);
  await alone.stopAll();
  const candidate = alone.system.state.sets[0];
  expect(olds).toEqual(['the first password', 'the first password', candidate]);
  const tried = 'SELECT wrong_tried_at IS NOT NULL AS tried FROM accounts WHERE id = $1';
  expect((await alone.pool.query(tried, [alone.account])).rows).toEqual([{ tried: true }]);
  await alone.pool.query('UPDATE accounts SET wrong_tried_at = NULL WHERE id = $1', [alone.account]);
  alone.start({ giveUp: 0.5 }, counting);
  await alone.untilState('manual');
  expect(await alone.current()).toBe('the first password');
});
