import type { PoolClient } from 'pg';
import { recordEvent } from '../../audit/record.ts';
import { bySystem } from '../../by.ts';

/**
 * Whose access ended may have typed in the password of an account's administrator, which sets every
 * password there, and which nobody here can change. Administrators are told: of a sign-out once, for
 * most who are signed out come back, and again when the person is switched off, removed or erased.
 */
export async function tellOfAdministrators(
  client: PoolClient,
  orgId: string,
  eventIds: readonly string[],
): Promise<void> {
  const { rows } = await client.query<{ accountId: string; userId: string }>(
    `SELECT DISTINCT a.id AS "accountId", a.admin_given_by AS "userId"
     FROM audit_events e
     JOIN orgs o ON o.id = e.org_id
     LEFT JOIN revocations r ON r.org_id = e.org_id AND r.id = e.detail ->> 'revocation'
     JOIN accounts a ON a.org_id = e.org_id AND a.admin_given_by = coalesce(r.user_id, e.target_id)
     WHERE e.org_id = $1 AND e.id = ANY ($2::text[]) AND e.target_type = 'user' AND (
       e.action IN ('user.deactivated', 'user.removed', 'user.erased')
       OR (e.action = 'access.revoked' AND r.user_id IS NOT NULL AND r.user_generation IS NOT NULL
           AND r.initiator = ANY (o.rotate_after) AND NOT EXISTS (
             SELECT FROM audit_events told
             WHERE told.org_id = a.org_id AND told.target_type = 'account' AND told.target_id = a.id AND told.at >= a.admin_given_at
               AND told.action = 'account.administrator_known' AND told.detail ->> 'user' = a.admin_given_by)))`,
    [orgId, eventIds],
  );
  for (const { accountId, userId } of rows)
    await recordEvent(client, {
      orgId,
      action: 'account.administrator_known',
      by: bySystem(null),
      target: { type: 'account', id: accountId },
      detail: { user: userId },
    });
}
