import { createHmac, createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { exportJWK, type JWK } from 'jose';
import { borrowRsaKeys } from './rsa-keys.ts';

/**
 * What signs a token. `own`: the published key. `foreign`: another key under the published key's
 * kid. `none`: nothing. `hs256-public`: HMAC keyed with the published public key, for verifiers
 * that let the token choose how it is verified.
 */
export type Signer = 'own' | 'foreign' | 'none' | 'hs256-public';

export type TokenOptions = {
  /** Laid over the default header; a member that is undefined is left out. */
  header?: Record<string, unknown>;
  signer?: Signer | undefined;
};

/**
 * A key set that signs anything, not only what a decent library would: payloads of any JSON type,
 * any header.
 */
export async function createHostileKeys() {
  const pairs = borrowRsaKeys();
  let own = pairs.next();
  let kid: string = randomUUID();
  const foreign = pairs.next();
  const publicJwk = async (key: KeyObject): Promise<JWK> => ({
    ...(await exportJWK(key)),
    kid,
    alg: 'RS256',
    use: 'sig',
  });

  const signature = (signer: Signer, input: string): string => {
    if (signer === 'none') return '';
    if (signer === 'hs256-public') {
      const secret = createPublicKey(own.privateKey).export({ type: 'spki', format: 'pem' });
      return createHmac('sha256', secret).update(input).digest('base64url');
    }
    const key = signer === 'own' ? own.privateKey : foreign.privateKey;
    return sign('sha256', Buffer.from(input), key).toString('base64url');
  };
  const algorithms: Record<Signer, string> = { own: 'RS256', foreign: 'RS256', none: 'none', 'hs256-public': 'HS256' };

  return {
    jwks: async () => ({ keys: [await publicJwk(own.publicKey)] }),
    /** For tokens that bring their own key in a `jwk` header. */
    foreignJwk: () => publicJwk(foreign.publicKey),
    /** A compact JWS of any payload. */
    sign(payload: unknown, { header = {}, signer = 'own' }: TokenOptions = {}): string {
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const input = `${encode({ alg: algorithms[signer], kid, typ: 'JWT', ...header })}.${encode(payload)}`;
      return `${input}.${signature(signer, input)}`;
    },
    /** A new key, under a new kid unless told; the old one is no longer published. */
    rotate({ keepKid = false } = {}) {
      own = pairs.next();
      if (!keepKid) kid = randomUUID();
    },
    /** At the end: what was signed with them is looked at no more. */
    giveBack: pairs.giveBack,
  };
}
