import { Router } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { createRoutes, type Endpoint } from '../api/endpoint.ts';
import type { Config } from '../config.ts';
import { noStore } from '../http/no-store.ts';
import { notFound } from '../http/problem.ts';
import type { InTurn } from '../http/turns.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { createScimAuthentication } from './authentication.ts';
import { createDiscoveryEndpoints } from './discovery-endpoints.ts';
import { createScimErrorHandler } from './error-handler.ts';
import { createGroupEndpoints } from './group-endpoints.ts';
import { ScimError } from './scim-error.ts';
import { createUserEndpoints } from './user-endpoints.ts';

type Deps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  accessPool: Pool;
  apiKeys: ApiKeys;
  inTurn: InTurn;
  announce: () => void;
}>;

const root = '/scim/v2';

/**
 * SCIM 2.0 (RFC 7643, RFC 7644), for an API key with the scope `scim`: what it sees and changes is
 * its own org. Whatever is asked below /scim/v2 needs the key, and is refused in SCIM's form.
 *
 * The schemas are scimmy's. Its messages and its routers are not used: their filter can be made to
 * run for ever by a few dozen backslashes, negates wrongly and knows no nested brackets, a database
 * that is down is a 404 to them, and they lock nothing.
 */
export function createScim(deps: Deps): { endpoints: readonly Endpoint[]; routes: Router } {
  const given = { ...deps, baseUrl: `${deps.config.publicUrl}${root}` };
  const endpoints = [...createUserEndpoints(given), ...createGroupEndpoints(given), ...createDiscoveryEndpoints(given)];

  const needsKey = Router().use(noStore, createScimAuthentication(deps));
  const whatIsLeft = Router();
  whatIsLeft.all(['/Me', '/Bulk'], () => {
    throw new ScimError(501, null, 'This is not supported; see /ServiceProviderConfig.');
  });
  whatIsLeft.use(notFound);

  const routes = Router();
  routes.use(root, needsKey);
  routes.use(createRoutes(endpoints));
  routes.use(root, whatIsLeft, createScimErrorHandler(deps));
  return { endpoints, routes };
}
