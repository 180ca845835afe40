import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { recordEvent } from '../audit/record.ts';
import { byRequest } from '../by.ts';
import type { Config } from '../config.ts';
import { isUnavailable } from '../database/errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { createLimit } from '../http/rate-limit.ts';
import type { Look, Looks } from '../orgs/looks.ts';
import { type ObservedSignIn, signInChannel } from '../sessions/insert-session.ts';
import type { Texts } from '../texts/texts.ts';
import { type MessageAction, renderMessage } from '../web/message-page.ts';
import { sendPage } from '../web/send-page.ts';
import { type Attempt, attemptOf, noteAttempt } from './attempt.ts';
import { operatorHint, type Place } from './hints.ts';
import type { IdpWords } from './idp-words.ts';
import { type RefusalReason, refusals, SignInRefused } from './refusal.ts';
import { redirectUri } from './send-to-idp.ts';

type Words = Readonly<Record<string, string | null>>;

type Deps = Readonly<{ config: Config; pool: Pool; log: Logger; lookOrNone: Looks['lookOrNone'] }>;

/** Ends every sign-in that fails: a page, a log line, and an audit event where the org is known. */
export function createShowRefusal(deps: Deps): ErrorRequestHandler {
  const strangers = createLimit({ points: 60, duration: 60 });

  return async (error, req, res, next) => {
    if (res.headersSent) return next(error);
    const refused = asRefused(error);
    const { reason, detail, userId, said } = refused;
    if (userId !== null) noteAttempt(res, { userId });
    const attempt = attemptOf(res);
    const words = said ? wordsOf(said) : {};
    const line = {
      requestId: req.id,
      reason,
      detail,
      orgId: attempt.found?.org.id,
      connection: attempt.state?.connectionId ?? attempt.found?.connection?.id,
      ...words,
      ...refused.facts,
    };
    const failed = reason === 'internal' || reason === 'unavailable';
    signInChannel.publish({ result: failed ? 'failed' : 'refused' } satisfies ObservedSignIn);
    if (failed) deps.log.error({ ...line, err: error }, 'sign-in failed');
    else deps.log.warn({ ...line, hint: operatorHint(refused, placeOf(attempt)) }, 'sign-in refused');
    if (reason !== 'unavailable') await record(req, attempt, reason, recordable(refused));
    // A database that is away would only be waited for.
    const look = reason === 'unavailable' ? null : await deps.lookOrNone(attempt.found?.org.slug);
    sendRefusal(req, res, attempt, reason, look);
  };

  function placeOf({ found }: Attempt): Place {
    const slug = found?.org.slug ?? '<organisation>';
    return { slug, connection: found?.connection ?? null, redirectUri: redirectUri(deps.config, slug) };
  }

  async function record(req: Request, attempt: Attempt, reason: RefusalReason, words: Words): Promise<void> {
    if (!attempt.found) return;
    // Anyone can come back with anything: attempts without proof mustn't fill the record.
    if (!attempt.isProven && (await strangers.count(clientNetwork(req.ip))) > 0) return;
    try {
      await recordEvent(deps.pool, {
        orgId: attempt.found.org.id,
        action: 'sign_in.refused',
        by: byRequest(req, { type: 'anonymous', id: null }),
        target: targetOf(attempt, reason),
        detail: { reason, connection: attempt.state ? attempt.state.connectionId : null, ...words },
      });
    } catch (err) {
      // The page comes all the same.
      deps.log.error({ err, requestId: req.id }, 'a refused sign-in could not be recorded');
    }
  }
}

function wordsOf({ error, description, via }: IdpWords): Words {
  return { idpError: error, idpErrorDescription: description, idpVia: via };
}

/** A browser can write any words: administrators read of them a standard's code alone (the detail). */
function recordable({ said, detail }: SignInRefused): Words {
  if (said?.via !== 'browser') return said ? wordsOf(said) : {};
  return wordsOf({ ...said, error: said.error === detail ? detail : null, description: null });
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

function sendRefusal(req: Request, res: Response, attempt: Attempt, reason: RefusalReason, look: Look | null): void {
  const status = refusals[reason];
  if (status === 503) res.set('Retry-After', '5');
  // The org's own words are for its people: whoever the identity provider has vouched for.
  const helpText = attempt.isProven ? attempt.found?.org.helpText : null;
  sendPage(res, status, (texts) => {
    const { title, text, ...more } = texts.refusals[reason];
    const paragraphs = 'ask' in more ? [text, more.ask] : text;
    return renderMessage(texts, {
      organisation: attempt.found?.org.name,
      title,
      text: paragraphs,
      helpText,
      actions: waysOn(texts, attempt),
      requestId: req.id,
      // An organisation that has neither is named above the title.
      look: look?.logo || look?.colour ? look : null,
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
