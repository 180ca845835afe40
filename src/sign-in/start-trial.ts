import type { Request, Response } from 'express';
import type { Pool } from 'pg';
import { may, requireRole } from '../api/permissions.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf } from '../sessions/session.ts';
import { whyOut } from '../web/routes.ts';
import { findSignInConnection } from './find-sign-in-connection.ts';
import type { createStateCookies } from './sealed-state.ts';
import { addressAtIdp, newState } from './send-to-idp.ts';
import type { TrialState } from './trial-state.ts';

export type TrialCookies = ReturnType<typeof createStateCookies<TrialState>>;

/** Trials of an org in a minute on a node: each calls the IdP. */
const allowed = { points: 60, duration: 60 };

/**
 * Begins a sign-in that signs nobody in, of a connection that may be switched off. With `anew` it
 * asks for a new authentication, as a sign-in after a sign-out does.
 */
export function createStartTrial(deps: { config: Config; pool: Pool; trialCookies: TrialCookies }) {
  const limit = createRateLimit(allowed, 'Your organisation tried too many sign-ins; wait before the next.');
  return async (req: Request<{ id: string }>, res: Response): Promise<void> => {
    const principal = principalOf(req);
    if (!principal) return res.redirect(303, req.sessionEnd ? whyOut(req.sessionEnd, req.originalUrl) : '/');
    requireRole(principal.role, 'identity.change');
    // A link of another origin, be it a neighbour below the same domain, shows the page that says
    // what a trial is: none begins by itself.
    if (!['same-origin', 'none'].includes(String(req.headers['sec-fetch-site'] ?? 'none')))
      return res.redirect(303, `/admin/settings/connections/${encodeURIComponent(req.params.id)}/trial`);
    const wanted = { connectionId: req.params.id, evenOff: true };
    const found = await findSignInConnection(deps.pool, principal.orgId, wanted);
    if (!found?.connection) throw new AppError('not_found', 'The organisation has no connection of this id.');
    await limit.count(principal.orgId);
    const { connection } = found;
    const start = {
      found,
      connection,
      round: 1,
      returnTo: null,
      anew: req.query.anew === '1',
      loginHint: null,
    } as const;
    const state = { ...newState(start), sessionId: principal.credential.id };
    const location = await addressAtIdp(deps.config, start, state);
    await deps.trialCookies.seal(req, res, state);
    res.redirect(302, location);
  };
}

/** Whether it is still the session that began the trial, of somebody who may see the report. */
export function mayRead(principal: Principal | null, { orgId, sessionId }: TrialState): principal is Principal {
  return (
    principal !== null &&
    principal.orgId === orgId &&
    principal.credential.type === 'session' &&
    principal.credential.id === sessionId &&
    may(principal.role, 'identity.change')
  );
}
