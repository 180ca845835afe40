import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import type { Note } from '../database/notes.ts';
import type { Principal } from './principal.ts';
import { notSignedIn } from './session-end.ts';
import { PostgresSessionStore, sessionCookie } from './session-store.ts';

/**
 * The middlewares that load the browser's session: express-session on `PostgresSessionStore`, then
 * Passport's. The store's one statement already brings the user: Passport looks nothing up.
 */
export function createSessionMiddleware(deps: { pool: Pool; config: Config; note: Note }): RequestHandler[] {
  const { name, cookie } = sessionCookie(deps.config);
  const passport = new Passport();
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user: Express.User, done) => done(null, user));
  return [
    session({
      name,
      cookie,
      store: new PostgresSessionStore(deps),
      secret: [...deps.config.sessionSecrets],
      resave: false,
      saveUninitialized: false,
      proxy: deps.config.trustProxy !== false,
    }),
    passport.initialize(),
    passport.session(),
  ];
}

/** The person of the live session, or of an app's access token; null without either. */
export function principalOf(req: Request): Principal | null {
  return req.user?.principal ?? null;
}

/** 401 with the reason unless there is a live session or grant. All behind it is never stored. */
export const requireSession: RequestHandler = (req, res, next) => {
  res.set('Cache-Control', 'no-store');
  if (!principalOf(req)) {
    // RFC 9110 §11.6.1: a 401 names a way in. A browser asks nobody for a bearer token.
    res.set('WWW-Authenticate', 'Bearer realm="api"');
    throw notSignedIn(req.sessionEnd);
  }
  next();
};

/** The person of a request that has passed `requireSession`. */
export function signedInPrincipal(req: Request): Principal {
  const principal = principalOf(req);
  if (!principal) throw notSignedIn(req.sessionEnd);
  return principal;
}
