import type { Pool } from 'pg';

/**
 * After a restore from a backup nobody knows which passwords sign in: queues the search for each
 * account that has any, of one org or of all. The rotator makes the version current that it finds, or
 * sets a new one. A rotation that waits begins with that search. Returns how many were queued anew.
 */
export async function askReconciliation(pool: Pool, orgId: string | null): Promise<number> {
  await pool.query(
    `UPDATE account_rotations r SET state = 'uncertain', claim = claim + 1, probe = 0, candidate = NULL, started_at = clock_timestamp(),
            due_at = clock_timestamp()
     WHERE r.state = 'queued' AND r.cause <> 'reconcile' AND ($1::text IS NULL OR r.org_id = $1)
       AND NOT EXISTS (SELECT FROM account_rotations o WHERE o.org_id = r.org_id AND o.account_id = r.account_id
                         AND o.state IN ('candidate', 'set', 'uncertain', 'promoted', 'manual'))`,
    [orgId],
  );
  const { rowCount } = await pool.query(
    `INSERT INTO account_rotations (org_id, id, account_id, cause)
     SELECT a.org_id, 'rot_' || replace(gen_random_uuid()::text, '-', ''), a.id, 'reconcile' FROM accounts a
     WHERE ($1::text IS NULL OR a.org_id = $1)
       AND EXISTS (SELECT FROM account_versions v WHERE v.org_id = a.org_id AND v.account_id = a.id)
       AND NOT EXISTS (SELECT FROM account_rotations r WHERE r.org_id = a.org_id AND r.account_id = a.id
                         AND r.state = 'uncertain' AND r.candidate IS NULL)
     ON CONFLICT (org_id, account_id) WHERE state = 'queued' DO NOTHING`,
    [orgId],
  );
  return rowCount ?? 0;
}
