import type { CalledEndpoint } from '../audit/actions.ts';
import type { By } from '../by.ts';
import type { Initiator } from '../database/generated/client.ts';
import type { Credential } from '../sessions/principal.ts';
import type { Once } from './once.ts';

/** The names of one user within one org: several names must all mean the same user. */
export type Subject = Readonly<{
  userIds?: readonly string[];
  /** As `emailKey` makes them. */
  emailKeys?: readonly string[];
  identities?: readonly Readonly<{ issuer: string; subject: string }>[];
}>;

export type Revocation = Readonly<{
  orgId: string;
  /** Who caused the revocation. */
  initiator: Initiator;
  by: By;
  /** The endpoint that took the call, where a key or an IdP ends access. */
  endpoint?: CalledEndpoint;
  /** The reason for administrators; never shown to the person. */
  reason?: string | null;
  /** The neutral reason, which the person reads. */
  reasonForPerson?: string | null;
  /** The subject identifier as it was received. */
  asked?: unknown;
  /** Its id, where one was chosen before: whoever asks again learns by it that it is done. */
  revocationId?: string;
}>;

export type UserRevocation = Revocation &
  Readonly<{
    subject: Subject;
    /**
     * The connection whose IdP asks: it reaches only users with an identity on it, or with an
     * address of a verified domain that it is authoritative for. Everybody else is unknown to it.
     */
    reach?: { connectionId: string };
    /** The thing to spend in the same statement. */
    once?: Once;
  }>;

/** A revocation that goes on alone: it may have to wait for a lock on the person's row. */
export type AloneRevocation = UserRevocation &
  Readonly<{
    /** "Sign out everywhere else": this credential stays if it was live until this revocation. */
    keep?: Credential;
    /** Switches the user off in the same UPDATE: a statement loses a second UPDATE of one row. */
    deactivate?: boolean;
    /** The names that provisioning gives the person, set in the same UPDATE. */
    rename?: NewNames;
  }>;

/** Keys are the look-up forms (`emailKey`). `userName` null: the address is the user name. */
export type NewNames = Readonly<{
  email: string;
  emailKey: string;
  userName: string | null;
  userNameKey: string | null;
}>;

/** `more`: the person had very many. All are dead; a job counts the rest into the revocation. */
export type Revoked = Readonly<{
  revocationId: string;
  userId: string;
  sessionsEnded: number;
  grantsEnded: number;
  more: boolean;
}>;

export type RevocationOutcome =
  /** `others`: further people whom the one name means, whose access has ended as well. */
  | (Revoked & Readonly<{ result: 'revoked'; others: readonly Revoked[] }>)
  | Readonly<{ result: 'unknown' }>
  | Readonly<{ result: 'ambiguous' }>
  /** `once` was spent before: nothing was done. */
  | Readonly<{ result: 'replayed' }>;
