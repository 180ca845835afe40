import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type By, byPerson, byRequest } from '../by.ts';
import { AppError } from '../errors.ts';
import { csvBody } from '../http/csv-body.ts';
import { jsonBody } from '../http/json-body.ts';
import { noStore } from '../http/no-store.ts';
import { type InTurn, inOwnTurn } from '../http/turns.ts';
import { describeIssues, wrongParts } from '../issues.ts';
import type { Principal } from '../sessions/principal.ts';
import { principalOf, requireSession, signedInPrincipal } from '../sessions/session.ts';
import type { Documented, Endpoint, Form } from './endpoint.ts';
import { may, type Permission, requireRole } from './permissions.ts';

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
    /**
     * Lets somebody in whose role lacks the permission: by a right of their own to the very thing.
     * It is asked before the address is checked.
     */
    orIf?: (principal: Principal, params: Readonly<Record<string, unknown>>) => Promise<boolean>;
    /** Without a permission an app's access token needs the scope `admin` all the same: it reads passwords. */
    adminScope?: true;
    /**
     * Needs a recent authentication: as the org's policy has it, or of so many seconds ago at most.
     * Default: all of the administration but GET.
     */
    recent?: boolean | number;
    /**
     * The queue in which it waits on a node. Default: the org's `lists` for the administration's
     * GETs, none for the rest: ending access never waits. `export` takes as long as its reader
     * likes, and no list should wait for that. `own` is for a person's own lists.
     */
    turn?: 'lists' | 'export' | 'own';
    /** The longest body. Default: 256 KB in the administration, 16 KB elsewhere. */
    bodyLimit?: string;
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
    const { permission, body, bodyType, bodyLimit, security, securityOptional } = definition;
    const work = createWork({ pool }, definition);
    return {
      ...definition,
      handlers: [
        security?.length === 0 || securityOptional ? noStore : requireSession,
        ...(permission || definition.adminScope || isRecent(definition) ? [allowed(work)] : []),
        ...(body ? bodyOf(bodyType)(bodyLimit ?? (permission ? '256kb' : '16kb')) : []),
        answer(definition, work, inTurn),
      ],
    };
  });
}

const bodyOf = (type: string | undefined) => (type === 'text/csv' ? csvBody : jsonBody);

/** The parts of a request that an operation's forms check. */
export type Input = Readonly<{ params?: unknown; query?: unknown; body?: unknown }>;

/** What an operation does, whoever asks: its route, or a page in this process. */
export type Work = Readonly<{
  /** @throws AppError if the role, the app's scope or the age of the authentication don't allow it */
  allow: (req: Request, params?: unknown) => Promise<void>;
  /** Checks the parts and answers, outside of any turn. @throws AppError invalid_request */
  carryOut: (req: Request, res: Response, input: Input) => Promise<unknown>;
}>;

export function createWork({ pool }: { pool: Pool }, definition: Operation): Work {
  const { permission, orIf, adminScope: needsScope, recent, params, body, handle } = definition;
  const query = queryForm(definition);
  return {
    async allow(req, given = req.params) {
      if (permission || needsScope) requireAdminScope(req);
      if (permission) await requirePermission(req, permission, orIf && ((who) => orIf(who, given as object as Given)));
      if (isRecent(definition))
        await requireRecentAuthentication(pool, req, typeof recent === 'number' ? recent : null);
    },
    async carryOut(req, res, input) {
      const principal = principalOf(req);
      return handle({
        principal,
        orgId: principal?.orgId ?? null,
        get by() {
          return principal ? byPerson(req, principal) : byRequest(req, { type: 'anonymous', id: null });
        },
        params: check(params, input.params, 'the address'),
        query: check(query, input.query, 'the query'),
        body: check(body, input.body, 'the body'),
        req,
        res,
      } as Call);
    },
  };
}

type Given = Readonly<Record<string, unknown>>;

/** Whether an operation asks for a recent authentication. */
export const isRecent = ({ permission, method, recent }: Operation): boolean =>
  Boolean(recent ?? (permission !== undefined && method !== 'get'));

/** The queue that an operation waits in; null: it never waits. */
export const turnOf = ({ permission, method, turn }: Operation): NonNullable<Operation['turn']> | null =>
  turn ?? (permission !== undefined && method === 'get' ? 'lists' : null);

/** The scope that an app's access token needs for the administration of an org. */
export const adminScope = 'admin';

const allowed =
  ({ allow }: Work): RequestHandler =>
  async (req, _res, next) => {
    await allow(req);
    next();
  };

/** @throws AppError insufficient_scope */
function requireAdminScope(req: Request): void {
  const { scope } = signedInPrincipal(req);
  if (scope === null || scope.split(' ').includes(adminScope)) return;
  throw new AppError('insufficient_scope', `This access token lacks the scope "${adminScope}".`, {
    headers: { 'WWW-Authenticate': `Bearer realm="api", error="insufficient_scope", scope="${adminScope}"` },
  });
}

/** @throws AppError forbidden */
async function requirePermission(
  req: Request,
  permission: Permission,
  orIf: ((principal: Principal) => Promise<boolean>) | undefined,
): Promise<void> {
  const principal = signedInPrincipal(req);
  const { role } = principal;
  if (orIf && !may(role, permission) && (await orIf(principal))) return;
  requireRole(role, permission, orIf && ', or the right to manage the account');
}

/**
 * RFC 9470: a change needs a recent authentication at the IdP, not only a live sign-in. `seconds`:
 * how old it may be; null: as long as the org's policy lets administrators go on.
 * @throws AppError reauthentication_required
 */
export async function requireRecentAuthentication(
  pool: Pool,
  req: Request,
  seconds: number | null = null,
): Promise<void> {
  const { orgId, orgSlug, authenticatedAt } = signedInPrincipal(req);
  const { rows } = await pool.query<{ age: number; recent: boolean }>({
    name: 'recent-authentication',
    text: `SELECT age, coalesce($2::timestamptz > now() - make_interval(secs => age), false) AS recent
           FROM (SELECT coalesce($3::int, admin_reauthentication_seconds) AS age FROM orgs WHERE id = $1) policy`,
    values: [orgId, authenticatedAt, seconds],
  });
  if (rows[0]?.recent) return;
  const maxAge = rows[0]?.age ?? 0;
  const who = seconds === null ? 'Your organisation asks administrators' : 'Whoever does this has';
  throw new AppError(
    'reauthentication_required',
    `${who} to authenticate again after ${maxAge} seconds. Sign in again to go on.`,
    {
      members: { maxAge, signInUrl: `/openid/start/${orgSlug}?prompt=login` },
      headers: {
        'WWW-Authenticate': `Bearer realm="api", error="insufficient_user_authentication", max_age="${maxAge}"`,
      },
    },
  );
}

function answer(definition: Operation, { carryOut }: Work, inTurn: InTurn): RequestHandler {
  const { success } = definition;
  const turn = turnOf(definition);
  return async (req, res) => {
    const reply = async () => {
      const answered = await carryOut(req, res, req);
      if (res.headersSent) return;
      res.status(success.status);
      if (success.schema) res.json(answered);
      else res.end();
    };
    await (turn ? takeTurn(inTurn, turn, req, res, reply) : reply());
  };
}

function takeTurn(
  inTurn: InTurn,
  turn: NonNullable<Operation['turn']>,
  req: Request,
  res: Response,
  work: () => Promise<void>,
): Promise<void> {
  const principal = signedInPrincipal(req);
  if (turn === 'own') return inOwnTurn(inTurn, principal, work, res);
  return inTurn(turn === 'export' ? 'exports' : 'lists', principal.orgId, work, res);
}

/**
 * The administration refuses unknown parameters: a list that a mistyped filter widened to everybody
 * would be acted on. Elsewhere they are ignored.
 */
function queryForm({ path, query }: Operation): Form | undefined {
  return path.startsWith('/api/orgs/') ? (query ?? z.object({})).strict() : query;
}

/** The names of a query that the operation would refuse, unknown ones too. */
export function wrongInQuery(definition: Operation, query: unknown): readonly string[] {
  const issues = queryForm(definition)?.safeParse(query).error?.issues ?? [];
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(0, 1).map(String),
  );
}

function check(form: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!form) return undefined;
  const parsed = form.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const wrong = describeIssues(parsed.error, where).slice(0, 10);
  const errors = wrongParts(parsed.error, where === 'the body' ? 'body' : 'parameters').slice(0, 10);
  throw new AppError('invalid_request', `Wrong in ${where}: ${wrong.join('; ')}.`, { errors });
}
