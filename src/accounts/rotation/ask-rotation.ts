import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../../audit/record.ts';
import type { By } from '../../by.ts';
import { newId } from '../../database/ids.ts';
import { transaction } from '../../database/pool.ts';

/** The weightier first: what waits for a lighter one takes over a weightier one that joins it. */
export const rotationCauses = ['revocation', 'right_ended', 'hand', 'schedule', 'reconcile'] as const;
export type RotationCause = (typeof rotationCauses)[number];

/** What is asked for: why, and whose access ended, or who asks for it. */
export type AskedRotation = Readonly<{
  orgId: string;
  accountId: string;
  cause: RotationCause;
  userId?: string | null;
  revocationId?: string | null;
  /** That person has read the password since it was last changed: it goes first. */
  revealed?: boolean;
}>;

const weightOf = (row: string) => `array_position(ARRAY['${rotationCauses.join("', '")}'], ${row}.cause)`;
const weightier = (column: string) =>
  `${column} = CASE WHEN ${weightOf('EXCLUDED')} < ${weightOf('account_rotations')} THEN EXCLUDED.${column} ELSE account_rotations.${column} END`;

/** Of an INSERT into account_rotations. A search that waits, above all, then ends in a new password. */
export const joinsWaiting = `
  ON CONFLICT (org_id, account_id) WHERE state = 'queued'
    DO UPDATE SET revealed = account_rotations.revealed OR EXCLUDED.revealed,
                  ${['cause', 'user_id', 'revocation_id'].map(weightier).join(', ')},
                  due_at = least(account_rotations.due_at, clock_timestamp())`;

/**
 * Queues a rotation of an account: one runs, and one more waits at most, so that a further cause
 * joins what waits. What waits for people (`manual`) is tried again by the machine where a person
 * asks for it, and its system can be reached by one. Returns the rotation's id; null: no such account.
 */
export async function askRotation(
  db: Pool | PoolClient,
  asked: AskedRotation,
): Promise<Readonly<{ id: string }> | null> {
  const { orgId, accountId, cause, userId = null, revocationId = null, revealed = false } = asked;
  const again = cause === 'hand' ? await tryAgain(db, orgId, accountId) : null;
  if (again) return again;
  const { rows } = await db.query<{ id: string }>({
    name: 'rotation-ask',
    text: `WITH queued AS (
             INSERT INTO account_rotations (org_id, id, account_id, cause, user_id, revocation_id, revealed)
             SELECT a.org_id, $3, a.id, $4, $5, $6, $7 FROM accounts a WHERE a.org_id = $1 AND a.id = $2
             ${joinsWaiting}
             RETURNING org_id, id
           ), noted AS (
             INSERT INTO account_rotation_revocations (org_id, rotation_id, revocation_id)
             SELECT org_id, id, $6::text FROM queued WHERE $6::text IS NOT NULL ON CONFLICT DO NOTHING)
           SELECT id FROM queued`,
    values: [orgId, accountId, newId('rotation'), cause, userId, revocationId, revealed],
  });
  return rows[0] ?? null;
}

/** Of a rotation `r` that waited for people, and that the machine takes up again: columns. */
export const triedAgain = `claim = r.claim + 1, attempts = 0, probe = 0, refused_candidates = 0, failing_since = NULL,
  why = NULL, error = NULL, do_until = NULL, due_at = clock_timestamp()`;

/** Somebody asks for it: the same, on record. `userId`: null for an operator. */
export async function rotateByHand(
  pool: Pool,
  { orgId, accountId, userId }: Readonly<{ orgId: string; accountId: string; userId: string | null }>,
  by: By,
): Promise<Readonly<{ id: string }> | null> {
  return transaction(pool, async (client) => {
    const rotation = await askRotation(client, { orgId, accountId, cause: 'hand', userId });
    if (!rotation) return null;
    const target = { type: 'account', id: accountId };
    const detail = { rotation: rotation.id, cause: 'hand' };
    await recordEvent(client, { orgId, action: 'account.rotation_asked', by, target, detail });
    return rotation;
  });
}

/** A candidate that may have been set there is looked for first. */
async function tryAgain(db: Pool | PoolClient, orgId: string, accountId: string) {
  const { rows } = await db.query<{ id: string }>({
    name: 'rotation-try-again',
    text: `UPDATE account_rotations r
           SET state = CASE WHEN r.sent_at IS NULL THEN 'candidate'::"AccountRotationState" ELSE 'uncertain' END,
               ${triedAgain}
           FROM accounts a
           WHERE r.org_id = $1 AND r.account_id = $2 AND r.state = 'manual'
             AND a.org_id = r.org_id AND a.id = r.account_id AND a.connector <> 'manual'
           RETURNING r.id`,
    values: [orgId, accountId],
  });
  return rows[0] ?? null;
}
