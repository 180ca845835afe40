import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { AssignableRole } from '../api/permissions.ts';
import { clockSkew, type IdpKeys, signatureAlgorithms } from '../connections/idp-keys.ts';
import { IdpKeysUnavailable } from '../connections/key-sets.ts';
import { roleOfClaims } from '../connections/role-mapping.ts';
import { foreignText } from '../http/foreign-text.ts';
import { GuardedFetchError } from '../http/guarded-fetch.ts';
import { wrongMembers } from '../issues.ts';
import { withAddress } from './address-claim.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import { SignInRefused } from './refusal.ts';
import { asRefusal } from './token-exchange.ts';

/** Seconds; Entra ID dates its tokens back by five minutes. */
export const oldestIssue = 900;

/** Milliseconds in which a sign-in's key may still be published; its deadline may come earlier. */
export const keyPatience = 5_000;

const printable = /^[\x20-\x7e]+$/;

/** Seconds since 1970 of 2001-09-09, before there was any OpenID Connect. */
const earliest = 1_000_000_000;

/**
 * The `auth_time`, or null for a value that can't be the moment of an authentication (0,
 * milliseconds, text, far ahead): it says no more than a missing one, and keeps nobody out whom a
 * missing one lets in.
 */
function asMoment(value: unknown): number | null {
  const latest = Date.now() / 1000 + clockSkew;
  return typeof value === 'number' && value >= earliest && value <= latest ? value : null;
}

/** Seconds since 1970 of the year 5138: milliseconds lie beyond. */
const latestExpiry = 100_000_000_000;

/** The end that the IdP sets for our session, or null for a value that can't be a moment. */
function asExpiry(value: unknown): number | null {
  return typeof value === 'number' && value >= earliest && value < latestExpiry ? value : null;
}

const nameClaim = z.string().nullish().catch(null);
/** OpenID Connect Core §5.1. What can't be a name counts as none. */
export const nameClaims = { name: nameClaim, given_name: nameClaim, family_name: nameClaim };

const idTokenClaims = z.object({
  iss: z.string(),
  // OpenID Connect Core §2: at most 255 ASCII characters.
  sub: z.string().min(1).max(255).regex(printable),
  aud: z.union([z.string(), z.array(z.string())]),
  azp: z.string().nullish(),
  exp: z.number(),
  iat: z.number(),
  nonce: z.string(),
  // OpenID Connect Front-Channel Logout 1.0 §3. A `sid` that can't be kept counts as none.
  sid: z.string().min(1).max(255).regex(printable).nullish().catch(null),
  auth_time: z.unknown().transform(asMoment).optional(),
  // IPSIE's OpenID Connect profile.
  session_expiry: z.unknown().transform(asExpiry).optional(),
  // What the connection's claim says, or null (address-claim.ts).
  email: z.string().nullish(),
  email_verified: z.unknown().optional(),
  xms_edov: z.unknown().optional(),
  ...nameClaims,
});

export type IdTokenClaims = z.infer<typeof idTokenClaims>;

export type VerifiedIdToken = Readonly<{ claims: IdTokenClaims; role: AssignableRole | null }>;

/** A sign-in whose ID token has been verified. */
export type VerifiedSignIn = Readonly<{
  claims: IdTokenClaims;
  /** The role that the connection's claim gives; null where the claim says nothing. */
  role: AssignableRole | null;
  idToken: string;
  accessToken: string | null;
  /** The moment of issue on the IdP's clock, seconds: `iat`, or a later Date header. */
  issuedAt: number;
  /** Seconds from the start of the sign-in to the IdP's answer, on our side's clock alone. */
  elapsed: number;
}>;

/** Verifies ID tokens against their connection's keys. */
export function createIdTokenVerifier(idpKeys: IdpKeys) {
  /** OpenID Connect Core §3.1.3.7. @throws SignInRefused */
  return async function verifyIdToken(
    token: string,
    connection: SignInConnection,
    expected: { orgId: string; nonce: string; signal: AbortSignal },
  ): Promise<VerifiedIdToken> {
    const options = {
      algorithms: signatureAlgorithms,
      issuer: [connection.issuer, ...connection.acceptedIssuers],
      audience: connection.clientId,
      clockTolerance: clockSkew,
      maxTokenAge: oldestIssue,
      requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
    };
    const { id, jwksUri } = connection;
    const verifying = idpKeys.withKeys(
      token,
      { orgId: expected.orgId, id, jwksUri },
      (key) => jwtVerify(token, key, options),
      { patience: keyPatience },
    );
    const { payload } = await beforeAbort(verifying, expected.signal).catch(refuse);
    const parsed = idTokenClaims.safeParse(withAddress(connection, payload));
    if (!parsed.success) throw invalid(`claim_${wrongMembers(parsed.error, 'none')[0]}`);
    const claims = parsed.data;
    if (claims.nonce !== expected.nonce) throw invalid('claim_nonce');
    // §3.1.3.7 (3): audiences beside us are trusted as the IdP is that names them, for we take ID
    // tokens from its token endpoint alone. (5): a token that was issued to another party isn't ours.
    if (claims.azp != null && claims.azp !== connection.clientId)
      throw invalid('claim_azp', { namedAudience: foreignText(claims.azp, 200) ?? 'none' });
    return { claims, role: roleOfClaims(connection, payload) };
  };
}

function invalid(detail: string, facts: SignInRefused['facts'] = {}): SignInRefused {
  return new SignInRefused('id_token_invalid', detail, { facts });
}

/** What a claim that doesn't hold named instead. The signature held: it is the IdP's own word. */
function factsOf({ claim, payload }: errors.JWTClaimValidationFailed | errors.JWTExpired): SignInRefused['facts'] {
  if (claim === 'iss') return { namedIssuer: foreignText(payload.iss, 200) ?? 'none' };
  if (claim === 'aud') return { namedAudience: foreignText([payload.aud ?? 'none'].flat().join(' '), 200) ?? 'none' };
  return {};
}

export function refuse(error: unknown): never {
  if (error instanceof SignInRefused) throw error;
  if (error instanceof IdpKeysUnavailable) {
    if (error.cause instanceof GuardedFetchError) return asRefusal('keys')(error.cause);
    throw new SignInRefused('idp_garbage', 'keys');
  }
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    throw invalid(`claim_${error.claim}`, factsOf(error));
  if (error instanceof errors.JWKSInvalid) throw new SignInRefused('idp_garbage', 'keys');
  if (error instanceof errors.JOSEError) throw invalid(error.code.toLowerCase());
  // The rest are keys that the platform can't import, and payloads that no library expected.
  throw invalid('unusable');
}

/** Stops waiting for the key set; its fetch, which many sign-ins share, goes on. */
export async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = () => new SignInRefused('idp_unreachable', 'keys_timeout');
  if (signal.aborted) {
    // Nobody else would hear of the promise's failure: that would end the process.
    promise.catch(() => {});
    throw late();
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(late());
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
