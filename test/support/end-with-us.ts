import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/** Beside us in a session of its own; its standard input ends when we do, in whatever way. */
const guard = `
  const pid = Number(process.argv[1]);
  const end = (signal) => { try { process.kill(pid, signal); } catch { process.exit(); } };
  const clean = () => {
    end('SIGTERM');
    setInterval(() => end(0), 100);
    setTimeout(() => { end('SIGKILL'); process.exit(); }, 20_000);
  };
  process.stdin.on('end', clean).on('error', clean).resume();
`;

/**
 * Ends `child` when this process dies, also by a kill -9: it gets SIGTERM, so that it ends what it
 * started. `group`: it leads a process group, all of which gets that.
 */
export function endWithUs(child: ChildProcess, { group = false } = {}): void {
  const watcher = spawn(process.execPath, ['-e', guard, String(group ? -(child.pid ?? 0) : child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  (watcher.stdin as Socket).unref();
  // Its id may become another's.
  child.once('exit', () => watcher.kill('SIGKILL'));
}
