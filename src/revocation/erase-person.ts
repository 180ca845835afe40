import type { PoolClient } from 'pg';
import { eraseNames } from '../audit/erase-names.ts';
import { recordEvent } from '../audit/record.ts';
import { ownReasons } from '../sessions/own-reasons.ts';
import { refuseLastOwner } from '../users/roles.ts';
import { removePerson } from './remove-person.ts';
import type { Revocation, Revoked } from './revocation.ts';
import type { OwnerGuard } from './switch-person.ts';

/**
 * Removes a person for good: ends all their access, frees their names, deletes their todos, and
 * erases their names from the record. Of somebody who was removed before, it erases what the record
 * still says; `revoked` is null then. Null when the org never had such a person.
 * @throws AppError conflict for the last active owner
 */
export async function erasePerson(
  client: PoolClient,
  id: string,
  { orgId, by, initiator }: Pick<Revocation, 'orgId' | 'by' | 'initiator'>,
  { locked, advice }: OwnerGuard,
): Promise<{ revoked: Revoked | null } | null> {
  refuseLastOwner(locked, id, advice);
  const { rows } = await client.query<{ id: string; active: boolean; removed: boolean }>({
    name: 'person-to-erase',
    text: `SELECT id, active, deleted_at IS NOT NULL AS removed FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE`,
    values: [orgId, id],
  });
  const [person] = rows;
  if (!person) return null;
  const revoked = person.removed
    ? null
    : await removePerson(client, person, {
        orgId,
        by,
        initiator,
        reason: 'Erased.',
        reasonForPerson: ownReasons.removed,
        asked: { format: 'opaque', id },
      });
  await client.query('DELETE FROM todos WHERE org_id = $1 AND user_id = $2', [orgId, id]);
  await eraseNames(client, orgId, { userId: id, keep: revoked?.revocationId ?? null });
  await recordEvent(client, { orgId, by, action: 'user.erased', target: { type: 'user', id } });
  return { revoked };
}
