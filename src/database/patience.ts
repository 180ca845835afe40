/**
 * Waits for an answer of the database at most `ms` milliseconds: a server that vanished silently is
 * noticed by the driver after half a minute. The work itself goes on, and may still commit.
 * @throws Error that `isAway` knows, when the time is up
 */
export async function withPatience<T>(work: Promise<T>, ms: number | null): Promise<T> {
  if (ms === null) return work;
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
