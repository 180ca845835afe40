import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { spawnWithUs } from '../support/end-with-us.ts';

/** Bytes of what a server printed that are kept, to say why it ended. */
const keptBytes = 10_000;

/**
 * Starts a server that others wrote and waits until it is ready, which is asked again and again; it
 * ends when this process does. What it prints is read: a full pipe would hold it up.
 * @throws Error with what it printed, if it ends before
 */
export async function startUntil(
  isReady: () => Promise<boolean>,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ stop(): Promise<void> }> {
  const child = spawnWithUs(command, args, { stdin: 'ignore', env: { ...process.env, ...env } });
  const ended = once(child, 'exit');
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      printed = `${printed}${text}`.slice(-keptBytes);
    });
  while (!(await isReady())) {
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

/** The same, ready when it answers 200 at that URL. */
export const startServer = (
  command: string,
  args: readonly string[],
  { url, env = {} }: { url: string; env?: Record<string, string> },
) => startUntil(async () => (await fetch(url).catch(() => null))?.status === 200, command, args, env);
