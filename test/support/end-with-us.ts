import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Beside us in a session of its own; its standard input ends when we do, in whatever way. A line of
 * it names a process that we have started, or one that has ended: its id may become another's.
 */
const guard = `
  const ours = new Set();
  const end = (signal) => {
    for (const id of ours) try { process.kill(id, signal); } catch { ours.delete(id); }
    if (ours.size === 0) process.exit();
  };
  const clean = () => {
    end('SIGTERM');
    setInterval(() => end(0), 100);
    setTimeout(() => { end('SIGKILL'); process.exit(); }, 20_000);
  };
  process.stdin.on('error', clean);
  require('node:readline').createInterface(process.stdin).on('close', clean).on('line', (line) => {
    const [what, id] = line.split(' ');
    ours[what === 'started' ? 'add' : 'delete'](Number(id));
  });
`;

let watcher: ChildProcess | undefined;

/** A process for all children of this one. */
function startGuard(): ChildProcess {
  const child = spawn(process.execPath, ['-e', guard], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}

/** Becomes the command once a line comes, and ends if none can come any more. */
const waiting = 'read -r _go <&3 && exec "$@" 3<&-';

/**
 * Starts a child that ends when this process dies, also by a kill -9: it gets SIGTERM, so that it
 * ends what it started. It begins only after the guard was told of it. `group`: it leads a process
 * group, all of which gets that.
 */
export function spawnWithUs(
  command: string,
  args: readonly string[],
  { group = false, stdin = 'pipe' as 'pipe' | 'ignore', ...options }: SpawnWithUsOptions = {},
): ChildProcessWithoutNullStreams {
  watcher ??= startGuard();
  const child = spawn('sh', ['-c', waiting, 'sh', command, ...args], {
    ...options,
    detached: group,
    stdio: [stdin, 'pipe', 'pipe', 'pipe'],
  });
  const tell = (what: 'started' | 'ended') =>
    watcher?.stdin?.write(`${what} ${group ? -(child.pid ?? 0) : child.pid}\n`);
  if (child.pid !== undefined) tell('started');
  child.once('exit', () => tell('ended'));
  const go = child.stdio[3] as Socket;
  go.on('error', () => {}).resume();
  go.end('\n');
  return child as ChildProcessWithoutNullStreams;
}

export type SpawnWithUsOptions = Readonly<{
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  group?: boolean;
  stdin?: 'pipe' | 'ignore';
}>;
