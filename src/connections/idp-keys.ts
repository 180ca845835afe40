import { type CryptoKey, compactVerify, decodeJwt, decodeProtectedHeader, errors, type LocalJWKSet } from 'jose';
import type { Logger } from 'pino';
import { AppError } from '../errors.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { createKeySets, type IdpJwtConnection, IdpKeysUnavailable } from './key-sets.ts';

/** Only asymmetric: with HS256 a public key could be used as the secret (RFC 8725 §3.1). */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Seconds by which an IdP's clock may differ from ours. */
export const clockSkew = 60;

const longestToken = 16_384;

export type { IdpJwtConnection };
export type IdpKeys = ReturnType<typeof createIdpKeys>;

/** A JWT that isn't its IdP's, or isn't of the kind that was asked for. */
export class UntrustedJwt extends Error {
  /** `type`: the signature holds, but the JWT is of another kind. */
  readonly reason: 'malformed' | 'algorithm' | 'type' | 'unknown_key' | 'signature';
  /** The header's, where it is the wrong one. */
  readonly typ: unknown;
  constructor(reason: UntrustedJwt['reason'], cause?: unknown, typ?: unknown) {
    super(`the JWT cannot be trusted: ${reason}`, { cause });
    this.name = 'UntrustedJwt';
    this.reason = reason;
    this.typ = typ;
  }

  get isSigned(): boolean {
    return this.reason === 'type';
  }
}

/**
 * The signature keys of connections' IdPs. Each connection has a set of its own: two orgs may share
 * an IdP, but never what is known about it.
 */
export function createIdpKeys({ guardedFetch, log }: { guardedFetch: GuardedFetch; log: Logger }) {
  const { withKeys } = createKeySets({ guardedFetch, log });

  return {
    withKeys,

    /**
     * Verifies a JWT's signature, its algorithm (asymmetric, from our list) and its `typ`, which
     * must be one of `types` (`null`: none). The `typ` comes after the signature: administrators are
     * told of a wrong one if it is their IdP's. Judges no claim. Of the header nothing but `alg`,
     * `kid` and `typ` counts: a key or an address that a token brings along (`jwk`, `jku`, `x5u`)
     * is never looked at.
     * @param options.network where the token was sent from: its junk has a pause of its own
     * @returns its claims
     * @throws UntrustedJwt; AppError unavailable when the keys can't be had, or none of them signed
     * the token and no fetch for this network may be made yet.
     */
    async verify(
      token: string,
      connection: IdpJwtConnection,
      { types, network }: { types: readonly (string | null)[]; network: string },
    ): Promise<Record<string, unknown>> {
      const typ = checkHeader(token);
      const check = (key: LocalJWKSet | CryptoKey) => compactVerify(token, key, { algorithms: signatureAlgorithms });
      try {
        const { payload } = await withKeys(token, connection, check, { network });
        checkType(typ, types);
        return parseObject(payload);
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

/** Unverified claims of a JWT, to find its connection; null for no JWT, or one too long. */
export function peek(token: string): { iss: string | null; sub: string | null; aud: unknown } | null {
  if (token.length > longestToken) return null;
  try {
    decodeProtectedHeader(token);
    const { iss, sub, aud } = decodeJwt(token) as Record<string, unknown>;
    const text = (value: unknown) => (typeof value === 'string' ? value : null);
    return { iss: text(iss), sub: text(sub), aud };
  } catch {
    return null;
  }
}

/** Returns the `typ`. @throws UntrustedJwt */
function checkHeader(token: string): unknown {
  if (token.length > longestToken || token.split('.').length !== 3) throw new UntrustedJwt('malformed');
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(token);
  } catch (error) {
    throw new UntrustedJwt('malformed', error);
  }
  const { alg, kid, typ, crit } = header;
  // RFC 7515 §4.1.11: extensions that must be understood. We understand none.
  if (crit !== undefined || (kid !== undefined && !(typeof kid === 'string' && kid.length <= 255)))
    throw new UntrustedJwt('malformed');
  if (typeof alg !== 'string' || !signatureAlgorithms.includes(alg)) throw new UntrustedJwt('algorithm');
  return typ;
}

/** @throws UntrustedJwt */
function checkType(typ: unknown, types: readonly (string | null)[]): void {
  if (!types.some((type) => (type === null ? typ === undefined : isType(typ, type))))
    throw new UntrustedJwt('type', undefined, typ);
}

/** RFC 7515 §4.1.9: "application/" may be left out; RFC 2045 §5.1: letter case doesn't count. */
function isType(typ: unknown, expected: string): boolean {
  return typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === expected.toLowerCase();
}

function parseObject(payload: Uint8Array): Record<string, unknown> {
  const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new UntrustedJwt('malformed');
  return parsed as Record<string, unknown>;
}

function explain(error: unknown): Error {
  if (error instanceof IdpKeysUnavailable || error instanceof errors.JWKSInvalid)
    return new AppError(
      'unavailable',
      "The identity provider's keys cannot be had at the moment, so nothing was done; try again later.",
      {
        headers: { 'Retry-After': String(error instanceof IdpKeysUnavailable ? error.retryAfter : 60) },
        cause: error,
        foreign: true,
      },
    );
  if (error instanceof UntrustedJwt) return error;
  if (error instanceof errors.JWKSNoMatchingKey) return new UntrustedJwt('unknown_key', error);
  if (error instanceof errors.JWSSignatureVerificationFailed) return new UntrustedJwt('signature', error);
  if (error instanceof errors.JOSEAlgNotAllowed) return new UntrustedJwt('algorithm', error);
  // What is left: keys that the platform can't import, and tokens that no library expected.
  return new UntrustedJwt('malformed', error);
}
