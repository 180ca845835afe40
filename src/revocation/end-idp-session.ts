import type { Pool, PoolClient } from 'pg';
import { newId } from '../database/ids.ts';
import { observed } from './observed.ts';
import { type Once, onceValues, spending } from './once.ts';
import { type Revocation, runStatement } from './revoke-access.ts';

export type IdpSessionEnd = Omit<Revocation, 'initiator' | 'reason'> &
  Readonly<{
    connectionId: string;
    /** The IdP's name for the session: the claim `sid` of its ID tokens. */
    sid: string;
    /** Whose session it is, where the IdP names the person. */
    of?: Readonly<{ issuer: string; subject: string }>;
    once?: Once;
  }>;

export type IdpSessionOutcome =
  | Readonly<{ result: 'ended'; sessionsEnded: number; grantsEnded: number }>
  /** `once` was spent before: nothing was done. */
  | Readonly<{ result: 'replayed' }>;

/**
 * Ends what was born of one session at an org's IdP: the sessions and grants that carry its `sid`, and, by remembering the
 * `sid` for a day, every sign-in under way with it. Of the person it names (`of`) also what this connection made without any
 * `sid`, before its IdP sent one: that may be of this session. No generation moves: the person's other sessions stay. One
 * statement, as with `revokeAccess`. An IdP session that nobody here knows is remembered like any other.
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
      end.by.actor.type,
      end.by.actor.id,
      end.by.ip,
      end.by.requestId,
      end.of?.issuer ?? null,
      end.of?.subject ?? null,
      ...(end.once ? onceValues(end.once) : []),
    ],
  };
  const { rows } = await observed(
    db,
    'idp',
    () => runStatement(db, query),
    ({ rowCount }) => ({ result: rowCount ? 'revoked' : 'replayed' }),
  );
  const [row] = rows;
  if (!row) return { result: 'replayed' };
  return { result: 'ended', sessionsEnded: row.sessions_ended, grantsEnded: row.grants_ended };
}

// What a revocation of the person or an org-wide sign-out has ended is left to it. Whom anything ended for gets a
// revocation and an audit event of their own (nearly always that is one person; the ids of further ones are numbered), for a
// revocation without a user would read as the whole org's. Where nothing ended there is the audit event alone.
const statement = (once: boolean) => `
  WITH burnt AS (
    ${once ? spending(13) : 'SELECT'}
  ), remembered AS (
    INSERT INTO spent AS s (org_id, kind, id, expires_at)
    SELECT $1, 'idp_session', $2 || ' ' || $3, now() + interval '1 day' FROM burnt
    ON CONFLICT (org_id, kind, id) DO UPDATE SET expires_at = greatest(s.expires_at, excluded.expires_at)
    RETURNING clock_timestamp() AS at
  ), concerned AS (
    SELECT user_id, false AS named FROM sessions WHERE org_id = $1 AND connection_id = $2 AND idp_sid = $3
    UNION ALL
    SELECT user_id, false FROM grants WHERE org_id = $1 AND connection_id = $2 AND idp_sid = $3
    UNION ALL
    SELECT i.user_id, true FROM connections c
    JOIN identities i ON i.org_id = $1 AND i.connection_id = c.id AND i.subject = $12
      AND (i.issuer = c.issuer OR i.issuer = ANY (c.accepted_issuers))
    WHERE c.org_id = $1 AND c.id = $2 AND (c.issuer = $11 OR $11 = ANY (c.accepted_issuers))
  ), people AS (
    SELECT user_id, bool_or(named) AS named, nullif(row_number() OVER (ORDER BY user_id), 1) AS number
    FROM concerned GROUP BY user_id
  ), ended_sessions AS (
    ${tombstones('sessions', ", data = '{}', id_token = NULL")}
  ), ended_grants AS (
    ${tombstones('grants', '')}
  ), counted AS (
    SELECT user_id, number, (SELECT count(*) FROM ended_sessions e WHERE e.user_id = p.user_id) AS sessions,
           (SELECT count(*) FROM ended_grants e WHERE e.user_id = p.user_id) AS grants
    FROM people p
  ), recorded AS (
    INSERT INTO revocations (org_id, id, user_id, initiator, subject, caller_id, sessions_ended, grants_ended, request_id)
    SELECT $1, concat($4::text, '_' || number), user_id, 'idp', $6::jsonb,
           CASE WHEN $7 IN ('api_key', 'connection') THEN $8 END, sessions, grants, $10
    FROM counted WHERE sessions + grants > 0
  ), audited AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT $1, concat($5::text, '_' || number), 'idp_session.ended', $7, $8, CASE WHEN user_id IS NOT NULL THEN 'user' END,
           user_id, $9, $10,
           jsonb_build_object('revocation', CASE WHEN user_id IS NOT NULL THEN concat($4::text, '_' || number) END,
                              'connection', $2::text, 'sessionsEnded', coalesce(sessions, 0),
                              'grantsEnded', coalesce(grants, 0))
    FROM remembered LEFT JOIN counted ON sessions + grants > 0
  )
  SELECT (SELECT count(*)::int FROM ended_sessions) AS sessions_ended,
         (SELECT count(*)::int FROM ended_grants) AS grants_ended
  FROM remembered`;

const tombstones = (table: 'sessions' | 'grants', erased: string) => `
    UPDATE ${table} d SET revoked_at = remembered.at, revocation_id = concat($4::text, '_' || p.number)${erased}
    FROM remembered, people p, users u, orgs o
    WHERE d.org_id = $1 AND d.user_id = p.user_id AND d.connection_id = $2
      AND (d.idp_sid = $3 OR (p.named AND d.idp_sid IS NULL)) AND d.revoked_at IS NULL AND d.ended_at IS NULL
      AND u.org_id = d.org_id AND u.id = d.user_id AND u.generation = d.user_generation
      AND o.id = d.org_id AND o.generation = d.org_generation AND d.expires_at > now() AND d.idle_expires_at > now()
    RETURNING d.user_id`;

const sql = { plain: statement(false), once: statement(true) };
