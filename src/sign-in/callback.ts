import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { byRequest } from '../by.ts';
import type { Config } from '../config.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import { SignInSuperseded } from '../sessions/principal.ts';
import { sealIdToken } from '../sessions/sealed-id-token.ts';
import { admitPerson } from './admit-person.ts';
import { type Attempt, attemptOf, required } from './attempt.ts';
import { checkIssuer, checkState, errorRefusal, parseResponse } from './check-response.ts';
import { findConnection, type SignInConnection } from './find-connection.ts';
import { findPerson } from './find-user.ts';
import { authenticationTime, judgeFreshness, readStanding, type Standing } from './freshness.ts';
import type { createIdTokenVerifier } from './id-token.ts';
import { whyNotInserted } from './overtaken.ts';
import type { createConnectionProof } from './prove-connection.ts';
import { createProof } from './prove-identity.ts';
import { SignInRefused } from './refusal.ts';
import { stateLifetime } from './sealed-state.ts';
import { type StateCookies, sendToIdp } from './send-to-idp.ts';
import { readPersonClaims } from './user-info.ts';

type Deps = Readonly<{
  config: Config;
  pool: Pool;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  stateCookies: StateCookies;
  verifyIdToken: ReturnType<typeof createIdTokenVerifier>;
  proveConnection: ReturnType<typeof createConnectionProof>;
}>;

/** Whoever is made or linked is looked for again; so is whom another sign-in, or provisioning, made or removed meanwhile. */
const tries = 4;

/** The steps of `GET /openid/callback/:org`. */
export function createCallback(deps: Deps) {
  const prove = createProof(deps);
  const answered = new RateLimiterMemory({ points: 1, duration: stateLifetime });

  const openState: RequestHandler<{ org: string }> = async (req, res, next) => {
    const attempt = attemptOf(res);
    const response = parseResponse(req);
    const state = response ? await deps.stateCookies.open(req, response.state) : null;
    const found = await findConnection(deps.pool, req.params.org, { connectionId: state?.connectionId ?? null });
    if (!found) throw new SignInRefused('org_unknown');
    attempt.found = found;
    attempt.foundAt = performance.now();
    if (!response) throw new SignInRefused('request_malformed');
    if (!state) throw new SignInRefused('state_missing');
    attempt.state = state;
    attempt.returnTo = state.orgId === found.org.id ? state.returnTo : null;
    next();
  };

  const checkResponse: RequestHandler = async (req, res, next) => {
    const attempt = attemptOf(res);
    await checkState(deps.pool, attempt);
    const response = required(parseResponse(req) ?? undefined);
    // A kept cookie would cost the IdP an exchange each time. From here on the state counts as used on this node, whatever
    // happens; across nodes the session's insert decides.
    await answered.consume(response.state).catch(() => {
      throw new SignInRefused('state_spent');
    });
    deps.stateCookies.clear(req, res, response.state);
    checkIssuer(response, connectionOf(attempt));
    if (response.error !== null) throw errorRefusal(response.error);
    next();
  };

  const proveIdentity: RequestHandler = async (req, res, next) => {
    const attempt = attemptOf(res);
    const { code } = required(parseResponse(req) ?? undefined);
    attempt.verified = await prove({
      found: required(attempt.found),
      connection: connectionOf(attempt),
      state: required(attempt.state),
      code: code ?? '',
      foundAt: required(attempt.foundAt),
      signal: attempt.deadline,
    });
    next();
  };

  const admit: RequestHandler = async (req, res, next) => {
    const attempt = attemptOf(res);
    const connection = connectionOf(attempt);
    const verified = required(attempt.verified);
    const { org } = required(attempt.found);
    const state = required(attempt.state);
    let claims: ReturnType<typeof readPersonClaims> | undefined;
    const readClaims = () => {
      claims ??= readPersonClaims(deps.guardedFetch, connection, verified, attempt.deadline);
      return claims;
    };
    const subject = { issuer: connection.issuer, subject: verified.claims.sub };
    const by = byRequest(req, { type: 'connection', id: connection.id });
    const where = { orgId: org.id, connectionId: connection.id, by };

    for (let i = 0; i < tries; i++) {
      const person = await findPerson(deps.pool, org, connection, subject.subject, readClaims);
      const who = person.kind === 'to_create' ? { userId: null, emailKey: person.emailKey } : { userId: person.userId };
      attempt.userId = who.userId ?? undefined;
      const standing = await readStanding(
        deps.pool,
        { orgId: org.id, connectionId: connection.id, subject: subject.subject, sessionId: req.sessionID, ...who },
        state,
      );
      if (!standing.active) throw new SignInRefused('user_inactive');
      const { reauthentication } = connection;
      const verdict = judgeFreshness({ standing, verified, reauthentication, state });
      if (verdict !== 'fresh') return askAgain(req, res, attempt, verdict);
      if (person.kind !== 'known') {
        // Judged once more then: somebody of the name may have come and gone while this waited to be written.
        await admitPerson(deps.pool, person, subject, where);
        continue;
      }
      const { userId, identityId } = person;
      const idToken = connection.signOutAtIdp ? await sealIdToken(deps.keyring, org.id, verified.idToken) : null;
      attempt.ticket = { ...ticketOf(req, attempt, standing), userId, identityId, idToken };
      return next();
    }
    throw new SignInRefused('overtaken');
  };

  const establishSession: RequestHandler = async (req, res, next) => {
    const attempt = attemptOf(res);
    const ticket = required(attempt.ticket);
    try {
      await login(req, { ticket });
    } catch (error) {
      // What is left is a session that was never inserted; express-session would try to at the end of the request.
      Object.assign(req, { session: undefined });
      if (!(error instanceof SignInSuperseded)) throw error;
      const subject = required(attempt.verified).claims.sub;
      const signIn = { sessionId: req.sessionID, subject, state: required(attempt.state) };
      const why = await whyNotInserted(deps.pool, ticket, signIn);
      if (why !== 'overtaken') throw new SignInRefused(why);
      return askAgain(req, res, attempt, why);
    }
    next();
  };

  const proveConnection: RequestHandler = async (_req, res, next) => {
    const attempt = attemptOf(res);
    const { org } = required(attempt.found);
    await deps.proveConnection(org.id, connectionOf(attempt), required(attempt.verified), attempt.deadline);
    next();
  };

  const redirectToApp: RequestHandler = (_req, res) => {
    const returnTo = attemptOf(res).state?.returnTo ?? '/';
    // An app's sign-in goes on here, wherever the pages live.
    const origin = returnTo.startsWith('/oauth/') ? deps.config.publicUrl : deps.config.appUrl;
    res.redirect(303, `${origin}${returnTo}`);
  };

  /** Once more to the IdP, now for a password; a new start with a new snapshot. Never a third time. */
  async function askAgain(
    req: Request,
    res: Response,
    attempt: Attempt,
    why: 'stale' | 'auth_time_missing' | 'overtaken',
  ): Promise<void> {
    const state = required(attempt.state);
    if (state.round === 2) throw new SignInRefused(why === 'stale' ? 'not_fresh' : why);
    const found = await findConnection(deps.pool, required(attempt.found).org.id, { connectionId: state.connectionId });
    if (!found?.connection) throw new SignInRefused('connection_unknown');
    const { returnTo, anew } = state;
    await sendToIdp(deps, req, res, { found, connection: found.connection, round: 2, returnTo, anew });
  }

  const admission = [openState, checkResponse, proveIdentity, admit, establishSession];
  return [...admission, proveConnection, redirectToApp] as RequestHandler[];
}

function connectionOf(attempt: Attempt): SignInConnection {
  return required(attempt.found?.connection ?? undefined);
}

function ticketOf(req: Request, attempt: Attempt, standing: Standing) {
  const state = required(attempt.state);
  return {
    orgId: state.orgId,
    connectionId: state.connectionId,
    userGeneration: standing.userGeneration,
    orgGeneration: standing.orgGeneration,
    stateId: state.id,
    // A minute more than the state opens, so that no replay outlives the note of it.
    stateExpiresAt: new Date((state.startedAt + stateLifetime + 60) * 1000),
    idpSid: required(attempt.verified).claims.sid ?? null,
    authenticatedAt: authenticationTime(required(attempt.verified), connectionOf(attempt).reauthentication, state),
    role: required(attempt.verified).role,
    userAgent: req.get('user-agent') ?? null,
    ip: req.ip ?? null,
    requestId: req.id,
  };
}

function login(req: Request, user: Express.User): Promise<void> {
  return new Promise((resolve, reject) => {
    req.login(user, (error: unknown) => (error ? reject(error) : resolve()));
  });
}
