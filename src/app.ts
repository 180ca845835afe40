import express, { type Express, Router } from 'express';
import { createAdminOperations } from './admin/operations.ts';
import { serviceDocumentation } from './api/documentation.ts';
import type { Documented } from './api/endpoint.ts';
import { createRoutes } from './api/endpoint.ts';
import { type Operation, toEndpoints } from './api/operation.ts';
import { createReferenceRoutes } from './api/reference.ts';
import type { Context } from './context.ts';
import { problems } from './errors.ts';
import { createAccessLog } from './http/access-log.ts';
import { createErrorHandler, notFound } from './http/problem.ts';
import { requestId } from './http/request-id.ts';
import { createSameOriginGuard } from './http/same-origin.ts';
import { createSecurityHeaders } from './http/security-headers.ts';
import { createServiceRoutes } from './http/service-routes.ts';
import { refuseUnsound } from './http/sound-requests.ts';
import { createDeviceRoutes } from './me/device-routes.ts';
import { usersDocumentation } from './me/documentation.ts';
import { createGlobalLogout } from './me/global-logout.ts';
import { createMeRoutes } from './me/me-routes.ts';
import { createSignOutEverywhere } from './me/sign-out-everywhere.ts';
import { metricsDocumentation } from './metrics/documentation.ts';
import { createMetricsRoutes } from './metrics/routes.ts';
import { createRevocationEndpoints } from './revocation/routes.ts';
import { createScim } from './scim/routes.ts';
import { createDevices } from './sessions/devices.ts';
import { createFindIdpLogout } from './sessions/idp-logout.ts';
import { createSessionMiddleware, principalOf } from './sessions/session.ts';
import { findOrgOperation } from './sign-in/find-org.ts';
import { createSignIn } from './sign-in/routes.ts';
import { signalsDocumentation } from './signals/documentation.ts';
import { createSignalRoutes } from './signals/routes.ts';
import { todosDocumentation } from './todos/documentation.ts';
import { createTodoRoutes } from './todos/routes.ts';
import { createBearerAuthentication, unlessBearer } from './tokens/bearer.ts';
import { clientNames } from './tokens/clients.ts';
import { createAuthorizationServer } from './tokens/routes.ts';
import { webDocumentation } from './web/documentation.ts';
import { renderMessage } from './web/message-page.ts';
import { type ApiDocument, renderReference } from './web/reference-page.ts';
import { createOpenWebRoutes, createWebRoutes } from './web/routes.ts';
import { sendPage } from './web/send-page.ts';

/** The administration's operations, with what each works on. */
export function adminOperations(context: Context): readonly Operation[] {
  const { announce } = context.liveChannel;
  const devices = createDevices({ ...context, clientNames });
  return createAdminOperations({ ...context, announce, devices, clientNames });
}

/** Everything but `/api/…`, whose requests need not look for themselves in what stands here. */
const outsideApi = /^(?!\/api\/)/i;

/** The whole HTTP interface, in the order a request meets it. What needs no session comes before sessions are loaded. */
export function createApp(context: Context): Express {
  const { accessPool, batches, inTurn } = context;
  const { config, log, pool, prisma, apiKeys, liveChannel, keyring, guardedFetch, idpKeys, metrics } = context;
  const app = express();
  app.disable('x-powered-by');
  // Answers are personal or tiny; assets make their own.
  app.disable('etag');
  app.set('trust proxy', config.trustProxy);
  app.set('query parser', 'simple');

  // Everything is made before anything is mounted: what is documented and measured is what is there.
  const { announce, isListening } = liveChannel;
  const revocation = createRevocationEndpoints({ ...context, pool: accessPool, announce });
  const findOrg = findOrgOperation(context);
  const administration = adminOperations(context);
  const scim = createScim({ config, log, pool, accessPool, apiKeys, inTurn, announce });
  const signIn = createSignIn({ config, log, pool, prisma, keyring, guardedFetch, idpKeys });
  const authorizationServer = createAuthorizationServer({ config, log, pool, accessPool, keyring, announce });
  const documented: readonly (Documented | Operation)[] = [
    ...revocation,
    ...administration,
    ...scim.endpoints,
    ...usersDocumentation,
    ...signalsDocumentation,
    ...signIn.endpoints,
    findOrg,
    ...authorizationServer.endpoints,
    ...todosDocumentation,
    ...serviceDocumentation,
    ...metricsDocumentation,
    ...webDocumentation,
  ];

  app.use(requestId);
  if (metrics) app.use(metrics.timeRequests(documented.map(({ path }) => path)));
  app.use(createAccessLog({ config, log }));
  app.use(createSecurityHeaders({ https: config.publicUrl.startsWith('https:') }));
  app.use(refuseUnsound);

  const open = Router();
  app.use(outsideApi, open);
  open.use(createServiceRoutes({ config, pool, accessPool, isListening, isStopping: context.isStopping }));
  open.use(createMetricsRoutes({ metrics, metricsToken: config.metricsToken }));
  open.use(createOpenWebRoutes({ config }));
  open.use(createReferenceRoutes(config, documented, (api) => renderReference(api as ApiDocument)));
  open.use(createRoutes(revocation));
  open.use(createSignalRoutes({ config, log, pool: accessPool, batches, idpKeys, announce }));
  open.use(scim.routes);
  open.use(signIn.startRoutes);
  open.use(authorizationServer.routes);

  app.use('/api', createBearerAuthentication({ pool: accessPool, config }));
  app.use(unlessBearer(createSameOriginGuard(config), ...createSessionMiddleware({ pool: accessPool, config })));
  const devices = createDevices({ pool, accessPool, clientNames });
  app.use(
    '/api',
    createMeRoutes({
      ...{ liveChannel, devices },
      findIdpLogout: createFindIdpLogout({ pool, keyring, config }),
      globalLogout: createGlobalLogout({ pool: accessPool, batches }),
    }),
  );
  app.use(signIn.routes);
  app.use(authorizationServer.interactionRoutes);
  const signOutEverywhere = createSignOutEverywhere({ pool: accessPool, batches });
  app.use('/api/users/me/sessions', createDeviceRoutes({ config, devices, inTurn, signOutEverywhere, announce }));
  app.use('/api/todos', createTodoRoutes({ prisma, pool, inTurn }));
  app.use(createRoutes(toEndpoints({ pool: accessPool, inTurn }, [findOrg, ...administration])));
  app.use(createWebRoutes({ signedIn: principalOf }));

  app.use(notFound);
  app.use(
    createErrorHandler({
      config,
      log,
      renderPage: (res, problem) =>
        sendPage(
          res,
          problems[problem.code].status,
          renderMessage({
            title: problems[problem.code].title,
            text: problem.detail,
            actions: [{ label: 'Go to the start page', href: '/' }],
            requestId: problem.requestId,
          }),
        ),
    }),
  );
  return app;
}
