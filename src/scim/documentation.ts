import { z } from 'zod';
import type { Documented, Success } from '../api/operation.ts';
import { sampleId } from '../database/ids.ts';

const scim = ['application/scim+json'];
const tag = 'Provisioning (SCIM 2.0)';
const text = z.string();

const meta = z
  .looseObject({ resourceType: text, location: z.url(), version: text.optional() })
  .meta({ id: 'ScimMeta', description: 'RFC 7643 §3.1.' });
const reference = z.looseObject({ value: text, display: text.optional(), type: text.optional() });
/** The `schemas` of a message, with the one that it has. */
const schemasOf = (name: string) => z.array(text).meta({ examples: [[name]] });
const asked = { schemas: z.array(text), externalId: text.optional() };

const userAttributes = {
  userName: text.optional(),
  displayName: text.optional(),
  name: z.looseObject({ givenName: text.optional(), familyName: text.optional() }).optional(),
  active: z.boolean().optional().describe('False ends all of their access at once.'),
  emails: z.array(z.looseObject({ value: text, primary: z.boolean().optional() })).optional(),
  roles: z
    .array(z.looseObject({ value: text }))
    .optional()
    .describe('See /scim/v2/Roles.'),
};
const groupAttributes = { displayName: text.optional(), members: z.array(reference).optional() };

const meanings: Readonly<Record<number, string>> = {
  400: 'Malformed; `scimType` says what: invalidFilter, invalidPath, invalidValue, mutability, tooMany, …',
  401: 'No API key that counts.',
  403: 'The key lacks the scope `scim`.',
  404: 'Nobody and nothing of this organisation has this id.',
  409: 'There is one of that name or address already (`uniqueness`).',
  412: 'It has changed since the version in `If-Match`.',
  413: 'The body is too large.',
  429: 'Too many wrong keys from this network, or too many lists of this organisation at once; see `Retry-After`.',
  500: 'Our fault.',
  503: 'Something this depends on does not answer; see `Retry-After`.',
};
const errorsOf = (...own: number[]): readonly Success[] =>
  [400, 401, 403, 429, 500, 503, ...own].sort().map((status) => ({
    status,
    description: meanings[status] as string,
    contentTypes: scim,
    schema: z
      .object({ schemas: z.array(text), status: text, scimType: text.optional(), detail: text })
      .meta({ id: 'ScimError', description: 'RFC 7644 §3.12.' }),
  }));
const unchanged: Success = { status: 304, description: 'It is as `If-None-Match` has it.' };

const common = {
  tag,
  security: ['apiKey'],
  description: 'For an API key with the scope `scim`.',
  also: errorsOf(),
} as const;
const ok = (schema: z.ZodType, description: string, status = 200): Success => ({
  status,
  description,
  schema,
  contentTypes: scim,
});
/** One resource in its version. */
const versioned = (schema: z.ZodType, description: string, status = 200): Success => ({
  ...ok(schema, description, status),
  headers: { ETag: 'Its version.', ...(status === 201 && { Location: 'Where it is.' }) },
});
const ifMatch = z.object({ 'If-Match': text.optional().describe('Only if it is still of this version.') });
const ifNoneMatch = z.object({ 'If-None-Match': text.optional().describe('Only if it is of another version.') });
const listOf = (resource: z.ZodType) =>
  z.object({
    schemas: schemasOf('urn:ietf:params:scim:api:messages:2.0:ListResponse'),
    totalResults: z.int(),
    itemsPerPage: z.int(),
    startIndex: z.int(),
    Resources: z.array(resource),
  });

const projection = { attributes: text.optional(), excludedAttributes: text.optional() };
const listQuery = z.object({
  filter: text.optional().meta({ examples: ['userName eq "trinity@whiterabbit.fake"'] }),
  sortBy: text.optional(),
  sortOrder: z.enum(['ascending', 'descending']).optional(),
  startIndex: z.int().optional().describe('From 1.'),
  count: z.int().optional().describe('200 at most.'),
  ...projection,
});
const search = z.looseObject({ schemas: z.array(text).optional(), ...listQuery.shape }).meta({
  examples: [
    {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: 'active eq true',
      startIndex: 1,
      count: 50,
    },
  ],
});
const patch = z.object({
  schemas: z.array(text),
  Operations: z.array(z.looseObject({ op: text, path: text.optional(), value: z.unknown().optional() })),
});
const params = z.object({ id: text });

const user = z
  .looseObject({ ...asked, id: text, meta: meta.optional(), ...userAttributes, groups: z.array(reference).optional() })
  .meta({
    id: 'ScimUser',
    description: 'A person (RFC 7643 §4.1), with further attributes as the IdP sent them.',
    examples: [
      {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        id: sampleId('user'),
        externalId: '00u1example',
        userName: 'trinity@whiterabbit.fake',
        displayName: 'Trinity Moss',
        active: true,
        emails: [{ value: 'trinity@whiterabbit.fake', primary: true }],
      },
    ],
  });
const group = z.looseObject({ ...asked, id: text, meta: meta.optional(), ...groupAttributes }).meta({
  id: 'ScimGroup',
  description: 'A group (RFC 7643 §4.2).',
  examples: [
    {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      id: sampleId('group'),
      displayName: 'Crew',
      members: [{ value: sampleId('user'), display: 'Trinity Moss' }],
    },
  ],
});

type Resource = Readonly<{
  /** As it stands in paths and, without its s, in ids. */
  name: 'Users' | 'Groups';
  what: string;
  body: z.ZodType;
  example: unknown;
  patchExample: unknown;
  schema: z.ZodType;
  changed: readonly Success[];
}>;

const operationsOf = ({ name, what, body, example, patchExample, schema, changed }: Resource): Documented[] => {
  const path = `/scim/v2/${name}`;
  const one = `${path}/{id}`;
  const Name = name.slice(0, -1);
  const bodyType = 'application/scim+json';
  const added = { ...common, bodyType, also: errorsOf(409, 413) };
  const written = { ...common, bodyType, headers: ifMatch, params, also: errorsOf(404, 409, 412, 413) };
  return [
    {
      ...{ ...common, method: 'get', path, id: `listScim${name}`, summary: `The ${what}s` },
      ...{ query: listQuery, success: ok(listOf(schema), 'A page.') },
    },
    {
      ...{ ...added, method: 'post', path, id: `createScim${Name}`, summary: `Add a ${what}` },
      ...{ body, bodyExample: example, success: versioned(schema, 'The new one.', 201) },
    },
    {
      ...{ ...common, bodyType, method: 'post', path: `${path}/.search`, id: `searchScim${name}`, also: errorsOf(413) },
      ...{ summary: `The ${what}s, asked for by a body`, body: search, success: ok(listOf(schema), 'A page.') },
    },
    {
      ...{ ...common, method: 'get', path: one, id: `getScim${Name}`, summary: `One ${what}`, params },
      ...{ headers: ifNoneMatch, query: z.object(projection), success: versioned(schema, `The ${what}.`) },
      also: [...errorsOf(404), unchanged],
    },
    {
      ...{ ...written, method: 'put', path: one, id: `replaceScim${Name}`, summary: `Describe a ${what} anew` },
      ...{ body, bodyExample: example, success: versioned(schema, 'As it is now.') },
    },
    {
      ...{ ...written, method: 'patch', path: one, id: `patchScim${Name}`, summary: `Change a ${what}` },
      ...{ body: patch, bodyExample: patchExample, success: versioned(schema, 'As it is now.') },
      also: [...written.also, ...changed],
    },
    {
      ...{ ...common, method: 'delete', path: one, id: `removeScim${Name}`, summary: `Remove a ${what}`, params },
      ...{ headers: ifMatch, success: { status: 204, description: 'It is gone.' }, also: errorsOf(404, 412) },
    },
  ];
};

const fixed = (name: 'Roles' | 'Schemas' | 'ResourceTypes', summary: string): Documented[] => {
  const ids = { Roles: 'admin', Schemas: 'urn:ietf:params:scim:schemas:core:2.0:User', ResourceTypes: 'User' };
  const entry = z.looseObject({ id: text.meta({ examples: [ids[name]] }) });
  const path = `/scim/v2/${name}`;
  return [
    {
      ...{ ...common, method: 'get', path, id: `listScim${name}`, summary },
      success: ok(listOf(entry), 'All of them.'),
    },
    {
      ...{ ...common, method: 'get', path: `${path}/{id}`, id: `getScim${name.slice(0, -1)}`, summary: 'One of them' },
      ...{ params, success: ok(entry, 'It.'), also: errorsOf(404) },
    },
  ];
};

const patchOf = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});

/** For an API key with the scope `scim`; what it sees and changes is its own organisation. */
export const scimDocumentation: readonly Documented[] = [
  ...operationsOf({
    name: 'Users',
    what: 'person',
    body: z.looseObject({ ...asked, ...userAttributes }),
    example: {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'trinity@whiterabbit.fake',
      name: { givenName: 'Trinity', familyName: 'Moss' },
      emails: [{ value: 'trinity@whiterabbit.fake', type: 'work', primary: true }],
      active: true,
    },
    patchExample: patchOf({ op: 'replace', path: 'active', value: false }),
    schema: user,
    changed: [],
  }),
  ...operationsOf({
    name: 'Groups',
    what: 'group',
    body: z.looseObject({ ...asked, ...groupAttributes }),
    example: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Crew', members: [] },
    patchExample: patchOf({ op: 'add', path: 'members', value: [{ value: 'usr_01example' }] }),
    schema: group,
    changed: [{ status: 204, description: 'Changed; nothing is sent back unless `attributes` asks for it.' }],
  }),
  ...fixed('Roles', 'The roles that provisioning may give'),
  ...fixed('Schemas', 'Which attributes there are'),
  ...fixed('ResourceTypes', 'Which kinds of resources there are'),
  {
    ...{ ...common, method: 'get', path: '/scim/v2/ServiceProviderConfig', id: 'getScimServiceProviderConfig' },
    ...{
      summary: 'What this server can do',
      success: ok(
        z.looseObject({ schemas: schemasOf('urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig') }),
        'RFC 7643 §5.',
      ),
    },
  },
];
