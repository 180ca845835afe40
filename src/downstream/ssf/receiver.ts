import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import { isReference } from '../../database/ids.ts';
import { AppError } from '../../errors.ts';
import { readBearer } from '../../http/bearer.ts';
import { clientNetwork } from '../../http/client-address.ts';
import { allowedFailures, createRateLimit } from '../../http/rate-limit.ts';
import { createFindClientCredentials } from '../../tokens/client-credentials.ts';

/** The receiver who calls: an app of kind `ssf` of the org whose address was called. */
export type Receiver = Readonly<{ orgId: string; appId: string }>;
export type ReceiverScope = 'ssf.read' | 'ssf.manage';

const realm = 'Bearer realm="ssf"';

export const receiverOf = (res: Response) => res.locals.receiver as Receiver;

/**
 * Lets the receivers of the org in the path through, by an access token of the org's own issuer.
 * `ssf.manage` may read, too. A token of another org is as unknown as none. Only failures are
 * counted, and a good token is taken however many there were.
 */
export function createReceiverAuthentication({ pool }: { pool: Pool }) {
  const findToken = createFindClientCredentials({ pool });
  const failures = createRateLimit(
    allowedFailures,
    'Too many requests with a wrong access token; wait before the next try.',
  );

  const refusal = async (req: Request): Promise<AppError> => {
    await failures.count(clientNetwork(req.ip));
    const wasSent = req.headers.authorization !== undefined;
    return new AppError(
      'invalid_token',
      'Send a current access token of this organisation’s token endpoint, by client credentials, as "Authorization: Bearer <token>".',
      { headers: { 'WWW-Authenticate': wasSent ? `${realm}, error="invalid_token"` : realm } },
    );
  };

  return (scope: ReceiverScope): RequestHandler<{ org: string }> =>
    async (req, res, next) => {
      const orgId = req.params.org;
      const token = readBearer(req as unknown as Request);
      const found = token && isReference(orgId) ? await findToken(orgId, token) : null;
      if (!found) throw await refusal(req as unknown as Request);
      if (!found.scopes.includes(scope) && !found.scopes.includes('ssf.manage'))
        throw new AppError('insufficient_scope', `This access token lacks the scope "${scope}"; ask for one with it.`, {
          headers: { 'WWW-Authenticate': `${realm}, error="insufficient_scope", scope="${scope}"` },
        });
      res.locals.receiver = { orgId, appId: found.appId } satisfies Receiver;
      next();
    };
}
