import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { UnfitServerError } from './check-server.ts';

/** Statements that stand for the end of a named one: it isn't there, or another connection's is. */
const lost = new Set(['26000', '42P05', '08P01']);
/** More than a pooler keeps idle connections: lent in turn, the one that is looked for comes. */
const tries = 20;
/** Milliseconds after which a pooler that has no second connection for us is let be. */
const patience = 2_000;

/**
 * Refuses a pooler that shares connections and loses prepared statements, such as PgBouncer before 1.21 in transaction mode:
 * it starts and answers, and then most requests fail. While one client holds the server's connection that knows the statement,
 * the other runs it again, and must be served by another one that doesn't know it. @throws UnfitServerError
 */
export async function checkPooler(pool: Pool): Promise<void> {
  const [runner, holder] = await Promise.all([pool.connect(), pool.connect()]);
  try {
    // Another check, of this node or another, may have left one of its name on a connection.
    const name = `check-pooler-${randomUUID()}`;
    const prepared = await connectionOf(runner, name);
    for (let i = 0; i < tries; i += 1) {
      await holder.query('BEGIN');
      const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const isHeld = rows[0]?.pid === prepared;
      if (isHeld) {
        const running = connectionOf(runner, name);
        // It goes on when there is no second connection, and ends with its client.
        running.catch(() => {});
        await Promise.race([running, later(patience)]);
      }
      await holder.query('COMMIT');
      if (isHeld) return;
    }
  } catch (error) {
    if (!lost.has(String((error as { code?: unknown }).code))) throw error;
    throw new UnfitServerError([
      'The pooler of DATABASE_URL loses prepared statements. Use PgBouncer 1.21 or later with max_prepared_statements = 200, or its session mode.',
    ]);
  } finally {
    // What they prepared, and a transaction that waits, end with them.
    runner.release(true);
    holder.release(true);
  }
}

/** Runs the named statement, which tells whose connection served it. */
async function connectionOf(client: PoolClient, name: string): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>({ name, text: 'SELECT pg_backend_pid() AS pid' });
  return rows[0]?.pid;
}

function later(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, ms, null).unref());
}
