import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { type Endpoint, endpoint, type Success } from '../api/endpoint.ts';
import { created, errorsOf, inItsVersion, ok, provisioning, unchanged } from './answers.ts';
import {
  ifMatchHeader,
  ifNoneMatchHeader,
  listQuery,
  pageOf,
  patchBody,
  projectionQuery,
  resourceParams,
  searchBody,
} from './forms.ts';
import { scimBody } from './scim-body.ts';

type Kind = Readonly<{
  /** As it stands in paths and, without its s, in the ids of operations. */
  name: 'Users' | 'Groups';
  what: string;
  resource: z.ZodType;
  body: z.ZodType;
  bodyExample: unknown;
  patchExample: unknown;
  filterExample: string;
  /** Bytes. */
  largestBody: number;
  /** 409, where two may not have the same name. */
  conflicts: readonly 409[];
  /** The answers to a PATCH beside the resource. */
  patched: readonly Success[];
  handlers: ResourceHandlers;
}>;

export type OfOne = RequestHandler<{ id: string }>;
export type ResourceHandlers = Readonly<
  Record<'list' | 'create' | 'search', RequestHandler> & Record<'show' | 'replace' | 'patch' | 'remove', OfOne>
>;

/** Bytes of a search's body. */
const largestSearch = 256 * 1024;
const bodyType = 'application/scim+json';

/** The endpoints that people and groups have alike (RFC 7644 §3). */
export function resourceEndpoints(kind: Kind): readonly Endpoint[] {
  const { name, what, resource, body, bodyExample, conflicts, handlers } = kind;
  const path = `/scim/v2/${name}`;
  const single = `${path}/{id}`;
  const id = `Scim${name.slice(0, -1)}`;
  const takeBody = scimBody(kind.largestBody);
  const changing = {
    ...provisioning,
    path: single,
    params: resourceParams,
    query: projectionQuery,
    headers: ifMatchHeader,
    bodyType,
    success: inItsVersion(resource, 'As it is now.'),
    also: errorsOf(404, ...conflicts, 412, 413),
  };
  return [
    endpoint({
      ...provisioning,
      method: 'get',
      path,
      id: `listScim${name}`,
      summary: `The ${what}s`,
      query: listQuery(kind.filterExample),
      success: ok(pageOf(resource), 'A page.'),
      handlers: [handlers.list],
    }),
    endpoint({
      ...provisioning,
      method: 'post',
      path,
      id: `create${id}`,
      summary: `Add a ${what}`,
      query: projectionQuery,
      bodyType,
      body,
      bodyExample,
      success: created(resource),
      also: errorsOf(...conflicts, 413),
      handlers: [...takeBody, handlers.create],
    }),
    endpoint({
      ...provisioning,
      method: 'post',
      path: `${path}/.search`,
      id: `searchScim${name}`,
      summary: `The ${what}s, asked for by a body`,
      bodyType,
      body: searchBody,
      bodyExample: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter: kind.filterExample,
        startIndex: 1,
        count: 50,
      },
      success: ok(pageOf(resource), 'A page.'),
      also: errorsOf(413),
      handlers: [...scimBody(largestSearch), handlers.search],
    }),
    endpoint({
      ...provisioning,
      method: 'get',
      path: single,
      id: `get${id}`,
      summary: `One ${what}`,
      params: resourceParams,
      query: projectionQuery,
      headers: ifNoneMatchHeader,
      success: inItsVersion(resource, `The ${what}.`),
      also: [...errorsOf(404), unchanged],
      handlers: [handlers.show],
    }),
    endpoint({
      ...changing,
      method: 'put',
      id: `replace${id}`,
      summary: `Describe a ${what} anew`,
      body,
      bodyExample,
      handlers: [...takeBody, handlers.replace],
    }),
    endpoint({
      ...changing,
      method: 'patch',
      id: `patch${id}`,
      summary: `Change a ${what}`,
      body: patchBody,
      bodyExample: kind.patchExample,
      also: [...changing.also, ...kind.patched],
      handlers: [...takeBody, handlers.patch],
    }),
    endpoint({
      ...provisioning,
      method: 'delete',
      path: single,
      id: `remove${id}`,
      summary: `Remove a ${what}`,
      params: resourceParams,
      headers: ifMatchHeader,
      success: { status: 204, description: 'It is gone.' },
      also: errorsOf(404, 412),
      handlers: [handlers.remove],
    }),
  ];
}

/** The body of a PATCH (RFC 7644 §3.5.2). */
export const patchOf = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});
