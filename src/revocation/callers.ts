import type { Request, RequestHandler } from 'express';
import { Passport } from 'passport';
import { Strategy as BearerStrategy, type VerifyFunctionWithRequest } from 'passport-http-bearer';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import { isReference } from '../database/ids.ts';
import { lookUp, withPatience } from '../database/patience.ts';
import { AppError } from '../errors.ts';
import { readBearer } from '../http/bearer.ts';
import { clientNetwork } from '../http/client-address.ts';
import { createPace, refusalGap } from '../http/pace.ts';
import { allowedFailures, createLimit, tooManyRequests } from '../http/rate-limit.ts';
import { hashSecret } from '../keyring.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { type Caller, CallerRefused, type Claimed } from './caller.ts';
import type { KnownCallers } from './known-callers.ts';
import type { RefusedCall, RefusedCalls } from './refused-calls.ts';
import type { Called, JwtAuthentication } from './signed-jwt.ts';

declare global {
  namespace Express {
    interface User {
      caller?: Caller;
    }
  }
}

export type CallerDeps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  apiKeys: ApiKeys;
  idpKeys: IdpKeys;
  refusedCalls: RefusedCalls;
  knownCallers: KnownCallers;
  jwt: JwtAuthentication;
  /** Milliseconds that the database has for an answer. */
  patienceMs: number;
}>;

const realm = 'Bearer realm="global-token-revocation"';
const longestApiKey = 512;

/**
 * Authenticates the caller before the body is read: an API key, or an IdP's JWT (two dots).
 *
 * passport-http-bearer only reads the header once more and calls the function below, in which
 * `authenticateKey` and `jwt.authenticate` do the work. It would also take credentials from the
 * query and from forms, which land in logs: `authenticateCaller` wants the header, and hides the
 * query.
 *
 * Only failures are limited. A valid credential is always accepted: nobody can lock a caller out.
 */
export function createCallerAuthentication(deps: CallerDeps) {
  const failures = createLimit(allowedFailures);
  const refuse = createPace(refusalGap);
  const passport = new Passport();
  passport.use(
    new BearerStrategy<VerifyFunctionWithRequest>({ passReqToCallback: true }, (req, credential, done) => {
      const called = calledAt(req);
      (isJwt(credential) ? deps.jwt.authenticate : authenticateKey)(credential, called).then(
        (caller) => done(null, { caller }),
        (error) => done(error),
      );
    }),
  );

  async function authenticateKey(key: string, { connectionId }: { connectionId: string | null }): Promise<Caller> {
    const found =
      key.length <= longestApiKey ? await withPatience(deps.apiKeys.authenticate(key), deps.patienceMs) : null;
    if (!found) throw unknownKey(() => findCalledKey(deps.pool, hashSecret(key)));
    await requireOwnAddress(deps.pool, found, connectionId);
    if (found.allowed && found.scopes.includes('revoke')) deps.knownCallers.keepKey(hashSecret(key), found.orgId);
    return { ...found, type: 'api_key' };
  }

  /** The 401 for `refused`, or for no credential (null); 429 from a network with too many. */
  async function refusal(req: Request, refused: CallerRefused | null): Promise<AppError> {
    if (refused)
      deps.log.info({ requestId: req.id, reason: refused.reason }, 'a caller of the revocation endpoint was refused');
    const network = clientNetwork(req.ip);
    const seconds = await failures.count(network);
    if (seconds > 0) await refuse(network);
    const answer =
      seconds > 0
        ? tooManyRequests('Too many requests with a wrong credential; wait before the next try.', seconds)
        : // RFC 6750 §3: no error code when no credential was sent.
          new AppError('invalid_token', refused?.detail ?? noCredential, {
            headers: { 'WWW-Authenticate': refused ? `${realm}, error="invalid_token"` : realm },
          });
    await recordClaimed(req, refused, answer);
    return answer;
  }

  /** Records the refusal for the org of the credential, and for the org of the called address. */
  async function recordClaimed(req: Request, refused: CallerRefused | null, answer: AppError): Promise<void> {
    try {
      const claims = new Map<string, Claimed>();
      const called = await findCalledConnection(deps.pool, connectionOf(req));
      const claimed = (await refused?.findClaimed()) ?? [];
      for (const claim of [...called, ...claimed]) claims.set(`${claim.orgId} ${claim.id}`, claim);
      const reason = refused?.reason ?? 'no_credential';
      const credentialType = credentialTypeOf(req.headers.authorization);
      // A 429 says nothing about the credential; what is wrong with it is told to the org all the same.
      const explanation = refused?.detail ?? noCredential;
      const call = { code: answer.code, reason, explanation, credentialType, ip: req.ip ?? null, requestId: req.id };
      await deps.refusedCalls.ofClaimed([...claims.values()], { endpoint: 'revocation', ...call });
    } catch (err) {
      // The answer is the same where the record fails.
      deps.log.error({ err, requestId: req.id }, 'a refused call could not be attributed');
    }
  }

  const authenticateCaller: RequestHandler = (req, res, next) => {
    if (!readBearer(req)) {
      refusal(req, req.headers.authorization === undefined ? null : unknownKey()).then(next, next);
      return;
    }
    // The strategy must not see the query: a key there neither counts nor spoils the header's.
    Object.defineProperty(req, 'query', { value: {}, configurable: true });
    passport.authenticate('bearer', { session: false }, (error: unknown, user: Express.User | false) => {
      if (error instanceof CallerRefused) return refusal(req, error).then(next, next);
      // A JWT whose key isn't there may be junk, and no limit counts it.
      if (error) return refuse(clientNetwork(req.ip)).then(() => next(error), next);
      if (!user) return refusal(req, unknownKey()).then(next, next);
      req.user = user;
      return next();
    })(req, res, next);
  };

  const requireScope =
    (scope: string): RequestHandler =>
    (req, _res, next) => {
      requireAllowed(callerOf(req), scope);
      next();
    };

  return { authenticateCaller, requireScope, refusal };
}

/** @throws AppError caller_not_allowed, insufficient_scope */
export function requireAllowed({ scopes, allowed, type }: Caller, scope: string): void {
  if (!allowed)
    throw new AppError(
      'caller_not_allowed',
      `The organisation has switched ${type === 'api_key' ? 'API keys' : 'signed JWTs'} off for this endpoint.`,
    );
  if (!scopes.includes(scope))
    throw new AppError('insufficient_scope', `This API key lacks the scope "${scope}"; create a key with it.`, {
      headers: { 'WWW-Authenticate': `${realm}, error="insufficient_scope", scope="${scope}"` },
    });
}

/** The caller of a request that has passed `authenticateCaller`. */
export function callerOf(req: Request): Caller {
  if (!req.user?.caller) throw new AppError('invalid_token', 'Send an API key of the organisation.');
  return req.user.caller;
}

export const isJwt = (credential: string) => credential.split('.').length === 3;

function credentialTypeOf(header: string | undefined): RefusedCall['credentialType'] {
  if (header === undefined) return 'none';
  return isJwt(header) ? 'jwt' : 'api_key';
}

export function calledAt(req: Request): Called {
  return { connectionId: connectionOf(req), network: clientNetwork(req.ip) };
}

function connectionOf(req: Request): string | null {
  const { connection } = req.params;
  return typeof connection === 'string' ? connection : null;
}

/** The API key that was sent, with the reason why it doesn't count any more. */
export async function findCalledKey(pool: Pool, keyHash: Buffer): Promise<Claimed[]> {
  const { rows } = await lookUp<{ org_id: string; id: string; revoked: boolean }>(pool, {
    name: 'refused-key',
    text: 'SELECT org_id, id, revoked_at IS NOT NULL AS revoked FROM api_keys WHERE key_hash = $1',
    values: [keyHash],
  });
  return rows.map(({ org_id, id, revoked }) => {
    return { orgId: org_id, type: 'api_key', id, reason: revoked ? 'api_key_revoked' : 'api_key_expired' };
  });
}

/** The connection whose own address was called. */
export async function findCalledConnection(pool: Pool, id: string | null): Promise<Claimed[]> {
  if (id === null || !isReference(id)) return [];
  const { rows } = await lookUp<{ org_id: string }>(pool, {
    name: 'refused-connection',
    text: 'SELECT org_id FROM connections WHERE id = $1',
    values: [id],
  });
  return rows.map(({ org_id: orgId }) => ({ orgId, type: 'connection', id }));
}

/** A connection's own address takes keys of its own org only. @throws CallerRefused */
export async function requireOwnAddress(
  pool: Pool,
  { orgId, id }: Readonly<{ orgId: string; id: string }>,
  connectionId: string | null,
): Promise<void> {
  if (connectionId === null || (await ownsConnection(pool, orgId, connectionId))) return;
  throw unknownKey(async () => [{ orgId, type: 'api_key', id, reason: 'api_key_elsewhere' }]);
}

async function ownsConnection(pool: Pool, orgId: string, id: string): Promise<boolean> {
  if (!isReference(id)) return false;
  const { rowCount } = await lookUp(pool, {
    name: 'caller-owns-connection',
    text: 'SELECT FROM connections WHERE org_id = $1 AND id = $2',
    values: [orgId, id],
  });
  return rowCount === 1;
}

const noCredential =
  'Send an API key of the organisation, or a JWT of its IdP, as "Authorization: Bearer <credential>".';

export function unknownKey(findClaimed?: () => Promise<readonly Claimed[]>): CallerRefused {
  return new CallerRefused(
    'api_key',
    'The API key is unknown, expired or revoked, or is not sent as "Authorization: Bearer <API key>".',
    findClaimed,
  );
}
