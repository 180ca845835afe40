import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import type { z } from 'zod';
import type { ProblemCode } from '../errors.ts';
import { allowOnly } from '../http/problem.ts';

export type Form = z.ZodObject;

/** What a request is answered when all is well; without a schema there is no body. */
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
  /**
   * Any of these will do; [] is anybody. Default: a person, by a browser's session or an app's
   * access token.
   */
  security?: readonly Security[];
  /** Answers without a credential, too. */
  securityOptional?: boolean;
  /** False: an answer to GET that never ends, and so none to HEAD. */
  head?: false;
  success: Success;
  /** Other answers: further successes, and faults in the form of a standard that has its own. */
  also?: readonly Success[];
  /** The problems it may answer, beside what all of its kind do. */
  problems?: readonly ProblemCode[];
}>;

/**
 * A route of a protocol, or a page. The forms of its literal are documentation: its handlers check
 * what they are sent themselves, for each protocol has its own words for what is wrong.
 */
export type Endpoint = Documented &
  Readonly<{
    /**
     * Named middlewares, in the order in which a request meets them; handlers of errors among them.
     */
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
 * Routes for endpoints in their order. Whatever else an address is asked by is refused with the
 * methods that it takes, or with `passOn` left to whatever is mounted behind.
 */
export function createRoutes(endpoints: readonly Endpoint[], { passOn = false } = {}): Router {
  const router = Router();
  for (const [path, here] of Map.groupBy(endpoints, (endpoint) => endpoint.path)) {
    const refuseOthers = allowOnly(...here.flatMap(methodsOf), ...(here.some(hasPreflight) ? ['OPTIONS'] : []));
    const route = router.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const { method, head, handlers, preflight } of here) {
      // Ahead of GET, by which Express would answer it.
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
