import type { Pool } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { tooManyRequests } from '../http/rate-limit.ts';
import type { Connectors } from './connectors/all.ts';
import type { VerifyOutcome } from './connectors/connector.ts';
import { administratorOf, noteAdministratorTry, takeAdministratorTry } from './rotation/administrator-tries.ts';
import { takeWrongTry } from './rotation/wrong-tries.ts';
import type { Vault } from './vault.ts';

/** Seconds between two tries with a password that may be wrong: systems lock accounts after a few. */
const everySeconds = 60;
/** Milliseconds that a system has to answer. */
const limitMs = 10_000;

type Outcome = Readonly<{ result: VerifyOutcome['result']; error: string | null }>;
/** `administrator`: null where there is none of its own, or where it can't be tried. */
export type Tested = Outcome & Readonly<{ administrator: Outcome | null }>;

type Row = Readonly<{
  userName: string;
  connector: string;
  settings: unknown;
  version: number | null;
  sealed: string | null;
  adminId: string | null;
  adminUserName: string | null;
  adminVersion: number | null;
  adminSealed: string | null;
}>;

const verdicts = { accepted: 'accepted', refused: 'wrong', unproven: 'unknown', unavailable: 'unknown' } as const;

type Deps = Readonly<{ pool: Pool; vault: Vault; connectorOf: Connectors['connectorOf'] }>;

/**
 * Tries whether the current password signs in, and whether the administrator's does. Null: the org
 * has no such account. @throws AppError conflict without a password, too_many_requests
 */
export async function testAccount(deps: Deps, orgId: string, accountId: string, by: By): Promise<Tested | null> {
  const { pool, vault } = deps;
  const row = await read(pool, orgId, accountId);
  if (!row) return null;
  if (row.version === null || row.sealed === null)
    throw new AppError('conflict', ({ answers }) => answers.accounts.noPassword);
  const password = await vault.open(orgId, accountId, row.version, row.sealed);
  const administrator = await openAdministrator(deps, orgId, accountId, row);
  const wrongTry = await takeWrongTry(pool, { orgId, account: { id: accountId } }, everySeconds);
  if ('waitSeconds' in wrongTry)
    throw tooManyRequests(({ answers }) => answers.accounts.wrongJustNow, Math.ceil(wrongTry.waitSeconds));
  const connector = deps.connectorOf(row.connector);
  const counted = administrator && administratorOf({ orgId, account: { ...row, adminAccountId: row.adminId } });
  if ((await takeAdministratorTry(pool, counted, everySeconds)) !== 'free') {
    await wrongTry.release();
    throw tooManyRequests(({ answers }) => answers.accounts.administratorJustNow, everySeconds);
  }
  const target = { userName: row.userName, settings: row.settings, admin: administrator };
  const signsIn = await told(connector.verify(target, password, AbortSignal.timeout(limitMs)));
  const trial = administrator && connector.verifyAdmin?.(target, AbortSignal.timeout(limitMs));
  const itDoes = trial ? await told(trial) : null;
  if (itDoes) await noteAdministratorTry(pool, counted, verdicts[itDoes.result], row.adminVersion);
  const outcomes = [signsIn, ...(itDoes ? [itDoes] : [])];
  if (outcomes.every(({ result }) => result !== 'refused')) await wrongTry.release();
  await note(pool, orgId, accountId, { ...signsIn, administrator: itDoes, version: row.version }, by);
  return { ...signsIn, administrator: itDoes };
}

async function read(pool: Pool, orgId: string, accountId: string): Promise<Row | null> {
  const { rows } = await pool.query<Row>({
    name: 'account-to-test',
    text: `SELECT a.user_name AS "userName", a.connector, a.settings, a.version, v.sealed, b.id AS "adminId",
                  coalesce(b.user_name, a.admin_user_name) AS "adminUserName", b.version AS "adminVersion",
                  coalesce(w.sealed, a.admin_password) AS "adminSealed"
           FROM accounts a
           LEFT JOIN account_versions v ON v.org_id = a.org_id AND v.account_id = a.id AND v.version = a.version AND v.version >= a.since_version
           LEFT JOIN accounts b ON b.org_id = a.org_id AND b.id = a.admin_account_id AND b.id <> a.id
           LEFT JOIN account_versions w ON w.org_id = b.org_id AND w.account_id = b.id AND w.version = b.version AND w.version >= b.since_version
           WHERE a.org_id = $1 AND a.id = $2`,
    values: [orgId, accountId],
  });
  return rows[0] ?? null;
}

/** The administrator's credential, where it is another one than the account's and signs in alike. */
async function openAdministrator({ vault, connectorOf }: Deps, orgId: string, accountId: string, row: Row) {
  const { connector, adminId, adminUserName: userName, adminVersion, adminSealed } = row;
  if (!connectorOf(connector).verifyAdmin || userName === null || adminSealed === null) return null;
  const password =
    adminId === null
      ? await vault.openAdmin(orgId, accountId, adminSealed)
      : await vault.open(orgId, adminId, adminVersion as number, adminSealed);
  return { userName, password };
}

async function told(trial: Promise<VerifyOutcome>): Promise<Outcome> {
  // What a connector throws may quote what it was given.
  const outcome = await trial.catch((): VerifyOutcome => ({ result: 'unavailable', error: 'connector_failed' }));
  return { result: outcome.result, error: 'error' in outcome ? outcome.error : null };
}

async function note(
  pool: Pool,
  orgId: string,
  accountId: string,
  { result, error, administrator, version }: Tested & Readonly<{ version: number }>,
  by: By,
): Promise<void> {
  await transaction(pool, async (client) => {
    if (result === 'accepted' || result === 'refused')
      await client.query(
        `UPDATE account_versions SET ${result}_at = clock_timestamp() WHERE org_id = $1 AND account_id = $2 AND version = $3`,
        [orgId, accountId, version],
      );
    const detail = {
      ...{ result, version },
      ...(error === null ? {} : { error }),
      ...(administrator === null ? {} : { administrator: administrator.result }),
    };
    await recordEvent(client, {
      orgId,
      action: 'account.tested',
      by,
      target: { type: 'account', id: accountId },
      detail,
    });
  });
}
