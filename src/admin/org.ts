import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { may, type Permission, permissions, roles } from '../api/permissions.ts';

const currentOrg = z
  .object({
    id: idOf('org'),
    slug: z.string(),
    name: z.string().meta({ examples: ['White Rabbit'] }),
    role: z.enum(roles).describe('The role of the person who asks.'),
    permissions: z
      .array(z.enum(Object.keys(permissions) as [Permission, ...Permission[]]))
      .describe('What that role may do.'),
  })
  .meta({ id: 'Org' });

/** The org that the signed-in administrator is of. */
export function orgOperations(): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/orgs/current',
      id: 'getOrg',
      tag: 'Organisation',
      summary: 'The organisation, and what you may do in it',
      permission: 'org.read',
      success: { status: 200, description: 'The organisation.', schema: currentOrg },
      handle: async ({ principal }) => ({
        id: principal.orgId,
        slug: principal.orgSlug,
        name: principal.orgName,
        role: principal.role,
        permissions: (Object.keys(permissions) as Permission[]).filter((permission) => may(principal.role, permission)),
      }),
    }),
  ];
}
