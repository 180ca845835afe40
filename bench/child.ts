import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Call = { id: number; method: string; argument: unknown };
type Answer = { id: number; result?: unknown; error?: string };

export type Child = Readonly<{
  /**
   * Runs a method of the child. @throws Error with the child's message, also when the child ends
   */
  call<Result>(method: string, argument?: unknown): Promise<Result>;
  stop(): Promise<void>;
}>;

/** Starts a module in a process of its own, in production mode; its access log is discarded. */
export function startChild(
  file: string,
  options: { env?: Record<string, string>; execArgv?: string[] | undefined } = {},
): Child {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    env: { ...process.env, NODE_ENV: 'production', ...options.env },
    execArgv: options.execArgv ?? [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  running.add(child);
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  child.on('message', ({ id, result, error }: Answer) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result as never);
    else call?.reject(new Error(`${file}: ${error}`));
  });
  child.on('exit', (code, signal) => {
    running.delete(child);
    for (const call of waiting.values()) call.reject(new Error(`${file} ended with ${signal ?? code}`));
  });
  return {
    call: (method, argument) =>
      new Promise((resolve, reject) => {
        const id = calls++;
        waiting.set(id, { resolve, reject });
        child.send({ id, method, argument } satisfies Call);
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      // SIGKILL follows only if the child doesn't end by itself once the channel is closed.
      const limit = setTimeout(() => child.kill('SIGKILL'), 10_000);
      child.disconnect();
      await exited;
      clearTimeout(limit);
    },
  };
}

const running = new Set<ChildProcess>();

/** Ends every child that still runs, in the middle of its work too. */
export async function killChildren(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      return exited;
    }),
  );
}

/** The child's side: answers calls until the parent goes, then ends. */
export function answerCalls(methods: Record<string, (argument: never) => unknown>): void {
  process.on('message', async ({ id, method, argument }: Call) => {
    const answer: Answer = { id };
    try {
      answer.result = await methods[method]?.(argument as never);
    } catch (error) {
      answer.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (process.connected) process.send?.(answer);
  });
  process.on('disconnect', () => process.exit());
}
