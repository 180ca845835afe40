import { z } from 'zod';
import { clockSkew } from '../connections/idp-keys.ts';
import { quote, seconds, wrongMembers } from '../issues.ts';
import type { SignalConnection } from './find-connection.ts';
import { type RefusalReason, SignalRefused } from './refusal.ts';

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
/** The form that ID tokens give `sub` and `sid`. */
export const nameForm = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x20-\x7e]+$/);

/** `null` and `""` beside the other name are how some IdPs say that there is none. */
const nameIfAny = z
  .union([z.literal(''), nameForm])
  .nullish()
  .transform((given) => given || null);

const claims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  iat: z.number(),
  // `exp` is required only since the errata of December 2023. `iat` bounds the age, `jti` repeats:
  // a token without `exp`, or with a late one, ends access too.
  exp: z.number().nullish(),
  jti: nameForm,
  sub: nameIfAny,
  // A `sid` that can't be kept was never kept at a sign-in either (id-token.ts).
  sid: nameIfAny.catch(null),
  // Keycloak adds `"revoke_offline_access": true` where offline sessions end too.
  events: z.looseObject({ [logoutEvent]: z.record(z.string(), z.unknown()) }),
});

/** Back-Channel Logout 1.0 §2.6 without the signature. @param now seconds. @throws SignalRefused */
export function readLogoutToken(payload: object, connection: SignalConnection, now: number): LogoutToken {
  const parsed = claims.safeParse(payload);
  if (!parsed.success)
    throw refusal('claims', `These claims are missing or malformed: ${wrongMembers(parsed.error, 'all').join(', ')}.`);
  const { iss, aud, iat, exp, jti, sub, sid } = parsed.data;
  // ID tokens have a nonce: neither kind can stand for the other.
  if ('nonce' in payload) throw refusal('claims', 'A logout token has no nonce.');
  if (sub === null && sid === null)
    throw refusal('subject', 'A logout token names a subject (sub), a session (sid) or both.');
  if (!connection.issuers.includes(iss))
    throw refusal('issuer', 'The issuer is not the one of the connection.', `It is ${quote(iss)}.`);
  if (![aud].flat().includes(connection.clientId))
    throw refusal('audience', 'The audience does not name the client.', `It is ${quote(aud)}.`);
  if (iat > now + clockSkew) throw refusal('not_yet', 'The token is dated in the future.', `By ${seconds(iat - now)}.`);
  if (iat < now - oldest - clockSkew)
    throw refusal('too_old', 'The token is too old.', `By its iat it is ${seconds(now - iat)} old.`);
  if (typeof exp === 'number' && exp < now - clockSkew)
    throw refusal('expired', 'The token has expired.', `That was ${seconds(now - exp)} ago.`);
  if (typeof exp === 'number' && exp < iat) throw refusal('expired', 'The token ends before it begins.');
  return { jti, issuer: iss, sub, sid, refusedFrom: new Date((iat + oldest + clockSkew) * 1000) };
}

function refusal(reason: RefusalReason, description: string, found?: string): SignalRefused {
  return new SignalRefused('invalid_request', reason, description, found);
}
