import type { Pool, PoolClient } from 'pg';
import { withRetry } from '../database/errors.ts';
import { newId } from '../database/ids.ts';
import type { Once, Revocation } from './revoke-access.ts';

export type IdpSessionEnd = Omit<Revocation, 'initiator' | 'reason'> &
  Readonly<{
    connectionId: string;
    /** The IdP's name for the session: the claim `sid` of its ID tokens. */
    sid: string;
    once?: Once;
  }>;

export type IdpSessionOutcome =
  | Readonly<{ result: 'ended'; sessionsEnded: number; grantsEnded: number }>
  /** `once` was spent before: nothing was done. */
  | Readonly<{ result: 'replayed' }>;

/**
 * Ends what was born of one session at an org's IdP: the sessions and grants that carry its `sid`, and, by remembering the
 * `sid` for a day, every sign-in under way with it. No generation moves: the person's other sessions stay. One statement,
 * as with `revokeAccess`. An IdP session that nobody here knows is remembered like any other.
 */
export async function endIdpSession(db: Pool | PoolClient, end: IdpSessionEnd): Promise<IdpSessionOutcome> {
  const query = {
    name: `end-idp-session-${end.once ? 'once' : 'plain'}`,
    text: end.once ? sql.once : sql.plain,
    values: [
      end.orgId,
      end.connectionId,
      end.sid,
      newId('revocation'),
      newId('auditEvent'),
      end.asked === undefined ? null : JSON.stringify(end.asked),
      end.actor.type,
      end.actor.id ?? null,
      end.ip ?? null,
      end.requestId ?? null,
      ...(end.once ? [end.once.kind, end.once.id, end.once.expiresAt] : []),
    ],
  };
  const { rows } = await ('release' in db ? db.query(query) : withRetry(() => db.query(query)));
  const [row] = rows;
  if (!row) return { result: 'replayed' };
  return { result: 'ended', sessionsEnded: row.sessions_ended, grantsEnded: row.grants_ended };
}

// What a revocation of the person or an org-wide sign-out has ended is left to it. The revocation's row names the user if
// there is exactly one, and isn't written where nothing ended: a row without a user would read as the whole org's.
// In the audit event it is `revocationId`: for `revocation` a start of a sign-in would ask everybody of the org for a
// password during the next seconds, which only a moved generation calls for.
const statement = (once: boolean) => `
  WITH burnt AS (
    ${once ? 'INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, $11, $12, $13) ON CONFLICT DO NOTHING RETURNING id' : 'SELECT'}
  ), remembered AS (
    INSERT INTO spent AS s (org_id, kind, id, expires_at)
    SELECT $1, 'idp_session', $2 || ' ' || $3, now() + interval '1 day' FROM burnt
    ON CONFLICT (org_id, kind, id) DO UPDATE SET expires_at = greatest(s.expires_at, excluded.expires_at)
    RETURNING clock_timestamp() AS at
  ), ended_sessions AS (
    ${tombstones('sessions', ", data = '{}', id_token = NULL")}
  ), ended_grants AS (
    ${tombstones('grants', '')}
  ), counted AS (
    SELECT (SELECT count(*) FROM ended_sessions) AS sessions,
           (SELECT count(*) FROM ended_grants) AS grants,
           (SELECT CASE WHEN count(DISTINCT user_id) = 1 THEN min(user_id) END
            FROM (SELECT user_id FROM ended_sessions UNION ALL SELECT user_id FROM ended_grants) AS whose) AS user_id
    FROM remembered
  ), recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, caller_id, sessions_ended, grants_ended, request_id)
    SELECT $1, $4, user_id, 'idp', $6::jsonb, CASE WHEN $7 IN ('api_key', 'connection') THEN $8 END, sessions, grants, $10
    FROM counted WHERE sessions + grants > 0
    RETURNING id
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT $1, $5, 'idp_session.ended', $7, $8, CASE WHEN user_id IS NOT NULL THEN 'user' END, user_id, $9, $10,
           jsonb_build_object('revocationId', (SELECT id FROM recorded), 'connection', $2::text,
                              'sessionsEnded', sessions, 'grantsEnded', grants)
    FROM counted
  )
  SELECT sessions::int AS sessions_ended, grants::int AS grants_ended FROM counted`;

const tombstones = (table: 'sessions' | 'grants', erased: string) => `
    UPDATE ${table} d SET revoked_at = remembered.at, revocation_id = $4${erased}
    FROM remembered, users u, orgs o
    WHERE d.org_id = $1 AND d.connection_id = $2 AND d.idp_sid = $3 AND d.revoked_at IS NULL AND d.ended_at IS NULL
      AND u.org_id = d.org_id AND u.id = d.user_id AND u.generation = d.user_generation
      AND o.id = d.org_id AND o.generation = d.org_generation AND d.expires_at > now() AND d.idle_expires_at > now()
    RETURNING d.user_id`;

const sql = { plain: statement(false), once: statement(true) };
