import type { Pool } from 'pg';
import { AppError } from '../errors.ts';
import type { DeviceKind } from './principal.ts';

/** Why a session or grant is dead, for the person; an administrator's own reason is never in it. */
export type SessionEnd = Readonly<{
  code: 'session_revoked' | 'session_ended' | 'session_expired';
  at: Date;
  /** The reason that the administrator wrote for the person. */
  reason?: string;
  /** Whom the browser that held the session may be asked to sign in again as. */
  person?: RememberedPerson;
}>;

export type RememberedPerson = Readonly<{
  email: string;
  orgSlug: string;
  /** The connection that they signed in by; null where it is switched off. */
  connectionId: string | null;
}>;

/** Assignments that go with the end of a row: a session's data and ID token are of no more use. */
export const erased = (table: `${DeviceKind}s`) => (table === 'sessions' ? ", data = '{}', id_token = NULL" : '');

/**
 * The columns from which `toSessionEnd` tells the end of a session or grant `alias` of user `u` in
 * org `o`. An ended IdP session is remembered for a day from its end on.
 */
export const endColumns = (alias: string, of: DeviceKind) => `
  ${alias}.ended_at, ${alias}.revoked_at,
  least(${alias}.expires_at, ${alias}.idle_expires_at,
        ${alias}.created_at + make_interval(secs => o.${of}_absolute_seconds),
        ${alias}.last_seen_at + make_interval(secs => o.${of}_idle_seconds),
        CASE WHEN ${alias}.created_at <= o.${of}s_born_after OR ${alias}.last_seen_at <= o.${of}s_seen_after
          THEN ${alias}.last_seen_at END) AS expired_at,
  CASE WHEN ${alias}.org_generation <> o.generation THEN o.revoked_at END AS org_revoked_at,
  CASE WHEN ${alias}.user_generation <> u.generation OR NOT u.active THEN coalesce(u.revoked_at, now()) END AS user_revoked_at,
  CASE WHEN ${alias}.idp_sid IS NOT NULL THEN
    (SELECT e.expires_at - interval '1 day' FROM spent e
     WHERE e.org_id = ${alias}.org_id AND e.kind = 'idp_session' AND e.id = ${alias}.connection_id || ' ' || ${alias}.idp_sid)
  END AS idp_ended_at,
  (SELECT jsonb_build_object('byUser', r.initiator IN ('user', 'policy'), 'reason', r.reason_for_person)
   FROM revocations r WHERE r.org_id = ${alias}.org_id AND r.id = coalesce(
     ${alias}.revocation_id, CASE WHEN ${alias}.user_generation <> u.generation THEN u.last_revocation_id END,
     CASE WHEN ${alias}.org_generation <> o.generation THEN o.last_revocation_id END)) AS revocation`;

/** The `endColumns` of a session or grant, dead or not. */
export type EndRow = {
  ended_at: Date | null;
  revoked_at: Date | null;
  expired_at: Date;
  org_revoked_at: Date | null;
  user_revoked_at: Date | null;
  idp_ended_at: Date | null;
  revocation: { byUser: boolean; reason: string | null } | null;
};

/** Reads the end from the tombstone, or, where there is none yet, from what ended the row. */
export function toSessionEnd(row: EndRow): SessionEnd {
  if (row.ended_at) return { code: 'session_ended', at: row.ended_at };
  const revokedAt = row.revoked_at ?? row.user_revoked_at ?? row.org_revoked_at ?? row.idp_ended_at;
  // "Sign out everywhere" on another device comes from nobody but the person.
  if (revokedAt) {
    const code = row.revocation?.byUser ? 'session_ended' : 'session_revoked';
    return { code, at: revokedAt, ...(row.revocation?.reason ? { reason: row.revocation.reason } : {}) };
  }
  return { code: 'session_expired', at: row.expired_at };
}

/** Seconds after the end in which a browser's dead session still tells whose it was. */
const rememberedFor = 86_400;

type ExplainedRow = EndRow & { person: RememberedPerson; active: boolean; named_at: Date; now: Date };

/** Why the session with this hashed id is dead, and whose it was; null when no row tells. */
export async function explainEnd(pool: Pool, sidHash: Buffer): Promise<SessionEnd | null> {
  const { rows } = await pool.query<ExplainedRow>({
    name: 'session-explain',
    text: `SELECT ${endColumns('s', 'session')}, u.active, u.named_at, now() AS now,
                  jsonb_build_object('email', u.email, 'orgSlug', o.slug, 'connectionId', c.id) AS person
           FROM sessions s
           JOIN users u ON u.org_id = s.org_id AND u.id = s.user_id
           JOIN orgs o ON o.id = s.org_id
           LEFT JOIN connections c ON c.org_id = s.org_id AND c.id = s.connection_id AND c.active
           WHERE s.sid_hash = $1`,
    values: [sidHash],
  });
  const [row] = rows;
  if (!row) return null;
  const end = toSessionEnd(row);
  return isRemembered(row, end) ? { ...end, person: row.person } : end;
}

/**
 * Whoever has the browser may learn no more than the person's own screen showed: not an address
 * that became theirs later. A person's own sign-out says that the browser may be anybody's.
 */
function isRemembered({ active, named_at: namedAt, now }: ExplainedRow, { code, at }: SessionEnd): boolean {
  const isLately = now.getTime() - at.getTime() < rememberedFor * 1000;
  return code !== 'session_ended' && active && namedAt <= at && isLately;
}

/** The 401 for a request without a live session, with the reason when a row tells it. */
export function notSignedIn(end: SessionEnd | undefined): AppError {
  if (!end) return new AppError('not_signed_in', 'Sign in through your organisation to go on.');
  const detail = {
    session_revoked: `Your organisation signed you out at ${end.at.toISOString()}${end.reason ? `: ${end.reason}` : ''}. Sign in again to go on.`,
    session_ended: `You signed out at ${end.at.toISOString()}. Sign in again to go on.`,
    session_expired: `Your session expired at ${end.at.toISOString()}. Sign in again to go on.`,
  }[end.code];
  return new AppError(end.code, detail, {
    members: { signedOutAt: end.at.toISOString(), ...(end.reason ? { reason: end.reason } : {}) },
  });
}
