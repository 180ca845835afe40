import { z } from 'zod';
import { exampleInPath } from '../api/examples.ts';
import { sampleId } from '../database/ids.ts';
import { longestName } from './groups.ts';
import { pageSize } from './list.ts';

const text = z.string();

const meta = z
  .looseObject({ resourceType: text, location: z.url(), version: text.optional() })
  .meta({ id: 'ScimMeta', description: 'RFC 7643 §3.1.' });
const reference = z.looseObject({ value: text, display: text.optional(), type: text.optional() });
/** The `schemas` of a message, with its own as the example. */
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
const members = z.array(reference).optional();

export const userBody = z.looseObject({
  ...asked,
  ...userAttributes,
  userName: text.regex(/\S/).describe('The address too, where `emails` names none.'),
});
export const groupBody = z.looseObject({ ...asked, displayName: text.regex(/\S/).max(longestName), members });

export const userResource = z
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
export const groupResource = z
  .looseObject({ ...asked, id: text, meta: meta.optional(), displayName: text.optional(), members })
  .meta({
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

export const resourceParams = z.object({ id: text });
export const ifMatchHeader = z.object({
  'If-Match': text.optional().describe('Only if it is still of this version.'),
});
export const ifNoneMatchHeader = z.object({
  'If-None-Match': text.optional().describe('Only if it is of another version.'),
});

const names = 'Names of attributes, with commas between them.';
/** Which attributes the answer has. */
export const projectionQuery = z.object({
  attributes: text.optional().describe(`${names} Nothing else is sent back.`),
  excludedAttributes: text.optional().describe(`${names} These are not sent back.`),
});

const page = {
  startIndex: z.int().optional().describe('From 1.'),
  count: z.int().optional().describe(`${pageSize.most} at most, ${pageSize.usual} where it is not said.`),
};
const wish = {
  filter: text.optional(),
  sortBy: text.optional(),
  sortOrder: z.enum(['ascending', 'descending']).optional(),
  ...page,
};
/** The query of a list; each kind has its own attributes to filter by. */
export const listQuery = (filterExample: string) =>
  z.object({ ...wish, filter: wish.filter.meta({ examples: [filterExample] }), ...projectionQuery.shape });
export const roleQuery = z.object({ filter: wish.filter.meta({ examples: ['id eq "admin"'] }), ...page });

const nameList = z.union([z.array(text), text]).optional();
export const searchBody = z.looseObject({
  schemas: z.array(text).optional(),
  ...wish,
  attributes: nameList,
  excludedAttributes: nameList,
});

export const patchBody = z.object({
  schemas: z.array(text),
  Operations: z
    .array(
      z.looseObject({
        op: z.enum(['add', 'replace', 'remove']).describe('In any letter case.'),
        path: text.optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1),
});

/** A page of a list. */
export const pageOf = (resource: z.ZodType) =>
  z.object({
    schemas: schemasOf('urn:ietf:params:scim:api:messages:2.0:ListResponse'),
    totalResults: z.int(),
    itemsPerPage: z.int(),
    startIndex: z.int(),
    Resources: z.array(resource),
  });

/** An entry of the lists that describe the server. */
export const discovered = (of: 'Roles' | 'Schemas' | 'ResourceTypes') =>
  z.looseObject({ id: text.meta({ examples: [exampleInPath(`/${of}/{id}`, 'id')] }) });
export const configuration = z.looseObject({
  schemas: schemasOf('urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'),
});

export const scimFault = z
  .object({ schemas: z.array(text), status: text, scimType: text.optional(), detail: text })
  .meta({ id: 'ScimError', description: 'RFC 7644 §3.12.' });
