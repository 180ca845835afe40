import type { Request, RequestHandler } from 'express';
import { type Endpoint, endpoint, type Form } from '../api/endpoint.ts';
import { errorsOf, ok, provisioning } from './answers.ts';
import { listResourceTypes, listSchemas, serviceProviderConfig } from './discovery.ts';
import { sendScim } from './error-handler.ts';
import { configuration, discovered, pageOf, resourceParams, roleQuery } from './forms.ts';
import { largestGroup } from './group-endpoints.ts';
import { type ListQuery, readListQuery, toListResponse } from './list.ts';
import type { OfOne } from './resource-endpoints.ts';
import { listRoles } from './roles.ts';
import { ScimError } from './scim-error.ts';
import type { JsonObject } from './values.ts';

/** What can be provisioned, and how (RFC 7644 §4). */
export function createDiscoveryEndpoints({ baseUrl }: { baseUrl: string }): readonly Endpoint[] {
  const showConfiguration: RequestHandler = (_req, res) =>
    sendScim(res, 200, serviceProviderConfig(baseUrl, largestGroup));

  return [
    ...fixedEndpoints({
      name: 'Roles',
      summary: 'The roles that provisioning may give',
      query: roleQuery,
      list: (req) => listRoles(baseUrl, readListQuery(req.query).filter),
      page: (req) => readListQuery(req.query),
    }),
    ...fixedEndpoints({ name: 'Schemas', summary: 'Which attributes there are', list: () => listSchemas(baseUrl) }),
    ...fixedEndpoints({
      name: 'ResourceTypes',
      summary: 'Which kinds of resources there are',
      list: () => listResourceTypes(baseUrl),
    }),
    endpoint({
      ...provisioning,
      method: 'get',
      path: '/scim/v2/ServiceProviderConfig',
      id: 'getScimServiceProviderConfig',
      summary: 'What this server can do',
      success: ok(configuration, 'RFC 7643 §5.'),
      handlers: [showConfiguration],
    }),
  ];
}

type Fixed = Readonly<{
  name: 'Roles' | 'Schemas' | 'ResourceTypes';
  summary: string;
  query?: Form;
  list: (req: Request<object>) => readonly JsonObject[];
  /** Without it all of them are the page: RFC 7644 §4 says so of what describes the server. */
  page?: (req: Request) => Pick<ListQuery, 'startIndex' | 'count'>;
}>;

/** The endpoints of a list that the product itself makes. */
function fixedEndpoints({ name, summary, query, list, page }: Fixed): readonly Endpoint[] {
  const showAll: RequestHandler = (req, res) => {
    const all = list(req);
    const { startIndex, count } = page?.(req) ?? { startIndex: 1, count: all.length };
    sendScim(res, 200, toListResponse(all.slice(startIndex - 1, startIndex - 1 + count), all.length, startIndex));
  };
  const show: OfOne = (req, res) => {
    const found = list(req).find(({ id }) => id === req.params.id);
    if (!found) throw new ScimError(404, null, 'There is nothing of this id.');
    sendScim(res, 200, found);
  };
  const path = `/scim/v2/${name}`;
  return [
    endpoint({
      ...provisioning,
      method: 'get',
      path,
      id: `listScim${name}`,
      summary,
      ...(query && { query }),
      success: ok(pageOf(discovered(name)), page ? 'A page.' : 'All of them.'),
      handlers: [showAll],
    }),
    endpoint({
      ...provisioning,
      method: 'get',
      path: `${path}/{id}`,
      id: `getScim${name.slice(0, -1)}`,
      summary: 'One of them',
      params: resourceParams,
      success: ok(discovered(name), 'It.'),
      also: errorsOf(404),
      handlers: [show],
    }),
  ];
}
