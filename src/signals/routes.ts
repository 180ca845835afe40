import { Router } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import { noStore } from '../http/no-store.ts';
import { allowOnly } from '../http/problem.ts';
import type { Batches } from '../revocation/batches.ts';
import { createBackchannelLogout } from './backchannel-logout.ts';
import { createEventErrors, createLogoutErrors } from './refusal.ts';
import { createSecurityEvents } from './security-events.ts';

type Deps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  batches: Batches;
  idpKeys: IdpKeys;
  announce: () => void;
}>;

/**
 * POST /openid/backchannel-logout/:org   an IdP says that a session of its own, or all of a person's, is over
 * POST /ssf/events/:connection           an IdP pushes security events (RFC 8935)
 *
 * Their callers are no browsers: what proves them is the signature of what they send.
 */
export function createSignalRoutes(deps: Deps): Router {
  const router = Router();
  router
    .route('/openid/backchannel-logout/:org')
    .all(noStore)
    .post(...createBackchannelLogout(deps), createLogoutErrors(deps))
    .all(allowOnly('POST'));
  router
    .route('/ssf/events/:connection')
    .all(noStore)
    .post(...createSecurityEvents(deps), createEventErrors(deps))
    .all(allowOnly('POST'));
  return router;
}
