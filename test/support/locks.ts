import type { PoolClient } from 'pg';
import type { Product } from './product.ts';

type WithPool = Pick<Product, 'context'>;

/**
 * Holds a lock while `work` runs; let go whatever happens, or what waits for it would fail the
 * tests that follow.
 */
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

/** How many connections to this database wait for a lock. A transaction would see its first answer again. */
export async function countWaiting({ context }: WithPool): Promise<number> {
  const { rows } = await context.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return (rows[0] as { count: number }).count;
}

/** Waits until as many connections to this database wait for a lock. */
export async function waitForLock(product: WithPool, count = 1): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if ((await countWaiting(product)) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('nothing waited for the lock');
}

/**
 * Makes sign-ins wait where they have read everything and are about to insert their session, for as
 * long as somebody holds `atTheirInsert`: a lock that no revocation asks for.
 */
export async function letSignInsWait({ context }: WithPool): Promise<void> {
  await context.pool.query(`
    CREATE OR REPLACE FUNCTION wait_at_insert() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;
    CREATE OR REPLACE TRIGGER spent_wait_at_insert BEFORE INSERT ON spent
      FOR EACH ROW WHEN (NEW.kind = 'sign_in_state') EXECUTE FUNCTION wait_at_insert()`);
}

export const atTheirInsert = (blocker: PoolClient) => blocker.query('SELECT pg_advisory_xact_lock(4711)');

/** How many deadlocks PostgreSQL has broken in this database so far. */
export async function deadlocksOf({ context }: WithPool): Promise<number> {
  const { rows } = await context.pool.query<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return (rows[0] as { deadlocks: number }).deadlocks;
}
