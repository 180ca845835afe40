import { z } from 'zod';
import { clockSkew } from '../connections/idp-keys.ts';
import { wrongMembers } from '../issues.ts';
import type { SignalConnection } from './find-connection.ts';
import { SignalRefused } from './refusal.ts';

/** A verified logout token: one session at the IdP is over, or all sessions of a person. */
export type LogoutToken = Readonly<{
  jti: string;
  /** From this moment on the token is refused for its age. */
  refusedFrom: Date;
  issuer: string;
  sub: string | null;
  sid: string | null;
}>;

export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** Seconds: a token is sent when it is made. */
const oldest = 600;
// ID tokens give `sub` and `sid` this form.
const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x20-\x7e]+$/);

/** `null` and `""` beside the other name are how some IdPs say that there is none. */
const nameIfAny = z
  .union([z.literal(''), name])
  .nullish()
  .transform((given) => given || null);

const claims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  iat: z.number(),
  // `exp` is required only since the errata of December 2023. `iat` bounds the age, `jti` repeats:
  // a token without `exp`, or with a late one, ends access too.
  exp: z.number().nullish(),
  jti: name,
  sub: nameIfAny,
  // A `sid` that can't be kept was never kept at a sign-in either (id-token.ts).
  sid: nameIfAny.catch(null),
  // A token that says more than this one event is of another kind.
  events: z.strictObject({ [logoutEvent]: z.record(z.string(), z.unknown()) }),
});

/** Back-Channel Logout 1.0 §2.6 without the signature. @param now seconds. @throws SignalRefused */
export function readLogoutToken(payload: object, connection: SignalConnection, now: number): LogoutToken {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) {
    throw refusal(`These claims are missing or malformed: ${wrongMembers(parsed.error, 'all').join(', ')}.`);
  }
  const { iss, aud, iat, exp, jti, sub, sid } = parsed.data;
  // ID tokens have a nonce: neither kind can stand for the other.
  if ('nonce' in payload) throw refusal('A logout token has no nonce.');
  if (sub === null && sid === null) throw refusal('A logout token names a subject (sub), a session (sid) or both.');
  if (!connection.issuers.includes(iss)) throw refusal('The issuer is not the one of the connection.');
  if (![aud].flat().includes(connection.clientId)) throw refusal('The audience does not name the client.');
  if (iat > now + clockSkew) throw refusal('The token is dated in the future.');
  if (iat < now - oldest - clockSkew) throw refusal('The token is too old.');
  if (typeof exp === 'number' && exp < now - clockSkew) throw refusal('The token has expired.');
  if (typeof exp === 'number' && exp < iat) throw refusal('The token ends before it begins.');
  return { jti, issuer: iss, sub, sid, refusedFrom: new Date((iat + oldest + clockSkew) * 1000) };
}

function refusal(description: string): SignalRefused {
  return new SignalRefused('invalid_request', description);
}
