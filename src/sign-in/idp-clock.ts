import { oldestIssue, type VerifiedSignIn } from './id-token.ts';
import type { SealedState } from './sealed-state.ts';

// An IdP's answer shows how far its clock and ours are apart, to within the exchange and a second.

/**
 * When the ID token was issued, on the IdP's clock. `iat` may be dated back, so the answer's Date
 * header counts where it is later; but not where it is later by more than a token's age may be: then
 * it is the clock of another machine.
 */
export function momentOfIssue(iat: number, answeredAt: number | null): number {
  return answeredAt !== null && answeredAt > iat && answeredAt <= iat + oldestIssue ? answeredAt : iat;
}

/** A moment of the IdP's clock on the database's, in seconds. */
export function onOurClock(
  moment: number,
  { issuedAt, elapsed }: Pick<VerifiedSignIn, 'issuedAt' | 'elapsed'>,
  { startedAt }: Pick<SealedState, 'startedAt'>,
): number {
  return startedAt + elapsed - (issuedAt - moment);
}

/** The end that the IdP sets for the session, on the database's clock; null where it sets none. */
export function sessionEnd(verified: VerifiedSignIn, state: Pick<SealedState, 'startedAt'>): Date | null {
  const end = verified.claims.session_expiry ?? null;
  return end === null ? null : new Date(onOurClock(end, verified, state) * 1000);
}
