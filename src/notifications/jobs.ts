import type { Pool, PoolClient } from 'pg';

/** A job of ours, as graphile_worker.add_jobs takes it. */
export type Job = Readonly<{
  task: 'deliver' | 'gather-email' | 'note-account-mails' | 'gather-account-mail';
  payload: Readonly<Record<string, string>>;
  key: string;
  /** A lane's name holds no spaces. */
  lanes: readonly string[];
  /** Milliseconds from now; default: at once. */
  afterMs?: number;
}>;

/** Runs of a job, for those that kill their process: deliveries give up earlier, by their count. */
const mostRuns = 50;

/**
 * Adds jobs in the caller's transaction. A job replaces one of the same key that hasn't run yet;
 * `keepTime` keeps the older one's time. `anew`, in a transaction: a job puts itself off. If it was
 * freed meanwhile, the later one must not be the same row: graphile-worker deletes that by its id when
 * this run ends. Never in a statement that ends access: add_jobs notifies,
 * and that serialises commits.
 */
export async function addJobs(
  db: Pool | PoolClient,
  jobs: readonly Job[],
  { keepTime = false, anew = false }: { keepTime?: boolean; anew?: boolean } = {},
): Promise<void> {
  if (jobs.length === 0) return;
  if (anew)
    await db.query({
      name: 'jobs-remove',
      text: 'SELECT graphile_worker.remove_job(key) FROM unnest($1::text[]) AS job (key)',
      values: [jobs.map(({ key }) => key)],
    });
  await db.query({ name: 'jobs-add', text: addSql, values: [...columnsOf(jobs), keepTime] });
}

const addSql = `
  SELECT count(*) FROM graphile_worker.add_jobs((
    SELECT array_agg((task, payload, NULL, clock_timestamp() + make_interval(secs => after_ms / 1000), ${mostRuns}, key, NULL,
                      string_to_array(lanes, ' '))::graphile_worker.job_spec)
    FROM unnest($1::text[], $2::json[], $3::text[], $4::text[], $5::float8[]) AS job (task, payload, key, lanes, after_ms)
  ), $6)`;

function columnsOf(jobs: readonly Job[]): unknown[] {
  return [
    jobs.map(({ task }) => task),
    jobs.map(({ payload }) => JSON.stringify(payload)),
    jobs.map(({ key }) => key),
    jobs.map(({ lanes }) => lanes.join(' ')),
    jobs.map(({ afterMs }) => afterMs ?? 0),
  ];
}

/** `again`: the delivery failed before. */
export function deliverJob(delivery: {
  orgId: string;
  id: string;
  webhookId: string | null;
  again?: boolean;
  afterMs?: number;
}): Job {
  const { orgId, id, webhookId, again = false, afterMs = 0 } = delivery;
  const receiver = webhookId === null ? ['email'] : [`org:${orgId}`, `webhook:${webhookId}`];
  return {
    task: 'deliver',
    payload: { orgId, deliveryId: id },
    key: id,
    lanes: again ? [...receiver, 'again'] : receiver,
    afterMs,
  };
}
