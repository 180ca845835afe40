import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import type { AccountVersionState } from '../database/generated/client.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { lockAccount } from './account.ts';
import { noteGiven } from './note-given.ts';
import { requireRoomForVersion, trimVersions } from './trim-versions.ts';
import type { Vault } from './vault.ts';

export type VersionRow = Readonly<{
  version: number;
  state: AccountVersionState;
  /** The rotation that made it; null: people gave it. */
  rotationId: string | null;
  createdAt: Date;
  acceptedAt: Date | null;
  refusedAt: Date | null;
}>;

/** What is known of an account's passwords, the latest first; never a password. `after`: a version. */
export async function listVersions(
  pool: Pool,
  orgId: string,
  accountId: string,
  { after, limit }: Readonly<{ after: number | null; limit: number }>,
): Promise<readonly VersionRow[]> {
  const { rows } = await pool.query<VersionRow>({
    name: 'account-versions-list',
    text: `SELECT version, state, rotation_id AS "rotationId", created_at AS "createdAt",
                  accepted_at AS "acceptedAt", refused_at AS "refusedAt"
           FROM account_versions WHERE org_id = $1 AND account_id = $2 AND ($3::int IS NULL OR version < $3)
           ORDER BY version DESC LIMIT $4`,
    values: [orgId, accountId, after, limit],
  });
  return rows;
}

/**
 * Makes what people say is the password the current version. Returns its number; null: the org has
 * no such account. @throws AppError conflict while a rotation is at work, which knows better
 */
export async function givePassword(
  { pool, vault }: Readonly<{ pool: Pool; vault: Vault }>,
  orgId: string,
  accountId: string,
  password: string,
  by: By,
): Promise<number | null> {
  return transaction(pool, async (client) => {
    // Rotations before accounts: in that order the rotator locks them.
    const { rows } = await client.query<{ id: string; state: string; sent: boolean }>({
      name: 'account-rotations-lock',
      text: `SELECT id, state, sent_at IS NOT NULL AS sent FROM account_rotations WHERE org_id = $1 AND account_id = $2
               AND state IN ('queued', 'candidate', 'set', 'uncertain', 'promoted', 'manual')
             ORDER BY id FOR NO KEY UPDATE`,
      values: [orgId, accountId],
    });
    if (!(await lockAccount(client, orgId, accountId))) return null;
    const running = rows.find(({ state }) => state !== 'queued');
    if (running?.state === 'manual') throw new AppError('conflict', ({ answers }) => answers.accounts.toConfirm);
    if (running && (running.state !== 'candidate' || running.sent))
      throw new AppError('conflict', ({ answers }) => answers.accounts.rotating);
    // Nothing of its own has left yet, for the system refuses it: the right password may be the cure.
    if (running) await tryAtOnce(client, orgId, running.id);
    const version = await addCurrent({ client, vault }, orgId, accountId, password, by);
    const target = { type: 'account', id: accountId };
    await recordEvent(client, { orgId, action: 'account.password_given', by, target, detail: { version } });
    return version;
  });
}

/** Whoever holds it lets go, and sends nothing that was read before. */
async function tryAtOnce(client: PoolClient, orgId: string, rotationId: string): Promise<void> {
  await client.query({
    name: 'rotation-try-at-once',
    text: `UPDATE account_rotations SET claim = claim + 1, attempts = 0, failing_since = NULL, why = NULL, due_at = clock_timestamp()
           WHERE org_id = $1 AND id = $2`,
    values: [orgId, rotationId],
  });
}

/**
 * Writes a new current version of an account that the transaction has locked; the one before is kept
 * as a former one. @throws AppError conflict where too many are kept
 */
export async function addCurrent(
  { client, vault }: Readonly<{ client: PoolClient; vault: Vault }>,
  orgId: string,
  accountId: string,
  password: string,
  by: By,
): Promise<number> {
  await requireRoomForVersion(client, orgId, accountId);
  const { rows } = await client.query<{ version: number }>({
    name: 'account-version-number',
    text: `UPDATE accounts SET version = next_version, next_version = next_version + 1, changed_at = clock_timestamp(),
             wrong_tried_at = NULL, updated_at = now()
           WHERE org_id = $1 AND id = $2 RETURNING version`,
    values: [orgId, accountId],
  });
  const version = (rows[0] as { version: number }).version;
  await client.query({
    name: 'account-version-former',
    text: `UPDATE account_versions SET state = 'former' WHERE org_id = $1 AND account_id = $2 AND state = 'current'`,
    values: [orgId, accountId],
  });
  const sealed = await vault.seal(orgId, accountId, version, password, client);
  await client.query({
    name: 'account-version-current',
    text: `INSERT INTO account_versions (org_id, account_id, version, sealed, state, created_at)
           VALUES ($1, $2, $3, $4, 'current', clock_timestamp())`,
    values: [orgId, accountId, version, sealed],
  });
  await trimVersions(client, orgId, accountId);
  await noteGiven(client, orgId, { accountId, version }, by);
  return version;
}
