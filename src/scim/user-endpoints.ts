import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import type { Endpoint } from '../api/endpoint.ts';
import type { InTurn } from '../http/turns.ts';
import { type Changed, callOf } from './call.ts';
import { orEndAccess } from './ended-anyway.ts';
import { sendScim } from './error-handler.ts';
import { userBody, userResource } from './forms.ts';
import { type ListQuery, readListQuery, readProjection, toListResponse } from './list.ts';
import { readPatch } from './patch.ts';
import { ifMatch, sendVersion } from './precondition.ts';
import { createProjection } from './projection.ts';
import { type OfOne, patchOf, resourceEndpoints } from './resource-endpoints.ts';
import { userType } from './schemas.ts';
import { toUserResource, type UserRow, userVersion } from './user-resource.ts';
import { createScimUsers } from './users.ts';
import { readResource } from './values.ts';

type Deps = Readonly<{ baseUrl: string; pool: Pool; accessPool: Pool; inTurn: InTurn; announce: () => void }>;

export function createUserEndpoints(deps: Deps): readonly Endpoint[] {
  const { baseUrl, inTurn } = deps;
  const users = createScimUsers(deps);

  const sendUser = (req: Request<object>, res: Response, status: number, row: UserRow) => {
    const resource = createProjection(userType, readProjection(req.query)).apply(toUserResource(row, baseUrl));
    sendVersion(req, res, status, userVersion(row), resource);
  };

  const sendList = async (res: Response, asked: ListQuery) => {
    const projection = createProjection(userType, asked);
    const { orgId } = callOf(res);
    const work = async () => {
      const wanted = projection.wants('groups') || projection.wants('meta');
      const { rows, total } = await users.list(orgId, asked, wanted);
      const resources = rows.map((row) => projection.apply(toUserResource(row, baseUrl)));
      sendScim(res, 200, toListResponse(resources, total, asked.startIndex));
    };
    await inTurn('lists', orgId, work, res);
  };

  const changeUser = async (
    req: Request<{ id: string }>,
    res: Response,
    change: () => Promise<Changed<UserRow>>,
  ): Promise<void> => {
    const announced = async (work: () => Promise<Changed<UserRow>>) => {
      const { resource: row, revoked } = await work();
      if (revoked) deps.announce();
      return row;
    };
    const row = await orEndAccess(
      req,
      res,
      // Reading the body throws before there is a promise.
      () => announced(async () => change()),
      async () => {
        const off = await announced(() => users.switchOff(callOf(res), req.params.id, ifMatch(req)));
        return { version: userVersion(off) };
      },
    );
    sendUser(req, res, 200, row);
  };

  const list: RequestHandler = async (req, res) => sendList(res, readListQuery(req.query));

  const search: RequestHandler = async (req, res) => sendList(res, readListQuery(req.body));

  const show: OfOne = async (req, res) => {
    sendUser(req, res, 200, await users.find(callOf(res).orgId, req.params.id));
  };

  const create: RequestHandler = async (req, res) => {
    const row = await users.create(callOf(res), readResource(userType, req.body));
    sendUser(req, res.location(`${baseUrl}/Users/${row.id}`), 201, row);
  };

  const replace: OfOne = async (req, res) =>
    changeUser(req, res, () =>
      users.replace(callOf(res), req.params.id, readResource(userType, req.body), ifMatch(req)),
    );

  const patch: OfOne = async (req, res) =>
    changeUser(req, res, () => users.patch(callOf(res), req.params.id, readPatch(userType, req.body), ifMatch(req)));

  const remove: OfOne = async (req, res) => {
    await users.remove(callOf(res), req.params.id, ifMatch(req));
    deps.announce();
    res.status(204).end();
  };

  return resourceEndpoints({
    name: 'Users',
    what: 'person',
    resource: userResource,
    body: userBody,
    bodyExample: {
      schemas: [userType.schema],
      userName: 'trinity@whiterabbit.fake',
      name: { givenName: 'Trinity', familyName: 'Moss' },
      emails: [{ value: 'trinity@whiterabbit.fake', type: 'work', primary: true }],
      active: true,
    },
    patchExample: patchOf({ op: 'replace', path: 'active', value: false }),
    // All that is kept of a person fits.
    filterExample: 'userName eq "trinity@whiterabbit.fake"',
    largestBody: 256 * 1024,
    conflicts: [409],
    patched: [],
    handlers: { list, search, show, create, replace, patch, remove },
  });
}
