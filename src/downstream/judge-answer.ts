import type { GuardedFetchError, GuardedFetchReason, GuardedResponse } from '../http/guarded-fetch.ts';
import type { ForwardOutcome } from './forward.ts';

/** Milliseconds that an app may ask us to wait, at most. */
const longestWaitMs = 3_600_000;

/** What an app's answer means. Its body never decides: a hostile app has no way in by it. */
export function judgeAnswer({ status, headers }: Pick<GuardedResponse, 'status' | 'headers'>): ForwardOutcome {
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  // It may have our new key only in a moment.
  if (status === 401) return notYet('not_authorized', status);
  if (status === 429) return { ...notYet('asked_to_wait', status), ...retryAfter(headers['retry-after']) };
  if (status === 408 || status === 425 || status >= 500)
    return { ...notYet('unavailable', status), ...retryAfter(headers['retry-after']) };
  return never('refused', status);
}

/** Redirects and addresses that we don't call never come right by themselves. */
export const judgeFailure = ({ reason }: GuardedFetchError): ForwardOutcome =>
  hopeless.has(reason) ? never(reason, null) : notYet(reason, null);

const hopeless: ReadonlySet<GuardedFetchReason> = new Set(['redirect', 'insecure', 'refused_address']);

export const never = (error: string, status: number | null): ForwardOutcome => ({ result: 'dead', status, error });
export const notYet = (error: string, status: number | null): ForwardOutcome => ({ result: 'again', status, error });

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfter(value: string | undefined): { afterMs?: number } {
  if (value === undefined) return {};
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return ms > 0 ? { afterMs: Math.min(ms, longestWaitMs) } : {};
}
