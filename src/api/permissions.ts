import { Role } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';

const everyAdministrator = ['owner', 'super_admin', 'admin'] as const;
const thoseAbove = ['owner', 'super_admin'] as const;

/** Who may do what in their own org; `test/admin/permissions.test.ts` tries each cell. */
export const permissions = {
  /** Look at people, sessions, groups, revocations, refused calls, notifications, policies. */
  'org.read': everyAdministrator,
  /** End anyone's access, owners included: all of it, one session, a list, a group. */
  'access.end': everyAdministrator,
  /** "Sign everyone out". */
  'access.end_everyone': ['owner'],
  /** Raise and lower others' roles, up to one's own; switch people off and on. */
  'people.change': thoseAbove,
  /** Remove somebody for good, with their names on record. */
  'people.erase': ['owner'],
  /** Policies, API keys, webhooks. */
  'settings.change': thoseAbove,
  /** The apps behind, to which sign-outs are passed on. Those that sign people in are for owners. */
  'apps.change': thoseAbove,
  /**
   * Add, change and remove shared accounts, say who may use them, and have their passwords changed. It
   * reads no password: that takes a right to the account, which its giver has on record.
   */
  'accounts.change': thoseAbove,
  /** Make every password of the shared accounts unreadable at once. */
  'accounts.erase': ['owner'],
  /**
   * Who can sign in as whom: connections, domains, keys for provisioning. Only for owners: whoever
   * decides this could sign in as an owner, by an identity provider of their own or a new address
   * of the owner's, and nobody raises their own role.
   */
  'identity.change': ['owner'],
  'record.read': everyAdministrator,
  'record.export': thoseAbove,
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof permissions;

export function may(role: Role, permission: Permission): boolean {
  return (permissions[permission] as readonly Role[]).includes(role);
}

/** @throws AppError forbidden */
export function requireRole(role: Role, permission: Permission, orElse = ''): void {
  if (!may(role, permission))
    throw new AppError('forbidden', `Your role (${role}) does not allow this; it needs "${permission}"${orElse}.`, {
      members: { permission },
    });
}

/** From the least to the greatest; the schema has them the other way round. */
export const roles: readonly Role[] = Object.values(Role).reverse();

/** The roles, in the same order, that a claim or provisioning may give: only people make owners. */
export const assignableRoles = roles.filter((role) => role !== 'owner');
export type AssignableRole = (typeof assignableRoles)[number];

/**
 * Whether a person of role `own` may change another's role from `from` to `to`: neither may be
 * above their own. So nobody raises their own role; that the last owner stays is checked where the
 * rows are locked.
 */
export function mayChangeRole(own: Role, from: Role, to: Role): boolean {
  const rank = (role: Role) => roles.indexOf(role);
  return may(own, 'people.change') && rank(from) <= rank(own) && rank(to) <= rank(own);
}
