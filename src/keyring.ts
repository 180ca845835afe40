import { hash, timingSafeEqual } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';

/** Seals short texts (client secrets, sign-in states) with keys that can rotate. */
export type Keyring = Readonly<{
  /** A compact JWE under the first key, bound to `purpose`. */
  encrypt(plaintext: string, purpose: string): Promise<string>;
  /** @throws UnsealError if no key fits, the text was changed, or the purpose is another one */
  decrypt(sealed: string, purpose: string): Promise<string>;
}>;

/** Gives no cause: the sender of the text must not learn which part was wrong. */
export class UnsealError extends Error {
  constructor(cause?: unknown) {
    super('the sealed text cannot be opened', { cause });
    this.name = 'UnsealError';
  }
}

/**
 * @param keys 32 bytes each. The first encrypts, all decrypt. docs/keys.md says how they rotate.
 */
export function createKeyring(keys: readonly Uint8Array[]): Keyring {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [first] = byId;
  if (!first) throw new Error('a keyring needs a key');
  const [currentId, current] = first;

  return {
    encrypt(plaintext, purpose) {
      // The protected header is authenticated with the text: an attacker who can write to the
      // database can't move a sealed value to another place (another connection's secret).
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
 * The beginning of everything sealed with one of `keys`: the header's members up to the key's id,
 * whose closing quote ends where a group of base64url ends.
 */
export function sealedPrefixes(keys: readonly Uint8Array[]): string[] {
  return keys.map((key) => Buffer.from(`{"alg":"dir","enc":"A256GCM","kid":"${keyId(key)}"`).toString('base64url'));
}

/** How much of a sealed text names its key: the length of `sealedPrefixes`. */
export const prefixLength = 64;

/** The id of the key that sealed a text, from the text's beginning; null: nothing is sealed so. */
export function sealingKeyId(beginning: string): string | null {
  const header = Buffer.from(beginning.slice(0, prefixLength), 'base64url').toString();
  return /^\{"alg":"dir","enc":"A256GCM","kid":"([\w-]{11})"$/.exec(header)?.[1] ?? null;
}

/**
 * Only the SHA-256 of a session's id, a key or a token is stored: a reader of the table gets none.
 * Long random texts need no slow hash; a device's short user code lives no longer than ten minutes.
 * Equal digests are compared inside the index, never byte by byte here.
 */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Compares in constant time: digests are of one length, and hide how much was right. */
export function isSameSecret(given: string, kept: string): boolean {
  return timingSafeEqual(hashSecret(given), hashSecret(kept));
}

/** Names a key, for whoever has it: 66 bits of its SHA-256 lead nobody back to it. */
export function keyId(key: Uint8Array): string {
  return hash('sha256', key, 'base64url').slice(0, 11);
}
