import express, { type RequestHandler, type Router } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { z } from 'zod';
import { createRoutes, type Endpoint, endpoint, type Success } from '../api/endpoint.ts';
import type { Config } from '../config.ts';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';
import { clientNetwork } from '../http/client-address.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { noStore } from '../http/no-store.ts';
import { createPace } from '../http/pace.ts';
import type { Keyring } from '../keyring.ts';
import type { Looks } from '../orgs/looks.ts';
import { createCallback } from './callback.ts';
import { createCompleteTrial, type ShowTrial } from './complete-trial.ts';
import { createIdTokenVerifier } from './id-token.ts';
import { createConnectionProof } from './prove-connection.ts';
import { refusals, SignInRefused } from './refusal.ts';
import { createStateCookies, signInState } from './sealed-state.ts';
import { createShowRefusal } from './show-refusal.ts';
import { createStart, initiated, restartByGet } from './start.ts';
import { createStartByPage, signInForm } from './start-by-page.ts';
import { createStartTrial } from './start-trial.ts';
import { trialState } from './trial-state.ts';

type Deps = Readonly<{
  config: Config;
  log: Logger;
  pool: Pool;
  prisma: PrismaClient;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
  idpKeys: IdpKeys;
  showTrial: ShowTrial;
  lookOrNone: Looks['lookOrNone'];
}>;

const params = z.object({ org: z.string().describe('Short name or id of the organisation.') });

const refused = (...statuses: number[]): readonly Success[] =>
  statuses.map((status) => ({ status, description: 'A page that says why not.', contentTypes: ['text/html'] }));

const formType = 'application/x-www-form-urlencoded';
const formBody = express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 20 });

const toIdp: Success = {
  status: 302,
  description: 'To the IdP.',
  headers: { Location: 'The IdP’s authorization endpoint.' },
};

/**
 * Sign-in by OpenID Connect. Mount both routers at the root: `startRoutes` ahead of the same-origin
 * guard and the session middleware, for another site may send people here (OpenID Connect Core §4);
 * `routes` behind them.
 */
export function createSignIn(deps: Deps): { endpoints: readonly Endpoint[]; startRoutes: Router; routes: Router } {
  const stateCookies = createStateCookies(deps, signInState);
  const verifyIdToken = createIdTokenVerifier(deps.idpKeys);
  const proveConnection = createConnectionProof(deps);
  const showRefusal = createShowRefusal(deps);
  const trialCookies = createStateCookies(deps, trialState);
  const completeTrial = createCompleteTrial({ ...deps, trialCookies, verifyIdToken });

  const callback = createCallback({ ...deps, stateCookies, verifyIdToken, proveConnection });
  const completeSignIn: RequestHandler<{ org: string }> = async (req, res) => {
    const opened = await callback.openState(req, res);
    const answered = await callback.checkResponse(req, res, opened);
    const proven = await callback.proveIdentity(req, res, answered);
    const ticket = await callback.issueTicket(req, res, proven);
    const outcome = 'why' in ticket ? ticket : await callback.establishSession(req, proven, ticket);
    if (outcome !== 'established') return callback.askAgain(req, res, proven, outcome);
    await callback.proveConnection(proven);
    callback.redirectToApp(res, proven);
  };

  const common = { path: '/openid/start/{org}', tag: 'Sign-in', params, security: [] } as const;
  const start = [
    endpoint({
      ...common,
      method: 'get',
      id: 'startSignIn',
      summary: 'Begin a sign-in: go to the organisation’s IdP',
      description:
        'A browser is sent on to the identity provider, with a sealed state that only it can bring back. A third party may begin a sign-in here too (OpenID Connect Core §4).',
      query: z.object({
        connection: z.string().optional().describe('Which one, if the organisation has several.'),
        returnTo: z.string().optional().describe('A path here, to come back to.'),
        prompt: z.string().optional().describe('`login`: authenticate anew.'),
        ...initiated.shape,
      }),
      success: toIdp,
      also: refused(400, 404, 500, 503),
      handlers: [neverStored, createStartPace(), createStart({ ...deps, stateCookies })],
    }),
    endpoint({
      ...common,
      method: 'post',
      id: 'startSignInByForm',
      summary: 'The same by a form, as a third party may initiate it',
      description: 'OpenID Connect Core §4 lets a third party post what a link would say.',
      bodyType: formType,
      body: initiated,
      success: { status: 303, description: 'To the same address by GET.', headers: { Location: 'The address.' } },
      also: refused(400, 500),
      handlers: [neverStored, formBody, restartByGet],
    }),
  ];
  // Without a referrer a browser would post the page's form as from no origin, and be refused.
  const page = { tag: 'Sign-in', path: '/openid/start', security: [] } as const;
  const back = [
    endpoint({
      ...page,
      method: 'get',
      id: 'showSignInAgain',
      summary: 'To the sign-in page',
      description: 'For a browser that loads anew what the page’s form was answered with.',
      success: { status: 303, description: 'To the page.', headers: { Location: 'The page.' } },
      handlers: [noStore, showPage],
    }),
    endpoint({
      ...page,
      method: 'post',
      id: 'startSignInByPage',
      summary: 'Begin a sign-in by what is typed into the sign-in page',
      description:
        'Finds the organisation by the verified domain of an address, or by name. Browsers hold redirects after a form to the page’s `form-action`, so a page leads on to the start.',
      bodyType: formType,
      body: signInForm,
      success: { status: 200, description: 'A page that leads on by itself.', contentTypes: ['text/html'] },
      also: refused(400, 404, 500, 503),
      problems: ['foreign_origin'],
      handlers: [noStore, formBody, createStartByPage(deps)],
    }),
    endpoint({
      ...common,
      method: 'get',
      path: '/openid/callback/{org}',
      id: 'completeSignIn',
      summary: 'Back from the IdP',
      description:
        'The identity provider sends the browser here. Whoever was signed out since has to authenticate anew.',
      query: z.object({
        state: z.string(),
        code: z.string().optional(),
        error: z.string().optional(),
        iss: z.string().optional(),
      }),
      success: {
        status: 303,
        description: 'Signed in, by this answer or by an earlier use of it: to where the person wanted to go.',
        headers: { Location: 'The page.' },
      },
      also: [
        { ...toIdp, description: 'To the IdP once more, for a new authentication.' },
        { status: 200, description: 'What a trial found, for its administrator.', contentTypes: ['text/html'] },
        ...refused(...new Set(Object.values(refusals))),
      ],
      handlers: [neverStored, completeTrial, completeSignIn, callback.goOnIfSignedIn],
    }),
    endpoint({
      path: '/admin/settings/connections/{id}/trial/start',
      tag: 'Sign-in',
      params: z.object({ id: z.string() }),
      security: ['session'],
      securityOptional: true,
      method: 'get',
      id: 'tryConnection',
      summary: 'Try a sign-in through a connection: go to its IdP',
      description:
        'For owners. The way back signs nobody in and changes nothing: it shows this administrator what each step found.',
      query: z.object({ anew: z.literal('1').optional().describe('Ask for a new authentication.') }),
      success: toIdp,
      also: [{ status: 303, description: 'To the page before a trial, to the sign-in, or to why one is signed out.' }],
      problems: ['forbidden', 'not_found', 'too_many_requests'],
      handlers: [neverStored, createStartTrial({ ...deps, trialCookies })],
    }),
  ];

  // Every error below /openid is a page. Other methods are unknown here.
  const startRoutes = createRoutes(start, { passOn: true });
  startRoutes.use('/openid/start', showRefusal);
  const routes = createRoutes(back, { passOn: true });
  routes.use('/openid', showRefusal);
  routes.post('/api/signin', noPasswords);
  return { endpoints: [...start, ...back], startRoutes, routes };
}

/** The callback's address holds a code: it must not be kept, nor be passed on as a referrer. */
const neverStored: RequestHandler = (_req, res, next) => {
  res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  next();
};

/** Milliseconds between two starts of a network: an office of a thousand people begins in 5 s. */
const startGap = 5;

/** Anybody may start sign-ins: those of one network go on one after another. */
function createStartPace(): RequestHandler {
  const pace = createPace(startGap);
  return async (req, _res, next) => {
    if (!(await pace(clientNetwork(req.ip)))) throw new SignInRefused('unavailable', 'too many starts of one network');
    next();
  };
}

const showPage: RequestHandler = (_req, res) => res.redirect(303, '/');

/**
 * No passwords exist here. The workshop's client takes any JSON for success, whatever the status: it
 * shows an empty list then.
 */
const noPasswords: RequestHandler = () => {
  throw new AppError('not_found', 'There are no passwords here. Sign in through your organisation.');
};
