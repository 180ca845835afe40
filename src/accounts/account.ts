import type { Pool, PoolClient } from 'pg';

/** Who changes the password there: another shared account, or a user name with a password of its own. */
export type Administrator = Readonly<{ accountId: string } | { userName: string }>;

/**
 * How an account stands, told by its rotations. `rotating`: it gets a new password; `failing`: its
 * system hasn't taken one for so long that administrators were told; `uncertain`: it isn't known
 * which one signs in; `old_works`: the former one isn't known to be refused; `manual`: people have
 * to change it.
 */
export const accountStates = ['steady', 'rotating', 'failing', 'uncertain', 'old_works', 'manual'] as const;
export type AccountState = (typeof accountStates)[number];

export type AccountRow = Readonly<{
  id: string;
  name: string;
  userName: string;
  place: string;
  notes: string;
  connector: string;
  settings: Readonly<Record<string, unknown>>;
  administrator: Administrator | null;
  passwordRules: Readonly<Record<string, unknown>>;
  everyDays: number | null;
  /** The version that signs in as far as is known; null: no password was given yet. */
  version: number | null;
  changedAt: Date | null;
  state: AccountState;
  createdAt: Date;
}>;

// One rotation of an account runs, and one waits; the conditions are those of their indexes.
export const stateOfAccount = `coalesce(
  (SELECT CASE WHEN t.state IN ('manual', 'uncertain') THEN t.state::text
               WHEN t.failing_since IS NULL OR 'uncertain' <> ALL (t.told) THEN 'rotating'
               -- What was set and can't be tried may sign in, or not.
               WHEN t.state = 'candidate' THEN 'failing' WHEN t.state = 'set' THEN 'uncertain' ELSE 'rotating' END
   FROM account_rotations t WHERE t.org_id = a.org_id AND t.account_id = a.id
     AND t.state IN ('candidate', 'set', 'uncertain', 'promoted', 'manual')),
  (SELECT 'old_works' FROM account_rotations t WHERE t.org_id = a.org_id AND t.account_id = a.id AND t.state = 'old_works'
     AND (t.finished_at IS NULL OR t.candidate = a.version) LIMIT 1),
  (SELECT 'rotating' FROM account_rotations t WHERE t.org_id = a.org_id AND t.account_id = a.id AND t.state = 'queued'),
  'steady')`;

const columns = `a.id, a.name, a.user_name AS "userName", a.place, a.notes, a.connector, a.settings,
  CASE WHEN a.admin_account_id IS NOT NULL THEN jsonb_build_object('accountId', a.admin_account_id)
       WHEN a.admin_user_name IS NOT NULL THEN jsonb_build_object('userName', a.admin_user_name) END AS administrator,
  a.password_rules AS "passwordRules", a.every_days AS "everyDays", a.version, a.changed_at AS "changedAt",
  ${stateOfAccount} AS state, a.created_at AS "createdAt"`;

/** Null when the org has no such account. */
export async function findAccount(db: Pool | PoolClient, orgId: string, id: string): Promise<AccountRow | null> {
  const { rows } = await db.query<AccountRow>({
    name: 'account-find',
    text: `SELECT ${columns} FROM accounts a WHERE a.org_id = $1 AND a.id = $2`,
    values: [orgId, id],
  });
  return rows[0] ?? null;
}

/** Locks an account until the transaction ends. False: the org has no such account. */
export async function lockAccount(client: PoolClient, orgId: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'account-keep',
    text: 'SELECT FROM accounts WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE',
    values: [orgId, id],
  });
  return rowCount === 1;
}

/** Up to `limit` accounts in the order of their names, after the key `after`; `search`: part of what is shown. */
export async function listAccounts(
  pool: Pool,
  orgId: string,
  {
    search,
    state,
    after,
    limit,
  }: Readonly<{
    search?: string | undefined;
    state?: AccountState | undefined;
    after: readonly string[] | null;
    limit: number;
  }>,
): Promise<readonly AccountRow[]> {
  const { rows } = await pool.query<AccountRow>({
    name: 'accounts-list',
    text: `SELECT ${columns} FROM accounts a
           WHERE a.org_id = $1 AND ($2::text IS NULL OR strpos(lower(concat_ws(' ', a.name, a.user_name, a.place)), lower($2)) > 0)
             AND ($3::text IS NULL OR (a.name, a.id) > ($3, $4)) AND ($6::text IS NULL OR ${stateOfAccount} = $6)
           ORDER BY a.name, a.id LIMIT $5`,
    values: [orgId, search ?? null, after?.[0] ?? null, after?.[1] ?? null, limit, state ?? null],
  });
  return rows;
}
