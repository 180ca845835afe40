import type { Pool, PoolClient } from 'pg';
import { triedAgain } from './ask-rotation.ts';

/**
 * After a restore from a backup nobody knows which passwords sign in: queues the search for each
 * account that has any, of one org or of all. The rotator makes the version current that it finds, or
 * sets a new one. A rotation that waits begins with that search. Returns how many were queued anew.
 */
export async function askReconciliation(db: Pool | PoolClient, orgId: string | null): Promise<number> {
  // The claim is raised: whoever begins it just now reads it anew.
  await db.query(
    `UPDATE account_rotations SET search_first = true, claim = claim + 1, due_at = clock_timestamp()
     WHERE state = 'queued' AND NOT search_first AND ($1::text IS NULL OR org_id = $1)`,
    [orgId],
  );
  // What waits for people may be long out of date: the machine looks, where it can reach the system. So
  // may what has sent nothing yet: it would go on with what the backup calls the current password.
  const again = await db.query(
    `UPDATE account_rotations r
     SET state = 'uncertain', search_first = true, candidate = NULL, sent_at = NULL, ${triedAgain}
     FROM accounts a
     WHERE ($1::text IS NULL OR r.org_id = $1) AND (r.state = 'manual' OR (r.state = 'candidate' AND r.sent_at IS NULL))
       AND a.org_id = r.org_id AND a.id = r.account_id AND a.connector <> 'manual'`,
    [orgId],
  );
  const { rowCount } = await db.query(
    `INSERT INTO account_rotations (org_id, id, account_id, cause, search_first)
     SELECT a.org_id, 'rot_' || replace(gen_random_uuid()::text, '-', ''), a.id, 'reconcile', true FROM accounts a
     WHERE ($1::text IS NULL OR a.org_id = $1)
       AND EXISTS (SELECT FROM account_versions v WHERE v.org_id = a.org_id AND v.account_id = a.id)
       AND NOT EXISTS (SELECT FROM account_rotations r WHERE r.org_id = a.org_id AND r.account_id = a.id
                         AND r.state = 'uncertain' AND r.candidate IS NULL)
     ON CONFLICT (org_id, account_id) WHERE state = 'queued' DO NOTHING`,
    [orgId],
  );
  return (rowCount ?? 0) + (again.rowCount ?? 0);
}
