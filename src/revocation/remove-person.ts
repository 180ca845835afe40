import type { PoolClient } from 'pg';
import { addressOfRemoved } from '../users/email.ts';
import { releasePerson } from '../users/identities.ts';
import type { Revocation, Revoked } from './revocation.ts';
import { revokeAccess } from './revoke-access.ts';

/**
 * Ends all of a person's access and removes them, in the caller's transaction, which has locked
 * their row FOR UPDATE: a sign-in that would link its subject waits, and is refused then. The row
 * stays for its references; name, address and subjects become free for others.
 */
export async function removePerson(
  client: PoolClient,
  { id, active }: Readonly<{ id: string; active: boolean }>,
  ending: Revocation,
): Promise<Revoked> {
  const { orgId } = ending;
  const address = addressOfRemoved();
  const outcome = await revokeAccess(client, {
    ...ending,
    subject: { userIds: [id] },
    ...(active ? { deactivate: true } : {}),
    rename: { email: address, emailKey: address, userName: null, userNameKey: null },
  });
  if (outcome.result !== 'revoked') throw new Error('access was not ended');
  await client.query(
    `UPDATE users SET deleted_at = clock_timestamp(), name = '', role = 'member', external_id = NULL, language = NULL, profile = '{}'
     WHERE org_id = $1 AND id = $2`,
    [orgId, id],
  );
  await releasePerson(client, orgId, id);
  await client.query(
    `WITH left_groups AS (DELETE FROM group_members WHERE org_id = $1 AND user_id = $2 RETURNING group_id)
     UPDATE groups SET updated_at = clock_timestamp()
     WHERE org_id = $1 AND id IN (SELECT group_id FROM left_groups)`,
    [orgId, id],
  );
  return outcome;
}
