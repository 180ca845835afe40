import { createHmac } from 'node:crypto';

/** The invented people of each store: person `n` of org `n mod 5`, with five live sessions. */
export const orgCount = 5;
export const sessionsEach = 5;
/** A fifth of the people have this many live grants, each with an access and a refresh token. */
export const grantsEach = 5;
/** Signs the cookies of every store with signed cookies. */
export const secret = 'a secret of the benchmark on loopback for a database that is thrown away';

export const emailOf = (n: number) => `user${n}@org${n % orgCount}.example`;
export const issuerOf = (n: number) => `https://idp${n % orgCount}.example`;
export const clientId = 'bench';
export const apiKeyOf = (n: number) => `ul_bench_key_of_org_${n % orgCount}`;
/** The same as SQL expressions; `n` is a column or parameter with the person's number. */
export const sql = {
  orgId: (n: string) => `'org_' || md5('org-' || ${n} % ${orgCount})`,
  userId: (n: string) => `'usr_' || md5('user-' || ${n})`,
  email: (n: string) => `'user' || ${n} || '@org' || ${n} % ${orgCount} || '.example'`,
};

/** A cookie signed as cookie-signature does it, for the product and for express-session. */
export function expressCookie(name: string, sid: string): string {
  const signature = createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '');
  return `${name}=${encodeURIComponent(`s:${sid}.${signature}`)}`;
}

/** A cookie for better-auth: its signature keeps the padding, and there is no prefix. */
export function betterAuthCookie(token: string): string {
  const signature = createHmac('sha256', secret).update(token).digest('base64');
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
}

/** Session ids come from counting; every store derives its key from them. */
export const sidOf = (n: number, k: number) => `bench-session-${n}-${k}`;

/** The access token of grant `k` of person `n`, until the first revocation. */
export const accessTokenOf = (n: number, k: number) => `bench-token-${n}-${k}`;
