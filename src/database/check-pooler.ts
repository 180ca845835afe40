import { randomUUID } from 'node:crypto';
import type { Client, Pool, PoolClient } from 'pg';
import { UnfitServerError } from './check-server.ts';

/** SQLSTATEs of a named statement that isn't there, or is another connection's. */
const lost = new Set(['26000', '42P05', '08P01']);
/** More than a pooler keeps idle connections: lent in turn, the one that is looked for comes. */
const tries = 20;
/** Milliseconds after which a pooler that has no second connection for us is let be. */
const patience = 2_000;

/**
 * Refuses a pooler that shares connections and loses prepared statements, such as PgBouncer before
 * 1.21 in transaction mode: it starts and answers, and then most requests fail. While one client
 * holds the server's connection that knows a statement, the other runs it again, on one that
 * doesn't know it.
 * @throws UnfitServerError
 */
export async function checkPooler(pool: Pool): Promise<void> {
  await withClient(pool, async (runner) => {
    // Another check, of this node or another, may have left one of its name on a connection.
    const name = `check-pooler-${randomUUID()}`;
    const prepared = await connectionOf(runner, name);
    // No pooler: the connection is the one that the server named at its start.
    if (prepared === (runner as unknown as Client & { processID: number }).processID) return;
    await withClient(pool, (holder) => tryElsewhere(runner, holder, name, prepared));
  }).catch((error) => {
    if (!lost.has(String((error as { code?: unknown }).code))) throw error;
    throw new UnfitServerError([
      'The pooler of DATABASE_URL loses prepared statements. Use PgBouncer 1.21 or later with max_prepared_statements = 200, or its session mode.',
    ]);
  });
}

async function tryElsewhere(runner: PoolClient, holder: PoolClient, name: string, prepared: number): Promise<void> {
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
}

/** Runs the named statement, which tells whose connection served it. */
async function connectionOf(client: PoolClient, name: string): Promise<number> {
  const { rows } = await client.query<{ pid: number }>({ name, text: 'SELECT pg_backend_pid() AS pid' });
  return rows[0]?.pid ?? 0;
}

/** What the client prepared, and a transaction that waits, end with it. */
async function withClient(pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await work(client);
  } finally {
    client.release(true);
  }
}

function later(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, ms, null).unref());
}
