import { Router } from 'express';
import { createAdminRoutes } from './admin/routes.ts';
import { createSignInRoutes } from './sign-in-routes.ts';
import type { DemoTenant } from './tenant.ts';

/** The routes below `/<path>`: the console, the sign-in form, and the OpenID provider. */
export function createTenantRoutes(tenant: DemoTenant): Router {
  const router = Router();
  router.use('/admin', createAdminRoutes(tenant));
  router.use('/sign-in', createSignInRoutes(tenant));
  router.use((request, response) => tenant.handle(request, response));
  return router;
}
