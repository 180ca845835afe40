import { expect, it } from 'vitest';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { rotateAlone } from './alone.ts';
import { until } from './support.ts';

// Whose turn it is, of more rotations than a node carries out at once.
const alone = await rotateAlone('org_of_turns');
const { pool, orgId } = alone;

it('whoever waits behind many of a system that is busy goes on, and only six reach that one', async () => {
  const plant = async (host: string, count: number) => {
    for (let number = 0; number < count; number += 1) {
      const accountId = await alone.plant({ settings: { host }, admin: null });
      await askRotation(pool, { orgId, accountId, cause: 'hand', userId: null });
    }
  };
  await plant('busy.example', 60);
  await plant('free.example', 1);
  alone.start(
    { limitsMs: { set: 60_000, verify: 60_000, endConnections: 60_000 } },
    {
      set: (target, change, signal) =>
        (target.settings as { host: string }).host === 'free.example'
          ? alone.system.connector.set(target, change, signal)
          : new Promise((resolve) =>
              signal.addEventListener('abort', () => resolve({ result: 'unknown', error: 'no_answer' })),
            ),
    },
  );
  const count = async (host: string, condition: string) => {
    const { rows } = await pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM account_rotations r JOIN accounts a ON a.org_id = r.org_id AND a.id = r.account_id
       WHERE r.org_id = $1 AND a.settings ->> 'host' = $2 AND ${condition}`,
      [orgId, host],
    );
    return rows[0]?.count;
  };
  await until(async () => (await count('free.example', "r.state = 'done'")) === 1);
  expect(await count('busy.example', 'r.claim > 0')).toBe(6);
});
