import { createRateLimit } from '../http/rate-limit.ts';

/** Requests to IdPs and the DNS that an org may cause on a node, in so many seconds. */
const allowed = { points: 60, duration: 60 };

/** @throws AppError too_many_requests */
export type OutwardLimit = (orgId: string) => Promise<void>;

/** Counts a request: no org makes this backend flood others. */
export function createOutwardLimit(): OutwardLimit {
  const limit = createRateLimit(allowed, 'Your organisation asked for too many look-ups; wait before the next.');
  return limit.count;
}
