import express, { type RequestHandler, type Response } from 'express';
import type { Pool } from 'pg';
import { byRequest } from '../by.ts';
import type { Config } from '../config.ts';
import { type IdpKeys, peek, UntrustedJwt } from '../connections/idp-keys.ts';
import { AppError } from '../errors.ts';
import { findById, type SignalConnection } from './find-connection.ts';
import { receiveEvent } from './receive-event.ts';
import { asSignalRefused, SignalRefused } from './refusal.ts';
import { readSecurityEvent, type SecurityEvent } from './security-event.ts';

/** The address that a connection's IdP pushes security events to: the `aud` of its tokens. */
export const eventsUrl = (config: Pick<Config, 'publicUrl'>, connectionId: string) =>
  `${config.publicUrl}/ssf/events/${connectionId}`;

const mediaType = 'application/secevent+jwt';

type EventLocals = { token: string; connection: SignalConnection; event: SecurityEvent };
const localsOf = (res: Response) => res.locals as EventLocals;

/** The steps of `POST /ssf/events/:connection`: a push receiver (RFC 8935 §2). */
export function createSecurityEvents(deps: { config: Config; pool: Pool; idpKeys: IdpKeys; announce: () => void }) {
  const requireToken: RequestHandler = (req, _res, next) => {
    if (req.is(mediaType)) return next();
    throw new SignalRefused('invalid_request', `Send the token itself as the body, with "Content-Type: ${mediaType}".`);
  };

  const readBody = express.text({ type: mediaType, limit: '64kb' });

  const findConnectionAtAddress: RequestHandler<{ connection: string }> = async (req, res, next) => {
    const connection = await findById(deps.pool, req.params.connection);
    if (!connection) throw new AppError('not_found', 'Nothing receives events at this address.');
    const token = typeof req.body === 'string' ? req.body.trim() : '';
    const seen = peek(token);
    if (!seen) throw new SignalRefused('invalid_request', 'The body is not a JWT.');
    // The issuer is compared before anybody's keys are fetched.
    if (seen.iss === null || !connection.issuers.includes(seen.iss))
      throw new SignalRefused('invalid_issuer', 'The issuer is not the one of the connection.');
    Object.assign(res.locals, { connection, token });
    next();
  };

  const verifyToken: RequestHandler = async (_req, res, next) => {
    const { token, connection } = localsOf(res);
    const payload = await deps.idpKeys.verify(token, connection, { types: ['secevent+jwt'] }).catch((error) => {
      throw error instanceof UntrustedJwt ? asSignalRefused(error) : error;
    });
    const receiver = eventsUrl(deps.config, connection.id);
    res.locals.event = readSecurityEvent(payload, connection, receiver, Date.now() / 1000);
    next();
  };

  const receive: RequestHandler = async (req, res) => {
    const { connection, event } = localsOf(res);
    const by = byRequest(req, { type: 'connection', id: connection.id });
    const { outcome } = await receiveEvent(deps.pool, { connection, event, by });
    if (outcome === 'revoked' || outcome === 'several_revoked') deps.announce();
    // RFC 8935 §2.2: 202 also for a repeat, and for an event that means nothing here.
    res.status(202).end();
  };

  return [requireToken, readBody, findConnectionAtAddress, verifyToken, receive] as RequestHandler[];
}
