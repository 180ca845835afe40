import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import type { Endpoint } from '../api/endpoint.ts';
import type { InTurn } from '../http/turns.ts';
import { changedSilently } from './answers.ts';
import { callOf } from './call.ts';
import { sendScim } from './error-handler.ts';
import { groupBody, groupResource } from './forms.ts';
import { createScimGroups, type GroupRow, groupVersion, toGroupResource } from './groups.ts';
import { type ListQuery, readListQuery, readProjection, toListResponse } from './list.ts';
import { readPatch } from './patch.ts';
import { ifMatch, sendVersion } from './precondition.ts';
import { createProjection } from './projection.ts';
import { type OfOne, patchOf, resourceEndpoints } from './resource-endpoints.ts';
import { groupType } from './schemas.ts';
import { readResource } from './values.ts';

/** Bytes of a body: a group of 10,000 members with their names fits. */
export const largestGroup = 2 * 1024 * 1024;

type Deps = Readonly<{ baseUrl: string; pool: Pool; inTurn: InTurn }>;

export function createGroupEndpoints(deps: Deps): readonly Endpoint[] {
  const { baseUrl, inTurn } = deps;
  const groups = createScimGroups(deps);

  const sendGroup = async (req: Request<object>, res: Response, status: number, id: string) => {
    const projection = createProjection(groupType, readProjection(req.query));
    const { row, members } = await groups.find(callOf(res).orgId, id, projection.wants('members'));
    const resource = projection.apply(toGroupResource(row, members, baseUrl));
    // Members are shown by their names, which the group's version doesn't cover.
    sendVersion(req, res, status, groupVersion(row), resource, members === null);
  };

  const sendList = async (res: Response, asked: ListQuery) => {
    const projection = createProjection(groupType, asked);
    const { orgId } = callOf(res);
    const { rows, total, members } = await inTurn(orgId, () => groups.list(orgId, asked, projection.wants('members')));
    const resources = rows.map((row) =>
      projection.apply(toGroupResource(row, members && (members.get(row.id) ?? []), baseUrl)),
    );
    sendScim(res, 200, toListResponse(resources, total, asked.startIndex));
  };

  /**
   * Sends the group only if asked for: ten thousand members are a megabyte, and RFC 7644 §3.5.2
   * allows 204.
   */
  const sendChanged = async (req: Request<object>, res: Response, row: GroupRow) => {
    const { attributes, excludedAttributes } = readProjection(req.query);
    if (attributes.length + excludedAttributes.length > 0) return sendGroup(req, res, 200, row.id);
    res.set('ETag', groupVersion(row)).status(204).end();
  };

  const list: RequestHandler = async (req, res) => sendList(res, readListQuery(req.query));

  const search: RequestHandler = async (req, res) => sendList(res, readListQuery(req.body));

  const show: OfOne = async (req, res) => sendGroup(req, res, 200, req.params.id);

  const create: RequestHandler = async (req, res) => {
    const row = await groups.create(callOf(res), readResource(groupType, req.body));
    await sendGroup(req, res.location(`${baseUrl}/Groups/${row.id}`), 201, row.id);
  };

  const replace: OfOne = async (req, res) => {
    const resource = readResource(groupType, req.body);
    const row = await groups.replace(callOf(res), req.params.id, resource, ifMatch(req));
    await sendGroup(req, res, 200, row.id);
  };

  const patch: OfOne = async (req, res) => {
    const changes = readPatch(groupType, req.body);
    await sendChanged(req, res, await groups.patch(callOf(res), req.params.id, changes, ifMatch(req)));
  };

  const remove: OfOne = async (req, res) => {
    await groups.remove(callOf(res), req.params.id, ifMatch(req));
    res.status(204).end();
  };

  return resourceEndpoints({
    name: 'Groups',
    what: 'group',
    resource: groupResource,
    body: groupBody,
    bodyExample: { schemas: [groupType.schema], displayName: 'Crew', members: [] },
    patchExample: patchOf({ op: 'add', path: 'members', value: [{ value: 'usr_01example' }] }),
    filterExample: 'displayName eq "Crew"',
    largestBody: largestGroup,
    conflicts: [],
    patched: [changedSilently],
    handlers: { list, search, show, create, replace, patch, remove },
  });
}
