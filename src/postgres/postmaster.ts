import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { type Cluster, isAlive } from './cluster.ts';

/** A running server as its postmaster.pid describes it. */
export type Postmaster = Readonly<{ pid: number; port: number }>;

const stopLimitMilliseconds = 20_000;
const logLimitBytes = 10_000_000;

/** Reads process id (line 1) and port (line 4) of postmaster.pid; null without a whole file. */
export function readPostmaster(data: string): Postmaster | null {
  try {
    const lines = fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
    const [pid, port] = [Number(lines[0]), Number(lines[3])];
    return pid > 0 && port > 0 ? { pid, port } : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES')
      throw new Error(`The database in ${data} belongs to another user. Run as that user, or choose another DATA_DIR.`);
    return null;
  }
}

/** Whether that process is a live server: after a kill -9 or a reboot, the id may be another's. */
export function isRunning({ pid }: Postmaster, data: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    const command = fs.existsSync('/proc/self/cmdline')
      ? fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes(data);
  } catch {
    return false;
  }
}

/**
 * Starts the server in a session of its own, so that Ctrl-C reaches us only, and returns when it
 * has its port or ended. Never with fsync off: the product is tried on what it promises.
 */
export async function startPostmaster(
  cluster: Cluster,
  port: number,
  { postgres, runAs }: Binaries,
  deadline: number,
): Promise<Postmaster | { problem: string }> {
  if ((fs.statSync(cluster.log, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) rotate(cluster.log);
  const log = fs.openSync(cluster.log, 'a', 0o600);
  const offset = fs.fstatSync(log).size;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', cluster.data, '-p', String(port), ...flags], {
    ...runAs,
    cwd: cluster.home,
    detached: true,
    stdio: ['ignore', log, log],
  });
  fs.closeSync(log);
  let ended: string | undefined;
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code, signal) => {
    ended = `PostgreSQL ended with ${signal ?? code}.`;
  });
  child.unref();
  while (ended === undefined && Date.now() < deadline) {
    const server = readPostmaster(cluster.data);
    if (server && server.pid === child.pid) return server;
    await sleep(20);
  }
  return {
    problem: `${ended ?? 'PostgreSQL is still starting.'}\n${fs.readFileSync(cluster.log, 'utf8').slice(offset).trim()}`,
  };
}

function rotate(log: string): void {
  try {
    fs.renameSync(log, `${log}.1`);
  } catch {
    // Another process did it.
  }
}

/** Ends connections, writes a checkpoint, and waits; after 20 s the server is ended at once. */
export async function stopPostmaster(server: Postmaster, data: string): Promise<void> {
  const gone = () => !isRunning(server, data);
  if (gone()) return;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(server.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    const deadline = Date.now() + stopLimitMilliseconds;
    while (Date.now() < deadline) {
      if (gone()) return;
      await sleep(20);
    }
  }
  throw new Error(`PostgreSQL (process ${server.pid}) does not stop.`);
}
