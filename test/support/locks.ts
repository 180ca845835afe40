import type { PoolClient } from 'pg';
import type { Product } from './product.ts';

type WithPool = Pick<Product, 'context'>;

/** Holds a lock while `work` runs; let go whatever happens, or what waits for it would fail the tests that follow. */
export async function whileLocked(
  { context }: WithPool,
  lock: (blocker: PoolClient) => Promise<unknown>,
  work: () => Promise<void>,
): Promise<void> {
  const blocker = await context.pool.connect();
  await blocker.query('BEGIN');
  try {
    await lock(blocker);
    await work();
  } finally {
    await blocker.query('COMMIT');
    blocker.release();
  }
}

/** Waits until as many connections to this database wait for a lock. A transaction would see its first answer again. */
export async function waitForLock({ context }: WithPool, count = 1): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { rows } = await context.pool.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.count ?? 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('nothing waited for the lock');
}
