import type { Pool } from 'pg';
import type { By } from '../by.ts';
import type { Batches } from '../revocation/batches.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import type { Principal } from '../sessions/principal.ts';

/** Ends all that a person has, at their sign-out, if the org has global logout on; true if so. */
export function createGlobalLogout({ pool, batches }: { pool: Pool; batches: Batches }) {
  return async ({ orgId, userId }: Principal, by: By): Promise<boolean> => {
    const { rows } = await pool.query<{ global_logout: boolean }>({
      name: 'global-logout-policy',
      text: 'SELECT global_logout FROM orgs WHERE id = $1',
      values: [orgId],
    });
    if (!rows[0]?.global_logout) return false;
    const outcome = await revokeAccess(batches, {
      orgId,
      by,
      subject: { userIds: [userId] },
      initiator: 'policy',
    });
    return outcome.result === 'revoked';
  };
}
