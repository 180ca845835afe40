import { z } from 'zod';
import type { Documented, Success } from '../api/operation.ts';

const scim = ['application/scim+json'];
const tag = 'Provisioning (SCIM 2.0)';
const text = z.string();

const meta = z
  .looseObject({ resourceType: text, location: z.url(), version: text.optional() })
  .meta({ id: 'ScimMeta', description: 'RFC 7643 §3.1.' });
const reference = z.looseObject({ value: text, display: text.optional(), type: text.optional() });
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

const errors: readonly Success[] = [400, 401, 403, 404, 409, 412, 413, 429, 500, 503].map((status) => ({
  status,
  description: 'In SCIM’s form.',
  contentTypes: scim,
  schema: z
    .object({ schemas: z.array(text), status: text, scimType: text.optional(), detail: text })
    .meta({ id: 'ScimError', description: 'RFC 7644 §3.12.' }),
}));
const unchanged: Success = { status: 304, description: 'As `If-None-Match` has it.' };

const common = { tag, security: ['apiKey'], also: errors } as const;
const ok = (schema: z.ZodType, description: string, status = 200): Success => ({
  status,
  description,
  schema,
  contentTypes: scim,
});
const listOf = (resource: z.ZodType) =>
  z.object({
    schemas: z.array(text),
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
const search = z.looseObject({ schemas: z.array(text).optional(), ...listQuery.shape });
const patch = z.object({
  schemas: z.array(text),
  Operations: z.array(z.looseObject({ op: text, path: text.optional(), value: z.unknown().optional() })),
});
const params = z.object({ id: text });

const user = z
  .looseObject({ ...asked, id: text, meta: meta.optional(), ...userAttributes, groups: z.array(reference).optional() })
  .meta({ id: 'ScimUser', description: 'A person (RFC 7643 §4.1), with further attributes as the IdP sent them.' });
const group = z
  .looseObject({ ...asked, id: text, meta: meta.optional(), ...groupAttributes })
  .meta({ id: 'ScimGroup', description: 'A group (RFC 7643 §4.2).' });

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
  const write = { ...common, bodyType, also: [...errors, ...changed] };
  return [
    {
      ...{ ...common, method: 'get', path, id: `listScim${name}`, summary: `The ${what}s` },
      ...{ query: listQuery, success: ok(listOf(schema), 'A page.'), also: [...errors, unchanged] },
    },
    {
      ...{ ...write, method: 'post', path, id: `createScim${Name}`, summary: `Add a ${what}`, also: errors },
      ...{ body, bodyExample: example, success: ok(schema, 'The new one.', 201) },
    },
    {
      ...{ ...write, method: 'post', path: `${path}/.search`, id: `searchScim${name}`, also: errors },
      ...{ summary: `The ${what}s, asked for by a body`, body: search, success: ok(listOf(schema), 'A page.') },
    },
    {
      ...{ ...common, method: 'get', path: one, id: `getScim${Name}`, summary: `One ${what}`, params },
      ...{ query: z.object(projection), success: ok(schema, `The ${what}.`), also: [...errors, unchanged] },
    },
    {
      ...{ ...write, method: 'put', path: one, id: `replaceScim${Name}`, summary: `Describe a ${what} anew`, params },
      ...{ body, bodyExample: example, success: ok(schema, 'As it is now.') },
    },
    {
      ...{ ...write, method: 'patch', path: one, id: `patchScim${Name}`, summary: `Change a ${what}`, params },
      ...{ body: patch, bodyExample: patchExample, success: ok(schema, 'As it is now.') },
    },
    {
      ...{ ...common, method: 'delete', path: one, id: `removeScim${Name}`, summary: `Remove a ${what}`, params },
      success: { status: 204, description: 'It is gone.' },
    },
  ];
};

const fixed = (name: 'Roles' | 'Schemas' | 'ResourceTypes', summary: string): Documented[] => {
  const entry = z.looseObject({ id: text });
  const path = `/scim/v2/${name}`;
  return [
    {
      ...{ ...common, method: 'get', path, id: `listScim${name}`, summary },
      ...{ success: ok(listOf(entry), 'All of them.'), also: [...errors, unchanged] },
    },
    {
      ...{ ...common, method: 'get', path: `${path}/{id}`, id: `getScim${name.slice(0, -1)}`, summary: 'One of them' },
      ...{ params, success: ok(entry, 'It.'), also: [...errors, unchanged] },
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
    ...{ summary: 'What this server can do', success: ok(z.looseObject({ schemas: z.array(text) }), 'RFC 7643 §5.') },
    also: [...errors, unchanged],
  },
];
