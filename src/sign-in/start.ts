import type { Request, RequestHandler } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { attemptOf, required } from './attempt.ts';
import { findConnection } from './find-connection.ts';
import { SignInRefused } from './refusal.ts';
import { ownTarget, safeReturnTo } from './return-to.ts';
import { type StateCookies, sendToIdp } from './send-to-idp.ts';

/**
 * The steps of `GET /openid/start/:org`. Beside ours (`connection`, `returnTo`) it takes the parameters of a login that a
 * third party initiates (OpenID Connect Core §4: `iss`, `login_hint`, `target_link_uri`), and `prompt=login`.
 */
export function createStart(deps: { config: Config; pool: Pool; stateCookies: StateCookies }) {
  const readReturnTo: RequestHandler = (req, res, next) => {
    const { returnTo, target_link_uri } = req.query;
    attemptOf(res).returnTo = safeReturnTo(returnTo) ?? ownTarget(deps.config, target_link_uri);
    next();
  };

  const findOrgConnection: RequestHandler<{ org: string }> = async (req, res, next) => {
    const attempt = attemptOf(res);
    const wanted = { connectionId: given(req.query.connection), issuer: given(req.query.iss) };
    const found = await findConnection(deps.pool, req.params.org, wanted);
    if (!found) throw new SignInRefused('org_unknown');
    attempt.found = found;
    if (!found.connection) throw new SignInRefused('connection_unknown');
    next();
  };

  const redirectToIdp: RequestHandler = async (req, res) => {
    const { found, returnTo } = attemptOf(res);
    const { connection } = required(found);
    if (!connection) throw new SignInRefused('connection_unknown');
    await sendToIdp(deps, req, res, {
      ...{ found: required(found), connection, round: 1, returnTo: returnTo ?? null },
      anew: req.query.prompt === 'login',
      loginHint: loginHint(req.query.login_hint),
    });
  };

  return [readReturnTo, findOrgConnection, redirectToIdp] as RequestHandler[];
}

/** The parameters of a sign-in that a third party initiates (OpenID Connect Core §4). */
export const initiated = z.object({
  iss: z.string().optional(),
  login_hint: z.string().optional(),
  target_link_uri: z.string().optional(),
});

/**
 * `POST /openid/start/:org`, a form as OpenID Connect Core §4 allows it, also from another site: it does nothing but lead
 * to the same address by GET. The cookie of the sign-in is then set in answer to a GET, which no browser drops.
 */
export const restartByGet: RequestHandler<{ org: string }> = (req, res) => {
  const form: Record<string, unknown> = req.body ?? {};
  const query = new URLSearchParams();
  for (const name of initiated.keyof().options)
    for (const value of [form[name] ?? []].flat()) query.append(name, String(value));
  res.redirect(303, `/openid/start/${encodeURIComponent(req.params.org)}?${query}`);
};

function given(value: Request['query'][string]): string | null {
  return value === undefined ? null : String(value);
}

/** What the IdP may fill in as the user's name there. One that is no plain short text is left out: it is only a hint. */
function loginHint(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > 320) return null;
  return /\p{C}/u.test(value) ? null : value;
}
