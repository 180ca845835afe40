import { decodeJwt } from 'jose';
import type { SignInConnection } from './find-sign-in-connection.ts';
import type { ShownClaim } from './trial-report.ts';

const moments = ['auth_time', 'iat', 'exp', 'session_expiry'];
const shown = [
  ...['iss', 'sub', 'aud', 'azp', 'sid', 'acr', 'amr', ...moments],
  ...['email', 'email_verified', 'xms_edov', 'upn', 'preferred_username', 'name', 'given_name', 'family_name'],
];
/** Whom a sign-in names, and whether it is fresh, is read from these. */
const deciding = ['email_verified', 'xms_edov', 'auth_time', 'iat', 'sid', 'sub'];
const longest = 300;

/**
 * The claims of a verified ID token: what sign-ins read, with its value, and the names of the rest.
 * Nothing of it can be used in the token's place.
 */
export function shownClaims(
  idToken: string,
  { emailClaim, roleClaim }: Pick<SignInConnection, 'emailClaim' | 'roleClaim'>,
): readonly ShownClaim[] {
  const claims: Record<string, unknown> = decodeJwt(idToken);
  const read = [...new Set([emailClaim, ...deciding, roleClaim, ...shown])].filter((name) => name !== null);
  const known = read.filter((name) => Object.hasOwn(claims, name));
  const rest = Object.keys(claims)
    .filter((name) => !known.includes(name))
    .slice(0, 50);
  return [
    ...known.map((name) => ({
      name,
      value: asText(claims[name]),
      moment: moments.includes(name),
      decides: [emailClaim, roleClaim, ...deciding].includes(name),
    })),
    ...rest.map((name) => ({ name: asText(name), value: null, moment: false, decides: false })),
  ];
}

/** One line without anything unseen: people read it. */
function asText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').toWellFormed();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
