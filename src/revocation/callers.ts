import type { Request, RequestHandler } from 'express';
import { Passport } from 'passport';
import { Strategy as BearerStrategy } from 'passport-http-bearer';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';

/** Who posts to the revocation endpoint, always of exactly one org. */
export type Caller = Readonly<{ orgId: string; type: 'api_key'; id: string; scopes: readonly string[] }>;

declare global {
  namespace Express {
    interface User {
      caller?: Caller;
    }
  }
}

/** Failed authentications a network may have in 60 seconds before it hears 429 in place of 401. */
const allowedFailures = { points: 30, duration: 60 };

// RFC 6750 §2.1, at a length that no key of ours reaches.
const bearer = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i;

/**
 * Authenticates the caller before anything of the body is read. Keys are taken from the Authorization header alone:
 * passport-http-bearer would also take them from the query and from forms, where they land in logs.
 * Only failures are counted, and a valid key is accepted however many there were: nobody can lock a caller out.
 */
export function createCallerAuthentication(deps: { apiKeys: ApiKeys }) {
  const failures = new RateLimiterMemory({ ...allowedFailures });
  const passport = new Passport();
  passport.use(
    new BearerStrategy((key, done) => {
      deps.apiKeys.authenticate(key).then(
        (caller) => done(null, caller ? { caller: { ...caller, type: 'api_key' } } : false),
        (error) => done(error),
      );
    }),
  );

  const refuse = async (req: Request, tried: boolean): Promise<AppError> => {
    // RFC 6750 §3: no error code when no credential was sent.
    const challenge = `Bearer realm="global-token-revocation"${tried ? ', error="invalid_token"' : ''}`;
    try {
      await failures.consume(clientNetwork(req.ip));
    } catch (limit) {
      if (!(limit instanceof RateLimiterRes)) throw limit;
      return new AppError('too_many_requests', 'Too many requests with a wrong credential; wait before the next try.', {
        headers: { 'Retry-After': String(Math.ceil(limit.msBeforeNext / 1000)) },
      });
    }
    return new AppError(
      'invalid_token',
      tried
        ? 'The API key is unknown, expired or revoked, or is not sent as "Authorization: Bearer <API key>".'
        : 'Send an API key of the organisation as "Authorization: Bearer <API key>".',
      { headers: { 'WWW-Authenticate': challenge } },
    );
  };

  const authenticateCaller: RequestHandler = (req, res, next) => {
    const header = req.headers.authorization;
    if (header === undefined || !bearer.test(header)) {
      refuse(req, header !== undefined).then(next, next);
      return;
    }
    // The query is hidden from the strategy: a key there must not count, nor spoil a good one in the header.
    Object.defineProperty(req, 'query', { value: {}, configurable: true });
    passport.authenticate('bearer', { session: false }, (error: unknown, user: Express.User | false) => {
      if (error) return next(error);
      if (!user) return refuse(req, true).then(next, next);
      req.user = user;
      next();
    })(req, res, next);
  };

  const requireScope =
    (scope: string): RequestHandler =>
    (req, _res, next) => {
      if (!callerOf(req).scopes.includes(scope))
        throw new AppError('insufficient_scope', `This API key lacks the scope "${scope}"; create a key with it.`, {
          headers: {
            'WWW-Authenticate': `Bearer realm="global-token-revocation", error="insufficient_scope", scope="${scope}"`,
          },
        });
      next();
    };

  return { authenticateCaller, requireScope };
}

/** For handlers behind `authenticateCaller`. */
export function callerOf(req: Request): Caller {
  if (!req.user?.caller) throw new AppError('invalid_token', 'Send an API key of the organisation.');
  return req.user.caller;
}
