import { decodeJwt, jwtVerify } from 'jose';
import { clockSkew, type IdpKeys, signatureAlgorithms } from '../connections/idp-keys.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import { beforeAbort, keyPatience, oldestIssue, refuse } from './id-token.ts';
import { SignInRefused } from './refusal.ts';

const compactForm = /^[\w-]+(\.[\w-]*){2,4}$/;

/** Whether an answer is a JWT, signed (three parts) or encrypted (five): no JSON has that form. */
export function isCompactJwt(text: string): boolean {
  return compactForm.test(text);
}

/**
 * The claims of a signed user-info answer (OpenID Connect Core §5.3.2): it names the issuer and us.
 * `exp` and `iat` are judged where it has them. @throws SignInRefused
 */
export async function verifyUserInfo(
  idpKeys: IdpKeys,
  token: string,
  connection: SignInConnection,
  expected: { orgId: string; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  // We publish no key to encrypt with, so nobody here could read it.
  if (token.split('.').length === 5) throw new SignInRefused('user_info_invalid', 'user_info_encrypted');
  const { id, jwksUri } = connection;
  const verifying = idpKeys.withKeys(
    token,
    { orgId: expected.orgId, id, jwksUri },
    (key) =>
      jwtVerify(token, key, {
        algorithms: signatureAlgorithms,
        issuer: [connection.issuer, ...connection.acceptedIssuers],
        audience: connection.clientId,
        clockTolerance: clockSkew,
        // To jose a greatest age means that `iat` must be there.
        ...(decodeJwt(token).iat === undefined ? {} : { maxTokenAge: oldestIssue }),
      }),
    { patience: keyPatience },
  );
  try {
    return (await beforeAbort(verifying, expected.signal).catch(refuse)).payload;
  } catch (error) {
    if (!(error instanceof SignInRefused) || error.reason !== 'id_token_invalid') throw error;
    throw new SignInRefused('user_info_invalid', `user_info_${error.detail}`, { facts: error.facts });
  }
}
