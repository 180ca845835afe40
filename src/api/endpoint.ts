import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import type { z } from 'zod';
import type { ProblemCode } from '../errors.ts';
import { allowOnly } from '../http/problem.ts';

export type Form = z.ZodObject;

/** The answer when all is well; without a schema it has no body. */
export type Success = Readonly<{
  status: number;
  description: string;
  schema?: z.ZodType;
  /** Default: application/json where there is a schema. */
  contentTypes?: readonly string[];
  /** Descriptions of the answer's headers, by name. */
  headers?: Readonly<Record<string, string>>;
}>;

/** The ways in which a caller proves who they are; openapi.ts says how each is sent. */
export type Security = 'session' | 'accessToken' | 'apiKey' | 'signedJwt' | 'metricsToken' | 'receiverToken';

/** An operation of the interface, as OpenAPI describes it. */
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
  /** Headers of the request, beside the credential. */
  headers?: Form;
  body?: z.ZodType;
  /** Default application/json. */
  bodyType?: string;
  bodyExample?: unknown;
  /** Any of these will do; [] lets anybody in. Default: a person's session or access token. */
  security?: readonly Security[];
  /** Whether it also answers without a credential. */
  securityOptional?: boolean;
  /** False: the answer to GET never ends, so HEAD is refused. */
  head?: false;
  success: Success;
  /** Other answers: further successes, and errors in the form of a standard of their own. */
  also?: readonly Success[];
  /** Problems that it may answer, beside those that all of its kind may. */
  problems?: readonly ProblemCode[];
}>;

/**
 * A route of a protocol, or a page. Its forms only document: the handlers check what they are sent,
 * because each protocol has its own words for what is wrong.
 */
export type Endpoint = Documented &
  Readonly<{
    /** Named middlewares and error handlers, in the order in which a request meets them. */
    handlers: readonly (RequestHandler | ErrorRequestHandler)[];
    /** Answers OPTIONS: browsers ask before a page of another origin may read (CORS). */
    preflight?: RequestHandler;
  }>;

type ParamsOf<P> = P extends Form ? z.output<P> : Record<never, never>;

/** Types the handlers' `req.params` by `params`. */
export function endpoint<P extends Form | undefined = undefined>(
  definition: Omit<Endpoint, 'params' | 'handlers'> & {
    params?: P;
    handlers: readonly (RequestHandler<ParamsOf<P>> | ErrorRequestHandler<ParamsOf<P>>)[];
  },
): Endpoint {
  return definition as unknown as Endpoint;
}

/**
 * Makes routes for endpoints in their order. Other methods at their addresses are refused with the
 * list of those that exist, or with `passOn` left to what is mounted behind.
 */
export function createRoutes(endpoints: readonly Endpoint[], { passOn = false } = {}): Router {
  const router = Router();
  for (const [path, here] of Map.groupBy(endpoints, (endpoint) => endpoint.path)) {
    const refuseOthers = allowOnly(...here.flatMap(methodsOf), ...(here.some(hasPreflight) ? ['OPTIONS'] : []));
    const route = router.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const { method, head, handlers, preflight } of here) {
      // This comes ahead of GET, by which Express would answer HEAD.
      if (head === false) route.head(refuseOthers);
      if (preflight) route.options(preflight);
      route[method](...(handlers as RequestHandler[]));
    }
    if (!passOn) route.all(refuseOthers);
  }
  return router;
}

const hasPreflight = ({ preflight }: Endpoint) => preflight !== undefined;

const methodsOf = ({ method, head }: Endpoint) =>
  method === 'get' && head !== false ? ['GET', 'HEAD'] : [method.toUpperCase()];
