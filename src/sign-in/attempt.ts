import type { Response } from 'express';
import type { AuthorizationResponse } from './check-response.ts';
import type { OrgConnection, SignInConnection } from './find-sign-in-connection.ts';
import type { VerifiedSignIn } from './id-token.ts';
import type { SealedState } from './sealed-state.ts';

// The parts of a sign-in's callback: each step takes what the step before it made.

/** The answer came back to the browser that started the sign-in. */
export type OpenedSignIn = Readonly<{
  found: OrgConnection;
  /** When `found` was read, on this process's monotonic clock in milliseconds. */
  foundAt: number;
  state: SealedState;
  response: AuthorizationResponse;
  /** Ends the callback's calls to the IdP, and its other waits, nine seconds after its start. */
  deadline: AbortSignal;
}>;

/** The state holds, and the answer is a code from the connection that was asked. */
export type AnsweredSignIn = OpenedSignIn & Readonly<{ connection: SignInConnection; code: string }>;

/** The code was exchanged, and the ID token holds. */
export type ProvenSignIn = AnsweredSignIn & Readonly<{ verified: VerifiedSignIn }>;

/** Why a sign-in doesn't count, and the moment (database's clock) before which none can. */
export type NotFresh = Readonly<{ why: 'stale' | 'auth_time_missing' | 'overtaken'; notBefore: number }>;

/** The facts about a sign-in for what becomes of a refusal: its page, its record. */
export type Attempt = Readonly<{
  found: OrgConnection | null;
  state: SealedState | null;
  /** An identity provider has vouched for a person. */
  isProven: boolean;
  userId: string | null;
  /** What a "try again" should ask for as well. */
  wanted: Readonly<Pick<SealedState, 'returnTo' | 'loginHint' | 'anew'>> | null;
  /** The address of who is signed in by now, where the sign-in may have been completed before. */
  signedInAs: string | null;
}>;

const unknown: Attempt = {
  found: null,
  state: null,
  isProven: false,
  userId: null,
  wanted: null,
  signedInAs: null,
};

export function attemptOf(res: Response): Attempt {
  const locals: { attempt?: Attempt } = res.locals;
  return locals.attempt ?? unknown;
}

/** Adds facts to the attempt. */
export function noteAttempt(res: Response, known: Partial<Attempt>): void {
  res.locals.attempt = { ...attemptOf(res), ...known } satisfies Attempt;
}
