import { randomBytes, randomUUID } from 'node:crypto';
import type { SubjectFormat } from './assigned-app.ts';
import type { TokenHeader } from './signing-keys.ts';

/** A token before its signature: the claims, and the header beside `alg` and `kid`. */
export type UnsignedToken = { claims: Record<string, unknown>; header: TokenHeader };

export type SignalSubject = { subject: string; email: string };

const secevent = 'https://schemas.openid.net/secevent';

/** The security events of the console: CAEP 1.0, RISC 1.0, and SSF's verification. */
export const securityEvents = {
  'session-revoked': { title: 'CAEP session revoked', uri: `${secevent}/caep/event-type/session-revoked` },
  'credential-change': { title: 'CAEP credential change', uri: `${secevent}/caep/event-type/credential-change` },
  'account-disabled': { title: 'RISC account disabled', uri: `${secevent}/risc/event-type/account-disabled` },
  verification: { title: 'SSF verification', uri: `${secevent}/ssf/event-type/verification` },
} as const;

export type SecurityEventName = keyof typeof securityEvents;

const now = () => Math.floor(Date.now() / 1000);

/** A subject identifier (RFC 9493). */
export function subjectIdentifier(
  person: SignalSubject,
  format: SubjectFormat,
  issuer: string,
): Record<string, string> {
  return format === 'email' ? { format, email: person.email } : { format, iss: issuer, sub: person.subject };
}

/**
 * A caller's JWT for Global Token Revocation, as Okta's: `iss` isn't `sub`, `nbf` is in the past.
 */
export function revocationToken(issuer: string, clientId: string, endpoint: string): UnsignedToken {
  const iat = now();
  const [aud] = endpoint.split(/[?#]/, 1);
  return {
    header: { typ: 'global-token-revocation+jwt' },
    claims: { jti: randomUUID(), iss: issuer, sub: clientId, aud, exp: iat + 300, nbf: iat - 300, iat },
  };
}

/** OIDC Back-Channel Logout 1.0 §2.4; with `sid` it names one session at the provider. */
export function logoutToken(issuer: string, clientId: string, person: SignalSubject, sid?: string): UnsignedToken {
  const iat = now();
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const whose = { sub: person.subject, ...(sid !== undefined && { sid }) };
  return {
    header: { typ: 'logout+jwt' },
    claims: { iss: issuer, aud: clientId, iat, exp: iat + 120, jti: randomUUID(), events, ...whose },
  };
}

/**
 * A security event token (RFC 8417, SSF 1.0): no `sub`, no `exp`; `aud` is the receiver's address.
 */
export function securityEventToken(
  issuer: string,
  receiver: string,
  event: SecurityEventName,
  subId: Record<string, string>,
): UnsignedToken {
  const iat = now();
  const claims = { iss: issuer, aud: receiver, iat, jti: randomUUID(), txn: randomUUID(), sub_id: subId };
  return {
    header: { typ: 'secevent+jwt' },
    claims: { ...claims, events: { [securityEvents[event].uri]: eventMembers(event, iat) } },
  };
}

function eventMembers(event: SecurityEventName, at: number): Record<string, unknown> {
  const byAdmin = { event_timestamp: at, initiating_entity: 'admin' };
  switch (event) {
    case 'session-revoked':
      return { ...byAdmin, reason_admin: { en: 'Sessions cleared in the admin console' } };
    case 'credential-change':
      return { ...byAdmin, credential_type: 'password', change_type: 'update' };
    case 'account-disabled':
      return { reason: 'hijacking' };
    case 'verification':
      return { state: randomBytes(16).toString('base64url') };
  }
}
