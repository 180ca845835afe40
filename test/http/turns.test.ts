import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createTurns } from '../../src/http/turns.ts';

it('where more waits, a turn of lists rests for twice as long as its work took', async () => {
  const inTurn = createTurns();
  const begin = performance.now();
  const work = () => delay(100);
  const first = [inTurn('lists', 'org', work), inTurn('lists', 'org', work)];
  const next = inTurn('lists', 'org', async () => performance.now() - begin);
  await Promise.all(first);
  expect(await next).toBeGreaterThan(295);
});
