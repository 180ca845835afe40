import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../errors.ts';

/** How many requests to others (an IdP's metadata, the DNS) an org's administrators may cause on a node, in seconds. */
const allowed = { points: 60, duration: 60 };

/** Counts one; nobody makes this backend knock at other doors again and again. @throws AppError too_many_requests */
export function createOutwardLimit(): (orgId: string) => Promise<void> {
  const limiter = new RateLimiterMemory(allowed);
  return async (orgId) => {
    try {
      await limiter.consume(orgId);
    } catch (limit) {
      if (!(limit instanceof RateLimiterRes)) throw limit;
      throw new AppError('too_many_requests', 'Your organisation asked for too many look-ups; wait before the next.', {
        headers: { 'Retry-After': String(Math.ceil(limit.msBeforeNext / 1000)) },
      });
    }
  };
}
