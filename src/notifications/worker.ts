import { setTimeout as delay } from 'node:timers/promises';
import { Logger, runTaskList, type WorkerPool } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger as Log } from 'pino';
import { createPool } from '../database/pool.ts';

/** Jobs of a node at once. Those of one queue run one after another, so a receiver that hangs takes one of these. */
const concurrency = 10;
/** Milliseconds. New jobs come by NOTIFY; this is for those that wait for their time. */
const pollInterval = 2_000;
/** Milliseconds between looks for jobs of processes that are no more. */
const lookEveryMs = 10_000;

type Tasks = Readonly<
  Record<'deliver' | 'gather-email', (payload: Record<string, string>, signal: AbortSignal) => Promise<void>>
>;

/**
 * Runs jobs for as long as the process does, on a small pool of its own that leads straight to the server: behind a pooler
 * LISTEN is lost. It starts anew if graphile-worker gives up. `stop` lets jobs finish for a moment, then breaks them off; they
 * are tried again, here or on another node.
 */
export function startWorker(deps: { directDatabaseUrl: string; log: Log; tasks: Tasks }) {
  const { log } = deps;
  const pool = createPool({
    connectionString: deps.directDatabaseUrl,
    max: 4,
    applicationName: 'universal-logout jobs',
    log,
  });
  const taskList = Object.fromEntries(
    Object.entries(deps.tasks).map(([name, task]) => [
      name,
      (payload: unknown, { abortSignal }: { abortSignal: AbortSignal }) =>
        task(payload as Record<string, string>, abortSignal),
    ]),
  );
  const stopping = new AbortController();
  let running: WorkerPool | null = null;

  const working = (async () => {
    while (!stopping.signal.aborted) {
      const options = { noHandleSignals: true, concurrency, pollInterval, gracefulShutdownAbortTimeout: 1_500 };
      running = runTaskList({ ...options, logger: toPino(log) }, taskList, pool);
      await running.promise.catch((error) => log.warn({ err: error }, 'the job worker ended; it is started anew'));
      await delay(1_000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  const looking = setInterval(() => {
    freeJobsOfTheDead(pool).catch((error) => log.warn({ err: error }, 'jobs of ended processes could not be freed'));
  }, lookEveryMs);
  looking.unref();

  return {
    async stop(): Promise<void> {
      stopping.abort();
      clearInterval(looking);
      await Promise.resolve(running?.gracefulShutdown()).catch(() => {});
      await working;
      await pool.end();
    },
  };
}

/**
 * A process that is killed leaves its jobs locked, and graphile-worker waits four hours for it. None of our jobs takes half a
 * minute: whoever has held one for a whole one is gone.
 */
export async function freeJobsOfTheDead(pool: Pool): Promise<void> {
  await pool.query(
    `SELECT graphile_worker.force_unlock_workers(array_agg(DISTINCT locked_by))
     FROM graphile_worker.jobs WHERE locked_at < now() - interval '1 minute' HAVING count(*) > 0`,
  );
}

/** Failed tries are in the log of deliveries; a message of ours may hold nothing personal, graphile-worker's name the job. */
function toPino(log: Log): Logger {
  return new Logger(() => (level, message) => {
    if (level === 'error') log.debug({ message }, 'job worker');
  });
}
