import { expect, it } from 'vitest';
import { rotateAlone } from './alone.ts';

// Connections that were opened with the former password, and could not be ended.
const alone = await rotateAlone('org_of_connections');

it('tries again to end connections where that failed, and is then done', async () => {
  let asked = 0;
  await alone.ask();
  alone.start(
    {},
    {
      endConnections: async () => {
        asked += 1;
        return asked < 3 ? { error: 'connection_lost' } : { ended: 1 };
      },
    },
  );
  await alone.untilState('done');
  expect(asked).toBe(3);
  expect((await alone.told()).map(({ action }) => action)).toEqual(['account.rotated']);
});

it('says that they live on, once, tries on, and is done when they are ended', async () => {
  let fails = true;
  let asked = 0;
  await alone.ask();
  alone.start(
    {},
    {
      endConnections: async () => {
        asked += 1;
        return fails ? { error: 'not_permitted' } : { ended: 2 };
      },
    },
  );
  await alone.untilState('old_works');
  expect(await alone.last()).toMatchObject({ state: 'old_works', error: 'connections_not_ended' });
  const wrong = alone.system.state.tries.filter(({ right }) => !right).length;
  const before = asked;
  while (asked < before + 3) await new Promise((resolve) => setTimeout(resolve, 20));
  // The former password was refused: nobody asks for that again.
  expect(alone.system.state.tries.filter(({ right }) => !right)).toHaveLength(wrong);
  fails = false;
  await alone.untilState('done');
  expect(await alone.last()).toMatchObject({ error: null });
  expect((await alone.told()).map(({ action, detail }) => [action, detail.error])).toEqual([
    ['account.rotated', undefined],
    ['account.old_works', 'connections_not_ended'],
  ]);
});

it('is done where there is nothing to end', async () => {
  await alone.ask();
  alone.start();
  await alone.untilState('done');
});
