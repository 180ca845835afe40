import type { NextFunction, Request, Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { createLimit } from '../http/rate-limit.ts';
import type { Keyring } from '../keyring.ts';
import { principalOf } from '../sessions/session.ts';
import {
  type AnsweredSignIn,
  attemptOf,
  type NotFresh,
  noteAttempt,
  type OpenedSignIn,
  type ProvenSignIn,
} from './attempt.ts';
import { checkIssuer, checkState, errorRefusal, isSpent, parseResponse } from './check-response.ts';
import { createEstablishSession } from './establish-session.ts';
import { findSignInConnection } from './find-sign-in-connection.ts';
import { findWhenSettled } from './find-when-settled.ts';
import type { createIdTokenVerifier } from './id-token.ts';
import { createIssueTicket } from './issue-ticket.ts';
import { hintOf } from './login-hint.ts';
import { createNoteAuthTime } from './note-auth-time.ts';
import type { createConnectionProof } from './prove-connection.ts';
import { createProof } from './prove-identity.ts';
import { type RefusalReason, SignInRefused } from './refusal.ts';
import { stateLifetime } from './sealed-state.ts';
import { type StateCookies, sendToIdp } from './send-to-idp.ts';

type Deps = Readonly<{
  config: Config;
  pool: Pool;
  log: Logger;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
  stateCookies: StateCookies;
  verifyIdToken: ReturnType<typeof createIdTokenVerifier>;
  proveConnection: ReturnType<typeof createConnectionProof>;
}>;

const limitMs = 9_000;

/** The steps of `GET /openid/callback/:org`, in the order in which the route takes them. */
export function createCallback(deps: Deps) {
  const prove = createProof(deps);
  const noteAuthTime = createNoteAuthTime(deps);
  const answers = createLimit({ points: 1, duration: stateLifetime });

  function redirectTo(res: Response, returnTo: string | null): void {
    // An app's sign-in goes on at the public URL, wherever the pages live.
    const origin = returnTo?.startsWith('/oauth/') ? deps.config.publicUrl : deps.config.appUrl;
    res.redirect(303, `${origin}${returnTo ?? '/'}`);
  }

  return {
    async openState(req: Request<{ org: string }>, res: Response): Promise<OpenedSignIn> {
      const deadline = AbortSignal.timeout(limitMs);
      const response = parseResponse(req);
      const state = response ? await deps.stateCookies.open(req, response.state) : null;
      const wanted = { connectionId: state?.connectionId ?? null };
      const found = await findSignInConnection(deps.pool, req.params.org, wanted);
      if (!found) throw new SignInRefused('org_unknown');
      const foundAt = performance.now();
      noteAttempt(res, { found });
      if (!response) throw new SignInRefused('request_malformed');
      if (!state) throw new SignInRefused('state_missing');
      noteAttempt(res, { state, wanted: state.orgId === found.org.id ? state : null });
      return { found, foundAt, state, response, deadline };
    },

    async checkResponse(req: Request, res: Response, opened: OpenedSignIn): Promise<AnsweredSignIn> {
      const { found, state, response } = opened;
      const connection = await checkState(deps.pool, found, state);
      // From here on the state counts as used on this node, whatever happens: a kept cookie would
      // cost the IdP an exchange each time. Across nodes the session's insert decides.
      if ((await answers.count(response.state)) > 0) throw new SignInRefused('state_spent');
      deps.stateCookies.clear(req, res, response.state);
      checkIssuer(response, connection);
      if (response.error !== null) throw errorRefusal(response, state);
      return { ...opened, connection, code: response.code };
    },

    async proveIdentity(req: Request, res: Response, answered: AnsweredSignIn): Promise<ProvenSignIn> {
      const proven = { ...answered, verified: await prove(answered) };
      noteAttempt(res, { isProven: true });
      await noteAuthTime(req.id, proven);
      return proven;
    },

    issueTicket: createIssueTicket(deps),

    establishSession: createEstablishSession(deps),

    /** Asks for a password at the IdP: a new start with a new snapshot, never a third round. */
    async askAgain(req: Request, res: Response, proven: ProvenSignIn, { why, notBefore }: NotFresh): Promise<void> {
      const { org } = proven.found;
      const { connectionId, round, returnTo, anew } = proven.state;
      if (round === 2) throw new SignInRefused(why === 'stale' ? 'not_fresh' : why);
      const { settleSeconds } = deps.config;
      const found = await findWhenSettled(deps.pool, org.id, { connectionId }, { settleSeconds, notBefore });
      if (!found?.connection) throw new SignInRefused('connection_unknown');
      const loginHint = await hintOf(deps.pool, proven);
      const { connection } = found;
      await sendToIdp(deps, req, res, { found, connection, round: 2, returnTo, anew, loginHint });
    },

    proveConnection: ({ found, connection, verified, deadline }: ProvenSignIn): Promise<void> =>
      deps.proveConnection(found.org.id, connection, verified, deadline),

    redirectToApp(res: Response, { state }: OpenedSignIn): void {
      redirectTo(res, state.returnTo);
    },

    /**
     * A callback that was used is opened again (back button, double click, restored tab): whoever is
     * signed in by now in this org goes on to the app, if its state is known to have made a session.
     * Nothing is completed. Where that isn't known, the sign-in may have been somebody else's, or for
     * a new authentication, and took too long: the page asks whether to go on.
     */
    async goOnIfSignedIn(error: unknown, req: Request, res: Response, next: NextFunction): Promise<void> {
      const { found, wanted } = attemptOf(res);
      const mayBeUsed = error instanceof SignInRefused && usedBefore.has(error.reason);
      const person = principalOf(req);
      if (!mayBeUsed || !person || person.orgId !== found?.org.id) return next(error);
      const id = parseResponse(req)?.state;
      // Anybody may have made the state: PostgreSQL refuses some texts.
      const isSound = id !== undefined && /^[\w-]+$/.test(id);
      if (isSound && (await isSpent(deps.pool, { orgId: found.org.id, id })))
        return redirectTo(res, wanted?.returnTo ?? null);
      noteAttempt(res, { signedInAs: person.email });
      next(error);
    },
  };
}

/** The first use takes the cookie away, and so does time: a state without one was used or not. */
const usedBefore: ReadonlySet<RefusalReason> = new Set(['state_missing', 'state_spent', 'state_expired']);
