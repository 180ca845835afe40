import { fileURLToPath } from 'node:url';
import express, { type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import { type Endpoint, endpoint, type Success } from '../api/endpoint.ts';
import type { Config } from '../config.ts';
import { toGoal } from '../http/return-to.ts';
import type { Looks } from '../orgs/looks.ts';
import type { Principal } from '../sessions/principal.ts';
import type { SessionEnd } from '../sessions/session-end.ts';
import type { Texts } from '../texts/texts.ts';
import { renderDevices } from './devices-page.ts';
import { renderMessage } from './message-page.ts';
import { isProblemCode, renderProblem, renderProblems } from './problems-page.ts';
import { sendPage } from './send-page.ts';
import { renderSignIn } from './sign-in-page.ts';
import { reasonOf, renderSignedOut } from './signed-out-page.ts';
import { renderTodos } from './todos-page.ts';

const page = {
  method: 'get',
  tag: 'Pages',
  security: [],
  success: { status: 200, description: 'The page.', contentTypes: ['text/html'] },
} as const;

const elsewhere: Success = {
  status: 303,
  description: 'To the sign-in, or to what is next.',
  headers: { Location: 'Where to.' },
};
const personalPage = { ...page, security: ['session'], securityOptional: true, also: [elsewhere] } as const;

type PageDeps = Readonly<{
  signedIn: (request: Request) => Principal | null;
  lookOrNone: Looks['lookOrNone'];
}>;

/**
 * The pages that know who is signed in: they stand behind the session middleware.
 * @param signedIn the person of a request's live session, or null
 */
export function createPages({ signedIn, lookOrNone }: PageDeps): readonly Endpoint[] {
  const showSignIn: RequestHandler = async (request, response) => {
    // Leads only to an app's sign-in that waits for this one: a link could name any other place.
    const waiting = /^\/oauth\/interaction\/[\w-]{1,64}$/.exec(String(request.query.returnTo))?.[0];
    if (signedIn(request)) response.set('Cache-Control', 'no-store').redirect(303, waiting ?? '/todos');
    else {
      const look = await lookOrNone(request.query.org ?? request.sessionEnd?.person?.orgSlug);
      sendPage(response, 200, (texts) => renderSignIn(texts, { ...toGoal(request.query), look }));
    }
  };

  /** A page for a signed-in person; others learn why they are out, or are asked to sign in. */
  const personal =
    (render: (texts: Texts, person: Principal) => string): RequestHandler =>
    (request, response) => {
      const person = signedIn(request);
      if (person) return sendPage(response, 200, (texts) => render(texts, person));
      const end = request.sessionEnd;
      response.set('Cache-Control', 'no-store').redirect(303, end ? whyOut(end, request.originalUrl) : '/');
    };

  const showSignedOut: RequestHandler = async (request, response) => {
    const end = request.sessionEnd;
    const look = await lookOrNone(end?.person?.orgSlug);
    const options = { now: new Date(), signedIn: signedIn(request) !== null, end, look };
    sendPage(response, 200, (texts) => renderSignedOut(texts, request.query, options));
  };

  return [
    endpoint({
      ...personalPage,
      path: '/',
      id: 'showStart',
      summary: 'Sign in',
      description:
        'Asks for a work address, and leads to the identity provider of its organisation. Whoever is signed in goes on to their todos.',
      handlers: [showSignIn],
    }),
    endpoint({
      ...personalPage,
      path: '/todos',
      id: 'showTodos',
      summary: 'Your todos',
      description: 'Closes by itself the moment that its session ends.',
      handlers: [personal(renderTodos)],
    }),
    endpoint({
      ...personalPage,
      path: '/devices',
      id: 'showDevices',
      summary: 'Where you are signed in',
      description: 'Browsers and apps, each with a button that ends it.',
      handlers: [personal(renderDevices)],
    }),
    endpoint({
      ...page,
      security: ['session'],
      securityOptional: true,
      path: '/signed-out',
      id: 'showSignedOut',
      summary: 'Why you were signed out',
      description:
        'Says when and by whom. To the browser whose own session was ended it also says what an administrator wrote for the person, and whom to turn to. For a day it names the person there, unless they signed out themselves: they sign in again by one click.',
      query: z.object({
        reason: z.string().optional(),
        at: z.string().optional(),
        returnTo: z.string().optional().describe('The page that the browser was at.'),
      }),
      handlers: [showSignedOut],
    }),
  ];
}

/** The page that says why, and leads back to where the person was. */
export function whyOut(end: SessionEnd, returnTo: string): string {
  const query = new URLSearchParams({ reason: reasonOf(end), at: end.at.toISOString() });
  if (end.code !== 'session_ended') query.set('returnTo', returnTo);
  return `/signed-out?${query}`;
}

/**
 * The pages that need no session. Ahead of the session middleware, they also serve while the
 * database is away: the page that says so leads here.
 */
export function createOpenPages({ config }: { config: Config }): readonly Endpoint[] {
  const listProblems: RequestHandler = (_request, response) => sendPage(response, 200, renderProblems);

  const showProblem: RequestHandler<{ code: string }> = (request, response) => {
    const { code } = request.params;
    if (isProblemCode(code)) return sendPage(response, 200, (texts) => renderProblem(texts, code, config.publicUrl));
    sendPage(response, 404, (texts) =>
      renderMessage(texts, {
        title: texts.problems.unknown,
        text: texts.problems.unknownText,
        actions: [{ label: texts.problems.all, href: '/problems' }],
      }),
    );
  };

  return [
    endpoint({
      ...page,
      path: '/problems',
      id: 'listProblems',
      summary: 'Every problem that an answer may name',
      description: 'The codes of problem details (RFC 9457).',
      handlers: [listProblems],
    }),
    endpoint({
      ...page,
      path: '/problems/{code}',
      id: 'showProblem',
      summary: 'What a problem means, and how to go on',
      description: 'The `type` of problem details leads here.',
      params: z.object({ code: z.string() }),
      also: [{ status: 404, description: 'There is no such problem.', contentTypes: ['text/html'] }],
      handlers: [showProblem],
    }),
  ];
}

/**
 * Browsers keep files and ask each time: a deployment is seen at once, at the price of a 304. A
 * font's name has its version: it never changes.
 */
export const serveAssets = express.static(fileURLToPath(new URL('./assets/', import.meta.url)), {
  index: false,
  redirect: false,
  setHeaders: (response, file) =>
    response.setHeader(
      'Cache-Control',
      file.endsWith('.woff2') ? 'public, max-age=31536000, immutable' : 'public, no-cache',
    ),
});
