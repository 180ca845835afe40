import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { By } from '../by.ts';
import type { Config } from '../config.ts';
import { newId } from '../database/ids.ts';
import { displaced } from '../sessions/displaced.ts';
import type { Principal } from '../sessions/principal.ts';
import { idHash } from './id-hash.ts';

export type Approval = Readonly<{
  /** The person whose live session in this browser approves. */
  person: Principal;
  /** The org at whose issuer it began; undefined: the product's own. */
  orgId: string | undefined;
  interactionId: string;
  clientId: string;
  scope: string;
  userAgent: string | null;
  by: By;
}>;

/** Seconds that a grant without refresh token waits for its access token, as a device code can. */
const waitSeconds = 900;

/**
 * Inserts the grant from exactly the session that approves, if that is alive. Both generations and
 * the IdP's session are copied from it, never read from the user at that moment: a revocation in
 * between leaves a grant that is born dead. User and session are locked (FOR NO KEY UPDATE) as at
 * sign-in. An end that the IdP set for the session is the grant's, too. The person's oldest grant
 * ends where the new one is one too many. The same statement writes the interaction's result: one
 * interaction makes one grant. False when nothing was inserted.
 */
export async function approve(
  pool: Pool,
  config: Pick<Config, 'grantIdleSeconds' | 'grantAbsoluteSeconds'>,
  { person, orgId, interactionId, clientId, scope, userAgent, by }: Approval,
): Promise<boolean> {
  const lasting = scope.split(' ').includes('offline_access');
  const { rowCount } = await pool.query({
    name: orgId === undefined ? 'grant-insert' : 'app-grant-insert',
    text: orgId === undefined ? sql : appSql,
    values: [
      person.orgId,
      person.userId,
      person.credential.id,
      idHash(orgId, interactionId),
      newId('grant'),
      clientId,
      scope,
      userAgent?.slice(0, 512) ?? null,
      by.ip,
      lasting ? config.grantIdleSeconds : waitSeconds,
      lasting ? config.grantAbsoluteSeconds : waitSeconds,
      newId('auditEvent'),
      by.requestId,
      ...(orgId === undefined ? [] : [randomBytes(18).toString('base64url')]),
    ],
  });
  return rowCount === 1;
}

const sqlOf = (account: string, there: string) => `
  WITH holder AS (
    SELECT u.org_id, u.id, u.generation FROM users u
    WHERE u.org_id = $1 AND u.id = $2 AND u.active
    FOR NO KEY UPDATE
  ), approver AS (
    SELECT s.* FROM holder h
    JOIN sessions s ON s.org_id = h.org_id AND s.user_id = h.id AND s.user_generation = h.generation
    JOIN live_sessions l ON l.org_id = s.org_id AND l.id = s.id
    WHERE s.id = $3 AND s.revoked_at IS NULL AND s.ended_at IS NULL
    FOR NO KEY UPDATE OF s
  ), answered AS (
    UPDATE tokens t SET payload = t.payload || jsonb_build_object('result', jsonb_build_object(
      'login', jsonb_build_object('accountId', ${account}, 'remember', false,
                                  'ts', floor(extract(epoch FROM a.created_at))),
      'consent', jsonb_build_object('grantId', a.org_id || '.' || $5::text)))
    FROM approver a
    WHERE t.kind = 'Interaction' AND t.id_hash = $4 AND t.consumed_at IS NULL AND t.expires_at > now()
      AND NOT t.payload ? 'result'
    RETURNING a.*
  ), made AS (
    INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation,
                        org_generation, idp_sid, scope, user_agent, ip, last_seen_ip, idle_expires_at, expires_at,
                        authenticated_at)
    SELECT a.org_id, $5, $6, a.user_id, a.connection_id, a.identity_id, a.id, a.user_generation, a.org_generation, a.idp_sid,
           $7, $8, $9, $9, now() + make_interval(secs => least($10::float8, $11::float8, o.grant_idle_seconds, o.grant_absolute_seconds)),
           least(now() + make_interval(secs => least($11::float8, o.grant_absolute_seconds)), a.idp_expires_at), a.authenticated_at
    FROM answered a JOIN orgs o ON o.id = a.org_id
    RETURNING org_id, id, user_id, client_id, session_id, ip, user_generation, org_generation, connection_id, idp_sid
  )${there}${displaced('grant', '$13')}
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
  SELECT org_id, $12, 'grant.created', 'user', user_id, 'grant', id, ip, $13,
         jsonb_build_object('client', client_id, 'session', session_id)
  FROM made`;

const sql = sqlOf(`a.org_id || '.' || a.user_id`, '');

/** Of one person and app. */
const mostSessionsThere = 50;

/**
 * A web app of an org's issuer also gets a `sid` for the browser's session, with both generations of
 * it, under the same lock: a logout names all that were told before it. The person was seen there.
 */
const appSql = sqlOf(
  `a.user_id`,
  `, seen AS (
    INSERT INTO app_people (org_id, app_id, user_id, seen_at) SELECT org_id, client_id, user_id, now() FROM made
    ON CONFLICT (org_id, app_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
  ), there AS (
    INSERT INTO app_sessions (org_id, app_id, id, user_id, session_id, user_generation, org_generation, connection_id, idp_sid)
    SELECT org_id, client_id, $14, user_id, session_id, user_generation, org_generation, connection_id, idp_sid FROM made m
    WHERE NOT EXISTS (SELECT FROM app_sessions s WHERE s.org_id = m.org_id AND s.app_id = m.client_id
                        AND s.session_id = m.session_id AND s.told_at IS NULL AND s.ended_at IS NULL)
  ), pruned AS (
    DELETE FROM app_sessions d WHERE (d.org_id, d.app_id, d.id) IN (
      SELECT s.org_id, s.app_id, s.id FROM app_sessions s
      JOIN made m ON s.org_id = m.org_id AND s.user_id = m.user_id AND s.app_id = m.client_id
      ORDER BY s.told_at IS NULL DESC, s.created_at DESC, s.id OFFSET ${mostSessionsThere - 1})
  )`,
);
