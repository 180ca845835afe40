import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { recordEvent } from '../audit/record.ts';
import { byRequest } from '../by.ts';
import { isUnavailable } from '../database/errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { createLimit } from '../http/rate-limit.ts';
import { type ObservedSignIn, signInChannel } from '../sessions/insert-session.ts';
import type { Texts } from '../texts/texts.ts';
import { type MessageAction, renderMessage } from '../web/message-page.ts';
import { sendPage } from '../web/send-page.ts';
import { type Attempt, attemptOf, noteAttempt } from './attempt.ts';
import { type RefusalReason, refusals, SignInRefused } from './refusal.ts';

/** Ends every sign-in that fails: a page, a log line, and an audit event where the org is known. */
export function createShowRefusal(deps: { pool: Pool; log: Logger }): ErrorRequestHandler {
  const strangers = createLimit({ points: 60, duration: 60 });

  return async (error, req, res, next) => {
    if (res.headersSent) return next(error);
    const { reason, detail, userId } = asRefused(error);
    if (userId !== null) noteAttempt(res, { userId });
    const attempt = attemptOf(res);
    const line = { requestId: req.id, reason, detail, orgId: attempt.found?.org.id };
    const failed = reason === 'internal' || reason === 'unavailable';
    signInChannel.publish({ result: failed ? 'failed' : 'refused' } satisfies ObservedSignIn);
    if (failed) deps.log.error({ ...line, err: error }, 'sign-in failed');
    else deps.log.warn(line, 'sign-in refused');
    if (reason !== 'unavailable') await record(req, attempt, reason);
    sendRefusal(req, res, attempt, reason);
  };

  async function record(req: Request, attempt: Attempt, reason: RefusalReason): Promise<void> {
    if (!attempt.found) return;
    // Anyone can come back with anything: attempts without proof mustn't fill the record.
    if (!attempt.isProven && (await strangers.count(clientNetwork(req.ip))) > 0) return;
    try {
      await recordEvent(deps.pool, {
        orgId: attempt.found.org.id,
        action: 'sign_in.refused',
        by: byRequest(req, { type: 'anonymous', id: null }),
        target: targetOf(attempt, reason),
        detail: { reason, connection: attempt.state ? attempt.state.connectionId : null },
      });
    } catch (err) {
      // The page comes all the same.
      deps.log.error({ err, requestId: req.id }, 'a refused sign-in could not be recorded');
    }
  }
}

/** The user in question, if known; else the connection that administrators have to look at. */
function targetOf({ userId, state }: Attempt, reason: RefusalReason) {
  if (userId) return { type: 'user', id: userId } as const;
  if (reason === 'connection_not_authoritative' && state)
    return { type: 'connection', id: state.connectionId } as const;
  return undefined;
}

function asRefused(error: unknown): SignInRefused {
  if (error instanceof SignInRefused) return error;
  // The router throws a URIError for a malformed address, the form parser a request fault.
  if (error instanceof URIError || isRequestFault(error)) return new SignInRefused('request_malformed');
  return new SignInRefused(isUnavailable(error) ? 'unavailable' : 'internal');
}

function isRequestFault(error: unknown): boolean {
  const { expose, status } = error as { expose?: unknown; status?: unknown };
  return expose === true && typeof status === 'number' && status < 500;
}

function sendRefusal(req: Request, res: Response, attempt: Attempt, reason: RefusalReason): void {
  const status = refusals[reason];
  if (status === 503) res.set('Retry-After', '5');
  // The org's own words are for its people: whoever the identity provider has vouched for.
  const helpText = attempt.isProven ? attempt.found?.org.helpText : null;
  sendPage(res, status, (texts) => {
    const { title, text, ...more } = texts.refusals[reason];
    const paragraphs = 'ask' in more ? [text, more.ask] : text;
    return renderMessage(texts, {
      title,
      text: paragraphs,
      helpText,
      actions: waysOn(texts, attempt),
      requestId: req.id,
    });
  });
}

function waysOn(texts: Texts, { found, wanted, signedInAs }: Attempt): MessageAction[] {
  const { anotherAddress, goOnAs, tryAgain } = texts.afterRefusal;
  // The start page leads whoever is signed in to the app, and asks for no other address.
  const other =
    signedInAs === null
      ? { label: anotherAddress, href: '/' }
      : { label: goOnAs({ email: signedInAs }), href: wanted?.returnTo ?? '/todos' };
  if (!found?.connection) return [other];
  const query = new URLSearchParams({ connection: found.connection.id });
  if (wanted?.returnTo) query.set('returnTo', wanted.returnTo);
  if (wanted?.loginHint) query.set('login_hint', wanted.loginHint);
  if (wanted?.anew) query.set('prompt', 'login');
  return [{ label: tryAgain, href: `/openid/start/${found.org.slug}?${query}` }, other];
}
