import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type JobHelpers, Logger, runTaskList, type WorkerEvents, type WorkerPool } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger as Log } from 'pino';
import { transaction } from '../database/pool.ts';
import { addJobs, type Job } from './jobs.ts';
import { createLanes } from './lanes.ts';

/** Jobs of a node at once. They mostly wait for a receiver, without a database connection. */
const concurrency = 24;
/** Milliseconds. New jobs come by NOTIFY; polling finds those whose time has come. */
const pollInterval = 2_000;
/** Milliseconds between looks for jobs that dead processes have left. */
const lookEveryMs = 10_000;
/** Milliseconds that graphile-worker has to end by itself before a new one is started. */
const endsWithinMs = 10_000;
/** Milliseconds until a job whose lane is full is tried again. */
const laneFullMs = 1_000;
/** Milliseconds that a job takes at least: a storm leaves the node free for requests. */
const paceMs = 25;

type Payload = Record<string, string>;
type Tasks = Readonly<Record<Job['task'], (payload: Payload, signal: AbortSignal) => Promise<void>>>;

/**
 * Runs jobs for as long as the process lives, on a small pool that leads straight to the server:
 * behind a pooler LISTEN is lost. Starts anew if graphile-worker gives up. `stop` lets jobs finish
 * for a moment, then breaks them off; this node or another tries them again.
 */
export function startWorker(deps: { pool: Pool; log: Log; tasks: Tasks }) {
  const { log, pool } = deps;
  const lanes = createLanes();
  const stopping = new AbortController();
  let running: WorkerPool | null = null;

  const run = (task: Job['task']) => async (payload: unknown, helpers: JobHelpers) => {
    const { job, abortSignal } = helpers;
    const own = Object.keys(job.flags ?? {});
    const again = { task, payload: payload as Payload, key: job.key ?? job.id, lanes: own, afterMs: laneFullMs };
    // A later job takes this one's place, so that no try is spent.
    if (!(await lanes.enter(own))) return transaction(pool, (client) => addJobs(client, [again], { anew: true }));
    try {
      const paced = delay(paceMs);
      await deps.tasks[task](payload as Payload, abortSignal);
      await paced;
    } finally {
      lanes.leave(own);
    }
  };

  const working = (async () => {
    while (!stopping.signal.aborted) {
      const events: WorkerEvents = new EventEmitter();
      const ending = once(events, 'pool:gracefulShutdown').then(() => delay(endsWithinMs, undefined, { ref: false }));
      running = runTaskList(
        {
          events,
          noHandleSignals: true,
          concurrency,
          pollInterval,
          gracefulShutdownAbortTimeout: 1_500,
          forbiddenFlags: lanes.full,
          logger: toPino(log),
          // With a batch delay, the end of a job is written again and again until the database is
          // back. Without it, its promise is awaited by nobody and ends the process when it fails.
          preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
        },
        {
          deliver: run('deliver'),
          'gather-email': run('gather-email'),
          'note-account-mails': run('note-account-mails'),
          'gather-account-mail': run('gather-account-mail'),
        },
        pool,
      );
      // Without a database the worker may never end.
      await Promise.race([running.promise, ending]).catch((error) => log.warn({ err: error }, 'the job worker ended'));
      await delay(1_000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  const looking = setInterval(() => {
    tidy(pool).catch((error) => log.warn({ err: error }, 'jobs of ended processes could not be freed'));
  }, lookEveryMs);
  looking.unref();

  return {
    async stop(): Promise<void> {
      stopping.abort();
      clearInterval(looking);
      await Promise.resolve(running?.gracefulShutdown()).catch(() => {});
      await working;
    },
  };
}

/**
 * A process that is killed leaves its jobs locked, and graphile-worker waits four hours for it.
 * None of our jobs takes half a minute: a process that has held one for a minute is gone.
 */
async function tidy(pool: Pool): Promise<void> {
  await pool.query(
    `SELECT graphile_worker.force_unlock_workers(array_agg(DISTINCT locked_by))
     FROM graphile_worker.jobs WHERE locked_at < now() - interval '1 minute' HAVING count(*) > 0`,
  );
  // Either another job took the place of one whose process was killed, or fifty processes did not
  // survive it.
  await pool.query(
    `WITH over AS (
       SELECT key FROM graphile_worker.complete_jobs(ARRAY(
         SELECT id FROM graphile_worker.jobs WHERE attempts >= max_attempts AND locked_at IS NULL LIMIT 1000))
     )
     UPDATE deliveries d SET status = 'dead', error = 'given_up', finished_at = clock_timestamp()
     FROM over WHERE d.id = over.key AND d.status = 'pending'`,
  );
}

/** Failed tries are in the log of deliveries. */
function toPino(log: Log): Logger {
  return new Logger(() => (level, message) => {
    if (level === 'error') log.debug({ message }, 'job worker');
  });
}
