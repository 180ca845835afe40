import type { PoolClient } from 'pg';
import { type AuditEvent, recordEvent } from '../audit/record.ts';
import type { Role } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';

/** A person's role and state while their row is locked. */
export type LockedPerson = Readonly<{ id: string; role: Role; active: boolean }>;

/**
 * Locks these people and every active owner of the org, in order of ids, until the transaction
 * ends: of two changes that each leave one owner by itself, the second sees the first. Returns the
 * people by id; an unknown id has no entry.
 */
export async function lockWithOwners(
  client: PoolClient,
  orgId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, LockedPerson>> {
  const { rows } = await client.query<LockedPerson>({
    name: 'lock-with-owners',
    text: `SELECT id, role, active FROM users
           WHERE org_id = $1 AND deleted_at IS NULL AND (id = ANY ($2::text[]) OR (role = 'owner' AND active))
           ORDER BY id FOR NO KEY UPDATE`,
    values: [orgId, ids],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

const lastOwner = 'This is the last active owner of the organisation, who stays one.';

/** An org keeps an active owner. @throws AppError conflict when this is the last active owner */
export function refuseLastOwner(locked: ReadonlyMap<string, LockedPerson>, id: string, advice?: string): void {
  const owners = [...locked.values()].filter(({ role, active }) => role === 'owner' && active);
  if (owners.some((owner) => owner.id === id) && owners.length === 1)
    throw new AppError(
      'conflict',
      advice === undefined ? ({ answers }) => answers.lastOwner : `${lastOwner} ${advice}`,
    );
}

/**
 * Gives a person another role and records it; does nothing if the role is theirs already.
 * `lockWithOwners` must have locked the rows; the caller checks who may give the role.
 * @throws AppError conflict for the last active owner
 */
export async function changeRole(
  client: PoolClient,
  locked: ReadonlyMap<string, LockedPerson>,
  { id, role }: { id: string; role: Role },
  record: Pick<AuditEvent, 'orgId' | 'by'>,
): Promise<void> {
  const from = locked.get(id)?.role;
  if (from === undefined || from === role) return;
  refuseLastOwner(locked, id);
  await client.query({
    name: 'change-role',
    text: `UPDATE users SET role = $3, updated_at = clock_timestamp() WHERE org_id = $1 AND id = $2`,
    values: [record.orgId, id, role],
  });
  const target = { type: 'user', id };
  await recordEvent(client, { ...record, action: 'role.changed', target, detail: { from, to: role } });
}
