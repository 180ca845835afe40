import type { AppKind } from './app-settings.ts';

/** How a person was called when a forward was planned. */
export type Names = Readonly<{
  userId: string;
  email: string;
  /** Of the identity that signed in last; null: none. */
  issuer: string | null;
  subject: string | null;
  /** The app's own id of the person; null: unknown. */
  there: string | null;
  /** The address from before, where the person was given another in the very moment of the revocation. */
  formerEmail?: string | null;
  /** Of an event about a shared account: what the account is called. */
  account?: string | null;
}>;

/** What is said about it, for receivers that take more than a name. */
export type Said = Readonly<{
  initiator: 'idp' | 'admin' | 'user' | 'scim' | 'signal' | 'policy' | 'operator' | null;
  reasonAdmin: string | null;
  reasonUser: string | null;
  /** Of a shared account's new password: why, and whose sign-out it came of. */
  cause?: string | null;
  revocation?: string | null;
  /** Of a verification: what the receiver gave, to know it by. */
  state?: string | null;
  /** Of a change of a stream. */
  status?: string;
  reason?: string | null;
}>;

/** A forward that this node has claimed, with its app as it is now. */
export type ClaimedForward = Readonly<{
  orgId: string;
  id: string;
  claim: number;
  userId: string;
  revocationId: string | null;
  type: string;
  /** Only this session of the app; null: all of the person. */
  sid: string | null;
  names: Names;
  said: Said;
  jti: string | null;
  attempts: number;
  revokedAt: Date;
  app: Readonly<{
    id: string;
    kind: AppKind;
    name: string;
    /** As stored: the sender parses it by `settingsOf`. */
    settings: unknown;
    /** Sealed. */
    credential: string | null;
  }>;
}>;

export type AppToCall = ClaimedForward['app'] & Readonly<{ orgId: string }>;

/** What came of one try. `error` is a word of a closed list, never what the app said. */
export type ForwardOutcome = Readonly<
  | { result: 'delivered'; status: number | null; error?: 'unknown_there' }
  | { result: 'again'; status: number | null; error: string; afterMs?: number }
  | { result: 'dead'; status: number | null; error: string }
  | { result: 'left_out'; status: null; error: string }
>;

/** Sends one forward by the app's kind. It throws nothing that the receiver can cause. */
export type SendForward = (forward: ClaimedForward, signal: AbortSignal) => Promise<ForwardOutcome>;
