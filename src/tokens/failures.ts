import type { IncomingMessage } from 'node:http';
import { errors, Provider } from 'oidc-provider';
import type { Logger } from 'pino';
import { isUnavailable, isUnstorable } from '../database/errors.ts';

/** Runs a statement for the library, which answers any error but its own with a 500. */
export async function inOAuthTerms<T>(log: Logger, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isUnavailable(cause)) {
      log.error({ err: cause }, 'the authorization server had no answer from the database');
      throw unavailable(cause);
    }
    if (isUnstorable(cause))
      throw new errors.InvalidRequest('the request holds a character that cannot be stored', 400, { cause });
    throw cause;
  }
}

/**
 * The seconds after which a request that failed may be sent again; null if that would end the
 * grant. A refresh that failed has used nothing up, except where the connection broke at the
 * commit: what was committed then is within its grace.
 */
export const retryAfter = ({ codeUsedUp = false }: IncomingMessage): number | null => (codeUsedUp ? null : 5);

/** RFC 6749 §4.1.2.1 has this name. There is no redirect: it could carry no 503 and no Retry-After. */
function unavailable(cause: unknown): errors.OIDCProviderError {
  const error = new errors.OIDCProviderError(503, 'temporarily_unavailable', { cause });
  return Object.assign(error, {
    error_description:
      Provider.ctx && retryAfter(Provider.ctx.req) === null
        ? 'Something this service depends on does not answer; begin a new sign-in in a few seconds.'
        : 'Something this service depends on does not answer; try again in a few seconds.',
    expose: true,
    allow_redirect: false,
  });
}
