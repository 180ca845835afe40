import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Operation, operation } from '../api/operation.ts';
import { may, type Permission, permissions, roles } from '../api/permissions.ts';
import type { Orgs } from '../orgs/orgs.ts';
import type { Principal } from '../sessions/principal.ts';
import { line } from './forms.ts';

export const currentOrg = z
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

const orgChanges = z.strictObject({ name: line(200).optional() }).meta({ id: 'OrgChanges' });

const path = '/api/orgs/current';
const tag = 'Organisation';

/** The org that the signed-in administrator is of. */
export function orgOperations({ orgs }: { orgs: Orgs }): readonly Operation[] {
  const shown = ({ orgId, orgSlug, role }: Principal, name: string) => ({
    id: orgId,
    slug: orgSlug,
    name,
    role,
    permissions: (Object.keys(permissions) as Permission[]).filter((permission) => may(role, permission)),
  });
  return [
    operation({
      method: 'get',
      path,
      id: 'getOrg',
      tag,
      summary: 'The organisation, and what you may do in it',
      permission: 'org.read',
      success: { status: 200, description: 'The organisation.', schema: currentOrg },
      handle: async ({ principal }) => shown(principal, principal.orgName),
    }),
    operation({
      method: 'patch',
      path,
      id: 'changeOrg',
      bodyExample: { name: 'White Rabbit' },
      tag,
      summary: 'Rename the organisation',
      description: 'The name is what people read. The short name in links never changes.',
      permission: 'settings.change',
      body: orgChanges,
      success: { status: 200, description: 'The organisation as it is now.', schema: currentOrg },
      handle: async ({ principal, orgId, body: { name }, by }) => {
        const changed = await orgs.updateOrg(orgId, name === undefined ? {} : { name }, by);
        return shown(principal, changed.name);
      },
    }),
  ];
}
