import type { By } from '../by.ts';
import type { Initiator } from '../database/generated/client.ts';
import type { Credential } from '../sessions/principal.ts';
import type { Once } from './once.ts';

/** How a user is named, all within one org. Several names must all mean the same user. */
export type Subject = Readonly<{
  userIds?: readonly string[];
  /** Lower-cased ASCII, as `emailKey` makes them. */
  emailKeys?: readonly string[];
  identities?: readonly Readonly<{ issuer: string; subject: string }>[];
}>;

export type Revocation = Readonly<{
  orgId: string;
  /** Who caused it. */
  initiator: Initiator;
  by: By;
  /** For administrators; never shown to the person. */
  reason?: string | null;
  /** The neutral part, which the person reads. */
  reasonForPerson?: string | null;
  /** The subject identifier as it was received. */
  asked?: unknown;
}>;

export type UserRevocation = Revocation &
  Readonly<{
    subject: Subject;
    /**
     * The connection whose IdP asks: it reaches only users with an identity on it, or with an
     * address of a verified domain that it is authoritative for. Everybody else is unknown to it.
     */
    reach?: { connectionId: string };
    /** Spent in the same statement. */
    once?: Once;
  }>;

/** What goes on alone: it may have to wait for whoever holds the person's row. */
export type AloneRevocation = UserRevocation &
  Readonly<{
    /** "Sign out everywhere else": this one stays, if it was live until this very revocation. */
    keep?: Credential;
    /**
     * Also switches the user off, in the same UPDATE: two updates of one row in one statement would
     * lose one of them.
     */
    deactivate?: boolean;
    /** Provisioning changes what the person is found by, in the same UPDATE. */
    rename?: NewNames;
  }>;

/** Keys are the look-up forms (`emailKey`). `userName` null: the address is it. */
export type NewNames = Readonly<{
  email: string;
  emailKey: string;
  userName: string | null;
  userNameKey: string | null;
}>;

/**
 * `more`: the person had very many; what is counted here is dead like the rest, which a job counts
 * into the revocation.
 */
export type Revoked = Readonly<{
  revocationId: string;
  userId: string;
  sessionsEnded: number;
  grantsEnded: number;
  more: boolean;
}>;

export type RevocationOutcome =
  | (Revoked & Readonly<{ result: 'revoked' }>)
  | Readonly<{ result: 'unknown' }>
  | Readonly<{ result: 'ambiguous' }>
  /** `once` was spent before: nothing was done. */
  | Readonly<{ result: 'replayed' }>;
