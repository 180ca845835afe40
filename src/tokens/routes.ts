import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import type { Provider } from 'oidc-provider';
import { createRoutes, type Endpoint } from '../api/endpoint.ts';
import { problems } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import { toAppError } from '../http/problem.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import { renderMessage } from '../web/message-page.ts';
import { sendPage } from '../web/send-page.ts';
import { createDeviceEndpoints } from './device-endpoints.ts';
import { createInteraction } from './interaction.ts';
import { createInteractionEndpoints } from './interaction-endpoints.ts';
import { createOAuthEndpoints } from './oauth-endpoints.ts';
import { createProvider, type ProviderDeps, paths } from './provider.ts';

/** Points: a network's wrong codes, or requests that store something. Durations: seconds. */
const guesses = { points: 20, duration: 600 };
const beginnings = { points: 300, duration: 60 };
const tooMany = 'Too many requests came from your network; wait before the next try.';

/**
 * The OAuth 2.1 authorization server for the product's own apps (clients.ts). Mount `routes` at the
 * root, ahead of the same-origin guard and the sessions, and `interactionRoutes` behind them.
 */
export function createAuthorizationServer(deps: ProviderDeps): {
  endpoints: readonly Endpoint[];
  routes: Router;
  interactionRoutes: Router;
} {
  const provider = onceMade(() => createProvider(deps));
  const callback = async () => (await provider()).callback();

  const serve: RequestHandler = async (req, res) => {
    await (await callback())(req, res);
  };

  const guessed = createRateLimit(guesses, tooMany);
  /** Each try costs a point, given back if it was no guess: many guesses at once gain nothing. */
  const limitGuesses: RequestHandler = async (req, res, next) => {
    const network = clientNetwork(req.ip);
    await guessed.count(network);
    res.once('finish', () => {
      if (!req.guessedUserCode) guessed.giveBack(network);
    });
    next();
  };

  const begun = createRateLimit(beginnings, tooMany);
  const limitBeginnings: RequestHandler = async (req, _res, next) => {
    await begun.count(clientNetwork(req.ip));
    next();
  };

  const refuseForeignOrigin = createSameOriginGuard(deps.config);
  const oauth = [
    ...createOAuthEndpoints({ serve, limitBeginnings }),
    ...createDeviceEndpoints({ serve, limitBeginnings, limitGuesses, fillInCode, refuseForeignOrigin }),
  ];
  const interaction = createInteractionEndpoints(createInteraction({ ...deps, provider }));
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

/** Makes the provider at the first request, as its keys are in the database; keeps no failure. */
function onceMade(make: () => Promise<Provider>): () => Promise<Provider> {
  let made: Promise<Provider> | null = null;
  return () => {
    made ??= make().catch((error) => {
      made = null;
      throw error;
    });
    return made;
  };
}

/** The library would send the form uncompared, by a script in the page that our headers forbid. */
const fillInCode: RequestHandler = (req, _res, next) => {
  const { user_code: code } = req.query;
  if (typeof code === 'string') req.givenUserCode = code;
  req.url = req.path;
  next();
};

/** Errors ahead of the library: apps get OAuth's form, people a page, also in answer to a form. */
const explain: ErrorRequestHandler = (error, req, res, next) => {
  const problem = toAppError(error);
  const expected = problem.code === 'unavailable' || problem.code === 'too_many_requests';
  if (res.headersSent || !expected) return next(error);
  const isPage = req.accepts(['json', 'html']) === 'html';
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
