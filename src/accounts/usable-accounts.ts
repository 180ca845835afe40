import type { Pool } from 'pg';
import { type AccountRow, stateOfAccount } from './account.ts';
import { type Right, rightsOfPerson } from './rights.ts';

export type UsableAccount = Pick<
  AccountRow,
  'id' | 'name' | 'userName' | 'place' | 'notes' | 'version' | 'changedAt' | 'state'
> &
  Readonly<{ right: Right; revealedAt: Date | null; revealedVersion: number | null }>;

/** The accounts that somebody has a right to, by their names, after the key `after`. */
export async function listUsable(
  pool: Pool,
  { orgId, userId }: Readonly<{ orgId: string; userId: string }>,
  { after, limit }: Readonly<{ after: readonly string[] | null; limit: number }>,
): Promise<readonly UsableAccount[]> {
  const { rows } = await pool.query<UsableAccount>({
    name: 'accounts-usable',
    text: `SELECT a.id, a.name, a.user_name AS "userName", a.place, a.notes, a.version, a.changed_at AS "changedAt",
                  r."right", v.at AS "revealedAt", v.version AS "revealedVersion", ${stateOfAccount} AS state
           FROM (SELECT account_id, max("right") AS "right" FROM (${rightsOfPerson('$1', '$2')}) each GROUP BY account_id) r
           JOIN accounts a ON a.org_id = $1 AND a.id = r.account_id
           LEFT JOIN LATERAL (SELECT at, version FROM account_reveals v
             WHERE v.org_id = $1 AND v.account_id = a.id AND v.user_id = $2 AND NOT v.given ORDER BY at DESC LIMIT 1) v ON true
           WHERE $3::text IS NULL OR (a.name, a.id) > ($3, $4)
           ORDER BY a.name, a.id LIMIT $5`,
    values: [orgId, userId, after?.[0] ?? null, after?.[1] ?? null, limit],
  });
  return rows;
}
