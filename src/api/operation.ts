import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type By, byPerson, byRequest } from '../by.ts';
import { AppError } from '../errors.ts';
import { jsonBody } from '../http/json-body.ts';
import { noStore } from '../http/no-store.ts';
import { type InTurn, inOwnTurn, queueOfExports } from '../http/turns.ts';
import { describeIssues } from '../issues.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf, requireSession, signedInPrincipal } from '../sessions/session.ts';
import type { Documented, Endpoint, Form } from './endpoint.ts';
import { type Permission, requireRole } from './permissions.ts';

type Parsed<F> = F extends z.ZodType ? z.output<F> : undefined;

/** Who asks, and the checked parts of the request. */
export type Call<
  Params = unknown,
  Query = unknown,
  Body = unknown,
  Who extends Principal | null = Principal,
> = Readonly<{
  principal: Who;
  orgId: Who extends null ? null : string;
  by: By;
  params: Params;
  query: Query;
  body: Body;
  req: Request;
  res: Response;
}>;

/**
 * A JSON route under /api. The caller's rights are checked before anything else, then every part of
 * the request. Without `permission` it serves a person's own data; with `security: []` or
 * `securityOptional` also callers without a credential.
 */
export type Operation = Documented &
  Readonly<{
    /** For an org's administration: what the person's role, and an app's scope, must allow. */
    permission?: Permission;
    /** Needs a recent authentication (org policy). Default: all of the administration but GET. */
    recent?: boolean;
    /**
     * The queue in which it waits on a node. Default: the org's `lists` for the administration's
     * GETs, none for the rest: ending access never waits. `export` takes as long as its reader
     * likes, and no list should wait for that. `own` is for a person's own lists.
     */
    turn?: 'lists' | 'export' | 'own';
    /** Its result is sent with `success.status`, unless it has answered itself. */
    handle: (call: Call) => Promise<unknown>;
  }>;

export type AdminOperation = Operation & Readonly<{ permission: Permission }>;

export const isAdministration = (documented: Documented | Operation): documented is AdminOperation =>
  'permission' in documented;

/** Types `handle` by the forms that are given, and by whether somebody must be signed in. */
export function operation<
  P extends Form | undefined,
  Q extends Form | undefined,
  B extends z.ZodType | undefined,
  Anybody extends readonly [] | undefined = undefined,
  Optional extends true | undefined = undefined,
>(
  definition: Omit<Operation, 'params' | 'query' | 'body' | 'security' | 'securityOptional' | 'handle'> & {
    params?: P;
    query?: Q;
    body?: B;
    security?: Anybody;
    securityOptional?: Optional;
    handle: (
      call: Call<
        Parsed<P>,
        Parsed<Q>,
        Parsed<B>,
        [Anybody, Optional] extends [undefined, undefined] ? Principal : Principal | null
      >,
    ) => Promise<unknown>;
  },
): Operation {
  return definition as unknown as Operation;
}

/** Makes endpoints of operations, so that both are routed alike. */
export function toEndpoints(
  { pool, inTurn }: { pool: Pool; inTurn: InTurn },
  operations: readonly Operation[],
): readonly Endpoint[] {
  return operations.map((definition) => {
    const { permission, body, security, securityOptional } = definition;
    return {
      ...definition,
      handlers: [
        security?.length === 0 || securityOptional ? noStore : requireSession,
        ...(permission ? [requirePermission(permission)] : []),
        ...(isRecent(definition) ? [requireRecentAuthentication(pool)] : []),
        ...(body ? jsonBody(permission ? '256kb' : '16kb') : []),
        answer(definition, inTurn),
      ],
    };
  });
}

/** Whether an operation asks for a recent authentication. */
export const isRecent = ({ permission, method, recent }: Operation): boolean =>
  recent ?? (permission !== undefined && method !== 'get');

/** The queue that an operation waits in; null: it never waits. */
export const turnOf = ({ permission, method, turn }: Operation): NonNullable<Operation['turn']> | null =>
  turn ?? (permission !== undefined && method === 'get' ? 'lists' : null);

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

/** RFC 9470: a change needs a recent authentication at the IdP, not only a live sign-in. */
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

function answer(definition: Operation, inTurn: InTurn): RequestHandler {
  const { params, body, success, handle } = definition;
  const query = queryForm(definition);
  const turn = turnOf(definition);
  return async (req, res) => {
    const principal = principalOf(req);
    const call = {
      principal,
      orgId: principal?.orgId ?? null,
      get by() {
        return principal ? byPerson(req, principal) : byRequest(req, { type: 'anonymous', id: null });
      },
      params: check(params, req.params, 'the address'),
      query: check(query, req.query, 'the query'),
      body: check(body, req.body, 'the body'),
      req,
      res,
    } as Call;
    const answered = await (turn ? takeTurn(inTurn, turn, call, handle) : handle(call));
    if (res.headersSent) return;
    res.status(success.status);
    if (success.schema) res.json(answered);
    else res.end();
  };
}

function takeTurn(
  inTurn: InTurn,
  turn: NonNullable<Operation['turn']>,
  call: Call,
  handle: Operation['handle'],
): Promise<unknown> {
  const work = () => handle(call);
  if (turn === 'own') return inOwnTurn(inTurn, call.principal, work);
  return inTurn(turn === 'export' ? queueOfExports(call.orgId) : call.orgId, work);
}

/**
 * The administration refuses unknown parameters: a list that a mistyped filter widened to everybody
 * would be acted on. Elsewhere they are ignored.
 */
function queryForm({ path, query }: Operation): Form | undefined {
  return path.startsWith('/api/orgs/') ? (query ?? z.object({})).strict() : query;
}

function check(form: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!form) return undefined;
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  const wrong = describeIssues(parsed.error, where).slice(0, 10);
  throw new AppError('invalid_request', `Wrong in ${where}: ${wrong.join('; ')}.`);
}
