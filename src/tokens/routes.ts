import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import { createRoutes, type Endpoint } from '../api/endpoint.ts';
import { problems } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { toAppError } from '../http/problem.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import type { InTurn } from '../http/turns.ts';
import { wholeBody } from '../http/whole-body.ts';
import type { Looks } from '../orgs/looks.ts';
import { renderMessage } from '../web/message-page.ts';
import { sendPage } from '../web/send-page.ts';
import { allowedScope, clientNames } from './clients.ts';
import { currentProvider } from './current-provider.ts';
import { createDeviceEndpoints } from './device-endpoints.ts';
import { createInteraction } from './interaction.ts';
import { createInteractionEndpoints } from './interaction-endpoints.ts';
import { createOAuthEndpoints } from './oauth-endpoints.ts';
import { machinePaths, type ProviderDeps, paths } from './provider.ts';

/**
 * Points: a network's wrong codes, or requests that store something. Durations: seconds. A network
 * may be an office of 500 people who all begin again after a sign-out of the whole organisation,
 * and some mistype. A hundred guesses find one of a thousand pending codes once in 250,000 times.
 */
const guesses = { points: 100, duration: 600 };
export const beginnings = { points: 1_500, duration: 60 };
/** Bytes of a form with a code. */
const largestForm = 16 * 1024;
export const tooMany = 'Too many requests came from your network; wait before the next try.';

/**
 * The OAuth 2.1 authorization server for the product's own apps (clients.ts). Mount `routes` at the
 * root, ahead of the same-origin guard and the sessions, and `interactionRoutes` behind them.
 */
export function createAuthorizationServer({
  inTurn,
  lookOrNone,
  ...deps
}: ProviderDeps & Readonly<{ inTurn: InTurn; lookOrNone: Looks['lookOrNone'] }>): {
  endpoints: readonly Endpoint[];
  routes: Router;
  interactionRoutes: Router;
} {
  const provider = currentProvider(deps);
  const issuerOf = async () => ({
    orgId: undefined,
    provider: await provider(),
    base: '',
    nameOf: (clientId: string) => clientNames.get(clientId) ?? clientId,
    scopeOf: allowedScope,
  });
  const callback = async () => (await provider()).callback();

  const serve: RequestHandler = async (req, res) => {
    await (await callback())(req, res);
  };

  const guessed = createRateLimit(guesses, tooMany);
  /**
   * Each try costs a point, given back if it was no guess: many guesses at once gain nothing. And
   * tries take turns, so that many honest ones at once never hold all points. Their forms have come
   * before: whoever sends one slowly holds no turn.
   */
  const limitGuesses: RequestHandler = async (req, res, next) => {
    const network = clientNetwork(req.ip);
    const answered = Promise.withResolvers<void>();
    await inTurn('codes', network, async () => {
      if (res.closed) return;
      await guessed.count(network);
      res.once('close', () => {
        if (!req.guessedUserCode) guessed.giveBack(network);
        answered.resolve();
      });
      next();
      await answered.promise;
    });
  };

  const begun = createRateLimit(beginnings, tooMany);
  const limitBeginnings: RequestHandler = async (req, _res, next) => {
    await begun.count(clientNetwork(req.ip));
    next();
  };

  const refuseForeignOrigin = createSameOriginGuard(deps.config);
  const oauth = [
    ...createOAuthEndpoints({ serve, limitBeginnings }),
    ...createDeviceEndpoints({
      serve,
      limitBeginnings,
      limitGuesses: [wholeBody(largestForm), limitGuesses],
      fillInCode,
      refuseForeignOrigin,
    }),
  ];
  const interaction = createInteractionEndpoints(createInteraction({ ...deps, issuerOf, lookOrNone }));
  const routes = createRoutes(oauth);
  routes.use('/oauth', explain);
  return { endpoints: [...oauth, ...interaction], routes, interactionRoutes: createRoutes(interaction) };
}

declare module 'http' {
  interface IncomingMessage {
    /** Somebody typed a code that nobody has. */
    guessedUserCode?: boolean;
  }
}

/** The library would send the form uncompared, by a script in the page that our headers forbid. */
const fillInCode: RequestHandler = (req, _res, next) => {
  const { user_code: code } = req.query;
  if (typeof code === 'string') req.givenUserCode = code;
  req.url = req.path;
  next();
};

/** Errors ahead of the library: apps get OAuth's form, people a page, also in answer to a form. */
export const explain: ErrorRequestHandler = (error, req, res, next) => {
  const problem = toAppError(error);
  const expected = problem.code === 'unavailable' || problem.code === 'too_many_requests';
  if (res.headersSent || !expected) return next(error);
  const isMachine = machinePaths.has(`${req.baseUrl}${req.path}`.toLowerCase().replace(/^\/orgs\/[^/]+/, ''));
  const isPage = !isMachine && req.accepts(['json', 'html']) === 'html';
  if (isPage && req.method === 'GET') return next(error);
  res.status(problem.status).set('Cache-Control', 'no-store').set(problem.headers);
  if (isPage) {
    const { title } = problems[problem.code];
    return sendPage(res, problem.status, (texts) => {
      const actions = [{ label: texts.apps.toCode, href: paths.code_verification }];
      return renderMessage(texts, { title, text: problem.detail, actions, requestId: req.id });
    });
  }
  const name = problem.code === 'unavailable' ? 'temporarily_unavailable' : 'slow_down';
  res.json({ error: name, error_description: problem.detail });
};
