import express, { type Express, Router } from 'express';
import { createReveal } from './accounts/reveal.ts';
import { createAdminOperations } from './admin/operations.ts';
import type { Documented, Endpoint } from './api/endpoint.ts';
import { createRoutes } from './api/endpoint.ts';
import { createHealthEndpoints } from './api/health.ts';
import { type Operation, toEndpoints } from './api/operation.ts';
import { createReferenceEndpoints } from './api/reference.ts';
import { byPerson } from './by.ts';
import { createConsole } from './console/routes.ts';
import { createShowTrial } from './console/trial-page.ts';
import type { Context } from './context.ts';
import { createEventEndpoints } from './downstream/ssf/routes.ts';
import { problems } from './errors.ts';
import { createAccessLog } from './http/access-log.ts';
import { createErrorHandler, notFound } from './http/problem.ts';
import { requestId } from './http/request-id.ts';
import { createSameOriginGuard } from './http/same-origin.ts';
import { createSecurityHeaders } from './http/security-headers.ts';
import { refuseUnsound } from './http/sound-requests.ts';
import { accountMailOperations } from './me/account-mail.ts';
import { myAccountOperations } from './me/accounts.ts';
import { administratorsOperation } from './me/administrators.ts';
import { deviceOperations } from './me/device-routes.ts';
import { createGlobalLogout } from './me/global-logout.ts';
import { changeMeOperation, languageFormEndpoint } from './me/language.ts';
import { meOperations } from './me/me-routes.ts';
import { endCredential, signOutByForm } from './me/sign-out.ts';
import { createSignOutEverywhere } from './me/sign-out-everywhere.ts';
import { createWayOut } from './me/way-out.ts';
import { createMetricsEndpoints } from './metrics/routes.ts';
import { createLooks } from './orgs/looks.ts';
import { createRevocationEndpoints } from './revocation/routes.ts';
import { createScim } from './scim/routes.ts';
import { createDevices } from './sessions/devices.ts';
import { createFindIdpLogout } from './sessions/idp-logout.ts';
import { createSessionMiddleware, principalOf } from './sessions/session.ts';
import { sessionCookie } from './sessions/session-store.ts';
import { findOrgOperation } from './sign-in/find-org.ts';
import { createSignIn } from './sign-in/routes.ts';
import { createSignalEndpoints } from './signals/routes.ts';
import { orgIssuer } from './signing/org-keys.ts';
import { todoFormEndpoint, todoOperations } from './todos/routes.ts';
import { createBearerAuthentication, unlessBearer } from './tokens/bearer.ts';
import { clientNames } from './tokens/clients.ts';
import type { SignOutHere } from './tokens/end-session.ts';
import { framesOf } from './tokens/front-channel.ts';
import { createOrgAuthorizationServer, orgIssuerPaths } from './tokens/org-routes.ts';
import { createAuthorizationServer } from './tokens/routes.ts';
import { renderFailure } from './web/failure-page.ts';
import { createLookEndpoints } from './web/look-routes.ts';
import { type ApiDocument, renderReference } from './web/reference-page.ts';
import { createOpenPages, createPages, serveAssets } from './web/routes.ts';
import { sendPage } from './web/send-page.ts';

/** The operations of the administration, each with its dependencies. */
export function adminOperations(context: Context): readonly Operation[] {
  const { announce } = context.liveChannel;
  const devices = createDevices({ ...context, clientNames });
  return createAdminOperations({ ...context, announce, devices, clientNames });
}

/** The endpoints of a person's own. The first of them is called most often. */
function createPersonal(context: Context): {
  operations: readonly Operation[];
  signOutByForm: Endpoint;
  leaveByApps: Endpoint;
  signOutHere: SignOutHere;
} {
  const { config, pool, accessPool, batches, liveChannel } = context;
  const devices = createDevices({ ...context, clientNames });
  const wayOut = createWayOut({
    ...context,
    framesOf: (session) => framesOf(pool, orgIssuer(config, session.orgId), session),
  });
  const me = {
    liveChannel,
    devices,
    findIdpLogout: createFindIdpLogout(context),
    globalLogout: createGlobalLogout({ pool: accessPool, batches }),
    wayOut,
    cookie: sessionCookie(config),
  };
  const operations = [
    ...meOperations(me),
    administratorsOperation(context),
    changeMeOperation(context),
    ...accountMailOperations(context),
    ...myAccountOperations({ pool, reveal: createReveal({ ...context, pool: accessPool }) }),
    ...deviceOperations({
      ...context,
      devices,
      signOutEverywhere: createSignOutEverywhere({ pool: accessPool, batches }),
      announce: liveChannel.announce,
    }),
  ];
  const signOutHere: SignOutHere = (person, req) => endCredential(me, person, byPerson(req, person));
  return { operations, signOutByForm: signOutByForm(me), leaveByApps: wayOut.page, signOutHere };
}

// The mounts inside `/api/…` and outside of it: no request searches the other side's.
const insideApi = /^(?=\/api\/)/i;
const outsideApi = /^(?!\/api\/)/i;

/** The whole HTTP interface, in the order of mounting: sessions are loaded as late as possible. */
export function createApp(context: Context): Express {
  const { accessPool, inTurn, note } = context;
  const { config, log, pool, prisma, apiKeys, liveChannel, keyring, guardedFetch, idpKeys, metrics } = context;
  const app = express();
  app.disable('x-powered-by');
  // Answers are personal or tiny; assets make ETags of their own.
  app.disable('etag');
  app.set('trust proxy', config.trustProxy);
  app.set('query parser', 'simple');
  app.set('languages', context.languages);

  // All endpoints are made before any is mounted: documentation and metrics list exactly them.
  const { announce, isListening } = liveChannel;
  const revocation = createRevocationEndpoints({
    ...context,
    pool: accessPool,
    announce,
    noteCall: context.journal.noteCall,
  });
  const administration = adminOperations(context);
  const scim = createScim({ config, log, pool, accessPool, apiKeys, inTurn, announce });
  const personal = createPersonal(context);
  const signals = createSignalEndpoints({ ...context, pool: accessPool, announce });
  const events = createEventEndpoints({
    ...context,
    appFetch: context.webhookFetch,
    wake: () => {
      context.wakeForwarder();
      context.arrivals.look();
    },
  });
  const showTrial = createShowTrial(context);
  const looks = createLooks(context);
  const { lookOrNone } = looks;
  const signIn = createSignIn({ config, log, pool, prisma, keyring, guardedFetch, idpKeys, showTrial, lookOrNone });
  const authorizationServer = createAuthorizationServer({
    config,
    log,
    pool,
    accessPool,
    keyring,
    announce,
    inTurn,
    lookOrNone,
  });
  const orgAuthorizationServer = createOrgAuthorizationServer({
    config,
    log,
    pool,
    accessPool,
    keyring,
    // Any org says where its apps' keys are.
    guardedFetch: context.webhookFetch,
    announce,
    lookOrNone,
    signOut: personal.signOutHere,
  });
  const findOrg = findOrgOperation(context);
  const todos = todoOperations(context);
  const health = createHealthEndpoints({ ...context, isListening });
  const metricsEndpoints = createMetricsEndpoints({ metrics, metricsToken: config.metricsToken });
  const openPages = createOpenPages(context);
  const lookEndpoints = createLookEndpoints(looks);
  const console = createConsole(context, [...administration, ...personal.operations]);
  const pages = [
    ...createPages({ signedIn: principalOf, lookOrNone }),
    todoFormEndpoint(context),
    personal.signOutByForm,
    personal.leaveByApps,
    languageFormEndpoint(context),
    ...console.pages,
  ];
  // The order of the documentation, for its readers.
  const others: readonly (Documented | Operation)[] = [
    ...revocation,
    ...administration,
    ...scim.endpoints,
    ...personal.operations,
    ...signals,
    ...events,
    ...signIn.endpoints,
    findOrg,
    ...authorizationServer.endpoints,
    ...todos,
    ...health,
    ...metricsEndpoints,
    ...pages,
    ...openPages,
    ...lookEndpoints,
  ];
  const reference = createReferenceEndpoints(config, others, (api) => renderReference(api as ApiDocument));

  app.use(requestId);
  if (metrics) app.use(metrics.timeRequests([...[...others, ...reference].map(({ path }) => path), ...orgIssuerPaths]));
  app.use(createAccessLog({ config, log }));
  app.use(createSecurityHeaders({ https: config.publicUrl.startsWith('https:') }));
  app.use(refuseUnsound);

  const open = Router();
  app.use(outsideApi, open);
  open.use('/assets', serveAssets);
  open.use(
    createRoutes([
      ...health,
      ...metricsEndpoints,
      ...openPages,
      ...lookEndpoints,
      ...reference,
      ...revocation,
      ...signals,
      ...events,
    ]),
  );
  open.use(scim.routes);
  open.use(signIn.startRoutes);
  open.use(authorizationServer.routes);
  open.use(orgAuthorizationServer.routes);

  app.use('/api', createBearerAuthentication({ pool: accessPool, config, note }));
  app.use(unlessBearer(createSameOriginGuard(config), ...createSessionMiddleware({ pool: accessPool, config, note })));
  const operations = toEndpoints({ pool: accessPool, inTurn }, [
    ...personal.operations,
    ...todos,
    findOrg,
    ...administration,
  ]);
  app.use(insideApi, createRoutes(operations));
  app.use(signIn.routes);
  app.use(authorizationServer.interactionRoutes);
  app.use(orgAuthorizationServer.interactionRoutes);
  app.use(createRoutes(pages));

  app.use(console.showNothing);
  app.use(notFound);
  app.use(console.showFailures);
  app.use(
    createErrorHandler({
      config,
      log,
      renderPage: (res, problem) =>
        sendPage(res, problems[problem.code].status, (texts) => renderFailure(texts, problem)),
    }),
  );
  return app;
}
