import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import type { UntrustedJwt } from '../connections/idp-keys.ts';
import { AppError } from '../errors.ts';
import { toAppError } from '../http/problem.ts';
import { quote } from '../issues.ts';

/** The codes of RFC 8935 §2.4; refused logout tokens have them too. */
export type SignalError =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed';

/** Why a token is refused, in one word for the record. Alike ones are counted together by it. */
export type RefusalReason =
  | UntrustedJwt['reason']
  | 'no_token'
  | 'no_connection'
  | 'issuer'
  | 'audience'
  | 'claims'
  | 'not_yet'
  | 'too_old'
  | 'expired'
  | 'subject'
  | 'ambiguous_subject';

/** A token that is refused. The description is ours, and repeats nothing of the token. */
export class SignalRefused extends Error {
  override readonly name = 'SignalRefused';
  readonly code: SignalError;
  readonly reason: RefusalReason;
  /** What a token with a signature that holds says and should not, for administrators. */
  readonly found: string | undefined;
  constructor(code: SignalError, reason: RefusalReason, description: string, found?: string) {
    super(description);
    this.code = code;
    this.reason = reason;
    this.found = found;
  }
}

const untrusted = {
  malformed: ['invalid_request', 'The token is not a JWT that can be read.'],
  type: ['invalid_request', 'The header "typ" is that of another kind of token.'],
  algorithm: ['invalid_key', 'The signature algorithm is not one of those that are accepted.'],
  unknown_key: ['invalid_key', 'The token is signed with a key that the issuer does not publish.'],
  signature: ['authentication_failed', 'The signature does not hold.'],
} as const satisfies Record<UntrustedJwt['reason'], readonly [SignalError, string]>;

export function asSignalRefused({ reason, isSigned, typ }: UntrustedJwt): SignalRefused {
  const [code, description] = untrusted[reason];
  return new SignalRefused(code, reason, description, isSigned ? `It is ${quote(typ)}.` : undefined);
}

/** Back-Channel Logout 1.0 §2.8: OAuth's form of errors; 400 is for the token's faults alone. */
export function createLogoutErrors({ log }: { log: Logger }): ErrorRequestHandler {
  return (error, req, res, _next) => {
    const known = toAnswer(error);
    const line = { requestId: req.id, code: known.code, detail: known.detail };
    if (known.status >= 500 && !known.foreign) log.error({ ...line, err: error }, 'back-channel logout failed');
    else log.warn(line, known.foreign ? 'back-channel logout failed by another service' : 'logout token refused');
    const fault = known.status === 503 ? 'temporarily_unavailable' : 'server_error';
    res
      .status(known.status)
      .set(known.headers)
      .json({ error: known.status < 500 ? 'invalid_request' : fault, error_description: known.detail });
  };
}

/** RFC 8935 §2.3: `{err, description}` and its language. Our own faults go to the error handler. */
export function createEventErrors({ log }: { log: Logger }): ErrorRequestHandler {
  return (error, req, res, next) => {
    const known = toAnswer(error);
    if (known.status >= 500) return next(error);
    const err = error instanceof SignalRefused ? error.code : 'invalid_request';
    log.warn({ requestId: req.id, code: err, detail: known.detail }, 'security event refused');
    res
      .status(known.status)
      .set({ ...known.headers, 'Content-Language': 'en' })
      .json({ err, description: known.detail });
  };
}

/** The problem that an error stands for; each endpoint answers with it in its own form. */
export function toAnswer(error: unknown): AppError {
  return error instanceof SignalRefused ? new AppError('invalid_request', error.message) : toAppError(error);
}
