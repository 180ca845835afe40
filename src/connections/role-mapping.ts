import { z } from 'zod';
import { type AssignableRole, assignableRoles } from '../api/permissions.ts';

/** The role of each value of the claim. */
export const roleMappingForm = z
  .record(z.string().min(1).max(255), z.enum(assignableRoles))
  .refine((mapping) => Object.keys(mapping).length <= 200, 'must have at most 200 values');

/** A claim's name: a top-level member of the ID token, exactly as it is spelt there. */
export const claimNameForm = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/**
 * The role that an ID token's claims give: the greatest of those that its values are mapped to,
 * `member` where none is. Null where the connection names no claim or the token lacks it: then
 * nothing is said about the role.
 */
export function roleOfClaims(
  { roleClaim, roleMapping }: { roleClaim: string | null; roleMapping: unknown },
  claims: Readonly<Record<string, unknown>>,
): AssignableRole | null {
  if (roleClaim === null || !Object.hasOwn(claims, roleClaim)) return null;
  const claimed = claims[roleClaim];
  if (claimed === null || claimed === undefined) return null;
  const mapping = new Map(Object.entries(roleMappingForm.safeParse(roleMapping).data ?? {}));
  // Values that are no text match nothing.
  const given = new Set([claimed].flat().map((value) => (typeof value === 'string' ? mapping.get(value) : undefined)));
  return assignableRoles.findLast((role) => given.has(role)) ?? 'member';
}
