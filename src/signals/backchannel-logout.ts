import express, { type RequestHandler, type Response } from 'express';
import type { Pool } from 'pg';
import { byRequest } from '../by.ts';
import { type IdpKeys, peek } from '../connections/idp-keys.ts';
import { clientNetwork } from '../http/client-address.ts';
import type { Batches } from '../revocation/batches.ts';
import { endHoldersOfIdpSession } from '../revocation/end-holders.ts';
import { endIdpSession } from '../revocation/end-rows.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import { findByToken, type SignalConnection } from './find-connection.ts';
import { type LogoutToken, readLogoutToken } from './logout-token.ts';
import { SignalRefused } from './refusal.ts';
import { verifySignal } from './verify-signal.ts';

/** `logout+jwt` is recommended (§2.4), not always sent; other kinds of token have their types. */
const types = ['logout+jwt', 'jwt', null];

type LogoutLocals = {
  token: string;
  issuer: string;
  /** The connection that the token may be of. */
  candidate: SignalConnection;
  connection: SignalConnection;
  logout: LogoutToken;
};
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
    throw new SignalRefused(
      'invalid_request',
      'no_token',
      'Send the logout_token as application/x-www-form-urlencoded.',
    );
  };

  const readForm = express.urlencoded({ extended: false, limit: '32kb', parameterLimit: 20 });

  const findConnectionOfToken: RequestHandler<{ org: string }> = async (req, res, next) => {
    const { logout_token: token } = (req.body ?? {}) as { logout_token?: unknown };
    const seen = typeof token === 'string' ? peek(token) : null;
    if (!seen) throw new SignalRefused('invalid_request', 'no_token', 'Send exactly one logout_token, which is a JWT.');
    const audience = [seen.aud].flat().filter((clientId) => typeof clientId === 'string');
    const issuer = seen.iss ?? '';
    const candidate = await findByToken(deps.pool, req.params.org, issuer, audience);
    if (!candidate) throw noConnection();
    Object.assign(res.locals, { token, issuer, candidate });
    next();
  };

  const verifyToken: RequestHandler = async (req, res, next) => {
    const { token, issuer, candidate } = localsOf(res);
    const expected = { types, network: clientNetwork(req.ip), audience: [candidate.clientId] };
    const { claims, error, isOwn } = await verifySignal(deps.idpKeys, token, candidate, expected);
    const isNamed = candidate.active && candidate.issuers.includes(issuer);
    if (!isNamed && !isOwn) throw noConnection();
    Object.assign(res.locals, { connection: candidate, signed: isOwn });
    if (!candidate.active) throw noConnection();
    if (!claims) throw error;
    res.locals.logout = readLogoutToken(claims, candidate, Date.now() / 1000);
    next();
  };

  const logOut: RequestHandler = async (req, res) => {
    const { connection, logout } = localsOf(res);
    const { orgId, id: connectionId } = connection;
    const { issuer, sub, sid } = logout;
    const common = {
      orgId,
      by: byRequest(req, { type: 'connection', id: connectionId }),
      endpoint: 'logout_token',
      once: {
        kind: 'logout_token',
        id: `${connectionId} ${logout.jti}`,
        expiresAt: logout.refusedFrom,
      },
    } as const;
    if (sid !== null) {
      const asked = { iss: issuer, ...(sub === null ? {} : { sub }), sid };
      const of = sub === null ? undefined : { issuer, subject: sub };
      const end = connection.logoutTokenEnds === 'person' ? endHoldersOfIdpSession : endIdpSession;
      await end(deps.pool, { ...common, connectionId, sid, of, asked });
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

const noConnection = () =>
  new SignalRefused('invalid_request', 'no_connection', 'The organisation has no connection of this issuer.');
