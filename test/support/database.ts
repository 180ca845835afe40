import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/postgres/embedded-postgres.ts';
import { startTemporaryPostgres } from './temporary-postgres.ts';

export type TestDatabase = Readonly<{ url: string; drop(): Promise<void> }>;

/**
 * A database of its own, cloned from the migrated template; `empty` one without tables. Drop it at
 * the end.
 */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${empty ? 'template0' : inject('templateDatabase')}`);
  const url = new URL(inject('adminUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/**
 * A bare pool. Its `end` doesn't wait until the server has closed the connections: one that a
 * dropped database ends meanwhile mustn't be an uncaught exception.
 */
export function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('adminUrl') });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

export type TestPostgres = Readonly<{
  /** A migrated database; the same URL before and after a restart. */
  url: string;
  /** Ends the server as a crash would (kill -9), and waits until it is gone. */
  kill(): Promise<void>;
  /**
   * Stops the server and all that it runs as they are (SIGSTOP): it keeps its connections and takes
   * new ones, and says nothing. Returns what lets it go on.
   */
  freeze(): () => void;
  /** Starts it again, recovery included; after `kill`, or after a shutdown that it does itself. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}>;

/** A server of one's own, for tests that kill it. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const first = await startTemporaryPostgres({ seed: inject('seed') });
  const { databaseUrl: url, dataDir } = first;
  const port = Number(new URL(url).port);
  let server: EmbeddedPostgres = first;
  const kill = async () => {
    killServer(server.pid);
    while (await connects(url)) await sleep(10);
  };
  const restart = async () => {
    if (await connects(url)) {
      process.kill(server.pid, 'SIGINT');
      while (await connects(url)) await sleep(10);
    }
    server = await startEmbeddedPostgres({ dataDir, port });
  };
  const stop = async () => {
    await server.stop();
    await first.stop();
  };
  return { url, kill, freeze: () => freezeServer(server.pid), restart, stop };
}

/** Ends a PostgreSQL server as a crash would. */
export function killServer(postmaster: number): void {
  // The children too: each would go on answering its open connection until it notices that the
  // postmaster is gone.
  for (const pid of [postmaster, ...childrenOf(postmaster)]) signal(pid, 'SIGKILL');
}

/** Stops a PostgreSQL server as it is; what is returned lets it go on. */
export function freezeServer(postmaster: number): () => void {
  const pids = [postmaster, ...childrenOf(postmaster)];
  for (const pid of pids) signal(pid, 'SIGSTOP');
  return () => {
    for (const pid of pids) signal(pid, 'SIGCONT');
  };
}

export function childrenOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (ppid === parent && pid ? [pid] : []));
}

/** Nothing happens where the process is gone. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function connects(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1000 });
  client.on('error', () => {});
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}
