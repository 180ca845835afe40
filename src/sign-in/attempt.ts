import type { Response } from 'express';
import type { AuthorizationResponse } from './check-response.ts';
import type { OrgConnection, SignInConnection } from './find-sign-in-connection.ts';
import type { VerifiedSignIn } from './id-token.ts';
import type { SealedState } from './sealed-state.ts';

// The parts of a sign-in's callback: each step takes what the one before it made.

/** The answer came back to the browser that started the sign-in. */
export type OpenedSignIn = Readonly<{
  found: OrgConnection;
  /** When `found` was read, on this process's monotonic clock in milliseconds. */
  foundAt: number;
  state: SealedState;
  response: AuthorizationResponse;
  /**
   * Ends every call to the IdP, and what else the callback waits for outside, nine seconds after it
   * began.
   */
  deadline: AbortSignal;
}>;

/** The state holds, and the answer is a code from the connection that was asked. */
export type AnsweredSignIn = OpenedSignIn & Readonly<{ connection: SignInConnection; code: string }>;

/** The code was exchanged, and the ID token holds. */
export type ProvenSignIn = AnsweredSignIn & Readonly<{ verified: VerifiedSignIn }>;

/**
 * What is known of a sign-in if it is refused now, for the page and the organisation's record. No
 * step reads it.
 */
export type Attempt = Readonly<{
  found: OrgConnection | null;
  state: SealedState | null;
  /** An identity provider has vouched for a person. */
  isProven: boolean;
  userId: string | null;
  /** Where a "try again" should return to. */
  returnTo: string | null;
}>;

const unknown: Attempt = { found: null, state: null, isProven: false, userId: null, returnTo: null };

export function attemptOf(res: Response): Attempt {
  const locals: { attempt?: Attempt } = res.locals;
  return locals.attempt ?? unknown;
}

/** Adds to what is known. */
export function noteAttempt(res: Response, known: Partial<Attempt>): void {
  res.locals.attempt = { ...attemptOf(res), ...known } satisfies Attempt;
}
