import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { ownTarget, safeReturnTo } from '../http/return-to.ts';
import { noteAttempt } from './attempt.ts';
import { findWhenSettled } from './find-when-settled.ts';
import { plainHint } from './login-hint.ts';
import { SignInRefused } from './refusal.ts';
import { type StateCookies, sendToIdp } from './send-to-idp.ts';

/**
 * `GET /openid/start/:org`. Beside our own parameters (`connection`, `returnTo`) it takes those of
 * a login that a third party initiates (OpenID Connect Core §4: `iss`, `login_hint`,
 * `target_link_uri`), and `prompt=login`.
 */
export function createStart(deps: { config: Config; pool: Pool; stateCookies: StateCookies }) {
  return async (req: Request<{ org: string }>, res: Response): Promise<void> => {
    const { query } = req;
    const returnTo = safeReturnTo(query.returnTo) ?? ownTarget(deps.config, query.target_link_uri);
    const wanted = { returnTo, loginHint: plainHint(query.login_hint), anew: query.prompt === 'login' };
    noteAttempt(res, { wanted });
    const way = { connectionId: given(query.connection), issuer: given(query.iss) };
    const found = await findWhenSettled(deps.pool, req.params.org, way, deps.config);
    if (!found) throw new SignInRefused('org_unknown');
    noteAttempt(res, { found });
    const { connection } = found;
    if (!connection) throw new SignInRefused('connection_unknown');
    await sendToIdp(deps, req, res, { found, connection, round: 1, ...wanted });
  };
}

/** The parameters of a sign-in that a third party initiates (OpenID Connect Core §4). */
export const initiated = z.object({
  iss: z.string().optional(),
  login_hint: z.string().optional(),
  target_link_uri: z.string().optional(),
});

/**
 * `POST /openid/start/:org`: a form (OpenID Connect Core §4), also from another site. It only leads
 * to the same address by GET, so that no browser drops the cookie of the sign-in.
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
