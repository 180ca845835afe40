import type { NextFunction, Request, Response } from 'express';
import type { Pool } from 'pg';
import { recordEvent } from '../audit/record.ts';
import { byPerson } from '../by.ts';
import type { Config } from '../config.ts';
import { checkMetadata } from '../connections/check-connection.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { createLimit } from '../http/rate-limit.ts';
import type { Keyring } from '../keyring.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import type { AnsweredSignIn, ProvenSignIn } from './attempt.ts';
import { type AuthorizationResponse, checkIssuer, checkState, errorRefusal, parseResponse } from './check-response.ts';
import { findSignInConnection, type OrgConnection, type SignInConnection } from './find-sign-in-connection.ts';
import { type GatheredTrial, gatherTrial } from './gather-trial.ts';
import { adviceOf, adviceParts } from './hints.ts';
import type { createIdTokenVerifier } from './id-token.ts';
import { createJudgePerson } from './judge-person.ts';
import { createProof } from './prove-identity.ts';
import { SignInRefused } from './refusal.ts';
import { stateLifetime } from './sealed-state.ts';
import { addressAtIdp, redirectUri } from './send-to-idp.ts';
import { shownClaims } from './shown-claims.ts';
import { mayRead, type TrialCookies } from './start-trial.ts';
import { overall, type TrialRefusal, type TrialReport } from './trial-report.ts';
import type { TrialState } from './trial-state.ts';

/** Shows a report to the administrator; null: to nobody, for their session or role is gone. */
export type ShowTrial = (req: Request, res: Response, shown: Shown | null) => Promise<void>;
type Shown = Readonly<{ principal: Principal; report: TrialReport }>;

type Deps = Readonly<{
  config: Config;
  pool: Pool;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
  trialCookies: TrialCookies;
  verifyIdToken: ReturnType<typeof createIdTokenVerifier>;
  showTrial: ShowTrial;
}>;

const limitMs = 9_000;

type Opened = Readonly<{
  found: OrgConnection;
  foundAt: number;
  state: TrialState;
  response: AuthorizationResponse;
  deadline: AbortSignal;
}>;

/**
 * The way back of a trial: the steps of a sign-in, up to the one that would let somebody in. It
 * begins no session, admits and changes nobody, and proves no connection; that it was tried goes on
 * record. What isn't a trial goes on to the next handler.
 */
export function createCompleteTrial(deps: Deps) {
  const prove = createProof(deps);
  const judge = createJudgePerson(deps);
  const answers = createLimit({ points: 1, duration: stateLifetime });

  return async (req: Request<{ org: string }>, res: Response, next: NextFunction): Promise<void> => {
    const deadline = AbortSignal.timeout(limitMs);
    const response = parseResponse(req);
    const state = response && (await deps.trialCookies.open(req, response.state));
    if (!response || !state) return next();
    const principal = principalOf(req);
    if (!mayRead(principal, state)) {
      deps.trialCookies.clear(req, res, state.id);
      return deps.showTrial(req, res, null);
    }
    const wanted = { connectionId: state.connectionId, evenOff: true };
    const found = await findSignInConnection(deps.pool, req.params.org, wanted);
    if (!found) throw new SignInRefused('org_unknown');
    const opened = { found, foundAt: performance.now(), state, response, deadline };
    const connection = await checkState(deps.pool, found, state);
    if ((await answers.count(state.id)) > 0) throw new SignInRefused('state_spent');
    deps.trialCookies.clear(req, res, state.id);
    const report = await reportOn(req, opened, connection);
    await record(req, principal, report);
    await deps.showTrial(req, res, { principal, report });
  };

  async function reportOn(req: Request, opened: Opened, connection: SignInConnection): Promise<TrialReport> {
    const { found, state } = opened;
    const known = await aboutConnection(found.org.id, connection);
    const checking = checkMetadata(deps.guardedFetch, known.endpoints);
    const trial = gatherTrial({
      connection: known.shown,
      anew: state.anew,
      request: await describeRequest(opened, connection),
      tokenEndpoint: { address: connection.tokenEndpoint, authentication: connection.tokenEndpointAuth },
    });
    const steps = walk(req, opened, connection, trial).catch((error) => {
      if (!(error instanceof SignInRefused)) throw error;
      trial.refuse(error, describeRefusal(error, found.org.slug, connection));
    });
    const [metadata] = await Promise.all([checking, steps]);
    const differs = metadata.problem !== null || metadata.differences.length > 0;
    trial.note({ metadata }).is('discovery', differs ? 'doubtful' : 'good');
    return trial.report();
  }

  /** @throws SignInRefused where a sign-in would end */
  async function walk(req: Request, opened: Opened, connection: SignInConnection, trial: GatheredTrial): Promise<void> {
    const { response, state } = opened;
    trial.is('request', 'good').at('answer');
    checkIssuer(response, connection);
    if (response.error !== null) throw errorRefusal(response, state);
    trial.is('answer', 'good').at('tokens');
    const answered: AnsweredSignIn = { ...opened, connection, code: response.code };
    const verified = await prove(answered);
    const proven: ProvenSignIn = { ...answered, verified };
    trial.is('tokens', 'good').is('id_token', 'good').at('address');
    trial.note({ claims: shownClaims(verified.idToken, connection) });

    const read = await judge.readClaims(proven);
    const { email, emailVerified } = read.claims;
    const problem = read.refused && describeRefusal(read.refused, opened.found.org.slug, connection);
    const address = {
      claim: connection.emailClaim,
      email,
      verified: emailVerified,
      source: judge.sourceOf(proven),
      problem,
    };
    trial
      .note({ address })
      .is('address', email === null || problem ? 'doubtful' : 'good')
      .at('person');

    const person = await judge.findPerson(proven, read);
    trial.note({ person: await judge.describe(proven, person) });
    const freshness = await judge.judge(req, proven, person, read.claims);
    trial.is('person', 'good').at('freshness').note({ freshness });
    if (freshness.verdict === 'auth_time_missing') throw new SignInRefused('auth_time_missing');
    // Where the trial asked for a new authentication already, a sign-in isn't sent there once more.
    if (freshness.verdict === 'stale' && state.anew) throw new SignInRefused('not_fresh');
    const cannotReturn = freshness.authenticatedBefore === null && freshness.reauthentication === 'verified';
    trial.is('freshness', freshness.verdict === 'stale' || cannotReturn ? 'doubtful' : 'good');
  }

  async function aboutConnection(orgId: string, connection: SignInConnection) {
    const { rows } = await deps.pool.query<{
      name: string;
      active: boolean;
      proven: boolean;
      endSession: string | null;
    }>({
      name: 'trial-connection',
      text: `SELECT name, active, proven_at IS NOT NULL AS proven, end_session_endpoint AS "endSession"
             FROM connections WHERE org_id = $1 AND id = $2`,
      values: [orgId, connection.id],
    });
    const { name = '', active = false, proven = false, endSession = null } = rows[0] ?? {};
    const { id, provable } = connection;
    return {
      shown: { id, name, active, proven, provable },
      endpoints: { ...connection, endSessionEndpoint: endSession },
    };
  }

  /** The request as it was sent: the sealed state makes the same one again. */
  async function describeRequest({ found, state }: Opened, connection: SignInConnection) {
    const { round, returnTo, anew, loginHint } = state;
    const start = { found, connection, round, returnTo, anew, loginHint };
    const url = new URL(await addressAtIdp(deps.config, start, state));
    const parameters = [...url.searchParams].filter(([name]) => !randomParts.has(name));
    return { address: `${url.origin}${url.pathname}`, parameters };
  }

  function describeRefusal(refused: SignInRefused, slug: string, connection: SignInConnection): TrialRefusal {
    const { reason, detail, said } = refused;
    const place = { slug, connection, redirectUri: redirectUri(deps.config, slug) };
    return { reason, detail, said, advice: adviceOf(refused), parts: adviceParts(refused, place) };
  }

  async function record(req: Request, principal: Principal, report: TrialReport): Promise<void> {
    await recordEvent(deps.pool, {
      orgId: principal.orgId,
      action: 'connection.tried',
      by: byPerson(req, principal),
      target: { type: 'connection', id: report.connection.id },
      detail: { outcome: overall(report), step: report.refused?.step ?? null, reason: report.refused?.reason ?? null },
    });
  }
}

const randomParts = new Set(['state', 'nonce', 'code_challenge']);
