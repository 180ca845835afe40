import type { Pool, PoolClient } from 'pg';
import { onceOf, recordOf, runStatement } from './asked-rows.ts';
import { observed } from './observed.ts';
import type { Once } from './once.ts';
import type { Revocation } from './revocation.ts';
import { endRowsSql } from './statements.ts';

// Endings of some sessions and grants of a person, one statement each. No generation moves.

type Ended = { sessions: number; grants: number };

/** Revokes one live session or grant of a person; null when the person has no live one of `id`. */
export async function revokeDevice(
  db: Pool | PoolClient,
  { userId, id, ...revocation }: Revocation & Readonly<{ userId: string /** A session's or a grant's. */; id: string }>,
): Promise<Readonly<{ revocationId: string; sessionsEnded: number; grantsEnded: number }> | null> {
  const row = { ...recordOf(revocation), person: userId, device: id };
  const { sessions, grants } = await observed(
    db,
    revocation.initiator,
    async () => (await runStatement<Ended>(db, 'end-rows', endRowsSql, [row])).rows[0] as Ended,
    (ended) => ({ result: ended.sessions + ended.grants > 0 ? 'revoked' : 'unknown' }),
  );
  if (sessions + grants === 0) return null;
  return { revocationId: row.revocation, sessionsEnded: sessions, grantsEnded: grants };
}

export type IdpSessionEnd = Omit<Revocation, 'initiator' | 'reason'> &
  Readonly<{
    connectionId: string;
    /** The IdP's name for the session: the claim `sid` of its ID tokens. */
    sid: string;
    /** The person, where the IdP names one. */
    of?: Readonly<{ issuer: string; subject: string }> | undefined;
    once?: Once;
    /** Nobody proves that the IdP sends it. `hasRoom`: a `sid` that ends nothing is remembered too. */
    frontChannel?: Readonly<{ hasRoom: boolean }>;
  }>;

export type IdpSessionOutcome =
  | Readonly<{ result: 'ended'; sessionsEnded: number; grantsEnded: number }>
  /** `once` was spent before: nothing was done. */
  | Readonly<{ result: 'replayed' }>;

/**
 * Ends the sessions and grants that carry the `sid` of one session at an org's IdP. The `sid`, also
 * one that nobody here knows, is remembered for a day, so that sign-ins under way with it fail. If
 * the IdP names the person (`of`), their sessions and grants of this connection without any `sid`
 * end too: these are older than the IdP's first `sid`, and may be of this session. By front-channel
 * logout a `sid` is remembered for 15 minutes.
 */
export async function endIdpSession(
  db: Pool | PoolClient,
  { connectionId, sid, of, once, frontChannel, ...end }: IdpSessionEnd,
): Promise<IdpSessionOutcome> {
  const row = {
    ...recordOf({ ...end, initiator: 'idp' }),
    connection: connectionId,
    idp_sid: sid,
    issuer: of?.issuer,
    subject: of?.subject,
    once: onceOf(once),
    via: frontChannel && 'front_channel',
    has_room: frontChannel?.hasRoom,
  };
  const ended = await observed(
    db,
    'idp',
    async () => (await runStatement<Ended>(db, 'end-rows', endRowsSql, [row])).rows[0],
    (ended) => ({ result: ended ? 'revoked' : 'replayed' }),
  );
  if (!ended) return { result: 'replayed' };
  return { result: 'ended', sessionsEnded: ended.sessions, grantsEnded: ended.grants };
}
