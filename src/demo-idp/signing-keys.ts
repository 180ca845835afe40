import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { CompactSign, type JWK } from 'jose';

type SigningKey = { kid: string; since: Date; privateKey: KeyObject; jwk: JWK };

/** Merged over `alg` and `kid`; an undefined member is left out. */
export type TokenHeader = { typ?: string; [member: string]: unknown };

export type SigningKeys = ReturnType<typeof createSigningKeys>;

/** A tenant's keys; `first` is RSA. The newest signs; older ones stay published until dropped. */
export function createSigningKeys(first?: KeyObject) {
  let keys = [newKey(first)];
  return {
    /** Private keys, newest first, for the provider. */
    jwks: (): JWK[] => keys.map(({ jwk }) => jwk),
    /** The keys without secrets, newest first. */
    list: () => keys.map(({ kid, since }) => ({ kid, since })),
    rotate({ keepOld }: { keepOld: boolean }) {
      keys = [newKey(), ...(keepOld ? keys : [])];
    },
    /** A compact JWS of exactly these claims, signed with the current key. */
    sign(claims: Record<string, unknown>, header: TokenHeader = {}): Promise<string> {
      const [{ kid, privateKey }] = keys as [SigningKey];
      return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'RS256', kid, ...header })
        .sign(privateKey);
    },
  };
}

function newKey(privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey): SigningKey {
  const kid = randomUUID();
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
  return { kid, since: new Date(), privateKey, jwk };
}
