import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { IdpKeysUnavailable } from '../connections/key-sets.ts';
import { isAway } from '../database/errors.ts';
import { AppError } from '../errors.ts';
import { readBearer } from '../http/bearer.ts';
import { jsonBody } from '../http/json-body.ts';
import { toAppError } from '../http/problem.ts';
import { hashSecret } from '../keyring.ts';
import { CallerRefused } from '../revocation/caller.ts';
import { calledAt, isJwt } from '../revocation/callers.ts';
import type { KnownCallers } from '../revocation/known-callers.ts';
import { revocationIdOf } from '../revocation/routes.ts';
import type { Called, JwtAuthentication, Verified } from '../revocation/signed-jwt.ts';
import { parseSubjectIdentifier, toSubject } from '../revocation/subject-identifier.ts';
import type { Journal } from './journal.ts';
import { JournalFull } from './journal.ts';
import type { NotedCall } from './noted-call.ts';
import type { Replay } from './replay.ts';

/** Milliseconds for which a noted call is held: a failover may be over by then. */
const heldMs = 5_000;

type Deps = Readonly<{
  journal: Journal;
  replay: Replay;
  jwt: JwtAuthentication;
  knownCallers: KnownCallers;
  log: Logger;
}>;

/**
 * Takes over a call of the revocation endpoint that couldn't be carried out because the database is
 * away, or the keys of its IdP are: IdPs send once. It is on the disk before it is held and tried
 * again. 204 is only answered to what was done. Otherwise the answer stays 503, and says that the
 * call is noted.
 */
export function createNoteCall(deps: Deps): ErrorRequestHandler {
  const readBody = jsonBody();

  return async (error, req, res, next) => {
    if (!isWorthNoting(error) || res.headersSent) return next(error);
    let call: NotedCall | null;
    try {
      call = await describe(req, res);
      if (!call) return next(error);
      await deps.journal.note(call);
    } catch (failure) {
      if (failure instanceof AppError || isRequestFault(failure)) return next(failure);
      if (failure instanceof JournalFull) deps.log.warn({ requestId: req.id }, 'the journal is full: a call is lost');
      else deps.log.error({ err: failure, requestId: req.id }, 'a call could not be noted');
      return next(error);
    }
    deps.log.warn({ requestId: req.id, known: call.orgId !== null }, 'a call was noted');
    const outcome = await deps.replay.wait(call.id, heldMs);
    if (outcome === null) return void res.status(204).end();
    next(outcome === 'waiting' ? notedOnly(error) : outcome);
  };

  /** Null for a credential that can't be genuine. @throws the request's fault */
  async function describe(req: Request, res: Response): Promise<NotedCall | null> {
    const secret = readBearer(req);
    if (!secret) return null;
    const at = new Date();
    if (req.body === undefined) for (const handler of readBody) await run(handler, req, res);
    toSubject(parseSubjectIdentifier(req.body));
    const called = calledAt(req);
    const caller = await recognise(secret, called);
    if (caller === null) return null;
    return {
      id: randomUUID(),
      revocationId: revocationIdOf(res),
      at,
      credential: isJwt(secret)
        ? { type: 'jwt', token: secret, verified: caller.verified }
        : { type: 'api_key', hash: hashSecret(secret).toString('base64url') },
      connection: called.connectionId,
      body: JSON.stringify(req.body),
      orgId: caller.orgId,
      ip: req.ip ?? null,
      requestId: req.id,
    };
  }

  /** What this node knows of a credential by itself; null for a JWT that doesn't hold. */
  async function recognise(
    secret: string,
    called: Called,
  ): Promise<{ orgId: string | null; verified: Verified | null } | null> {
    if (!isJwt(secret)) return { orgId: deps.knownCallers.findOrgOfKey(hashSecret(secret)), verified: null };
    try {
      const verified = await deps.jwt.verifyFromMemory(secret, called);
      return { orgId: verified?.orgId ?? null, verified };
    } catch (error) {
      if (error instanceof CallerRefused) return null;
      // Its key can't be had either.
      if (toAppError(error).code === 'unavailable') return { orgId: null, verified: null };
      throw error;
    }
  }
}

/**
 * What anybody can bring about while all is well, such as a pause of key fetches by a wrong key,
 * isn't worth the disk.
 */
function isWorthNoting(error: unknown): boolean {
  const { code, cause } = toAppError(error);
  if (code !== 'unavailable') return false;
  // In a pause there is no cause.
  if (cause instanceof IdpKeysUnavailable) return cause.cause !== undefined;
  return isAway(error);
}

/** The answer to a call that is noted, and not done yet. */
function notedOnly(cause: unknown): AppError {
  return new AppError(
    'unavailable',
    'Nobody is signed out yet: something this service depends on does not answer. The call is noted, and is carried out once that answers again, if its credential holds and this node keeps its disk. Sending it again does no harm.',
    { headers: { 'Retry-After': '5' }, members: { noted: true }, cause },
  );
}

/** A fault that Express's body parser found. */
const isRequestFault = (error: unknown): boolean => toAppError(error).status < 500;

/** Runs a middleware to its end. @throws what it passes on */
function run(handler: RequestHandler, req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    Promise.resolve(handler(req, res, (error) => (error ? reject(error) : resolve()))).catch(reject);
  });
}
