import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { IdpKeys } from '../connections/idp-keys.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
import { isVouchedFor, withAddress } from './address-claim.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import { type IdTokenClaims, nameClaims, type VerifiedSignIn } from './id-token.ts';
import { wordsIn } from './idp-words.ts';
import { SignInRefused } from './refusal.ts';
import { isCompactJwt, verifyUserInfo } from './signed-user-info.ts';
import { asRefusal } from './token-exchange.ts';

const userInfo = z.object({
  sub: z.string(),
  email: z.string().nullish(),
  email_verified: z.unknown().optional(),
  xms_edov: z.unknown().optional(),
  ...nameClaims,
});

/** A person's claims from one source: the address and its verification always belong together. */
export type PersonClaims = Readonly<{
  email: string | null;
  emailVerified: boolean;
  /** Made of the other two where it is missing. */
  name: string | null;
  givenName: string | null;
  familyName: string | null;
  /** The names of all claims that came, for the log. */
  named: readonly string[];
}>;

/** Reads the ID token; without an address, user info (Core §5.3). @throws SignInRefused */
export async function readPersonClaims(
  { guardedFetch, idpKeys }: Readonly<{ guardedFetch: GuardedFetch; idpKeys: IdpKeys }>,
  { orgId, connection }: Readonly<{ orgId: string; connection: SignInConnection }>,
  verified: VerifiedSignIn,
  signal: AbortSignal,
): Promise<PersonClaims> {
  const { claims, accessToken } = verified;
  const ofToken = Object.keys(decodeJwt(verified.idToken));
  if (claims.email?.trim() || !connection.userinfoEndpoint || !accessToken) return personClaims(claims, ofToken);
  const response = await guardedFetch(connection.userinfoEndpoint, {
    headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json, application/jwt' },
    signal,
  }).catch(asRefusal('user_info'));
  if (response.status !== 200) {
    const said = wordsIn(response, [accessToken]);
    throw new SignInRefused('idp_error', `user_info_status_${response.status}`, { said });
  }
  const text = response.text.trim();
  const answer = isCompactJwt(text)
    ? await verifyUserInfo(idpKeys, text, connection, { orgId, signal })
    : parseJson(text);
  const parsed = z
    .looseObject({})
    .transform((claims) => withAddress(connection, claims))
    .pipe(userInfo)
    .safeParse(answer);
  if (!parsed.success) throw new SignInRefused('user_info_invalid', 'user_info_form');
  // §5.3.2: another subject may be another person's answer (token substitution).
  if (parsed.data.sub !== claims.sub) throw new SignInRefused('user_info_invalid', 'user_info_subject');
  return personClaims(
    {
      ...parsed.data,
      name: parsed.data.name ?? claims.name,
      given_name: parsed.data.given_name ?? claims.given_name,
      family_name: parsed.data.family_name ?? claims.family_name,
    },
    [...ofToken, ...Object.keys(answer as object)],
  );
}

type Claims = Pick<IdTokenClaims, 'email' | 'email_verified' | 'xms_edov' | keyof typeof nameClaims>;

/** The claims of one source. */
export function personClaims(claims: Claims, named: readonly string[] = []): PersonClaims {
  const givenName = asName(claims.given_name);
  const familyName = asName(claims.family_name);
  return {
    email: claims.email?.trim() || null,
    emailVerified: isVouchedFor(claims),
    name: asName(claims.name) ?? asName([givenName, familyName].filter(Boolean).join(' ')),
    givenName,
    familyName,
    named,
  };
}

/** At most 200 characters, none of them unseen or half; null where nothing is left. */
function asName(claim: string | null | undefined): string | null {
  const cut = claim?.replaceAll(/\p{C}/gu, '').trim().slice(0, 200);
  return cut?.replace(/[\ud800-\udbff]$/, '').trim() || null;
}
