import type { Request, RequestHandler } from 'express';
import { byRequest } from '../by.ts';
import { AppError } from '../errors.ts';
import { readBearer } from '../http/bearer.ts';
import { clientNetwork } from '../http/client-address.ts';
import { allowedFailures, createRateLimit } from '../http/rate-limit.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import type { ScimCall } from './call.ts';

const realm = 'Bearer realm="scim"';

/**
 * Lets API keys with the scope `scim` through, by the Authorization header alone. Only failures are
 * counted, and a good key is taken however many there were: nobody can lock an IdP out.
 */
export function createScimAuthentication({ apiKeys }: { apiKeys: ApiKeys }): RequestHandler {
  const failures = createRateLimit(
    allowedFailures,
    'Too many requests with a wrong API key; wait before the next try.',
  );

  async function refusal(req: Request, wasSent: boolean): Promise<AppError> {
    await failures.count(clientNetwork(req.ip));
    return new AppError(
      'invalid_token',
      'Send a current API key of the organisation as "Authorization: Bearer <API key>".',
      { headers: { 'WWW-Authenticate': wasSent ? `${realm}, error="invalid_token"` : realm } },
    );
  }

  return async (req, res, next) => {
    const key = readBearer(req);
    const found = key ? await apiKeys.authenticate(key) : null;
    if (!found) throw await refusal(req, req.headers.authorization !== undefined);
    if (!found.scopes.includes('scim'))
      throw new AppError('insufficient_scope', 'This API key lacks the scope "scim"; create a key with it.', {
        headers: { 'WWW-Authenticate': `${realm}, error="insufficient_scope", scope="scim"` },
      });
    // For the access log.
    req.user = { caller: { ...found, type: 'api_key' } };
    res.locals.call = { orgId: found.orgId, by: byRequest(req, { type: 'api_key', id: found.id }) } satisfies ScimCall;
    next();
  };
}
