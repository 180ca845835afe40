import express, { type RequestHandler, type Response } from 'express';
import type { Pool } from 'pg';
import { byRequest } from '../by.ts';
import { type IdpKeys, peek, UntrustedJwt } from '../connections/idp-keys.ts';
import type { Batches } from '../revocation/batches.ts';
import { endIdpSession } from '../revocation/end-rows.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import { findByIssuer, type SignalConnection } from './find-connection.ts';
import { type LogoutToken, readLogoutToken } from './logout-token.ts';
import { asSignalRefused, SignalRefused } from './refusal.ts';

/** `logout+jwt` is recommended (§2.4), not always sent; other kinds of token have their types. */
const types = ['logout+jwt', 'jwt', null];

type LogoutLocals = { token: string; connection: SignalConnection; logout: LogoutToken };
const localsOf = (res: Response) => res.locals as LogoutLocals;

/** The steps of `POST /openid/backchannel-logout/:org` (Back-Channel Logout 1.0 §2.5 to §2.8). */
export function createBackchannelLogout(deps: {
  pool: Pool;
  batches: Batches;
  idpKeys: IdpKeys;
  announce: () => void;
}) {
  const requireForm: RequestHandler = (req, _res, next) => {
    if (req.is('application/x-www-form-urlencoded')) return next();
    throw new SignalRefused('invalid_request', 'Send the logout_token as application/x-www-form-urlencoded.');
  };

  const readForm = express.urlencoded({ extended: false, limit: '32kb', parameterLimit: 20 });

  const findConnectionOfToken: RequestHandler<{ org: string }> = async (req, res, next) => {
    const { logout_token: token } = (req.body ?? {}) as { logout_token?: unknown };
    const seen = typeof token === 'string' ? peek(token) : null;
    if (!seen) throw new SignalRefused('invalid_request', 'Send exactly one logout_token, which is a JWT.');
    const audience = [seen.aud].flat().filter((clientId) => typeof clientId === 'string');
    const connection = await findByIssuer(deps.pool, req.params.org, seen.iss ?? '', audience);
    if (!connection)
      throw new SignalRefused('invalid_request', 'The organisation has no connection of this issuer and client id.');
    Object.assign(res.locals, { token, connection });
    next();
  };

  const verifyToken: RequestHandler = async (_req, res, next) => {
    const { token, connection } = localsOf(res);
    const payload = await deps.idpKeys.verify(token, connection, { types }).catch((error) => {
      throw error instanceof UntrustedJwt ? asSignalRefused(error) : error;
    });
    res.locals.logout = readLogoutToken(payload, connection, Date.now() / 1000);
    next();
  };

  const logOut: RequestHandler = async (req, res) => {
    const { connection, logout } = localsOf(res);
    const { orgId, id: connectionId } = connection;
    const { issuer, sub, sid } = logout;
    const common = {
      orgId,
      by: byRequest(req, { type: 'connection', id: connectionId }),
      once: {
        kind: 'logout_token',
        id: `${connectionId} ${logout.jti}`,
        expiresAt: logout.refusedFrom,
      },
    } as const;
    if (sid !== null) {
      const asked = { iss: issuer, ...(sub === null ? {} : { sub }), sid };
      const of = sub === null ? undefined : { issuer, subject: sub };
      await endIdpSession(deps.pool, { ...common, connectionId, sid, of, asked });
    } else if (sub !== null) {
      const subject = { identities: [{ issuer, subject: sub }] };
      const asked = { format: 'iss_sub', iss: issuer, sub };
      await revokeAccess(deps.batches, { ...common, subject, initiator: 'idp', reach: { connectionId }, asked });
    }
    deps.announce();
    // §2.8: 200 also for a person whom nobody here knows, for an ended session, and for a repeat.
    res.status(200).end();
  };

  return [requireForm, readForm, findConnectionOfToken, verifyToken, logOut] as RequestHandler[];
}
