import type { Pool } from 'pg';
import { AppError } from '../errors.ts';
import { type OwnReason, ownReasonOf } from './own-reasons.ts';
import type { DeviceKind } from './principal.ts';

/** Why a session or grant is dead, for the person; an administrator's own reason is never in it. */
export type SessionEnd = Readonly<{
  code: 'session_revoked' | 'session_ended' | 'session_displaced' | 'session_expired';
  at: Date;
  /** The reason that the administrator wrote for the person, or one of our own. */
  reason?: string;
  /** The reason is our own: nobody wrote it. */
  ownReason?: OwnReason;
  /** Whom the browser that held the session may be asked to sign in again as. */
  person?: RememberedPerson;
  /** Whom to turn to, in the org's words; only where the org ended the access. */
  helpText?: string;
  /** The person was switched off or removed: signing in again does not work. */
  switchedOff: boolean;
  removed: boolean;
}>;

export type RememberedPerson = Readonly<{
  email: string;
  orgSlug: string;
  orgName: string;
  /** The connection that they signed in by; null where it is switched off. */
  connectionId: string | null;
}>;

/** Assignments that go with the end of a row: a session's data and ID token are of no more use. */
export const erased = (table: `${DeviceKind}s`) => (table === 'sessions' ? ", data = '{}', id_token = NULL" : '');

/** When an IdP session ended, as its row of `spent` tells; older rows were kept for a day. */
export const idpEndedAt = "coalesce(spent.ended_at, spent.expires_at - interval '1 day')";

/**
 * The columns from which `toSessionEnd` tells the end of a session or grant `alias` of user `u` in
 * org `o`. A row that is dead by the note of its ended IdP session alone was inserted at that very
 * moment.
 */
export const endColumns = (alias: string, of: DeviceKind) => `
  ${alias}.ended_at, ${alias}.displaced, ${alias}.revoked_at, o.help_text, NOT u.active AS switched_off, u.deleted_at IS NOT NULL AS removed,
  least(${alias}.expires_at, ${alias}.idle_expires_at,
        ${alias}.created_at + make_interval(secs => o.${of}_absolute_seconds),
        ${alias}.last_seen_at + make_interval(secs => o.${of}_idle_seconds),
        CASE WHEN ${alias}.created_at <= o.${of}s_born_after OR ${alias}.last_seen_at <= o.${of}s_seen_after
          THEN ${alias}.last_seen_at END) AS expired_at,
  CASE WHEN ${alias}.org_generation <> o.generation THEN o.revoked_at END AS org_revoked_at,
  CASE WHEN ${alias}.user_generation <> u.generation OR NOT u.active THEN coalesce(u.revoked_at, now()) END AS user_revoked_at,
  CASE WHEN ${alias}.idp_sid IS NOT NULL THEN
    (SELECT greatest(${alias}.created_at, ${idpEndedAt}) FROM spent
     WHERE spent.org_id = ${alias}.org_id AND spent.kind = 'idp_session' AND spent.id = ${alias}.connection_id || ' ' || ${alias}.idp_sid)
  END AS idp_ended_at,
  (SELECT jsonb_build_object('byUser', r.initiator IN ('user', 'policy'), 'reason', r.reason_for_person,
     'ofIdpSession', r.initiator = 'idp' AND coalesce(r.user_generation, r.org_generation) IS NULL)
   FROM revocations r WHERE r.org_id = ${alias}.org_id AND r.id = coalesce(
     ${alias}.revocation_id, CASE WHEN ${alias}.user_generation <> u.generation THEN u.last_revocation_id END,
     CASE WHEN ${alias}.org_generation <> o.generation THEN o.last_revocation_id END)) AS revocation`;

/** The `endColumns` of a session or grant, dead or not. */
export type EndRow = {
  ended_at: Date | null;
  displaced: boolean;
  revoked_at: Date | null;
  help_text: string | null;
  switched_off: boolean;
  removed: boolean;
  expired_at: Date;
  org_revoked_at: Date | null;
  user_revoked_at: Date | null;
  idp_ended_at: Date | null;
  /** `ofIdpSession`: the IdP named one session (`sid`), not the person. */
  revocation: { byUser: boolean; ofIdpSession: boolean; reason: string | null } | null;
};

/** Reads the end from the tombstone, or, where there is none yet, from what ended the row. */
export function toSessionEnd(row: EndRow): SessionEnd {
  const { help_text: helpText, switched_off: switchedOff, removed } = row;
  const standing = { switchedOff, removed };
  if (row.ended_at)
    return { code: row.displaced ? 'session_displaced' : 'session_ended', at: row.ended_at, ...standing };
  const revokedAt = row.revoked_at ?? row.user_revoked_at ?? row.org_revoked_at ?? row.idp_ended_at;
  // "Sign out everywhere" on another device comes from nobody but the person.
  if (revokedAt) {
    if (row.revocation?.byUser) return { code: 'session_ended', at: revokedAt, ...standing };
    const words = { ...reasonOf(row), ...(helpText ? { helpText } : {}) };
    return { code: 'session_revoked', at: revokedAt, ...words, ...standing };
  }
  return { code: 'session_expired', at: row.expired_at, ...standing };
}

/** Nothing where the reason only says what the person's standing says too. */
function reasonOf({ revocation, switched_off: switchedOff }: EndRow): Pick<SessionEnd, 'reason' | 'ownReason'> {
  const reason = revocation?.reason;
  if (!reason) return {};
  const ownReason = ownReasonOf(reason);
  if (!ownReason) return { reason };
  return switchedOff && (ownReason === 'switchedOff' || ownReason === 'removed') ? {} : { reason, ownReason };
}

/** Seconds after the end in which a browser's dead session still tells whose it was. */
const rememberedFor = 86_400;

type ExplainedRow = EndRow & { person: RememberedPerson; active: boolean; named_at: Date; now: Date };

/** Why the session with this hashed id is dead, and whose it was; null when no row tells. */
export async function explainEnd(pool: Pool, sidHash: Buffer): Promise<SessionEnd | null> {
  const { rows } = await pool.query<ExplainedRow>({
    name: 'session-explain',
    text: `SELECT ${endColumns('s', 'session')}, u.active, u.named_at, now() AS now,
                  jsonb_build_object('email', u.email, 'orgSlug', o.slug, 'orgName', o.name, 'connectionId', c.id) AS person
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
 * that became theirs later, nor one that came with the end, which has the same millisecond. A
 * person's own sign-out, here or of their session at the IdP, says that the browser may be
 * anybody's.
 */
function isRemembered(row: ExplainedRow, { code, at }: SessionEnd): boolean {
  const { active, named_at: namedAt, now } = row;
  const isOwn = code === 'session_ended' || row.idp_ended_at !== null || row.revocation?.ofIdpSession === true;
  const isLately = now.getTime() - at.getTime() < rememberedFor * 1000;
  return !isOwn && active && namedAt < at && isLately;
}

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** The 401 for a request without a live session, with the reason when a row tells it. */
export function notSignedIn(end: SessionEnd | undefined): AppError {
  if (!end) return new AppError('not_signed_in', 'Sign in through your organisation to go on.');
  const { code, at, reason, helpText, switchedOff, removed } = end;
  const what = {
    session_revoked: 'Your organisation signed you out',
    session_ended: 'You signed out',
    session_displaced: 'You signed in on more devices than your organisation allows, and the oldest was signed out',
    session_expired: 'Your session expired',
  }[code];
  const when = `on ${moment.format(at)} UTC`;
  const off = removed ? 'Your account was removed.' : 'Your account is switched off.';
  const next = switchedOff ? off : 'Sign in again to go on.';
  return new AppError(code, `${asSentence(`${what} ${when}${reason ? `: ${reason}` : ''}`)} ${next}`, {
    members: {
      signedOutAt: at.toISOString(),
      ...(reason ? { reason } : {}),
      ...(helpText ? { helpText } : {}),
      ...(switchedOff ? { switchedOff } : {}),
    },
  });
}

/** Ends a text with a full stop, unless it has an end: people write reasons either way. */
export function asSentence(text: string): string {
  return /[\p{Sentence_Terminal}…][\p{Pe}\p{Pf}"']*$/u.test(text) ? text : `${text}.`;
}
