import type { Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';

/** Milliseconds. */
const lookUpTimeout = 8_000;

/**
 * Waits for an answer of the database at most `ms` milliseconds: a server that vanished silently is
 * noticed by the driver after half a minute. The work itself goes on, and may still commit.
 * @throws Error that `isAway` knows, when the time is up
 */
export async function withPatience<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // Nobody waits for it any more.
    work.catch(() => {});
    reject(Object.assign(new Error('the database did not answer in time'), { code: 'ETIMEDOUT' }));
  }, ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a statement that looks something up by a key, and gives up after 8 s. A server that stands
 * still keeps its connections open: the driver would wait as long as the longest statement may take.
 * @throws Error that `isAway` knows, when the time is up
 */
export function lookUp<Row extends QueryResultRow>(pool: Pool, statement: QueryConfig): Promise<QueryResult<Row>> {
  // The driver takes the limit with a statement, too; its types don't know it.
  const limited: QueryConfig & { query_timeout: number } = { ...statement, query_timeout: lookUpTimeout };
  return pool.query<Row>(limited);
}
