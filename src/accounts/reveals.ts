import type { Pool } from 'pg';
import type { TimePage } from '../database/time-key.ts';

export type RevealRow = Readonly<{
  id: string;
  accountId: string;
  version: number;
  /** Null: an operator, on the command line. */
  user: Readonly<{ id: string; name: string; email: string }> | null;
  createdAt: Date;
}>;

/** Who has read which version of an account, the latest first. */
export async function listReveals(
  pool: Pool,
  orgId: string,
  accountId: string,
  { limit, after }: TimePage,
): Promise<readonly RevealRow[]> {
  const { rows } = await pool.query<RevealRow>({
    name: 'account-reveals-list',
    text: `SELECT v.id, v.account_id AS "accountId", v.version, v.at AS "createdAt",
                  CASE WHEN v.user_id IS NOT NULL THEN
                    jsonb_build_object('id', v.user_id, 'name', coalesce(u.name, ''), 'email', coalesce(u.email, '')) END AS "user"
           FROM account_reveals v LEFT JOIN users u ON u.org_id = v.org_id AND u.id = v.user_id
           WHERE v.org_id = $1 AND v.account_id = $2 AND NOT v.given AND ($4::timestamptz IS NULL OR (v.at, v.id) < ($4, $5))
           ORDER BY v.at DESC, v.id DESC LIMIT $3`,
    values: [orgId, accountId, limit, after?.createdAt ?? null, after?.id ?? null],
  });
  return rows;
}
