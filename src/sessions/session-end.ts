import type { Pool, QueryResult } from 'pg';
import { AppError } from '../errors.ts';

/** Why a session is dead, in words for the person: the administrator's own reason never leaves the record. */
export type SessionEnd = Readonly<{ code: 'session_revoked' | 'session_ended' | 'session_expired'; at: Date }>;

const explainSql = (condition: string) => `
  SELECT s.ended_at, s.revoked_at, least(s.expires_at, s.idle_expires_at) AS expired_at,
         CASE WHEN s.org_generation <> o.generation THEN o.revoked_at END AS org_revoked_at,
         CASE WHEN s.user_generation <> u.generation OR NOT u.active THEN coalesce(u.revoked_at, now()) END AS user_revoked_at
  FROM sessions s
  JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id
  JOIN orgs o ON o.id = s.org_id
  WHERE ${condition}`;

/**
 * Explains a dead session from its tombstone, or from the generations where an org-wide sign-out has not been tombstoned
 * yet. Null when no row tells.
 */
export async function explainEnd(pool: Pool, sidHash: Buffer): Promise<SessionEnd | null> {
  return explained(
    await pool.query({ name: 'session-explain', text: explainSql('s.sid_hash = $1'), values: [sidHash] }),
  );
}

/** The same, for a session that is known by its id. */
export async function explainEndById(pool: Pool, orgId: string, id: string): Promise<SessionEnd | null> {
  const text = explainSql('s.org_id = $1 AND s.id = $2');
  return explained(await pool.query({ name: 'session-explain-by-id', text, values: [orgId, id] }));
}

function explained({ rows }: QueryResult): SessionEnd | null {
  const row = rows[0];
  if (!row) return null;
  if (row.ended_at) return { code: 'session_ended', at: row.ended_at };
  const revokedAt = row.revoked_at ?? row.user_revoked_at ?? row.org_revoked_at;
  if (revokedAt) return { code: 'session_revoked', at: revokedAt };
  return { code: 'session_expired', at: row.expired_at };
}

/** The 401 for a request without a live session. It names the reason when a row knows it. */
export function notSignedIn(end: SessionEnd | undefined): AppError {
  if (!end) return new AppError('not_signed_in', 'Sign in through your organisation to go on.');
  const detail = {
    session_revoked: `Your organisation signed you out at ${end.at.toISOString()}. Sign in again to go on.`,
    session_ended: `You signed out at ${end.at.toISOString()}. Sign in again to go on.`,
    session_expired: `Your session expired at ${end.at.toISOString()}. Sign in again to go on.`,
  }[end.code];
  return new AppError(end.code, detail, { members: { signedOutAt: end.at.toISOString() } });
}
