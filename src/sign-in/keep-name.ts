import type { Pool } from 'pg';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';
import type { PersonClaims } from './user-info.ts';

/**
 * Keeps the parts of a name that the IdP says, beside those that it doesn't; where it is believed
 * about the address that it named last, and nobody who goes before it has said them: provisioning,
 * or an administrator. A display name that was made of the name follows it; another one stays. A
 * change, other than the first word on it, is on record.
 */
export async function keepName(
  pool: Pool,
  { orgId, connectionId, by }: Readonly<{ orgId: string; connectionId: string; by: By }>,
  { userId, identityId }: Readonly<{ userId: string; identityId: string }>,
  { name, givenName, familyName }: Pick<PersonClaims, 'name' | 'givenName' | 'familyName'>,
): Promise<void> {
  if (givenName === null && familyName === null) return;
  const parts = Object.fromEntries(Object.entries({ givenName, familyName }).filter(([, part]) => part !== null));
  // A whole name that is made of these parts alone may lack one that is kept.
  const isMade = name === Object.values(parts).join(' ');
  await pool.query({
    name: 'sign-in-keep-name',
    text: keepSql,
    values: [
      orgId,
      userId,
      JSON.stringify(parts),
      isMade ? null : name,
      newId('auditEvent'),
      connectionId,
      by.ip,
      by.requestId,
      identityId,
    ],
  });
}

const keepSql = `
  WITH said AS (
    SELECT u.id, u.name AS called, u.profile -> 'name' AS known, whole.name
    FROM users u
    CROSS JOIN LATERAL (SELECT coalesce(u.profile -> 'name', '{}') || $3::jsonb AS parts) merged
    CROSS JOIN LATERAL (
      SELECT parts || jsonb_build_object('formatted',
               coalesce($4::text, concat_ws(' ', parts ->> 'givenName', parts ->> 'familyName'))) AS name
    ) whole
    WHERE u.org_id = $1 AND u.id = $2 AND NOT u.provisioned AND NOT u.named_by_hand AND u.deleted_at IS NULL
      AND u.profile -> 'name' IS DISTINCT FROM whole.name
      AND EXISTS (SELECT FROM claims c WHERE c.org_id = $1 AND c.identity_id = $9 AND c.believed)
    FOR NO KEY UPDATE OF u
  ), kept AS (
    UPDATE users u
    SET profile = jsonb_set(u.profile, '{name}', said.name), updated_at = clock_timestamp(),
        name = CASE WHEN u.name = coalesce(said.known ->> 'formatted',
                                           concat_ws(' ', said.known ->> 'givenName', said.known ->> 'familyName'))
               THEN said.name ->> 'formatted' ELSE u.name END
    FROM said WHERE u.org_id = $1 AND u.id = said.id
    RETURNING u.id, u.name <> said.called AS renamed, said.known IS NOT NULL AS was_known
  )
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
  SELECT $1, $5, 'user.changed', 'connection', $6, 'user', id, $7, $8,
         jsonb_build_object('attributes', CASE WHEN renamed THEN 'displayName, name' ELSE 'name' END)
  FROM kept WHERE was_known`;
