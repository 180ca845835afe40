import { decodeJwt } from 'jose';
import { type IdpKeys, UntrustedJwt } from '../connections/idp-keys.ts';
import type { SignalConnection } from './find-connection.ts';
import { asSignalRefused } from './refusal.ts';

/** `error` is what the token is refused for. */
type Verified = Readonly<
  | { claims: Record<string, unknown>; error?: undefined; isOwn: boolean }
  | { claims?: undefined; error: unknown; isOwn: boolean }
>;

/**
 * Verifies the signature and the `typ` of a logout token or a security event.
 * @param token that `peek` could read.
 * @param expected.audience what the `aud` of such a token may be.
 * @returns its claims or an error; `isOwn`: the connection's IdP signed it, and meant it as a signal.
 */
export async function verifySignal(
  idpKeys: IdpKeys,
  token: string,
  connection: SignalConnection,
  { audience, ...expected }: { types: readonly (string | null)[]; network: string; audience: readonly string[] },
): Promise<Verified> {
  try {
    const claims = await idpKeys.verify(token, connection, expected);
    return { claims, isOwn: isSignal(claims) };
  } catch (error) {
    if (!(error instanceof UntrustedJwt)) return { error, isOwn: false };
    const isOwn = error.isSigned && isMeantAsSignal(decodeJwt(token), audience);
    return { error: asSignalRefused(error), isOwn };
  }
}

// An IdP also signs ID tokens and access tokens, and whoever has an app there can send those. They
// would be told as the IdP's own calls, and their refusals would hide its genuine ones.
const isSignal = (claims: object) => 'events' in claims && !('nonce' in claims);

/** With the `typ` of another kind, only the audience shows whom the token was made for. */
const isMeantAsSignal = (claims: { aud?: unknown }, audience: readonly string[]) =>
  isSignal(claims) && [claims.aud].flat().some((name) => audience.includes(name as string));
