import type { Pool, PoolClient } from 'pg';

/** A job of ours, as graphile_worker.add_jobs takes it. */
export type Job = Readonly<{
  task: 'deliver' | 'gather-email';
  payload: Readonly<Record<string, string>>;
  /** Jobs of one queue run one after another: a slow receiver holds up nobody else. */
  queue: string;
  key: string;
  /** Milliseconds from now; default: at once. */
  afterMs?: number;
}>;

/**
 * Runs of a job, at most. Deliveries give up by their own count before that; this is the limit for runs that a process did
 * not survive.
 */
const mostRuns = 50;

/**
 * Adds jobs in the caller's transaction. A job of the same key that hasn't run yet is replaced, with `keepTime` at the time it
 * was to run. Never in a statement that ends access: it notifies, and that serialises commits.
 */
export async function addJobs(
  db: Pool | PoolClient,
  jobs: readonly Job[],
  { keepTime = false }: { keepTime?: boolean } = {},
): Promise<void> {
  if (jobs.length === 0) return;
  await db.query({ name: 'jobs-add', text: addSql, values: [...columnsOf(jobs), keepTime] });
}

const addSql = `
  SELECT count(*) FROM graphile_worker.add_jobs((
    SELECT array_agg((task, payload, queue, clock_timestamp() + make_interval(secs => after_ms / 1000), ${mostRuns}, key, NULL, NULL)
                     ::graphile_worker.job_spec)
    FROM unnest($1::text[], $2::json[], $3::text[], $4::text[], $5::float8[]) AS job (task, payload, queue, key, after_ms)
  ), $6)`;

function columnsOf(jobs: readonly Job[]): unknown[] {
  return [
    jobs.map(({ task }) => task),
    jobs.map(({ payload }) => JSON.stringify(payload)),
    jobs.map(({ queue }) => queue),
    jobs.map(({ key }) => key),
    jobs.map(({ afterMs }) => afterMs ?? 0),
  ];
}

/** E-mails go out four at a time, those to one person one after another. */
const emailQueues = 4;

export function emailQueue(userId: string): string {
  const sum = [...userId].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return `email-${sum % emailQueues}`;
}

export function deliverJob(delivery: {
  orgId: string;
  id: string;
  webhookId: string | null;
  userId: string | null;
  afterMs?: number;
}): Job {
  return {
    task: 'deliver',
    payload: { orgId: delivery.orgId, deliveryId: delivery.id },
    queue: delivery.webhookId ?? emailQueue(delivery.userId ?? ''),
    key: delivery.id,
    ...(delivery.afterMs === undefined ? {} : { afterMs: delivery.afterMs }),
  };
}
