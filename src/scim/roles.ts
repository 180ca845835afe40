import { type AssignableRole, assignableRoles } from '../api/permissions.ts';
import type { Role } from '../database/generated/client.ts';
import { parseJson } from '../http/parse-json.ts';
import { type Filter, parseFilter } from './filter.ts';
import { matches } from './filter-match.ts';
import { roleUrn } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import { isObject, type JsonObject } from './values.ts';

export const roleNames = {
  owner: 'Owner',
  super_admin: 'Super admin',
  admin: 'Admin',
  member: 'Member',
} as const satisfies Record<Role, string>;

/** The greatest first. */
const assignable = assignableRoles.toReversed();

const descriptions = {
  super_admin: 'Changes roles and settings, and ends access.',
  admin: 'Ends the access of anyone in the organisation.',
  member: 'Uses the product.',
} as const satisfies Record<AssignableRole, string>;

/**
 * The role that `roles` asks for: the primary one, else the greatest. Without the attribute the
 * present role stays; an empty one gives `member`. An owner stays an owner whatever `roles` says: a
 * refusal would be in the way of switching an owner off.
 *
 * @throws ScimError invalidValue
 */
export function roleOf(roles: unknown, before: Role | null): Role {
  if (before === 'owner') return before;
  if (!Array.isArray(roles)) return before ?? 'member';
  const asked = (roles as JsonObject[]).map((role) => ({
    value: readRole(role.value),
    primary: role.primary === true,
  }));
  const primary = asked.find((role) => role.primary)?.value;
  return primary ?? assignable.find((role) => asked.some(({ value }) => value === role)) ?? 'member';
}

function readRole(value: unknown): AssignableRole {
  const name = typeof value === 'string' ? roleNameOf(value) : '';
  const found = assignable.find((role) => role === name);
  if (found) return found;
  throw new ScimError(
    400,
    'invalidValue',
    name === 'owner'
      ? 'The role "owner" is given by an owner in the product, never by provisioning.'
      : `A role is one of ${assignable.join(', ')}.`,
    'roles.value',
  );
}

/** Entra's app roles are JSON texts: {"id": …, "value": "admin", "displayName": …}. */
function roleNameOf(value: string): string {
  if (!value.startsWith('{')) return value.trim().toLowerCase();
  const parsed = parseJson(value);
  return isObject(parsed) && typeof parsed.value === 'string' ? parsed.value.trim().toLowerCase() : '';
}

/** Okta's `/Roles`: the entitlements that it can give. */
export function listRoles(baseUrl: string, filter: string | null): JsonObject[] {
  const parsed: Filter | null = filter === null ? null : parseFilter(filter);
  return assignable
    .map((id) => ({
      schemas: [roleUrn],
      id,
      displayName: roleNames[id],
      description: descriptions[id],
      meta: { resourceType: 'Role', location: `${baseUrl}/Roles/${id}` },
    }))
    .filter((role) => parsed === null || matches(parsed, role));
}
