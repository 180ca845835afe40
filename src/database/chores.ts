import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { transaction } from './pool.ts';

/** A fixed number for the advisory lock: one node cleans at a time. */
export const cleaningLock = 7_262_001;

/** Work that the promise doesn't rest on. A call does one part; true while there may be more. */
export type Chore = (client: PoolClient) => Promise<boolean>;

type Deps = Readonly<{ pool: Pool; log: Logger; chores: readonly Chore[]; intervalMs?: number }>;

/** Does the chores every `intervalMs`, on one node at a time. `stop` waits for the current part. */
export function startHousekeeping({ pool, log, chores, intervalMs = 5_000 }: Deps) {
  let running: Promise<unknown> | null = null;
  let stopped = false;
  const run = () => {
    running ??= clean(pool, chores, () => stopped)
      .catch((error) => log.warn({ err: error }, 'housekeeping failed; it will be tried again'))
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(run, intervalMs);
  timer.unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * One round of all chores, in order, a transaction for each part, so that no lock is held for long.
 * False if the round was cut short: by `stopped`, or because another node is cleaning.
 */
export async function clean(
  pool: Pool,
  chores: readonly Chore[],
  stopped: () => boolean = () => false,
): Promise<boolean> {
  for (const chore of chores) {
    for (let state = 'more'; state === 'more'; ) {
      if (stopped()) return false;
      state = await inTurn(pool, chore);
      if (state === 'taken') return false;
    }
  }
  return true;
}

/** Does one part unless another node is cleaning. The lock is of a transaction: poolers keep it. */
function inTurn(pool: Pool, chore: Chore): Promise<'more' | 'done' | 'taken'> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query('SELECT pg_try_advisory_xact_lock($1) AS locked', [cleaningLock]);
    if (!rows[0].locked) return 'taken';
    return (await chore(client)) ? 'more' : 'done';
  });
}
