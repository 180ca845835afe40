import { randomInt, randomUUID } from 'node:crypto';
import type { HostileIdp } from './hostile-idp.ts';
import type { Signer } from './hostile-keys.ts';

export type JwtOptions = {
  /** Laid over the honest claims; a member that is undefined is left out. */
  claims?: Record<string, unknown>;
  /** Takes the place of all claims: any JSON value. */
  payload?: unknown;
  /** Laid over the honest header, as for claims. */
  header?: Record<string, unknown>;
  signer?: Signer | undefined;
};

export const now = () => Math.floor(Date.now() / 1000);

/** What an IdP says in the JWT that it calls a revocation endpoint with, dated as Okta dates it. */
export function callerClaims(idp: { issuer: string; clientId: string }, aud: string): Record<string, unknown> {
  const iat = now();
  return { jti: randomUUID(), iss: idp.issuer, sub: idp.clientId, aud, exp: iat + 300, nbf: iat - 300, iat };
}

/** That JWT, honest unless it is told otherwise. */
export function callerJwt(idp: HostileIdp, aud: string, { claims, payload, header, signer }: JwtOptions = {}): string {
  const body = payload === undefined ? { ...callerClaims(idp, aud), ...claims } : payload;
  return idp.keys.sign(body, {
    header: { typ: 'global-token-revocation+jwt', ...header },
    ...(signer && { signer }),
  });
}

/** An address in a network of its own: what is counted per network isn't counted together. */
export const anyAddress = () => `10.${randomInt(256)}.${randomInt(256)}.1`;

export type RevocationAnswer = { status: number; code: string | undefined; detail: string; headers: Headers };

/**
 * Posts to a revocation endpoint. Each call comes from another network unless told, so that
 * refusals aren't counted together.
 */
export async function postRevocation(
  url: string,
  credential: string,
  subject: unknown,
  { scheme = 'Bearer', body = JSON.stringify({ sub_id: subject }), from = anyAddress() } = {},
): Promise<RevocationAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      Authorization: `${scheme} ${credential}`,
      'Content-Type': 'application/json',
      'X-Forwarded-For': from,
    },
    body,
  });
  const text = await response.text();
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as { code?: string; detail?: string };
  return { status: response.status, code: json.code, detail: json.detail ?? '', headers: response.headers };
}
