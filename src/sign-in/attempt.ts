import type { Response } from 'express';
import type { SignInTicket } from '../sessions/principal.ts';
import type { OrgConnection } from './find-connection.ts';
import type { VerifiedSignIn } from './id-token.ts';
import type { SealedState } from './sealed-state.ts';

/** What one request of a sign-in has found out so far; each middleware adds its part. */
export type Attempt = {
  found?: OrgConnection;
  /** When it was found, on this process's monotonic clock in milliseconds. */
  foundAt?: number;
  state?: SealedState;
  verified?: VerifiedSignIn;
  ticket?: SignInTicket;
  /** The person, once known, for the audit event. */
  userId?: string;
  /** Where a "try again" should return to. */
  returnTo?: string | null;
  /** Ends every call to the IdP, and what else the callback waits for outside, nine seconds after it began. */
  deadline: AbortSignal;
};

const limitMs = 9_000;

export function attemptOf(res: Response): Attempt {
  const locals: { attempt?: Attempt } = res.locals;
  locals.attempt ??= { deadline: AbortSignal.timeout(limitMs) };
  return locals.attempt;
}

/** For handlers behind the one that found it; a missing part is a fault of the route's order. */
export function required<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('a step of the sign-in was left out');
  return part;
}
