import type { Pool } from 'pg';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';
import { displayNameOf } from '../users/person-name.ts';
import type { PersonClaims } from './user-info.ts';

/**
 * Keeps the parts of a name as the IdP says them, of whoever isn't provisioned: provisioning owns
 * the name otherwise. A display name that was made of the name follows it; another one, which an
 * administrator gave, stays. A change, other than the first word on it, is on record.
 */
export async function keepName(
  pool: Pool,
  { orgId, connectionId, by }: Readonly<{ orgId: string; connectionId: string; by: By }>,
  userId: string,
  { name, givenName, familyName }: Pick<PersonClaims, 'name' | 'givenName' | 'familyName'>,
): Promise<void> {
  if (givenName === null && familyName === null) return;
  const said = Object.entries({ formatted: name, givenName, familyName }).filter(([, part]) => part !== null);
  const kept = Object.fromEntries(said);
  await pool.query({
    name: 'sign-in-keep-name',
    text: `WITH before AS (
             SELECT id, profile FROM users
             WHERE org_id = $1 AND id = $2 AND NOT provisioned AND deleted_at IS NULL AND profile -> 'name' IS DISTINCT FROM $3
             FOR NO KEY UPDATE
           ), kept AS (
             UPDATE users u
             SET profile = jsonb_set(u.profile, '{name}', $3), updated_at = clock_timestamp(),
                 name = CASE WHEN u.name = coalesce(b.profile #>> '{name,formatted}',
                                                    concat_ws(' ', b.profile #>> '{name,givenName}', b.profile #>> '{name,familyName}'))
                        THEN $4 ELSE u.name END
             FROM before b WHERE u.org_id = $1 AND u.id = b.id
             RETURNING u.id, b.profile ? 'name' AS was_known
           )
           INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
           SELECT $1, $5, 'user.changed', 'connection', $6, 'user', id, $7, $8, '{"attributes": "name"}' FROM kept WHERE was_known`,
    values: [
      orgId,
      userId,
      JSON.stringify(kept),
      displayNameOf(kept),
      newId('auditEvent'),
      connectionId,
      by.ip,
      by.requestId,
    ],
  });
}
