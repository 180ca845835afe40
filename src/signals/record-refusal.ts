import type { ErrorRequestHandler, Request } from 'express';
import type { Logger } from 'pino';
import type { CalledEndpoint } from '../audit/actions.ts';
import { type Claimed, switchedOff } from '../revocation/caller.ts';
import type { RefusedCalls } from '../revocation/refused-calls.ts';
import type { SignalConnection } from './find-connection.ts';
import { SignalRefused, toAnswer } from './refusal.ts';
import type { SecurityEvent } from './security-event.ts';

/** What the steps before know of a token that was refused. `signed`: its IdP meant it as a signal. */
type Known = Readonly<{ connection?: SignalConnection; signed?: boolean; event?: SecurityEvent }>;

/**
 * Puts a refused signal on record before it is answered, in front of the endpoint's own errors. A
 * token that the connection's IdP signed as a signal is the connection's own call; any other is a stranger's,
 * for the org whose address was called.
 */
export function createRefusalRecord(
  deps: { log: Logger; refusedCalls: RefusedCalls },
  endpoint: Exclude<CalledEndpoint, 'revocation'>,
  findCalled: (req: Request) => Promise<readonly Claimed[]>,
): ErrorRequestHandler {
  async function record(error: unknown, req: Request, known: Known): Promise<void> {
    const { connection } = known;
    const claims: readonly Claimed[] = connection ? [claimedBy(connection, known, error)] : await findCalled(req);
    await recordRefusal(deps.refusedCalls, error, known, {
      endpoint,
      claims,
      ip: req.ip ?? null,
      requestId: req.id,
    });
  }

  return async (error, req, res, next) => {
    await record(error, req, res.locals).catch((err) => {
      // The answer is the same where the record fails.
      deps.log.error({ err, requestId: req.id }, 'a refused signal could not be attributed');
    });
    next(error);
  };
}

/** The connection as whose call it is recorded, with what was wrong in a token that its IdP signed. */
export function claimedBy({ orgId, id, active }: SignalConnection, { signed = false }: Known, error: unknown): Claimed {
  const { found } = active ? (error as Partial<SignalRefused>) : switchedOff;
  return { type: 'connection', signed, ...(signed && found !== undefined && { found }), orgId, id };
}

/** What is our own fault isn't recorded. */
export async function recordRefusal(
  refusedCalls: RefusedCalls,
  error: unknown,
  { connection, event }: Known,
  call: Readonly<{
    endpoint: Exclude<CalledEndpoint, 'revocation'>;
    claims: readonly Claimed[];
    ip: string | null;
    requestId: string;
  }>,
): Promise<void> {
  const { code, detail, status } = toAnswer(error);
  if (status >= 500) return;
  const refused = error instanceof SignalRefused ? error : { reason: code };
  const { reason } = connection?.active === false ? switchedOff : refused;
  const { claims, ...from } = call;
  await refusedCalls.ofClaimed(claims, {
    ...from,
    code,
    reason,
    explanation: detail,
    credentialType: reason === 'no_token' ? 'none' : 'jwt',
    subject: event?.subject,
  });
}
