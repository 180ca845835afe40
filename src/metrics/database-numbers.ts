import type { Pool, PoolClient } from 'pg';
import { mostCounted } from '../database/most-counted.ts';
import { transaction } from '../database/pool.ts';
import type { DeviceKind } from '../sessions/principal.ts';

export type DatabaseNumbers = Readonly<{
  liveSessions: number;
  liveGrants: number;
  outboxPending: number;
  /** Seconds; 0 when nothing waits. */
  outboxAge: number;
  jobsPending: number;
  /** Jobs without any tries left. */
  jobsFailed: number;
  deliveriesDead: number;
  /** Seconds that the oldest job which could run has waited. */
  jobsLag: number;
}>;

/** Pages of a table in a sample: some ten thousand rows. A smaller table is read whole. */
const sampledPages = 500;
/** Milliseconds between two counts of live sessions and grants, at least. */
const countEvery = 60_000;

/**
 * Reads the numbers of a scrape from the database. Live sessions and grants are counted at most
 * once a minute, in large tables from a random part: never by a scan of a million rows. Each
 * statement has two seconds.
 */
export function createDatabaseNumbers({ pool }: { pool: Pool }) {
  let live: { sessions: number; grants: number; at: number } | null = null;

  async function read(): Promise<DatabaseNumbers> {
    return transaction(pool, async (client) => {
      await client.query(`SET LOCAL statement_timeout = '2s'`);
      if (!live || performance.now() - live.at >= countEvery)
        live = {
          sessions: await countLive(client, 'sessions'),
          grants: await countLive(client, 'grants'),
          at: performance.now(),
        };
      const queues = await client.query(queuesSql);
      const jobs = queues.rows[0].has_jobs ? (await client.query(jobsSql)).rows[0] : noJobs;
      const { outbox_pending: outboxPending, outbox_age: outboxAge, deliveries_dead: deliveriesDead } = queues.rows[0];
      const { pending: jobsPending, failed: jobsFailed, lag: jobsLag } = jobs;
      return {
        liveSessions: live.sessions,
        liveGrants: live.grants,
        outboxPending,
        outboxAge,
        jobsPending,
        jobsFailed,
        jobsLag,
        deliveriesDead,
      };
    });
  }

  // Scrapes that come together share one reading.
  let reading: Promise<DatabaseNumbers> | null = null;
  return (): Promise<DatabaseNumbers> => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
}

async function countLive(client: PoolClient, table: `${DeviceKind}s`): Promise<number> {
  const size = await client.query(`SELECT pg_relation_size('${table}') / current_setting('block_size')::int AS pages`);
  const share = Math.min(1, sampledPages / Math.max(1, Number(size.rows[0].pages)));
  // OFFSET 0 keeps the view from being joined as a whole: each sampled row is looked up by key.
  const { rows } = await client.query(
    `SELECT count(*)::int AS live FROM ${table} s TABLESAMPLE SYSTEM (${(share * 100).toFixed(6)}),
            LATERAL (SELECT FROM live_${table} l WHERE l.org_id = s.org_id AND l.id = s.id OFFSET 0) AS l`,
  );
  return Math.round(rows[0].live / share);
}

const queuesSql = `
  SELECT (SELECT count(*)::int FROM (SELECT FROM outbox LIMIT ${mostCounted}) AS o) AS outbox_pending,
         coalesce((SELECT greatest(0, extract(epoch FROM clock_timestamp() - at)) FROM outbox ORDER BY id LIMIT 1), 0)::float8
           AS outbox_age,
         (SELECT count(*)::int FROM (SELECT FROM deliveries WHERE status = 'dead' LIMIT ${mostCounted}) AS d) AS deliveries_dead,
         to_regclass('graphile_worker.jobs') IS NOT NULL AS has_jobs`;

const jobsSql = `
  SELECT count(*) FILTER (WHERE attempts < max_attempts)::int AS pending,
         count(*) FILTER (WHERE attempts >= max_attempts)::int AS failed,
         coalesce(max(extract(epoch FROM now() - run_at))
           FILTER (WHERE attempts < max_attempts AND run_at <= now() AND locked_at IS NULL), 0)::float8 AS lag
  FROM (SELECT attempts, max_attempts, run_at, locked_at FROM graphile_worker.jobs ORDER BY run_at LIMIT ${mostCounted}) AS j`;

const noJobs = { pending: 0, failed: 0, lag: 0 };
