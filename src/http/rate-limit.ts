import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../errors.ts';

/** Counts on this node, by whatever key, up to `points` in `duration` seconds; what is beyond is refused with `detail`. */
export function createRateLimit(allowed: Readonly<{ points: number; duration: number }>, detail: string) {
  const limiter = new RateLimiterMemory({ ...allowed });
  return {
    /** Counts one. The refusal, with when to try again, or null while there is room. */
    async count(key: string): Promise<AppError | null> {
      try {
        await limiter.consume(key);
        return null;
      } catch (limit) {
        if (!(limit instanceof RateLimiterRes)) throw limit;
        const headers = { 'Retry-After': String(Math.ceil(limit.msBeforeNext / 1000)) };
        return new AppError('too_many_requests', detail, { headers });
      }
    },

    /** Takes one back that turned out not to count. */
    giveBack(key: string): void {
      limiter.reward(key).catch(() => {});
    },
  };
}
