import type { Request, RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import type { Endpoint } from '../api/endpoint.ts';
import type { InTurn } from '../http/turns.ts';
import { changedSilently } from './answers.ts';
import { callOf } from './call.ts';
import { sendScim } from './error-handler.ts';
import { groupBody, groupResource } from './forms.ts';
import { createScimGroups, groupVersion, toGroupResource, type WrittenGroup } from './groups.ts';
import { type ListQuery, readListQuery, readProjection, toListResponse } from './list.ts';
import { readPatch } from './patch.ts';
import { ifMatch, sendVersion } from './precondition.ts';
import { createProjection } from './projection.ts';
import { type OfOne, patchOf, resourceEndpoints } from './resource-endpoints.ts';
import { groupType, unknownMembersUrn } from './schemas.ts';
import { type JsonObject, readResource } from './values.ts';

/** Bytes of a body: a group of 10,000 members with their names fits. */
export const largestGroup = 2 * 1024 * 1024;

type Deps = Readonly<{ baseUrl: string; pool: Pool; inTurn: InTurn }>;

export function createGroupEndpoints(deps: Deps): readonly Endpoint[] {
  const { baseUrl, inTurn } = deps;
  const groups = createScimGroups(deps);

  type Sent = Readonly<{ id: string; unknown?: readonly string[]; asked?: ReturnType<typeof readProjection> }>;
  const sendGroup = async (req: Request<object>, res: Response, status: number, sent: Sent) => {
    const { id, unknown = [], asked = readProjection(req.query) } = sent;
    const projection = createProjection(groupType, asked);
    const { row, members } = await groups.find(callOf(res).orgId, id, projection.wants('members'));
    const resource = reportUnknown(projection.apply(toGroupResource(row, members, baseUrl)), unknown);
    // Members are shown by their names, which the group's version doesn't cover.
    sendVersion(req, res, status, groupVersion(row), resource, members === null);
  };

  const sendList = async (res: Response, asked: ListQuery) => {
    const projection = createProjection(groupType, asked);
    const { orgId } = callOf(res);
    const work = async () => {
      const { rows, total, members } = await groups.list(orgId, asked, projection.wants('members'));
      const resources = rows.map((row) =>
        projection.apply(toGroupResource(row, members && (members.get(row.id) ?? []), baseUrl)),
      );
      sendScim(res, 200, toListResponse(resources, total, asked.startIndex));
    };
    await inTurn('lists', orgId, work, res);
  };

  /**
   * Sends the group only if asked for, or to say which members were unknown: ten thousand members
   * are a megabyte, and RFC 7644 §3.5.2 allows 204.
   */
  const sendChanged = async (req: Request<object>, res: Response, { row, unknown }: WrittenGroup) => {
    const asked = readProjection(req.query);
    const isAsked = asked.attributes.length + asked.excludedAttributes.length > 0;
    if (isAsked) return sendGroup(req, res, 200, { id: row.id, unknown });
    if (unknown.length > 0)
      return sendGroup(req, res, 200, { id: row.id, unknown, asked: { ...asked, excludedAttributes: ['members'] } });
    res.set('ETag', groupVersion(row)).status(204).end();
  };

  const list: RequestHandler = async (req, res) => sendList(res, readListQuery(req.query));

  const search: RequestHandler = async (req, res) => sendList(res, readListQuery(req.body));

  const show: OfOne = async (req, res) => {
    const send = () => sendGroup(req, res, 200, { id: req.params.id });
    const withMembers = createProjection(groupType, readProjection(req.query)).wants('members');
    // Ten thousand members are a megabyte: the making of the answer is part of the turn.
    await (withMembers ? inTurn('lists', callOf(res).orgId, send, res) : send());
  };

  const create: RequestHandler = async (req, res) => {
    const { row, unknown } = await groups.create(callOf(res), readResource(groupType, req.body));
    await sendGroup(req, res.location(`${baseUrl}/Groups/${row.id}`), 201, { id: row.id, unknown });
  };

  const replace: OfOne = async (req, res) => {
    const resource = readResource(groupType, req.body);
    const { row, unknown } = await groups.replace(callOf(res), req.params.id, resource, ifMatch(req));
    await sendGroup(req, res, 200, { id: row.id, unknown });
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

/** Of unknown members, as many are named. */
const mostNamed = 100;

/** Says in an answer, by an extension of our own, which members were left out. */
function reportUnknown(group: JsonObject, unknown: readonly string[]): JsonObject {
  if (unknown.length === 0) return group;
  return {
    ...group,
    schemas: [groupType.schema, unknownMembersUrn],
    [unknownMembersUrn]: {
      unknownMembers: unknown.slice(0, mostNamed).map((id) => id.slice(0, mostNamed)),
      unknownMemberCount: unknown.length,
    },
  };
}
