import { type IdpKeys, peek } from '../connections/idp-keys.ts';
import type { SignalConnection } from './find-connection.ts';
import { SignalRefused } from './refusal.ts';
import { readSecurityEvent, type SecurityEvent, wrongIssuer } from './security-event.ts';
import { verifySignal } from './verify-signal.ts';

/** `secevent+jwt` is recommended (RFC 8417 §2.3), not always sent; other kinds have their types. */
const types = ['secevent+jwt', 'jwt', null];

/** `signed`: the connection's IdP signed the token, and meant it as a signal. */
export type Judged = Readonly<
  { signed: boolean } & ({ event: SecurityEvent; error?: undefined } | { event?: undefined; error: unknown })
>;

/**
 * Judges a security event token, whichever way it came: its signature, its kind, and what it says.
 * @param receiver the address of pushes, which `aud` names, or else the client id
 * @param network where it came from: its junk has a pause of its own
 */
export async function judgeEvent(
  idpKeys: IdpKeys,
  token: string,
  connection: SignalConnection,
  { receiver, network }: Readonly<{ receiver: string; network: string }>,
): Promise<Judged> {
  const seen = peek(token);
  if (!seen) return { signed: false, error: notJwt() };
  const expected = { types, network, audience: [receiver, connection.clientId] };
  const { claims, error, isOwn: signed } = await verifySignal(idpKeys, token, connection, expected);
  // An IdP that spells its issuer otherwise is told of; of any other token the issuer says enough.
  if (!signed && !(seen.iss !== null && connection.issuers.includes(seen.iss))) return { signed, error: wrongIssuer() };
  if (!claims) return { signed, error };
  try {
    return { signed, event: readSecurityEvent(claims, connection, receiver, Date.now() / 1000) };
  } catch (refused) {
    return { signed, error: refused };
  }
}

export const notJwt = () => new SignalRefused('invalid_request', 'no_token', 'It is not a JWT.');
