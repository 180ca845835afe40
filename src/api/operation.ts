import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Pool } from 'pg';
import type { z } from 'zod';
import { type By, byPerson } from '../by.ts';
import { AppError, type ProblemCode } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { allowOnly } from '../http/problem.ts';
import { type InTurn, queueOfExports } from '../http/turns.ts';
import type { Principal } from '../sessions/principal.ts';
import { requireSession, signedInPrincipal } from '../sessions/session.ts';
import { type Permission, requireRole } from './permissions.ts';

type Form = z.ZodObject;
type Parsed<F> = F extends Form ? z.output<F> : undefined;

/** Who asks, and what was asked, checked. */
export type Call<Params = unknown, Query = unknown, Body = unknown> = Readonly<{
  principal: Principal;
  orgId: string;
  by: By;
  params: Params;
  query: Query;
  body: Body;
  req: Request;
  res: Response;
}>;

/** What an operation answers when all is well; without a schema there is no body. */
export type Success = Readonly<{
  status: number;
  description: string;
  schema?: z.ZodType;
  /** Default: application/json where there is a schema. */
  contentTypes?: readonly string[];
  /** What a header of the answer says, by its name. */
  headers?: Readonly<Record<string, string>>;
}>;

/** What proves a caller; openapi.ts says how each is sent. */
export type Security = 'session' | 'accessToken' | 'apiKey' | 'signedJwt' | 'metricsToken';

/** One line of the interface, as OpenAPI knows it. */
export type Documented = Readonly<{
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: /api/orgs/current/users/{id} */
  path: string;
  /** camelCase, unique: the `operationId`. */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  params?: Form;
  query?: Form;
  /** Of the request, beside the credential. */
  headers?: Form;
  body?: z.ZodType;
  /** Default application/json. */
  bodyType?: string;
  bodyExample?: unknown;
  /** One of these; [] is anybody. Default: a person, by a browser's session or an app's access token. */
  security?: readonly Security[];
  /** Answers without one, too. */
  securityOptional?: boolean;
  success: Success;
  /** Other answers: further successes, and faults in the form of a standard that has its own. */
  also?: readonly Success[];
  /** The problems it may answer, beside what all of its kind do. */
  problems?: readonly ProblemCode[];
}>;

/** An operation of an org's administration: who may is checked before anything else, then every part of the request. */
export type Operation = Documented &
  Readonly<{
    permission: Permission;
    /** Asks for a recent authentication (the org's policy). Default: every method but GET. */
    recent?: boolean;
    /**
     * Which of the org's queues it waits in on a node. Default: of what reads, `lists`, and of the rest none: ending access
     * never waits. `export` is for what takes as long as its reader likes, which no list should wait for.
     */
    turn?: 'lists' | 'export';
    /** Answers `success.status` with what it returns; nothing when it has answered itself. */
    handle: (call: Call) => Promise<unknown>;
  }>;

/** Types `handle` by the forms that are given. */
export function operation<P extends Form | undefined, Q extends Form | undefined, B extends z.ZodType | undefined>(
  definition: Omit<Operation, 'params' | 'query' | 'body' | 'handle'> & {
    params?: P;
    query?: Q;
    body?: B;
    handle: (call: Call<Parsed<P>, Parsed<Q>, B extends z.ZodType ? z.output<B> : undefined>) => Promise<unknown>;
  },
): Operation {
  return definition as unknown as Operation;
}

/** Routes for operations, with their methods as the only ones. */
export function createOperationRoutes(
  { pool, inTurn }: { pool: Pool; inTurn: InTurn },
  operations: readonly Operation[],
): Router {
  const router = Router();
  const paths = new Set(operations.map(({ path }) => path));
  for (const path of paths) {
    const here = operations.filter((one) => one.path === path);
    const route = router.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const one of here) {
      const recent = one.recent ?? one.method !== 'get';
      route[one.method](
        requireSession,
        requirePermission(one.permission),
        ...(recent ? [requireRecentAuthentication(pool)] : []),
        ...(one.body ? jsonBody('256kb') : []),
        answer(one, inTurn),
      );
    }
    const methods = here.map(({ method }) => method.toUpperCase());
    route.all(allowOnly(...(methods.includes('GET') ? ['HEAD'] : []), ...methods));
  }
  return router;
}

/** The scope that an app's access token needs for the administration of an org. */
export const adminScope = 'admin';

const requirePermission =
  (permission: Permission): RequestHandler =>
  (req, _res, next) => {
    const { role, scope } = signedInPrincipal(req);
    if (scope !== null && !scope.split(' ').includes(adminScope))
      throw new AppError('insufficient_scope', `This access token lacks the scope "${adminScope}".`, {
        headers: { 'WWW-Authenticate': `Bearer realm="api", error="insufficient_scope", scope="${adminScope}"` },
      });
    requireRole(role, permission);
    next();
  };

/** RFC 9470: who changes something has authenticated at the IdP lately, and is not merely still signed in. */
function requireRecentAuthentication(pool: Pool): RequestHandler {
  return async (req, _res, next) => {
    const { orgId, orgSlug, authenticatedAt } = signedInPrincipal(req);
    const { rows } = await pool.query<{ age: number; recent: boolean }>({
      name: 'recent-authentication',
      text: `SELECT admin_reauthentication_seconds AS age,
                    coalesce($2::timestamptz > now() - make_interval(secs => admin_reauthentication_seconds), false) AS recent
             FROM orgs WHERE id = $1`,
      values: [orgId, authenticatedAt],
    });
    if (rows[0]?.recent) return next();
    const maxAge = rows[0]?.age ?? 0;
    throw new AppError(
      'reauthentication_required',
      `Your organisation asks administrators to authenticate again after ${maxAge} seconds. Sign in again to go on.`,
      {
        members: { maxAge, signInUrl: `/openid/start/${orgSlug}?prompt=login` },
        headers: {
          'WWW-Authenticate': `Bearer realm="api", error="insufficient_user_authentication", max_age="${maxAge}"`,
        },
      },
    );
  };
}

const answer =
  (one: Operation, inTurn: InTurn): RequestHandler =>
  async (req, res) => {
    const principal = signedInPrincipal(req);
    const call: Call = {
      principal,
      orgId: principal.orgId,
      by: byPerson(req, principal),
      params: check(one.params, req.params, 'the address'),
      query: check(one.query, req.query, 'the query'),
      body: check(one.body, req.body, 'the body'),
      req,
      res,
    };
    const turn = one.turn ?? (one.method === 'get' ? 'lists' : null);
    const queue = turn === 'export' ? queueOfExports(call.orgId) : call.orgId;
    const body = turn ? await inTurn(queue, () => one.handle(call)) : await one.handle(call);
    if (res.headersSent) return;
    res.status(one.success.status);
    if (one.success.schema) res.json(body);
    else res.end();
  };

/** Names what is wrong and why, never the value. */
function check(form: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!form) return undefined;
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.') || where}: ${message}`);
  throw new AppError('invalid_request', `Wrong in ${where}: ${[...new Set(wrong)].slice(0, 10).join('; ')}.`);
}
