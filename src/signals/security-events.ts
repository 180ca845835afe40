import express, { type RequestHandler, type Response } from 'express';
import type { Pool } from 'pg';
import { byRequest } from '../by.ts';
import type { Config } from '../config.ts';
import { type IdpKeys, peek } from '../connections/idp-keys.ts';
import { AppError } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { findById, type SignalConnection } from './find-connection.ts';
import { receiveEvent } from './receive-event.ts';
import { SignalRefused } from './refusal.ts';
import type { SecurityEvent } from './security-event.ts';
import { judgeEvent } from './take-event.ts';

/** The address that a connection's IdP pushes security events to: the `aud` of its tokens. */
export const eventsUrl = (config: Pick<Config, 'publicUrl'>, connectionId: string) =>
  `${config.publicUrl}/ssf/events/${connectionId}`;

const mediaType = 'application/secevent+jwt';

type EventLocals = { token: string; connection: SignalConnection; event: SecurityEvent };
const localsOf = (res: Response) => res.locals as EventLocals;

/** The steps of `POST /ssf/events/:connection`: a push receiver (RFC 8935 §2). */
export function createSecurityEvents(deps: { config: Config; pool: Pool; idpKeys: IdpKeys; announce: () => void }) {
  // The signature proves the sender, whatever it calls its body.
  const readBody = express.text({ type: () => true, limit: '64kb' });

  const findConnectionAtAddress: RequestHandler<{ connection: string }> = async (req, res, next) => {
    const connection = await findById(deps.pool, req.params.connection);
    if (!connection) throw notFound();
    res.locals.connection = connection;
    const token = typeof req.body === 'string' ? req.body.trim() : '';
    const seen = peek(token);
    if (!seen && connection.active)
      throw new SignalRefused(
        'invalid_request',
        'no_token',
        `The body is not a JWT. Send the token itself as the body, with "Content-Type: ${mediaType}".`,
      );
    if (!seen) throw notFound();
    res.locals.token = token;
    next();
  };

  const verifyToken: RequestHandler = async (req, res, next) => {
    const { token, connection } = localsOf(res);
    const from = { receiver: eventsUrl(deps.config, connection.id), network: clientNetwork(req.ip) };
    const { signed, event, error } = await judgeEvent(deps.idpKeys, token, connection, from);
    res.locals.signed = signed;
    if (!connection.active) throw notFound();
    if (!event) throw error;
    res.locals.event = event;
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

  return [readBody, findConnectionAtAddress, verifyToken, receive] as RequestHandler[];
}

const notFound = () => new AppError('not_found', 'Nothing receives events at this address.');
