import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

/**
 * A server in a process of its own that is killed as by a crash and started again.
 * @throws Error if it ends before it is ready
 */
export async function startMortal(start: () => ChildProcess, isReady: () => Promise<boolean>) {
  let child: ChildProcess;
  const restart = async () => {
    child = start();
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => {
        printed = `${printed}${text}`.slice(-4000);
      });
    while (!(await isReady())) {
      if (child.exitCode !== null) throw new Error(`the server did not start:\n${printed}`);
      await setTimeout(20);
    }
  };
  const end = (signal: NodeJS.Signals) => async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  await restart();
  return { restart, kill: end('SIGKILL'), stop: end('SIGTERM') };
}
