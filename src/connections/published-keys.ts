import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { createLocalJWKSet, type LocalJWKSet } from 'jose';
import { z } from 'zod';

/** More than any IdP publishes; each may have to be tried for a token that names none. */
const mostKeys = 100;
/** Bits; OpenSSL takes twice that, at a cost that an attacker would choose. */
const longestModulus = 8_192;

const short = z.string().max(255).exactOptional();
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(mostKeys) });
// RFC 7517 §4: these members say which tokens a key is for. A key set with private parts (`d`) is
// known to everybody, so it signs for nobody.
const purpose = z.object({
  kid: short,
  alg: short,
  use: short,
  d: z.never().exactOptional(),
  key_ops: z.array(z.string().max(20)).max(10).exactOptional(),
});

/**
 * Parses an IdP's JWKS (RFC 7517). Of each key only what verifying needs is kept; what is no usable
 * public key is left out. @throws Error for no key set, or one of more than 100 keys
 */
export function parseKeySet(text: string): LocalJWKSet {
  const { keys } = keySet.parse(JSON.parse(text));
  return createLocalJWKSet({ keys: keys.flatMap(readKey) });
}

function readKey(published: JsonWebKey) {
  const { data } = purpose.safeParse(published);
  if (!data) return [];
  try {
    const key = createPublicKey({ key: published, format: 'jwk' });
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > longestModulus) return [];
    const { kty = '', ...members } = key.export({ format: 'jwk' });
    return [{ ...data, kty, ...members }];
  } catch {
    return [];
  }
}
