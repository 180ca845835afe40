import { hash, timingSafeEqual } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';

/** Seals short texts (client secrets, sign-in states) with keys that can rotate. */
export type Keyring = Readonly<{
  /** A compact JWE under the first key, bound to `purpose`. */
  encrypt(plaintext: string, purpose: string): Promise<string>;
  /**
   * @throws UnsealError if no key fits, the text was changed, or it was sealed for another purpose.
   */
  decrypt(sealed: string, purpose: string): Promise<string>;
}>;

/** Says nothing of the cause: whoever sent the text must not learn which part was wrong. */
export class UnsealError extends Error {
  constructor(cause?: unknown) {
    super('the sealed text cannot be opened', { cause });
    this.name = 'UnsealError';
  }
}

/**
 * @param keys 32 bytes each. The first encrypts, all decrypt; a new key goes in front, an old one
 * stays until nothing sealed with it is left.
 */
export function createKeyring(keys: readonly Uint8Array[]): Keyring {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [first] = byId;
  if (!first) throw new Error('a keyring needs a key');
  const [currentId, current] = first;

  return {
    encrypt(plaintext, purpose) {
      // The protected header is authenticated with the text, so a value sealed for one place (one
      // connection's secret) cannot be moved to another by whoever can write to the database.
      return new CompactEncrypt(new TextEncoder().encode(plaintext))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: currentId, purpose })
        .encrypt(current);
    },

    async decrypt(sealed, purpose) {
      try {
        const key = byId.get(String(decodeProtectedHeader(sealed).kid));
        if (!key) throw new Error('unknown key');
        const opened = await compactDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        if (opened.protectedHeader.purpose !== purpose) throw new Error('sealed for another purpose');
        return new TextDecoder().decode(opened.plaintext);
      } catch (cause) {
        throw new UnsealError(cause);
      }
    },
  };
}

/**
 * How everything sealed with one of `keys` begins: the header's members up to the key's id, which
 * with its closing quote ends where a group of base64url ends.
 */
export function sealedPrefixes(keys: readonly Uint8Array[]): string[] {
  return keys.map((key) => Buffer.from(`{"alg":"dir","enc":"A256GCM","kid":"${keyId(key)}"`).toString('base64url'));
}

/**
 * Only the SHA-256 of a session's id, a key or a token is stored: reading the table gives nobody
 * one. Long random texts need no slow hash. Equal digests are compared inside the index, never byte
 * by byte here.
 */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Compares in constant time. Digests are of one length, and say nothing of how much was right. */
export function isSameSecret(given: string, kept: string): boolean {
  return timingSafeEqual(hashSecret(given), hashSecret(kept));
}

function keyId(key: Uint8Array): string {
  return hash('sha256', key, 'base64url').slice(0, 11);
}
