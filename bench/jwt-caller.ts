import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { JWK } from 'jose';
import { clientId, issuerOf } from './people.ts';

export type JwtCaller = ReturnType<typeof createJwtCaller>;

/** Signs for the identity providers of all orgs: RS256 with 2,048 bits, as Okta does. */
export function createJwtCaller(publicUrl: string) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk: JWK = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' };
  const header = encode({ alg: 'RS256', kid: 'bench', typ: 'global-token-revocation+jwt' });
  return {
    jwks: { keys: [jwk] },
    /** A new JWT of the IdP of person `n`'s org, for one request. */
    jwtFor(n: number, jti: string = randomUUID()): string {
      const iat = Math.floor(Date.now() / 1000);
      const aud = `${publicUrl}/global-token-revocation`;
      const claims = { jti, iss: issuerOf(n), sub: clientId, aud, iat, exp: iat + 300 };
      const signed = `${header}.${encode(claims)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
  };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
