import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isUniqueViolation } from '../database/errors.ts';
import { findBinaries } from './binaries.ts';
import { createCluster, isAlive, openCluster } from './cluster.ts';
import { isRunning, type Postmaster, readPostmaster, startPostmaster, stopPostmaster } from './postmaster.ts';

export type EmbeddedPostgres = Readonly<{
  /** The application's database, direct, as its owner. */
  databaseUrl: string;
  /** Whether this call started the server; false when it joined one that was already running. */
  owned: boolean;
  /** The server's process id. */
  pid: number;
  /** Stops the server, even if others use it, and waits until it is gone. */
  stop(): Promise<void>;
  /** Stops the server unless another process has started or joined it: for short commands. */
  stopIfUnused(): Promise<void>;
}>;

/** Each process that uses the server shares this lock; an exclusive holder is alone with it. */
const presenceLock = [0x554c4f47, 2] as const;
const databaseName = 'universal_logout';
const startLimitMilliseconds = 30_000;

/**
 * The PostgreSQL that npm installed, with its data in `dataDir`/postgres. Starts it, or joins it
 * when it runs already; several processes may call this at once, and a kill -9 of any of them or of
 * the server is recovered from. It listens on 127.0.0.1 only, with a password of its own. `keep:
 * false` removes `dataDir` at the stop.
 * @throws Error that says what to do when the platform has no server, or no start within 30 s
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  keep?: boolean;
  /** A fixed port; otherwise the last one if it is free, or else any. */
  port?: number;
}): Promise<EmbeddedPostgres> {
  const dataDir = path.resolve(options.dataDir);
  const keep = options.keep ?? true;
  const binaries = findBinaries();
  const cluster = openCluster(dataDir) ?? (await createCluster(dataDir, keep, binaries));
  const urlOf = (server: Postmaster, database: string) =>
    `postgresql://postgres:${cluster.password}@127.0.0.1:${server.port}/${database}?sslmode=disable`;

  const deadline = Date.now() + startLimitMilliseconds;
  let port = options.port ?? lastPort(cluster.portFile);
  let started: Postmaster | null = null;
  let problem = '';
  while (Date.now() < deadline) {
    const running = readPostmaster(cluster.data);
    const server = running && isRunning(running, cluster.data) ? running : null;
    const presence = server ? await enter(urlOf(server, 'postgres')) : null;
    if (server && presence) {
      fs.writeFileSync(cluster.portFile, String(server.port), { mode: 0o600 });
      const owned = started?.pid === server.pid;
      const leave = () => {
        streamOf(presence).ref();
        return presence.end().catch(() => {});
      };
      const stop = async () => {
        await leave();
        await stopPostmaster(server, cluster.data);
        if (!keep) fs.rmSync(cluster.home, { recursive: true, force: true });
        if (!keep) fs.rmSync(dataDir, { recursive: true, force: true });
      };
      const stopIfUnused = async () => ((await isAlone(presence)) ? stop() : leave());
      return { databaseUrl: urlOf(server, databaseName), owned, pid: server.pid, stop, stopIfUnused };
    }
    if (server) {
      // The server is starting, stopping, recovering, or just gone.
      await sleep(50);
      continue;
    }
    // PostgreSQL itself sees a stale pid file, unless its id now belongs to another process of the
    // same user.
    if (running && isAlive(running.pid)) fs.rmSync(path.join(cluster.data, 'postmaster.pid'), { force: true });
    const outcome = await startPostmaster(cluster, port ?? (await freePort()), binaries, deadline);
    if ('pid' in outcome) started = outcome;
    else {
      problem = outcome.problem;
      // Another process won the race, a killed server's children linger, or the port was taken.
      if (options.port === undefined && /could not bind|Address already in use/.test(problem)) port = undefined;
      await sleep(150);
    }
  }
  throw new Error(
    `PostgreSQL did not start within ${startLimitMilliseconds / 1000} s. Its log is ${cluster.log}.${problem && `\n${problem}`}`,
  );
}

/** Connects, holds the presence lock, makes a missing database; null: not ready, or stopping. */
async function enter(url: string): Promise<pg.Client | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, application_name: 'presence' });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1, $2)', [...presenceLock]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`).catch(tolerateExisting);
    // Presence must not keep a process alive that has nothing else to do.
    streamOf(client).unref();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    const code = (error as { code?: string }).code;
    if (code === '28P01')
      throw new Error(
        'The embedded PostgreSQL does not accept the password kept beside its data. Delete DATA_DIR to start afresh.',
      );
    return null;
  }
}

function streamOf(client: pg.Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

function tolerateExisting(error: { code?: string }): void {
  // Two processes at once see duplicate_database, or a violation of the unique index behind it.
  if (error.code !== '42P04' && !isUniqueViolation(error)) throw error;
}

/** Keeps the exclusive lock until the connection ends: nobody joins a server about to stop. */
async function isAlone(presence: pg.Client): Promise<boolean> {
  streamOf(presence).ref();
  try {
    await presence.query('SELECT pg_advisory_unlock_shared($1, $2)', [...presenceLock]);
    const { rows } = await presence.query('SELECT pg_try_advisory_lock($1, $2) AS alone', [...presenceLock]);
    return rows[0].alone;
  } catch {
    return false;
  }
}

function lastPort(file: string): number | undefined {
  try {
    return Number(fs.readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
