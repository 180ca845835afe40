import { randomUUID } from 'node:crypto';
import type { Client, Pool, PoolClient } from 'pg';
import { UnfitServerError } from './check-server.ts';

/** SQLSTATEs for a named statement that is missing, or is another connection's. */
const lost = new Set(['26000', '42P05', '08P01']);
/** More than a pooler keeps idle connections: it lends them in turn, so ours comes along. */
const tries = 20;
/**
 * Milliseconds after which a pooler without a second connection for us passes the check. A busy
 * machine needs seconds to open one.
 */
const patience = 10_000;

/**
 * Refuses a pooler that shares connections and loses prepared statements, such as PgBouncer before
 * 1.21 in transaction mode: it starts and answers, and then most requests fail. While a client
 * holds the server's connection that knows a statement, another client runs that statement again,
 * on a connection that doesn't know it.
 * @throws UnfitServerError
 */
export async function checkPooler(pool: Pool): Promise<void> {
  await withClient(pool, async (runner) => {
    // Another check may have left a statement of the same name on a connection.
    const name = `check-pooler-${randomUUID()}`;
    const prepared = await connectionOf(runner, name);
    // Without a pooler, the connection is the one that the server named at its start.
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
    if (rows[0]?.pid === prepared) {
      const running = connectionOf(runner, name);
      // Without a second connection the query goes on, and ends with its client.
      running.catch(() => {});
      await Promise.race([running, later(patience)]);
      await holder.query('COMMIT');
      return;
    }
    await holder.query('COMMIT');
    // Most poolers lend the one that came back last: the holder would never get the other.
    if ((await connectionOf(runner, name)) !== prepared) return;
  }
}

/** Runs the named statement, which returns the process id of the server's connection. */
async function connectionOf(client: PoolClient, name: string): Promise<number> {
  const { rows } = await client.query<{ pid: number }>({ name, text: 'SELECT pg_backend_pid() AS pid' });
  return rows[0]?.pid ?? 0;
}

/** Destroys the client at the end, and with it prepared statements and an open transaction. */
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
