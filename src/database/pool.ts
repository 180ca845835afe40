import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Logger } from 'pino';
import { withRetry } from './errors.ts';
import { PrismaClient } from './generated/client.ts';
import { isStalePlan, withoutNames, withoutStalePlans } from './stale-plans.ts';

/**
 * The settings of every connection; times in milliseconds. A lock that isn't had in 5 s is a 503,
 * not a hang; a process that dies in a transaction holds its locks 30 s at most. The revocation's
 * row locks are reasoned with READ COMMITTED. UTC because Prisma's adapter reads `timestamptz`
 * without its offset. Generic plans because every statement looks up by key, yet PostgreSQL would
 * plan a revocation anew each time (1.0 ms; 1.4 times the throughput).
 */
const settings = {
  default_transaction_isolation: 'read committed',
  lock_timeout: '5000',
  statement_timeout: '30000',
  idle_in_transaction_session_timeout: '30000',
  TimeZone: 'UTC',
  plan_cache_mode: 'force_generic_plan',
  // Short statements gain nothing, and one with a costly plan would be compiled each time.
  jit: 'off',
  // Only a warning tells of a commit that reached no standby.
  client_min_messages: 'warning',
} as const;

export type PoolOptions = Readonly<{
  connectionString: string;
  /** Connections, at most. */
  max: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  log: Pick<Logger, 'warn'>;
  /**
   * A pooler such as PgBouncer stands in between. PgBouncer refuses settings in the start-up
   * packet, so each new connection SETs them. That is exact in session mode only: in transaction
   * mode a SET lands on any server connection, so give the settings to the role as well (`ALTER
   * ROLE app SET lock_timeout = '5s'`, …). Named prepared statements need PgBouncer 1.21 or later
   * with `max_prepared_statements` above 0.
   */
  pooled?: boolean;
}>;

/** Milliseconds that a connection may take; the wait for a free one counts. */
const connectMs = 5_000;

/** A pool. A lost server never ends the process: idle and busy connections have listeners. */
export function createPool(options: PoolOptions): pg.Pool {
  const { connectionString, max, applicationName, log, pooled = false } = options;
  // Of two `options`, pg sends the URL's.
  const inPacket = !pooled && !new URL(connectionString).searchParams.has('options');
  const pool = new pg.Pool({
    connectionString,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: connectMs,
    // Ends the wait for a server that vanished silently; the server's own limit comes first.
    query_timeout: 35_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(inPacket ? { options: startupOptions() } : {}),
    onConnect: async (client) => {
      if (!inPacket) await applySettings(client);
      await refuseStandby(client);
    },
  });
  pool.on('error', (err) => log.warn({ err }, 'a database connection was lost'));
  // pg-pool listens to idle clients only; an 'error' of a client in use would end the process.
  pool.on('connect', (client) => {
    client.on('error', (err) => log.warn({ err }, 'a database connection was lost'));
    client.on('notice', (notice) => {
      if (isUnreplicated(notice)) failConnection(client);
    });
  });
  withoutStalePlans(pool);
  return pool;
}

/**
 * Prisma on that same pool, for what isn't hot: orgs, connections, domains, todos. Sessions,
 * revocations, sign-ins and lists are SQL on the pool. `$disconnect` leaves the pool open: its
 * maker ends it.
 */
export function createPrisma(pool: pg.Pool): PrismaClient {
  return new PrismaClient({
    adapter: new PrismaPg(pool),
    errorFormat: 'minimal',
    // The pool's and the server's limits come first: on a busy machine Prisma's own, of 2 and 5
    // seconds, would fail what only waits.
    transactionOptions: { maxWait: connectMs + 2_000, timeout: 35_000 },
  });
}

/** `-c name=value …` for the start-up packet: no round trip, and RESET ALL restores it. */
function startupOptions(): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
    .join(' ');
}

/**
 * Whether a commit's wait for a synchronous standby was cancelled: PostgreSQL calls that a success
 * and sends this warning (01000, or 57P01 at a shutdown). The routine's name is the same in every
 * language of the server.
 */
function isUnreplicated({ routine, message }: { routine?: string | undefined; message?: string | undefined }): boolean {
  return routine === 'SyncRepWaitForLSN' || /\bsynchronous replication\b/.test(message ?? '');
}

/**
 * Fails the statement under way as if the connection had been lost in the middle of its commit
 * (08007: how it ended is unknown), at once: the same packet may hold the word of success. A
 * connection that failed isn't reused.
 */
function failConnection(client: pg.ClientBase): void {
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter & { stream: { destroy(): void } } };
  connection.emit('error', Object.assign(new Error('a commit did not reach its standby'), { code: '08007' }));
  connection.stream.destroy();
}

/** After a failover the same name may lead to a standby, which still shows ended sessions. */
async function refuseStandby(client: pg.ClientBase): Promise<void> {
  // If the role may, parameters stay out of the log of slow statements: they hold the addresses of
  // everybody in a batch.
  const { rows } = await client.query(`
    SELECT pg_is_in_recovery() AS standby, CASE WHEN has_parameter_privilege('log_parameter_max_length', 'SET')
      THEN set_config('log_parameter_max_length', '0', false) END`);
  if (rows[0].standby) throw Object.assign(new Error('the database is a standby'), { code: '25006' });
}

async function applySettings(client: pg.ClientBase): Promise<void> {
  const calls = Object.keys(settings).map((name, index) => `set_config('${name}', $${index + 1}, false)`);
  await client.query(`SELECT ${calls.join(', ')}`, Object.values(settings));
}

const afterCommits = new WeakMap<pg.PoolClient, (() => void)[]>();

/** Runs `work` once the client's `transaction` has committed, never if it fails; else at once. */
export function afterCommit(client: pg.PoolClient, work: () => void): void {
  const waiting = afterCommits.get(client);
  if (waiting) waiting.push(work);
  else work();
}

/**
 * Runs `work` in one transaction, and after a serialization failure, a deadlock or a stale plan
 * again in another one: 4 times at most. So effects of `work` outside the database must be right
 * when done twice. Work inside a transaction, such as `revokeAccess` with its client, never retries
 * by itself: only the whole can be run again.
 */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  let named = true;
  const { result, committed } = await withRetry(async () => {
    try {
      return await tryTransaction(pool, work, named);
    } catch (error) {
      // Each connection may hold the stale plan.
      if (isStalePlan(error)) named = false;
      throw error;
    }
  });
  // These run after the retries: work that waited for a commit never runs twice.
  for (const work of committed) work();
  return result;
}

/** A failure ends the connection, which rolls back. What waited for the commit is dropped. */
async function tryTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>, named: boolean) {
  const client = await pool.connect();
  const restoreNames = named ? null : withoutNames(client);
  let failure: Error | undefined;
  try {
    const committed: (() => void)[] = [];
    afterCommits.set(client, committed);
    await client.query('BEGIN');
    const result = await work(client);
    // PostgreSQL answers the COMMIT of a broken transaction with ROLLBACK, and no error.
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back: an error in it was passed over');
    return { result, committed };
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    afterCommits.delete(client);
    restoreNames?.();
    // Ending the connection rolls back, also when the server no longer answers a ROLLBACK.
    client.release(failure);
  }
}
