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
import { readSecurityEvent, type SecurityEvent, wrongIssuer } from './security-event.ts';
import { verifySignal } from './verify-signal.ts';

/** The address that a connection's IdP pushes security events to: the `aud` of its tokens. */
export const eventsUrl = (config: Pick<Config, 'publicUrl'>, connectionId: string) =>
  `${config.publicUrl}/ssf/events/${connectionId}`;

const mediaType = 'application/secevent+jwt';

/** `secevent+jwt` is recommended (RFC 8417 §2.3), not always sent; other kinds have their types. */
const types = ['secevent+jwt', 'jwt', null];

type EventLocals = { token: string; issuer: string | null; connection: SignalConnection; event: SecurityEvent };
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
    Object.assign(res.locals, { token, issuer: seen.iss });
    next();
  };

  const verifyToken: RequestHandler = async (req, res, next) => {
    const { token, issuer, connection } = localsOf(res);
    const receiver = eventsUrl(deps.config, connection.id);
    const audience = [receiver, connection.clientId];
    const expected = { types, network: clientNetwork(req.ip), audience };
    const { claims, error, isOwn } = await verifySignal(deps.idpKeys, token, connection, expected);
    res.locals.signed = isOwn;
    if (!connection.active) throw notFound();
    // An IdP that spells its issuer otherwise is told of; of any other token the issuer says enough.
    if (!isOwn && !(issuer !== null && connection.issuers.includes(issuer))) throw wrongIssuer();
    if (!claims) throw error;
    res.locals.event = readSecurityEvent(claims, connection, receiver, Date.now() / 1000);
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
