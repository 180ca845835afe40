import type { Pool } from 'pg';
import { recordEvent } from '../../audit/record.ts';
import type { By } from '../../by.ts';
import { transaction } from '../../database/pool.ts';
import { AppError } from '../../errors.ts';
import { noteGiven } from '../note-given.ts';
import type { Vault } from '../vault.ts';
import { keepVersion, makeCurrent } from './make-current.ts';

/** What people say of a rotation that was left to them: they entered the candidate, or another password. */
export type Confirmation = Readonly<{ candidate: true } | { password: string }>;

/**
 * Ends a rotation that was left to people. The version that they name is current, and the former one
 * is kept. Where the system can be asked, the rotator then sees to it that the former one is refused.
 * @throws AppError not_found, or conflict where it isn't left to people or has no candidate
 */
export async function confirmRotation(
  { pool, vault }: Readonly<{ pool: Pool; vault: Vault }>,
  { orgId, accountId, rotationId }: Readonly<{ orgId: string; accountId: string; rotationId: string }>,
  confirmation: Confirmation,
  by: By,
): Promise<Readonly<{ version: number }>> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ state: string; candidate: number | null; connector: string }>({
      name: 'rotation-confirm-lock',
      text: `SELECT r.state, r.candidate, a.connector FROM account_rotations r
             JOIN accounts a ON a.org_id = r.org_id AND a.id = r.account_id
             WHERE r.org_id = $1 AND r.id = $2 AND r.account_id = $3 FOR NO KEY UPDATE OF r`,
      values: [orgId, rotationId, accountId],
    });
    const rotation = rows[0];
    if (!rotation) throw new AppError('not_found', ({ answers }) => answers.accounts.noRotation);
    if (rotation.state !== 'manual') throw new AppError('conflict', ({ answers }) => answers.accounts.notManual);
    let version = rotation.candidate;
    if ('password' in confirmation)
      version = await keepVersion(client, { orgId, accountId, rotationId: null }, (number) =>
        vault.seal(orgId, accountId, number, confirmation.password, client),
      );
    if (version === null) throw new AppError('conflict', ({ answers }) => answers.accounts.noCandidate);
    if ('password' in confirmation) await noteGiven(client, orgId, { accountId, version }, by);
    const previous = await makeCurrent(client, orgId, accountId, version);
    const asksSystem = rotation.connector !== 'manual';
    await client.query({
      name: 'rotation-confirm',
      text: `UPDATE account_rotations
             SET state = CASE WHEN $5 THEN 'promoted'::"AccountRotationState" ELSE 'done' END, claim = claim + 1, candidate = $3,
                 previous = $4, promoted_at = clock_timestamp(), finished_at = CASE WHEN $5 THEN NULL ELSE clock_timestamp() END,
                 attempts = 0, probe = 0, error = NULL, failing_since = NULL, why = NULL, due_at = clock_timestamp()
             WHERE org_id = $1 AND id = $2`,
      values: [orgId, rotationId, version, previous, asksSystem],
    });
    const target = { type: 'account', id: accountId };
    const detail = { rotation: rotationId, version };
    await recordEvent(client, { orgId, action: 'account.rotation_confirmed', by, target, detail });
    return { version };
  });
}
