import type { Pool, PoolClient } from 'pg';

/**
 * Holds what is to be done for an account until the transaction ends. Before the account itself is
 * locked: the steps of a rotation lock them in this order.
 */
export async function holdRotations(client: Pool | PoolClient, orgId: string, accountId: string): Promise<void> {
  await client.query({
    name: 'account-rotations-hold',
    text: `SELECT FROM account_rotations WHERE org_id = $1 AND account_id = $2 AND finished_at IS NULL
           ORDER BY id FOR NO KEY UPDATE`,
    values: [orgId, accountId],
  });
}

/**
 * The account leads elsewhere now: whoever says where could read there what is sent. So no password
 * that was kept until now is (`openVersion` opens none); people go on reading them. A rotation at
 * work begins again with a new password, and one that waits for people lost what was made for it.
 */
export async function leavePlace(client: PoolClient, orgId: string, accountId: string): Promise<void> {
  await client.query({
    name: 'account-since-now',
    text: 'UPDATE accounts SET since_version = next_version WHERE org_id = $1 AND id = $2',
    values: [orgId, accountId],
  });
  await client.query({
    name: 'account-rotations-anew',
    text: `UPDATE account_rotations
           SET state = CASE WHEN state IN ('candidate', 'set') OR (state = 'uncertain' AND candidate IS NOT NULL)
                            THEN 'candidate'::"AccountRotationState" ELSE state END,
               candidate = NULL, sent_at = NULL, probe = 0, attempts = 0, refused_candidates = 0, failing_since = NULL,
               claim = claim + 1, due_at = clock_timestamp()
           WHERE org_id = $1 AND account_id = $2 AND state IN ('candidate', 'set', 'uncertain', 'manual')`,
    values: [orgId, accountId],
  });
  await client.query({
    name: 'account-candidates-left',
    text: `UPDATE account_versions SET state = 'former' WHERE org_id = $1 AND account_id = $2 AND state = 'candidate'`,
    values: [orgId, accountId],
  });
}
