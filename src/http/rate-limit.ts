import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError, type Saying } from '../errors.ts';
import { createPace, refusalGap } from './pace.ts';

type Allowed = Readonly<{ points: number; duration: number }>;

/** Failed authentications of a network in 60 seconds; any further one hears 429 in place of 401. */
export const allowedFailures: Allowed = { points: 30, duration: 60 };

/** Counts on this node, for each key, up to `points` in `duration` seconds. */
export function createLimit(allowed: Allowed) {
  const limiter = new RateLimiterMemory({ ...allowed });
  return {
    /** Counts one request. Returns the seconds until there is room again; 0 while there is. */
    async count(key: string): Promise<number> {
      try {
        await limiter.consume(key);
        return 0;
      } catch (limit) {
        if (!(limit instanceof RateLimiterRes)) throw limit;
        return Math.max(1, Math.ceil(limit.msBeforeNext / 1000));
      }
    },

    /** Takes back a request that turned out not to count. */
    giveBack(key: string): void {
      limiter.reward(key).catch(() => {});
    },
  };
}

/** A limit beyond which requests are refused with `detail`. */
export function createRateLimit(allowed: Allowed, detail: string) {
  const limit = createLimit(allowed);
  const refuse = createPace(refusalGap);
  return {
    /** Counts one request. @throws AppError too_many_requests, with the seconds to wait */
    async count(key: string): Promise<void> {
      const seconds = await limit.count(key);
      if (seconds === 0) return;
      await refuse(key);
      throw tooManyRequests(detail, seconds);
    },

    giveBack: limit.giveBack,
  };
}

/** A 429 with the seconds to wait. */
export function tooManyRequests(said: string | Saying, seconds: number): AppError {
  return new AppError('too_many_requests', said, { headers: { 'Retry-After': String(seconds) } });
}
