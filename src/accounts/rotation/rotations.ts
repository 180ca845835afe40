import type { Pool } from 'pg';
import type { AccountRotationState } from '../../database/generated/client.ts';
import { revocationsTogether } from '../../database/revocations-together.ts';
import type { TimePage } from '../../database/time-key.ts';

export type RotationRow = Readonly<{
  id: string;
  accountId: string;
  accountName: string;
  state: AccountRotationState;
  cause: string;
  revocationId: string | null;
  userId: string | null;
  /** Of `userId`, as they are called now; empty where they are not here any more. */
  user: Readonly<{ id: string; name: string; email: string }> | null;
  revealed: boolean;
  candidate: number | null;
  previous: number | null;
  error: string | null;
  createdAt: Date;
  startedAt: Date | null;
  promotedAt: Date | null;
  finishedAt: Date | null;
  doUntil: Date | null;
}>;

const columns = `t.id, t.account_id AS "accountId", a.name AS "accountName", t.state, t.cause, t.revocation_id AS "revocationId",
  t.user_id AS "userId", CASE WHEN t.user_id IS NOT NULL THEN
    jsonb_build_object('id', t.user_id, 'name', coalesce(u.name, ''), 'email', coalesce(u.email, '')) END AS "user", t.revealed, t.candidate, t.previous, t.error, t.created_at AS "createdAt", t.started_at AS "startedAt",
  t.promoted_at AS "promotedAt", t.finished_at AS "finishedAt", t.do_until AS "doUntil"`;
const from = `FROM account_rotations t JOIN accounts a ON a.org_id = t.org_id AND a.id = t.account_id
  LEFT JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id`;

/** Which rotations of an org a list shows. */
export type RotationFilter = Readonly<{
  accountId?: string | undefined;
  state?: AccountRotationState | undefined;
  /** Those that it brought about; with `together`, all that its request ended. */
  revocationId?: string | undefined;
  together?: boolean | undefined;
}>;

/** A page of an org's rotations, the youngest first. */
export async function listRotations(
  pool: Pool,
  orgId: string,
  { accountId, state, revocationId, together = false }: RotationFilter,
  { limit, after }: TimePage,
): Promise<readonly RotationRow[]> {
  const values: unknown[] = [orgId, limit];
  const is = (column: string, value: unknown) => (value === undefined ? [] : [`${column} = $${values.push(value)}`]);
  // Each filter has a statement of its own: PostgreSQL plans them generically.
  const conditions = [
    't.org_id = $1',
    ...is('t.account_id', accountId),
    ...is('t.state', state),
    ...(revocationId === undefined ? [] : [causedBy(`$${values.push(revocationId)}`, together)]),
    ...(after ? [`(t.created_at, t.id) < ($${values.push(after.createdAt)}, $${values.push(after.id)})`] : []),
  ];
  const text = `SELECT ${columns} ${from} WHERE ${conditions.join(' AND ')} ORDER BY t.created_at DESC, t.id DESC LIMIT $2`;
  return (await pool.query<RotationRow>(text, values)).rows;
}

const causedBy = (id: string, together: boolean) => `t.id IN (
  SELECT c.rotation_id FROM account_rotation_revocations c
  WHERE c.org_id = $1 AND c.revocation_id ${together ? `IN (SELECT r.id ${revocationsTogether('$1', id)})` : `= ${id}`})`;

/** Null when the account has no such rotation. */
export async function findRotation(
  pool: Pool,
  orgId: string,
  accountId: string,
  id: string,
): Promise<RotationRow | null> {
  const { rows } = await pool.query<RotationRow>({
    name: 'rotation-find',
    text: `SELECT ${columns} ${from} WHERE t.org_id = $1 AND t.account_id = $2 AND t.id = $3`,
    values: [orgId, accountId, id],
  });
  return rows[0] ?? null;
}
