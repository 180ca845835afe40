import type { Pool } from 'pg';
import { asked, meant, names } from './meant.ts';
import type { Subject } from './revocation.ts';

/** The people of the org whom a name means today: nobody, one, or several. It ends nothing. */
export async function findMeant(
  pool: Pool,
  orgId: string,
  { userIds = [], emailKeys = [], identities = [] }: Subject,
): Promise<string[]> {
  const row = {
    org: orgId,
    user_ids: userIds,
    email_keys: emailKeys,
    issuers: identities.map(({ issuer }) => issuer),
    subjects: identities.map(({ subject }) => subject),
    reach: null,
  };
  const { rows } = await pool.query<{ id: string }>({
    name: 'find-meant',
    text: `SELECT DISTINCT each.id FROM ${asked(names)} CROSS JOIN LATERAL ${meant}`,
    values: [JSON.stringify([row])],
  });
  return rows.map(({ id }) => id);
}
