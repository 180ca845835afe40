import { createRateLimit } from '../http/rate-limit.ts';

/**
 * How many requests to others (an IdP's metadata, the DNS) an org's administrators may cause on a
 * node, in seconds.
 */
const allowed = { points: 60, duration: 60 };

/**
 * Counts one; nobody makes this backend knock at other doors again and again. @throws AppError
 * too_many_requests
 */
export function createOutwardLimit(): (orgId: string) => Promise<void> {
  const limit = createRateLimit(allowed, 'Your organisation asked for too many look-ups; wait before the next.');
  return limit.count;
}
