import type { PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { type LockedPerson, refuseLastOwner } from '../users/roles.ts';
import type { NewNames, Revocation, Revoked } from './revocation.ts';
import { revokeAccess } from './revoke-access.ts';

/** The people who may be the org's last active owner, and the advice for a refusal. */
export type OwnerGuard = Readonly<{ locked: ReadonlyMap<string, LockedPerson>; advice?: string | undefined }>;

/**
 * Switches a person off and ends all their access, in one UPDATE of the caller's transaction. Null
 * when the org has no such person. With a guard, made of rows that `lockWithOwners` has locked, an
 * org keeps its last active owner. Without one (a directory has the last word) the access of an
 * owner ends too. @throws AppError conflict for the last active owner
 */
export async function switchOff(
  client: PoolClient,
  id: string,
  ending: Revocation & Readonly<{ rename?: NewNames }>,
  guard: OwnerGuard | null,
): Promise<Revoked | null> {
  if (guard) refuseLastOwner(guard.locked, id, guard.advice);
  const outcome = await revokeAccess(client, { ...ending, subject: { userIds: [id] }, deactivate: true });
  return outcome.result === 'revoked' ? outcome : null;
}

/** Switches on a person who is off, and records it; old sessions and grants stay dead. */
export async function switchOn(
  client: PoolClient,
  id: string,
  { orgId, by }: Readonly<{ orgId: string; by: By }>,
): Promise<void> {
  const { rowCount } = await client.query({
    name: 'switch-person-on',
    text: `UPDATE users SET active = true, updated_at = clock_timestamp()
           WHERE org_id = $1 AND id = $2 AND NOT active AND deleted_at IS NULL`,
    values: [orgId, id],
  });
  if (rowCount) await recordEvent(client, { orgId, by, action: 'user.activated', target: { type: 'user', id } });
}
