import type { Request, RequestHandler } from 'express';
import { Passport } from 'passport';
import { Strategy as BearerStrategy, type VerifyFunctionWithRequest } from 'passport-http-bearer';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import { isReference } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { readBearer } from '../http/bearer.ts';
import { clientNetwork } from '../http/client-address.ts';
import { allowedFailures, createRateLimit } from '../http/rate-limit.ts';
import { hashSecret } from '../keyring.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { type Caller, CallerRefused, type Claimed } from './caller.ts';
import type { RefusedCall, RefusedCalls } from './refused-calls.ts';
import { createJwtAuthentication } from './signed-jwt.ts';

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
}>;

const realm = 'Bearer realm="global-token-revocation"';
const longestApiKey = 512;

/**
 * Authenticates the caller before the body is read: an API key, or an IdP's JWT (two dots).
 *
 * passport-http-bearer only reads the header once more and calls the function below, in which
 * `authenticateKey` and `authenticateJwt` do the work. It would also take credentials from the
 * query and from forms, which land in logs: `authenticateCaller` wants the header, and hides the
 * query.
 *
 * Only failures are limited. A valid credential is always accepted: nobody can lock a caller out.
 */
export function createCallerAuthentication(deps: CallerDeps) {
  const failures = createRateLimit(
    allowedFailures,
    'Too many requests with a wrong credential; wait before the next try.',
  );
  const authenticateJwt = createJwtAuthentication(deps);
  const passport = new Passport();
  passport.use(
    new BearerStrategy<VerifyFunctionWithRequest>({ passReqToCallback: true }, (req, credential, done) => {
      (isJwt(credential) ? authenticateJwt : authenticateKey)(credential, connectionOf(req)).then(
        (caller) => done(null, { caller }),
        (error) => done(error),
      );
    }),
  );

  async function authenticateKey(key: string, connectionId: string | null): Promise<Caller> {
    const found = key.length <= longestApiKey ? await deps.apiKeys.authenticate(key) : null;
    if (!found) throw unknownKey(() => findCalledKey(deps.pool, key));
    // A connection's own address takes keys of its own org only.
    if (connectionId !== null && !(await ownsConnection(deps.pool, found.orgId, connectionId)))
      throw unknownKey(async () => [
        { orgId: found.orgId, type: 'api_key', id: found.id, reason: 'api_key_elsewhere' },
      ]);
    return { ...found, type: 'api_key' };
  }

  /** The 401 for `refused`, or for no credential (null). @throws AppError too_many_requests */
  async function refusal(req: Request, refused: CallerRefused | null): Promise<AppError> {
    if (refused)
      deps.log.info({ requestId: req.id, reason: refused.reason }, 'a caller of the revocation endpoint was refused');
    await failures.count(clientNetwork(req.ip));
    const detail = refused?.detail ?? noCredential;
    await recordStranger(req, refused, detail);
    // RFC 6750 §3: no error code when no credential was sent.
    return new AppError('invalid_token', detail, {
      headers: { 'WWW-Authenticate': refused ? `${realm}, error="invalid_token"` : realm },
    });
  }

  /** Records the refusal for the org of the credential, and for the org of the called address. */
  async function recordStranger(req: Request, refused: CallerRefused | null, explanation: string): Promise<void> {
    try {
      const claims = new Map<string, Claimed>();
      const called = await findCalledConnection(deps.pool, connectionOf(req));
      const claimed = (await refused?.findClaimed()) ?? [];
      for (const claim of [...called, ...claimed]) claims.set(`${claim.orgId} ${claim.id}`, claim);
      const reason = refused?.reason ?? 'no_credential';
      const credentialType = credentialTypeOf(req.headers.authorization);
      const call = {
        code: 'invalid_token',
        reason,
        explanation,
        credentialType,
        ip: req.ip ?? null,
        requestId: req.id,
      };
      await deps.refusedCalls.ofStranger([...claims.values()], call);
    } catch (err) {
      // The answer is 401 also where the record fails.
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
      if (error) return next(error);
      if (!user) return refusal(req, unknownKey()).then(next, next);
      req.user = user;
      next();
    })(req, res, next);
  };

  const requireScope =
    (scope: string): RequestHandler =>
    (req, _res, next) => {
      const { scopes, allowed, type } = callerOf(req);
      if (!allowed)
        throw new AppError(
          'caller_not_allowed',
          `The organisation has switched ${type === 'api_key' ? 'API keys' : 'signed JWTs'} off for this endpoint.`,
        );
      if (!scopes.includes(scope))
        throw new AppError('insufficient_scope', `This API key lacks the scope "${scope}"; create a key with it.`, {
          headers: { 'WWW-Authenticate': `${realm}, error="insufficient_scope", scope="${scope}"` },
        });
      next();
    };

  return { authenticateCaller, requireScope, refusal };
}

/** The caller of a request that has passed `authenticateCaller`. */
export function callerOf(req: Request): Caller {
  if (!req.user?.caller) throw new AppError('invalid_token', 'Send an API key of the organisation.');
  return req.user.caller;
}

const isJwt = (credential: string) => credential.split('.').length === 3;

function credentialTypeOf(header: string | undefined): RefusedCall['credentialType'] {
  if (header === undefined) return 'none';
  return isJwt(header) ? 'jwt' : 'api_key';
}

function connectionOf(req: Request): string | null {
  const { connection } = req.params;
  return typeof connection === 'string' ? connection : null;
}

/** The API key that was sent, with the reason why it doesn't count any more. */
async function findCalledKey(pool: Pool, key: string): Promise<Claimed[]> {
  if (key.length > longestApiKey) return [];
  const { rows } = await pool.query<{ org_id: string; id: string; revoked: boolean }>({
    name: 'refused-key',
    text: 'SELECT org_id, id, revoked_at IS NOT NULL AS revoked FROM api_keys WHERE key_hash = $1',
    values: [hashSecret(key)],
  });
  return rows.map(({ org_id, id, revoked }) => {
    return { orgId: org_id, type: 'api_key', id, reason: revoked ? 'api_key_revoked' : 'api_key_expired' };
  });
}

/** The connection whose own address was called. */
async function findCalledConnection(pool: Pool, id: string | null): Promise<Claimed[]> {
  if (id === null || !isReference(id)) return [];
  const { rows } = await pool.query<{ org_id: string }>({
    name: 'refused-connection',
    text: 'SELECT org_id FROM connections WHERE id = $1',
    values: [id],
  });
  return rows.map(({ org_id: orgId }) => ({ orgId, type: 'connection', id }));
}

async function ownsConnection(pool: Pool, orgId: string, id: string): Promise<boolean> {
  if (!isReference(id)) return false;
  const { rowCount } = await pool.query({
    name: 'caller-owns-connection',
    text: 'SELECT FROM connections WHERE org_id = $1 AND id = $2',
    values: [orgId, id],
  });
  return rowCount === 1;
}

const noCredential =
  'Send an API key of the organisation, or a JWT of its IdP, as "Authorization: Bearer <credential>".';

function unknownKey(findClaimed?: () => Promise<readonly Claimed[]>): CallerRefused {
  return new CallerRefused(
    'api_key',
    'The API key is unknown, expired or revoked, or is not sent as "Authorization: Bearer <API key>".',
    findClaimed,
  );
}
