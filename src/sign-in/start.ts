import type { RequestHandler } from 'express';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { attemptOf, required } from './attempt.ts';
import { findConnection } from './find-connection.ts';
import { SignInRefused } from './refusal.ts';
import { safeReturnTo } from './return-to.ts';
import { type StateCookies, sendToIdp } from './send-to-idp.ts';

/** The steps of `GET /openid/start/:org[?connection=][&returnTo=]`. */
export function createStart(deps: { config: Config; pool: Pool; stateCookies: StateCookies }) {
  const readReturnTo: RequestHandler = (req, res, next) => {
    attemptOf(res).returnTo = safeReturnTo(req.query.returnTo);
    next();
  };

  const findOrgConnection: RequestHandler<{ org: string }> = async (req, res, next) => {
    const attempt = attemptOf(res);
    const { connection } = req.query;
    const wanted = connection === undefined ? null : String(connection);
    const found = await findConnection(deps.pool, req.params.org, wanted);
    if (!found) throw new SignInRefused(wanted === null ? 'org_unknown' : 'connection_unknown');
    attempt.found = found;
    if (!found.connection) throw new SignInRefused('connection_unknown');
    next();
  };

  const redirectToIdp: RequestHandler = async (req, res) => {
    const { found, returnTo } = attemptOf(res);
    const { connection } = required(found);
    if (!connection) throw new SignInRefused('connection_unknown');
    await sendToIdp(deps, req, res, { found: required(found), connection, round: 1, returnTo: returnTo ?? null });
  };

  return [readReturnTo, findOrgConnection, redirectToIdp] as RequestHandler[];
}
