import type { Pool, PoolClient } from 'pg';
import { newId } from '../database/ids.ts';
import type { TimePage } from '../database/time-key.ts';

export type RevealRow = Readonly<{
  id: string;
  accountId: string;
  version: number;
  /** Null: an operator, on the command line. */
  user: Readonly<{ id: string; name: string; email: string }> | null;
  createdAt: Date;
}>;

/**
 * Notes that somebody knows a version: who has read it (null: an operator), or typed it in (`given`).
 * At the moment of the statement, not of the transaction's beginning: it may have waited.
 */
export async function noteReveal(
  client: PoolClient,
  orgId: string,
  { accountId, version }: Readonly<{ accountId: string; version: number }>,
  userId: string | null,
  given = false,
): Promise<void> {
  await client.query({
    name: 'reveal-note',
    text: `INSERT INTO account_reveals (org_id, id, account_id, version, user_id, at, given)
           VALUES ($1, $2, $3, $4, $5, clock_timestamp(), $6)`,
    values: [orgId, newId('reveal'), accountId, version, userId, given],
  });
}

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
