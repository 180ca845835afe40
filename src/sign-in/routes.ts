import express, { type Request, type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';
import { createCallback } from './callback.ts';
import { createIdTokenVerifier } from './id-token.ts';
import { createConnectionProof } from './prove-connection.ts';
import { createStateCookies } from './sealed-state.ts';
import { createShowRefusal } from './show-refusal.ts';
import { createStart, restartByGet } from './start.ts';

type Deps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  prisma: PrismaClient;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
}>;

/**
 * Sign-in by OpenID Connect. Mount both at the root: `startRoutes` ahead of the guard against other
 * sites and of the session middleware, for another site may send people here (OpenID Connect Core
 * §4); `routes` behind them.
 */
export function createSignIn(deps: Deps): { startRoutes: Router; routes: Router } {
  const stateCookies = createStateCookies(deps);
  const verifyIdToken = createIdTokenVerifier(deps.idpKeys);
  const proveConnection = createConnectionProof(deps);
  const showRefusal = createShowRefusal(deps);

  const startRoutes = Router();
  const form = express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 20 });
  startRoutes
    .route('/openid/start/:org')
    .get(neverStored, createStart({ ...deps, stateCookies }))
    .post(neverStored, form, restartByGet);
  startRoutes.use('/openid/start', showRefusal);

  const callback = createCallback({ ...deps, stateCookies, verifyIdToken, proveConnection });
  const routes = Router();
  routes.get('/openid/callback/:org', neverStored, async (req: Request<{ org: string }>, res) => {
    const opened = await callback.openState(req, res);
    const answered = await callback.checkResponse(req, res, opened);
    const proven = await callback.proveIdentity(res, answered);
    const ticket = await callback.issueTicket(req, res, proven);
    const outcome = typeof ticket === 'string' ? ticket : await callback.establishSession(req, proven, ticket);
    if (outcome !== 'established') return callback.askAgain(req, res, proven, outcome);
    await callback.proveConnection(proven);
    callback.redirectToApp(res, proven);
  });
  routes.use('/openid', showRefusal);
  routes.post('/api/signin', noPasswords);
  return { startRoutes, routes };
}

/** The callback's address holds a code: it must not be kept, nor be passed on as a referrer. */
const neverStored: RequestHandler = (_req, res, next) => {
  res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  next();
};

/** Passwords do not exist here. Not JSON: the workshop's client takes any JSON for success. */
const noPasswords: RequestHandler = (_req, res) => {
  res.status(404).type('text/plain').send('There are no passwords here. Sign in through your organisation.\n');
};
