import type { SignInConnection } from './find-sign-in-connection.ts';

type Claims = Readonly<Record<string, unknown>>;

/**
 * The claims of an ID token or of user info, with the value of the connection's claim in the place
 * of `email`. There is no way back to the real `email`: that may be another's address. Nothing
 * vouches for a claim of another name. A value that can't be an address counts as none: it keeps
 * nobody out who is known by the subject.
 */
export function withAddress({ emailClaim }: Pick<SignInConnection, 'emailClaim'>, claims: Claims): Claims {
  const value = claims[emailClaim];
  const email = typeof value === 'string' && value.length <= 320 ? value : null;
  return emailClaim === 'email' ? { ...claims, email } : { ...claims, email, email_verified: null, xms_edov: null };
}

/**
 * Whether the IdP vouches for `email`. Amazon Cognito's user info writes `"true"`. Entra ID has
 * `xms_edov`, as `true`, `1` or `"1"`, in place of `email_verified`, which is the last word where it
 * is said. Whoever signs the one could sign the other, so any issuer may say either.
 */
export function isVouchedFor(claims: Readonly<{ email_verified?: unknown; xms_edov?: unknown }>): boolean {
  const verified = claims.email_verified ?? null;
  if (verified !== null) return isTrue(verified);
  return isTrue(claims.xms_edov) || claims.xms_edov === 1 || claims.xms_edov === '1';
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}
