import express, { type Request, type RequestHandler, Router } from 'express';
import { clientNetwork } from '../http/client-address.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { createIsSameOrigin } from '../http/same-origin.ts';
import type { Looks } from '../orgs/looks.ts';
import { createCurrentOrgIssuer, type OrgIssuer } from './current-org-issuer.ts';
import { createEndSession, type SignOutHere } from './end-session.ts';
import { createInteraction } from './interaction.ts';
import type { OrgProviderDeps } from './org-provider.ts';
import { paths } from './provider.ts';
import { beginnings, explain, tooMany } from './routes.ts';

type OrgParams = { org: string };

const discovery = ['openid-configuration', 'oauth-authorization-server'] as const;

/** What the library answers under an org's path. */
const served = new Set<string>([
  ...discovery.map((name) => `/.well-known/${name}`),
  ...[paths.authorization, paths.token, paths.jwks, paths.userinfo, paths.revocation, paths.introspection],
]);

/** The addresses of an org's issuer, as metrics name them. */
export const orgIssuerPaths: readonly string[] = [
  ...discovery.map((name) => `/.well-known/${name}/orgs/{org}`),
  ...[...served].map((path) => `/orgs/{org}${path}`),
  ...[`${paths.authorization}/{uid}`, '/oauth/interaction/{uid}', '/oauth/end-session'].map(
    (path) => `/orgs/{org}${path}`,
  ),
];

/**
 * Each org's issuer for its web apps and receivers of events: `/orgs/<id>` with metadata, keys and
 * endpoints. Mount `routes` ahead of the same-origin guard and the sessions, and `interactionRoutes`
 * behind them.
 */
export function createOrgAuthorizationServer({
  lookOrNone,
  signOut,
  ...deps
}: OrgProviderDeps & Readonly<{ lookOrNone: Looks['lookOrNone']; signOut: SignOutHere }>): {
  routes: Router;
  interactionRoutes: Router;
} {
  const currentOrgIssuer = createCurrentOrgIssuer(deps);
  const issuerOf = (req: Request): Promise<OrgIssuer> => currentOrgIssuer((req.params as OrgParams).org);

  const begun = createRateLimit(beginnings, tooMany);
  const serveOrgIssuer: RequestHandler<OrgParams> = async (req, res, next) => {
    const path = req.path.toLowerCase();
    const resumes = path.startsWith(`${paths.authorization}/`);
    if (!served.has(path) && !resumes) return next();
    const { provider } = await issuerOf(req as unknown as Request);
    if (path === paths.authorization) await begun.count(clientNetwork(req.ip));
    await provider.callback()(req, res);
  };

  const routes = Router();
  // RFC 8414 §3.1 puts the well-known part ahead of the issuer's path.
  for (const name of discovery)
    routes.get(`/.well-known/${name}/orgs/:org`, async (req, res) => {
      const { provider, base } = await issuerOf(req as unknown as Request);
      req.url = `/.well-known/${name}`;
      req.originalUrl = `${base}${req.url}`;
      await provider.callback()(req, res);
    });
  const form = express.urlencoded({ extended: false, limit: '4kb' });
  // Apps may post (RP-Initiated Logout 1.0 §2), but from their page no cookie of ours comes along: the
  // same request as a link brings it, and our own page asks.
  const isSameOrigin = createIsSameOrigin(deps.config);
  const askHere: RequestHandler<OrgParams> = (req, res) => {
    const given = Object.entries((req.body ?? {}) as Record<string, unknown>);
    const fields = given.filter((field): field is [string, string] => typeof field[1] === 'string');
    res.redirect(303, `${req.baseUrl}${req.path}?${new URLSearchParams(fields)}`);
  };
  routes.post(
    '/orgs/:org/oauth/end-session',
    (req, _res, next) => next(isSameOrigin(req) ? 'route' : undefined),
    form,
    askHere,
  );
  routes.use('/orgs/:org', serveOrgIssuer);
  routes.use('/orgs/:org/oauth', explain);

  const interactionRoutes = Router();
  const { enter, confirm } = createInteraction({ ...deps, issuerOf, lookOrNone });
  interactionRoutes.get('/orgs/:org/oauth/interaction/:uid', enter);
  interactionRoutes.post('/orgs/:org/oauth/interaction/:uid', form, confirm);
  const endSession = createEndSession({ ...deps, issuerOf, signOut });
  interactionRoutes.get('/orgs/:org/oauth/end-session', endSession.enter);
  interactionRoutes.post('/orgs/:org/oauth/end-session', form, endSession.confirm);
  return { routes, interactionRoutes };
}
