import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { spawnWithUs } from '../support/end-with-us.ts';

/**
 * Starts a server that others wrote and waits until it answers 200 at that URL; it ends when this
 * process does. @throws Error with what it printed, if it ends before
 */
export async function startServer(
  command: string,
  args: readonly string[],
  { url, env = {} }: { url: string; env?: Record<string, string> },
): Promise<{ stop(): Promise<void> }> {
  const child = spawnWithUs(command, args, { stdin: 'ignore', env: { ...process.env, ...env } });
  const ended = once(child, 'exit');
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      printed += text;
    });
  while ((await fetch(url).catch(() => null))?.status !== 200) {
    if (child.exitCode !== null) throw new Error(`${command} did not start:\n${printed}`);
    await setTimeout(20);
  }
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
