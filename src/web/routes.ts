import { fileURLToPath } from 'node:url';
import express, { type Request, type RequestHandler, Router } from 'express';
import type { Config } from '../config.ts';
import type { Principal } from '../sessions/principal.ts';
import type { Texts } from '../texts/texts.ts';
import { renderDevices } from './devices-page.ts';
import { renderMessage } from './message-page.ts';
import { isProblemCode, renderProblem, renderProblems } from './problems-page.ts';
import { sendPage } from './send-page.ts';
import { renderSignIn } from './sign-in-page.ts';
import { renderSignedOut } from './signed-out-page.ts';
import { renderTodos } from './todos-page.ts';

type WebDeps = Readonly<{
  /** Who the live session of this request belongs to, as loaded by the session middleware. */
  signedIn: (request: Request) => Principal | null;
}>;

/** The pages that know who is signed in. Mount it behind the session middleware. */
export function createWebRoutes({ signedIn }: WebDeps): Router {
  const router = Router();
  router.get('/', showSignIn);
  router.get('/todos', personal(renderTodos));
  router.get('/devices', personal(renderDevices));
  router.get('/signed-out', showSignedOut);
  return router;

  function showSignIn(...[request, response]: Parameters<RequestHandler>) {
    // Only to an app's sign-in that waits for this one: anywhere else a link could lead.
    const waiting = /^\/oauth\/interaction\/[\w-]{1,64}$/.exec(String(request.query.returnTo))?.[0];
    if (signedIn(request)) response.set('Cache-Control', 'no-store').redirect(303, waiting ?? '/todos');
    else sendPage(response, 200, renderSignIn);
  }

  /** A page for whoever is signed in; everybody else is told why they are not, or asked to sign in. */
  function personal(render: (texts: Texts, person: Principal) => string): RequestHandler {
    return (request, response) => {
      const person = signedIn(request);
      if (person) return sendPage(response, 200, (texts) => render(texts, person));
      const end = request.sessionEnd;
      const why = end && new URLSearchParams({ reason: end.code.replace(/^session_/, ''), at: end.at.toISOString() });
      response.set('Cache-Control', 'no-store').redirect(303, why ? `/signed-out?${why}` : '/');
    };
  }

  function showSignedOut(...[request, response]: Parameters<RequestHandler>) {
    const options = { now: new Date(), signedIn: signedIn(request) !== null };
    sendPage(response, 200, (texts) => renderSignedOut(texts, request.query, options));
  }
}

/**
 * What needs no session. Mounted ahead of the session middleware, it also serves while the database is away: the page
 * that says so wants its style sheet.
 */
export function createOpenWebRoutes({ config }: { config: Config }): Router {
  const router = Router();
  router.use('/assets', serveAssets);
  router.get('/problems', (_request, response) => sendPage(response, 200, renderProblems));
  router.get('/problems/:code', showProblem);
  return router;

  function showProblem(...[request, response]: Parameters<RequestHandler<{ code: string }>>) {
    const { code } = request.params;
    if (isProblemCode(code)) return sendPage(response, 200, (texts) => renderProblem(texts, code, config.publicUrl));
    sendPage(response, 404, (texts) =>
      renderMessage(texts, {
        title: texts.problems.unknown,
        text: texts.problems.unknownText,
        actions: [{ label: texts.problems.all, href: '/problems' }],
      }),
    );
  }
}

/** Kept by browsers, and asked about each time: a deployment is seen at once, at the price of a 304. */
const serveAssets = express.static(fileURLToPath(new URL('./assets/', import.meta.url)), {
  index: false,
  redirect: false,
  setHeaders: (response) => response.setHeader('Cache-Control', 'public, no-cache'),
});
