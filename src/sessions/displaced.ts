import type { DeviceKind } from './principal.ts';
import { erased } from './session-end.ts';

/** Ended by one sign-in. More can only be there where the org's limit was lowered by very much. */
const mostAtOnce = 1_000;

/**
 * Parts of a statement that has inserted a session or grant as `made`, with the user's row locked:
 * the oldest live ones beyond the org's limit end, on record. Those that somebody else holds are
 * left to the next time: nobody's sign-in waits for them, nor for the end of thousands. Sign-ins at
 * the same moment don't see each other's rows, and the next one ends what is too many.
 * @param requestId the parameter of the request's id
 */
export function displaced(kind: DeviceKind, requestId: string): string {
  const table = `${kind}s` as const;
  const client = kind === 'grant' ? `'client', client_id, ` : '';
  const detail = `jsonb_build_object(${client}'reason', 'too_many', 'user', user_id)`;
  return `, surplus AS (
    SELECT org_id, id FROM ${table}
    WHERE revoked_at IS NULL AND ended_at IS NULL AND (org_id, id) IN (
      SELECT l.org_id, l.id FROM made m JOIN live_${table} l ON l.org_id = m.org_id AND l.user_id = m.user_id
      ORDER BY l.created_at DESC, l.id OFFSET (SELECT o.max_${table} - 1 FROM orgs o JOIN made m ON o.id = m.org_id))
    ORDER BY created_at, id LIMIT ${mostAtOnce} FOR NO KEY UPDATE SKIP LOCKED
  ), displaced AS (
    UPDATE ${table} d SET ended_at = clock_timestamp(), displaced = true${erased(table)}
    FROM surplus s WHERE d.org_id = s.org_id AND d.id = s.id
    RETURNING d.*
  ), displaced_recorded AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, target_type, target_id, request_id, detail)
    SELECT org_id, 'evt_' || replace(gen_random_uuid()::text, '-', ''), '${kind}.ended', 'system', '${kind}', id, ${requestId}, ${detail}
    FROM displaced
  )`;
}
