import { channel } from 'node:diagnostics_channel';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { newId } from '../database/ids.ts';
import { displaced } from './displaced.ts';
import { SignInSuperseded, type SignInTicket } from './principal.ts';

/** Publishes how sign-ins end, for counting. */
export const signInChannel = channel('universal-logout:sign-in');
export type ObservedSignIn = Readonly<{ result: 'succeeded' | 'refused' | 'failed' }>;

/** The audit event's row, whose target is the session. */
type InsertedRow = { target_id: string };

/**
 * Inserts the session if the sign-in's state wasn't burnt before and its generations are current,
 * and burns the state. The user's row is locked (FOR NO KEY UPDATE) so that a revocation comes
 * wholly before or wholly after; the org's row is not: a session inserted beside an org-wide bump
 * is born dead. The person's oldest session ends where the new one is one too many. A role that the
 * sign-in brings is set, and recorded, in the same statement. Returns the session's id.
 * @throws SignInSuperseded
 */
export async function insertSession(
  pool: Pool,
  config: Pick<Config, 'sessionIdleSeconds' | 'sessionAbsoluteSeconds'>,
  { sidHash, ticket, data }: { sidHash: Buffer; ticket: SignInTicket; data: string },
): Promise<string> {
  const { rows } = await pool.query<InsertedRow>({
    name: `session-insert-${ticket.role === null ? 'plain' : 'role'}`,
    text: ticket.role === null ? sql.plain : sql.role,
    values: [
      ticket.orgId,
      ticket.stateId,
      ticket.stateExpiresAt,
      ticket.userId,
      ticket.userGeneration,
      ticket.orgGeneration,
      newId('session'),
      sidHash,
      ticket.identityId,
      ticket.connectionId,
      data,
      ticket.userAgent?.slice(0, 512) ?? null,
      ticket.ip,
      config.sessionIdleSeconds,
      config.sessionAbsoluteSeconds,
      newId('auditEvent'),
      ticket.requestId,
      ticket.idpSid,
      ticket.idToken,
      ticket.authenticatedAt,
      ticket.expiresBy,
      ...(ticket.role === null ? [] : [ticket.role, newId('auditEvent')]),
    ],
  });
  const [inserted] = rows;
  if (!inserted) throw new SignInSuperseded();
  signInChannel.publish({ result: 'succeeded' } satisfies ObservedSignIn);
  return inserted.target_id;
}

// `role` is read from the locked row. Only the variant that needs a table names it.
const statement = (variant: 'plain' | 'role') => `
  WITH burnt AS (
    INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, 'sign_in_state', $2, $3)
    ON CONFLICT DO NOTHING RETURNING id
  ), holder AS (
    SELECT u.org_id, u.id, u.generation, u.role FROM users u
    WHERE u.org_id = $1 AND u.id = $4 AND u.generation = $5 AND u.active
    FOR NO KEY UPDATE
  ), made AS (
    INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation,
                          data, user_agent, ip, last_seen_ip, idle_expires_at, expires_at, idp_sid, id_token,
                          authenticated_at, idp_expires_at)
    SELECT h.org_id, $7, $8, h.id, i.connection_id, i.id, h.generation, o.generation, $11, $12, $13, $13,
           now() + make_interval(secs => least($14::float8, o.session_idle_seconds)),
           least(now() + make_interval(secs => least($15::float8, o.session_absolute_seconds)), $21), $18, $19, $20, $21
    FROM holder h
    JOIN orgs o ON o.id = h.org_id AND o.generation = $6
    JOIN identities i ON i.org_id = h.org_id AND i.id = $9 AND i.user_id = h.id AND i.connection_id = $10
    JOIN connections c ON c.org_id = h.org_id AND c.id = i.connection_id AND c.active
    WHERE EXISTS (SELECT FROM burnt)
      AND NOT ($18::text IS NOT NULL AND idp_session_ended(h.org_id, i.connection_id, $18))
    RETURNING org_id, id, user_id, ip, connection_id
  )${displaced('session', '$17')}${variant === 'role' ? changedRole : ''}
  INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
  SELECT org_id, $16, 'sign_in.succeeded', 'user', user_id, 'session', id, ip, $17,
         jsonb_build_object('connection', connection_id)
  FROM made
  RETURNING target_id`;

const changedRole = `, changed AS (
    UPDATE users u SET role = $22::"Role", updated_at = clock_timestamp()
    FROM holder h, made s
    WHERE u.org_id = h.org_id AND u.id = h.id AND h.role NOT IN ('owner', $22::"Role")
    RETURNING u.org_id, u.id, h.role AS before, s.connection_id, s.ip
  ), recorded AS (
    INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
    SELECT org_id, $23, 'role.changed', 'connection', connection_id, 'user', id, ip, $17,
           jsonb_build_object('from', before, 'to', $22::text, 'by', 'claim')
    FROM changed
  )`;

const sql = { plain: statement('plain'), role: statement('role') };
