import type { Pool } from 'pg';
import { clockSkew } from '../connections/idp-keys.ts';
import { hashSecret } from '../keyring.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import type { VerifiedSignIn } from './id-token.ts';
import { onOurClock } from './idp-clock.ts';
import type { SealedState } from './sealed-state.ts';

type LastRevocation = Readonly<{
  /** Seconds since 1970, the database's clock. */
  at: number;
  /** Whether the revocation had committed when the sign-in started. */
  visible: boolean;
}>;

/** User and org from one SELECT: the sign-in is judged by them, its session is born with them. */
export type SignInStanding = Readonly<{
  active: boolean;
  userGeneration: number;
  orgGeneration: number;
  /** Nobody has signed everyone of the org out since the sign-in started. */
  orgAsAtStart: boolean;
  /**
   * The last revocations of the user, of the org, of a removed person who had the address or the
   * subject before, whom the IdP knows as the same, and of others whom the address means, if they
   * came since the start.
   */
  revocations: readonly LastRevocation[];
  /** This browser's session, alive or ended, is the person's and of both current generations. */
  signedInSince: boolean;
}>;

type Who = Readonly<{
  orgId: string;
  /** Null: a newcomer. */
  userId: string | null;
  /** The look-up form of the address that the IdP names now, if it does. */
  emailKey: string | null;
  /** That of the browser's cookie. */
  sessionId: string;
  connectionId: string;
  subject: string;
}>;

/** There is always a row: the org was found before. `at` null: there was no revocation. */
type StandingRow = Omit<SignInStanding, 'orgAsAtStart' | 'revocations'> & {
  revocations: readonly (LastRevocation | Readonly<{ at: null }>)[];
};

/** Reads without a lock: the session's insert compares the generations again. */
export async function readStanding(pool: Pool, who: Who, state: SealedState): Promise<SignInStanding> {
  const { rows } = await pool.query<StandingRow>({
    name: 'sign-in-standing',
    text: sql,
    values: [
      who.orgId,
      who.userId,
      state.snapshot,
      hashSecret(who.sessionId),
      who.emailKey,
      who.connectionId,
      who.subject,
    ],
  });
  const { revocations, ...row } = rows[0] as StandingRow;
  const orgAsAtStart = row.orgGeneration === state.orgGeneration;
  return { ...row, orgAsAtStart, revocations: revocations.filter((revoked) => revoked.at !== null) };
}

// A sealed snapshot from the future was taken on a primary that has been lost: the transactions
// that it counts as done aren't ours of the same numbers. A revocation's transaction id from the
// future means that the cluster was restored and its counter set back: today's snapshots would
// never see the revocation, and the person could never sign in again.
const visible = (table: string) => `
  (${table}.revoked_xid IS NULL OR ${table}.revoked_xid >= pg_snapshot_xmax(pg_current_snapshot())
    OR (pg_snapshot_xmax($3::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
        AND pg_visible_in_snapshot(${table}.revoked_xid, $3::pg_snapshot)))`;

const sql = `
  SELECT coalesce(u.active, $2::text IS NULL) AS active,
         coalesce(u.generation, 0) AS "userGeneration", o.generation AS "orgGeneration",
         jsonb_build_array(
           jsonb_build_object('at', extract(epoch FROM o.revoked_at), 'visible', ${visible('o')}),
           jsonb_build_object('at', extract(epoch FROM u.revoked_at), 'visible', ${visible('u')})) || coalesce(
             (SELECT jsonb_agg(jsonb_build_object('at', extract(epoch FROM r.revoked_at), 'visible', ${visible('r')}))
              FROM released_names r
              WHERE r.org_id = o.id AND r.name IN (
                released_name('email ' || u.email_key), released_name('email ' || $5),
                released_name('at ' || $6::text || ' email ' || u.email_key), released_name('at ' || $6::text || ' email ' || $5),
                released_name('subject ' || $6::text || ' ' || $7::text))), '[]') || coalesce(
             (SELECT jsonb_agg(jsonb_build_object('at', extract(epoch FROM n.revoked_at), 'visible', false))
              FROM named_by_address(o.id, $5, $6) named JOIN users n ON n.org_id = o.id AND n.id = named.user_id
              WHERE n.id IS DISTINCT FROM $2 AND n.revoked_at IS NOT NULL AND NOT ${visible('n')}), '[]') AS revocations,
         EXISTS (SELECT FROM sessions s
                 WHERE s.sid_hash = $4 AND s.org_id = o.id AND s.user_id = u.id
                   AND s.user_generation = u.generation AND s.org_generation = o.generation) AS "signedInSince"
  FROM orgs o
  LEFT JOIN users u ON u.org_id = o.id AND u.id = $2
  WHERE o.id = $1`;

/** Seconds, as both claims are whole seconds. Starts that wait for `settleSeconds` close the gap. */
const slack = 2;
/** Seconds between the IdP's clock and ours that certainly lie beyond any error of either. */
const certainly = 300;

/**
 * Whether the person authenticated after the last revocation, or after a start that asked for it,
 * and doesn't merely have a session left at the IdP. Differences are taken on one clock each; a
 * stripped `prompt` or `max_age` shows in `auth_time`.
 */
export function judgeFreshness(input: {
  standing: SignInStanding;
  verified: VerifiedSignIn;
  reauthentication: SignInConnection['reauthentication'];
  state: Pick<SealedState, 'prompted' | 'anew' | 'startedAt'>;
  settleSeconds: number;
}): 'fresh' | 'stale' | 'auth_time_missing' {
  const { standing, verified, state, settleSeconds } = input;
  if (standing.revocations.length === 0 && !state.anew) return 'fresh';
  // The sign-in was already under way when the revocation came.
  if (!standing.orgAsAtStart || !standing.revocations.every((revoked) => revoked.visible)) return 'stale';

  const authTime = verified.claims.auth_time ?? null;
  if (authTime === null && input.reauthentication === 'verified') return 'auth_time_missing';
  // Some IdPs skip `prompt=login` for a session of a few seconds. What whole seconds could hide of
  // it lies after the revocation, where the start came late enough. No revocation that is visible
  // in its snapshot is later than the start, unless the database's clock has been set back.
  const isSettled = ({ at }: LastRevocation) => at > state.startedAt || state.startedAt - at >= settleSeconds;
  if (!standing.revocations.every(isSettled)) return 'stale';
  // Only the browser that was asked counts: in another a session left at the IdP proves nothing.
  if (authTime === null) return state.prompted || standing.signedInSince ? 'fresh' : 'stale';
  // Nobody authenticates after the token that says so was issued.
  if (authTime > verified.issuedAt + clockSkew) return 'stale';
  const sinceStart = verified.issuedAt - authTime <= verified.elapsed + slack;
  if (state.anew) return sinceStart ? 'fresh' : 'stale';
  const afterRevocation = standing.revocations.every((revoked) => authTime > revoked.at + certainly);
  return sinceStart || afterRevocation ? 'fresh' : 'stale';
}

/** From when on, on the database's clock, a start may be followed by a fresh sign-in. */
export function settledAt({ revocations }: SignInStanding, settleSeconds: number): number {
  return Math.max(...revocations.map(({ at }) => at)) + settleSeconds;
}

/**
 * When the person authenticated, on the database's clock: the IdP's clock alone tells how long that
 * was before its answer. Null where the IdP doesn't say, unless its administrator has set
 * `best_effort` and the start was prompted: then the start counts.
 */
export function authenticationTime(
  verified: VerifiedSignIn,
  reauthentication: SignInConnection['reauthentication'],
  state: Pick<SealedState, 'prompted' | 'startedAt'>,
): Date | null {
  const authTime = verified.claims.auth_time ?? null;
  // A person who was asked at the start authenticated no earlier.
  if (authTime === null)
    return state.prompted && reauthentication === 'best_effort' ? new Date(state.startedAt * 1000) : null;
  return new Date(onOurClock(Math.min(authTime, verified.issuedAt), verified, state) * 1000);
}
