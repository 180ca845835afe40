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

/**
 * Codes that nobody has, and requests that store something, which a network may send in as many
 * seconds.
 */
const guesses = { points: 20, duration: 600 };
const beginnings = { points: 300, duration: 60 };
const tooMany = 'Too many requests came from your network; wait before the next try.';

/**
 * The OAuth 2.1 authorization server for the product's own apps (clients.ts). Mount `routes` at the
 * root, ahead of the guard against other sites and of the sessions, and `interactionRoutes` behind
 * them.
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
  /**
   * Each try costs a point, which is given back unless the code was a guess. Who guesses many at
   * once gains nothing.
   */
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
    /** A code that nobody has was typed. */
    guessedUserCode?: boolean;
  }
}

/** Made at the first request, for its keys are in the database; a failure isn't kept. */
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

/**
 * The library would send the form by a script inside the page, which our headers forbid, and before
 * anybody compared the code.
 */
const fillInCode: RequestHandler = (req, _res, next) => {
  const { user_code: code } = req.query;
  if (typeof code === 'string') req.givenUserCode = code;
  req.url = req.path;
  next();
};

/**
 * What went wrong before the library was reached: to apps in OAuth's form, to people as a page,
 * also after a form.
 */
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
