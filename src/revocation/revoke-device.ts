import type { Pool, PoolClient } from 'pg';
import { newId } from '../database/ids.ts';
import { observed } from './observed.ts';
import { duration, type Revocation, recordValues, runStatement } from './revoke-access.ts';

export type DeviceRevocation = Revocation & Readonly<{ userId: string /** A session's or a grant's. */; id: string }>;

/**
 * Ends one live session or grant of one person from outside, with a tombstone that tells them so: no generation moves, all
 * else of theirs stays. One statement, as with `revokeAccess`. Null when the person has no live one of this id.
 */
export async function revokeDevice(
  db: Pool | PoolClient,
  revocation: DeviceRevocation,
): Promise<Readonly<{ revocationId: string; sessionsEnded: number; grantsEnded: number }> | null> {
  const revocationId = newId('revocation');
  const query = {
    name: 'revoke-device',
    text: sql,
    values: [revocation.orgId, revocation.userId, revocation.id, ...recordValues(revocation, revocationId)],
  };
  const { rows } = await observed(
    db,
    revocation.initiator,
    () => runStatement(db, query),
    ({ rowCount }) => ({ result: rowCount ? 'revoked' : 'unknown' }),
  );
  const [row] = rows;
  return row ? { revocationId, sessionsEnded: row.sessions_ended, grantsEnded: row.grants_ended } : null;
}

// The row's own tombstones are compared again beside the view: see the session store's save.
const ended = (table: 'sessions' | 'grants', erased: string) => `
  UPDATE ${table} d SET revoked_at = clock_timestamp(), revocation_id = $4${erased}
  WHERE d.org_id = $1 AND d.user_id = $2 AND d.id = $3 AND d.revoked_at IS NULL AND d.ended_at IS NULL
    AND EXISTS (SELECT FROM live_${table} l WHERE l.org_id = d.org_id AND l.id = d.id)
  RETURNING d.org_id, d.id, d.user_id, d.revoked_at`;

const sql = `
  WITH ended_sessions AS (${ended('sessions', ", data = '{}', id_token = NULL")}),
  ended_grants AS (${ended('grants', '')}),
  ended AS (
    SELECT *, 'session' AS type, 1 AS sessions, 0 AS grants FROM ended_sessions
    UNION ALL SELECT *, 'grant', 0, 1 FROM ended_grants
  ), recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, reason, caller_id, sessions_ended, grants_ended,
                             request_id, reason_for_person, created_at, duration_ms)
    SELECT org_id, $4, user_id, $6::"Initiator", $7::jsonb, $8, CASE WHEN $9 IN ('api_key', 'connection') THEN $10 END,
           sessions, grants, $12, $13, revoked_at, ${duration}
    FROM ended
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT org_id, $5, 'access.revoked', $9, $10, 'user', user_id, $11, $12,
           jsonb_build_object('revocation', $4::text, 'initiator', $6::text, type, id, 'sessionsEnded', sessions,
                              'grantsEnded', grants)
    FROM ended
  )
  SELECT sessions AS sessions_ended, grants AS grants_ended FROM ended`;
