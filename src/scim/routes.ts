import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { noStore } from '../http/no-store.ts';
import { allowOnly, notFound } from '../http/problem.ts';
import type { InTurn } from '../http/turns.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { createScimAuthentication } from './authentication.ts';
import type { Changed, ScimCall } from './call.ts';
import { listResourceTypes, listSchemas, serviceProviderConfig } from './discovery.ts';
import { orEndAccess } from './ended-anyway.ts';
import { createScimErrorHandler, sendScim } from './error-handler.ts';
import { createScimGroups, type GroupRow, groupVersion, toGroupResource } from './groups.ts';
import { type ListQuery, readListQuery, toListResponse } from './list.ts';
import { readPatch } from './patch.ts';
import { namesVersion } from './precondition.ts';
import { createProjection } from './projection.ts';
import { listRoles } from './roles.ts';
import { groupType, userType } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { toUserResource, type UserRow, userVersion } from './user-resource.ts';
import { createScimUsers } from './users.ts';
import { type JsonObject, readResource } from './values.ts';

/** Bytes of a body: a group of 10,000 members with their names fits, and all that is kept of a person. */
const largestBody = { group: 2 * 1024 * 1024, user: 256 * 1024, search: 256 * 1024 };

/**
 * SCIM 2.0 (RFC 7643, RFC 7644) at /scim/v2, for an API key with the scope `scim`: what it sees and changes is its own org.
 *
 * GET, POST                /Users, /Groups           filter, sortBy, sortOrder, startIndex, count, attributes, excludedAttributes
 * POST                     /Users/.search, …         the same as a body
 * GET, PUT, PATCH, DELETE  /Users/:id, /Groups/:id   with ETag, If-Match, If-None-Match
 * GET                      /Roles, /Roles/:id        the roles that can be given (Okta's entitlements)
 * GET                      /ServiceProviderConfig, /Schemas, /ResourceTypes
 *
 * The schemas are scimmy's. Its messages and its routers are not used: their filter can be made to run for ever by a few dozen
 * backslashes, negates wrongly and knows no nested brackets, a database that is down is a 404 to them, and they lock nothing.
 */
export function createScimRoutes(deps: {
  config: Config;
  log: Logger;
  pool: Pool;
  accessPool: Pool;
  apiKeys: ApiKeys;
  inTurn: InTurn;
  announce: () => void;
}): Router {
  const baseUrl = `${deps.config.publicUrl}/scim/v2`;
  const users = createScimUsers(deps);
  const groups = createScimGroups(deps);
  const { inTurn } = deps;

  const sendUser = (req: Request, res: Response, status: number, row: UserRow) => {
    const resource = createProjection(userType, readListQuery(req.query)).apply(toUserResource(row, baseUrl));
    sendVersion(req, res, status, userVersion(row), resource);
  };
  const listUsers = async (res: Response, asked: ListQuery) => {
    const projection = createProjection(userType, asked);
    const { orgId } = callOf(res);
    const { rows, total } = await inTurn(orgId, () =>
      users.list(orgId, asked, projection.wants('groups') || projection.wants('meta')),
    );
    const resources = rows.map((row) => projection.apply(toUserResource(row, baseUrl)));
    sendScim(res, 200, toListResponse(resources, total, asked.startIndex));
  };
  const changeUser = async (req: Request, res: Response, change: () => Promise<Changed<UserRow>>) => {
    const announced = async (work: () => Promise<Changed<UserRow>>) => {
      const { resource: row, revoked } = await work();
      if (revoked) deps.announce();
      return row;
    };
    const row = await orEndAccess(
      req,
      res,
      // What reads the body throws before there is a promise.
      () => announced(async () => change()),
      async () => {
        const off = await announced(() => users.switchOff(callOf(res), idOf(req), ifMatch(req)));
        return { version: userVersion(off) };
      },
    );
    sendUser(req, res, 200, row);
  };
  const userHandlers = {
    list: (async (req, res) => listUsers(res, readListQuery(req.query))) as RequestHandler,
    search: (async (req, res) => listUsers(res, readListQuery(req.body))) as RequestHandler,
    show: (async (req, res) => {
      sendUser(req, res, 200, await users.find(callOf(res).orgId, idOf(req)));
    }) as RequestHandler,
    create: (async (req, res) => {
      const row = await users.create(callOf(res), readResource(userType, req.body));
      sendUser(req, res.location(`${baseUrl}/Users/${row.id}`), 201, row);
    }) as RequestHandler,
    replace: (async (req, res) => {
      await changeUser(req, res, () =>
        users.replace(callOf(res), idOf(req), readResource(userType, req.body), ifMatch(req)),
      );
    }) as RequestHandler,
    patch: (async (req, res) => {
      await changeUser(req, res, () =>
        users.patch(callOf(res), idOf(req), readPatch(userType, req.body), ifMatch(req)),
      );
    }) as RequestHandler,
    remove: (async (req, res) => {
      await users.remove(callOf(res), idOf(req), ifMatch(req));
      deps.announce();
      res.status(204).end();
    }) as RequestHandler,
  };

  const showGroup = async (req: Request, res: Response, status: number, id: string) => {
    const projection = createProjection(groupType, readListQuery(req.query));
    const { row, members } = await groups.find(callOf(res).orgId, id, projection.wants('members'));
    const resource = projection.apply(toGroupResource(row, members, baseUrl));
    // Members are shown by their names, which the group's version knows nothing of.
    sendVersion(req, res, status, groupVersion(row), resource, members === null);
  };
  const listGroups = async (res: Response, asked: ListQuery) => {
    const projection = createProjection(groupType, asked);
    const { orgId } = callOf(res);
    const { rows, total, members } = await inTurn(orgId, () => groups.list(orgId, asked, projection.wants('members')));
    const resources = rows.map((row) =>
      projection.apply(toGroupResource(row, members && (members.get(row.id) ?? []), baseUrl)),
    );
    sendScim(res, 200, toListResponse(resources, total, asked.startIndex));
  };
  /** Nothing back unless it is asked for: ten thousand members are a megabyte (RFC 7644 §3.5.2 allows 204). */
  const sendChanged = async (req: Request, res: Response, row: GroupRow) => {
    const { attributes, excludedAttributes } = readListQuery(req.query);
    if (attributes.length + excludedAttributes.length > 0) return showGroup(req, res, 200, row.id);
    res.set('ETag', groupVersion(row)).status(204).end();
  };
  const groupHandlers = {
    list: (async (req, res) => listGroups(res, readListQuery(req.query))) as RequestHandler,
    search: (async (req, res) => listGroups(res, readListQuery(req.body))) as RequestHandler,
    show: (async (req, res) => showGroup(req, res, 200, idOf(req))) as RequestHandler,
    create: (async (req, res) => {
      const row = await groups.create(callOf(res), readResource(groupType, req.body));
      await showGroup(req, res.location(`${baseUrl}/Groups/${row.id}`), 201, row.id);
    }) as RequestHandler,
    replace: (async (req, res) => {
      const resource = readResource(groupType, req.body);
      const row = await groups.replace(callOf(res), idOf(req), resource, ifMatch(req));
      await showGroup(req, res, 200, row.id);
    }) as RequestHandler,
    patch: (async (req, res) => {
      const changes = readPatch(groupType, req.body);
      await sendChanged(req, res, await groups.patch(callOf(res), idOf(req), changes, ifMatch(req)));
    }) as RequestHandler,
    remove: (async (req, res) => {
      await groups.remove(callOf(res), idOf(req), ifMatch(req));
      res.status(204).end();
    }) as RequestHandler,
  };

  const router = Router();
  router.use(noStore, createScimAuthentication(deps));
  mountResource(router, '/Users', userHandlers, largestBody.user);
  mountResource(router, '/Groups', groupHandlers, largestBody.group);
  mountFixed(router, '/Roles', (req) => listRoles(baseUrl, readListQuery(req.query).filter));
  mountFixed(router, '/Schemas', () => listSchemas(baseUrl));
  mountFixed(router, '/ResourceTypes', () => listResourceTypes(baseUrl));
  router
    .route('/ServiceProviderConfig')
    .get((_req, res) => sendScim(res, 200, serviceProviderConfig(baseUrl, largestBody.group)))
    .all(allowOnly('GET', 'HEAD'));
  router.all(['/Me', '/Bulk'], () => {
    throw new ScimError(501, null, 'This is not supported; see /ServiceProviderConfig.');
  });
  router.use(notFound);
  router.use(createScimErrorHandler(deps));
  return Router().use('/scim/v2', router);
}

type Handlers = Record<'list' | 'search' | 'show' | 'create' | 'replace' | 'patch' | 'remove', RequestHandler>;

function mountResource(router: Router, path: string, handlers: Handlers, largest: number): void {
  const collection = router.route(path);
  const body = scimBody(largest);
  collection
    .get(handlers.list)
    .post(body, handlers.create)
    .all(allowOnly('GET', 'HEAD', 'POST'));
  router.route(`${path}/.search`).post(scimBody(largestBody.search), handlers.search).all(allowOnly('POST'));
  router
    .route(`${path}/:id`)
    .get(handlers.show)
    .put(body, handlers.replace)
    .patch(body, handlers.patch)
    .delete(handlers.remove)
    .all(allowOnly('GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'));
}

/** A list that the product itself makes, whole. */
function mountFixed(router: Router, path: string, list: (req: Request) => readonly JsonObject[]): void {
  const show: RequestHandler = (req, res) => {
    const found = list(req).find(({ id }) => id === idOf(req));
    if (!found) throw new ScimError(404, null, 'There is nothing of this id.');
    sendScim(res, 200, found);
  };
  const showAll: RequestHandler = (req, res) => {
    const all = list(req);
    sendScim(res, 200, toListResponse(all, all.length, 1));
  };
  router.route(path).get(showAll).all(allowOnly('GET', 'HEAD'));
  router.route(`${path}/:id`).get(show).all(allowOnly('GET', 'HEAD'));
}

const scimBody = (limit: number): RequestHandler[] => [
  (req, _res, next) => {
    if (req.is(['application/scim+json', 'application/json'])) return next();
    throw new ScimError(400, 'invalidSyntax', 'Send a JSON body with "Content-Type: application/scim+json".');
  },
  express.json({ type: ['application/scim+json', 'application/json'], limit, strict: true }),
];

/**
 * A resource with its ETag, or the word that the client has this version already.
 *
 * @param isAll whether the version covers all that is sent
 */
function sendVersion(
  req: Request,
  res: Response,
  status: number,
  version: string,
  resource: JsonObject,
  isAll = true,
): void {
  res.set('ETag', version);
  const known = req.get('If-None-Match');
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  if (isAll && isRead && known !== undefined && namesVersion(known, version)) res.status(304).end();
  else sendScim(res, status, resource);
}

function callOf(res: Response): ScimCall {
  return res.locals.call;
}

function idOf(req: Request): string {
  return String(req.params.id);
}

function ifMatch(req: Request): string | null {
  return req.get('If-Match') ?? null;
}
