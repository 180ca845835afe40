import type { Pool } from 'pg';
import { placeOf } from '../place.ts';

/** One of an org, whoever's password they change; null: the account changes its own. */
export type Administrator = Readonly<{ orgId: string; name: string }> | null;

/**
 * Whose administrator is meant: `adminAccountId` names a shared account, `adminUserName` anybody else
 * there.
 */
type Administered = Readonly<{
  orgId: string;
  account: Readonly<{
    connector: string;
    settings: unknown;
    adminAccountId: string | null;
    adminUserName: string | null;
  }>;
}>;

export function administratorOf({ orgId, account }: Administered): Administrator {
  if (account.adminAccountId !== null) return { orgId, name: account.adminAccountId };
  if (account.adminUserName === null) return null;
  return { orgId, name: `${placeOf(account.connector, account.settings)} ${account.adminUserName}` };
}

/**
 * Whether the administrator may be tried; if not, whether its password was wrong, or another try is
 * under way.
 */
export type AdministratorTry = 'free' | 'denied' | 'under way';

/**
 * Systems lock administrators after a few wrong passwords, and one of them changes many accounts. So
 * before its password is known to be right, one account at a time tries it; after a wrong one nobody
 * does for `everySeconds`, whatever for and even if another password is given: whoever may name an
 * administrator could guess. What was right counts as right for as long, or until it is changed. (A
 * try up to a second ahead counts: columns of milliseconds round up. Beyond it the clock stepped back.)
 */
export async function takeAdministratorTry(
  pool: Pool,
  administrator: Administrator,
  everySeconds: number,
): Promise<AdministratorTry> {
  if (administrator === null) return 'free';
  const values = [administrator.orgId, administrator.name, everySeconds];
  const { rows } = await pool.query<{ free: boolean; denied: boolean }>({
    name: 'administrator-try-look',
    text: `SELECT accepted_at > greatest(clock_timestamp() - make_interval(secs => $3),
                                        (SELECT changed_at FROM accounts WHERE org_id = $1 AND id = $2)) AS free,
                  denied AND tried_at BETWEEN clock_timestamp() - make_interval(secs => $3) AND clock_timestamp() + interval '1 second' AS denied
           FROM account_administrator_tries WHERE org_id = $1 AND administrator = $2`,
    values,
  });
  if (rows[0]?.free) return 'free';
  if (rows[0]?.denied) return 'denied';
  const { rowCount } = await pool.query({
    name: 'administrator-try-take',
    text: `INSERT INTO account_administrator_tries AS t (org_id, administrator, tried_at) VALUES ($1, $2, clock_timestamp())
           ON CONFLICT (org_id, administrator) DO UPDATE SET tried_at = clock_timestamp(), denied = false, accepted_at = NULL
             WHERE t.tried_at IS NULL OR t.tried_at NOT BETWEEN clock_timestamp() - make_interval(secs => $3) AND clock_timestamp() + interval '1 second'`,
    values,
  });
  return rowCount === 1 ? 'free' : 'under way';
}

/** What a try says of the administrator's password; `unknown`: nothing. */
export type AdministratorVerdict = 'accepted' | 'wrong' | 'unknown';

/**
 * What a failure says: an administrator that may not do it has signed in, and so has one whose new
 * password for an account is rejected.
 */
export function verdictOf({ result, error }: Readonly<{ result?: string; error: string }>): AdministratorVerdict {
  if (error === 'wrong_administrator') return 'wrong';
  return result === 'rejected' || error === 'not_permitted' || error === 'unknown_user' ? 'accepted' : 'unknown';
}

/** Notes what came of a try, so that others wait, or need not. `version`: of a shared account's passwords. */
export async function noteAdministratorTry(
  pool: Pool,
  administrator: Administrator,
  verdict: AdministratorVerdict,
  version: number | null,
): Promise<void> {
  if (administrator === null) return;
  await pool.query({
    name: 'administrator-try-note',
    text: `UPDATE account_administrator_tries
           SET denied = $3, tried_at = CASE WHEN $3 THEN clock_timestamp() END,
               accepted_at = CASE WHEN $4 THEN clock_timestamp() WHEN $3 THEN NULL ELSE accepted_at END,
               accepted_version = CASE WHEN $4 THEN $5 ELSE accepted_version END
           WHERE org_id = $1 AND administrator = $2 AND ($3 OR $4 OR NOT denied)`,
    values: [administrator.orgId, administrator.name, verdict === 'wrong', verdict === 'accepted', version],
  });
}
