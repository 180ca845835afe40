import { z } from 'zod';
import { type GuardedFetch, GuardedFetchError, type GuardedResponse } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import { SignInRefused } from './refusal.ts';

const tokenResponse = z.object({
  id_token: z.string().min(1).max(100_000),
  access_token: z.string().max(100_000).nullish(),
});

export type ExchangedTokens = Readonly<{
  idToken: string;
  accessToken: string | null;
  /** The Date header of the IdP's answer, seconds since 1970; null without a usable one. */
  answeredAt: number | null;
}>;

/** Exchanges the code (RFC 6749 §4.1.3 with RFC 7636). @throws SignInRefused */
export async function exchangeCode(
  guardedFetch: GuardedFetch,
  connection: SignInConnection,
  input: { clientSecret: string; code: string; verifier: string; redirectUri: string; signal: AbortSignal },
): Promise<ExchangedTokens> {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code: input.code,
    redirect_uri: input.redirectUri,
    code_verifier: input.verifier,
  });
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  if (connection.tokenEndpointAuth === 'client_secret_basic') {
    headers.authorization = basic(connection.clientId, input.clientSecret);
  } else {
    form.set('client_id', connection.clientId);
    form.set('client_secret', input.clientSecret);
  }
  const response = await guardedFetch(connection.tokenEndpoint, {
    method: 'POST',
    headers,
    body: form.toString(),
    signal: input.signal,
  }).catch(asRefusal('token'));
  if (response.status !== 200) throw refusedBy(response);
  const tokens = tokenResponse.safeParse(parseJson(response.text));
  if (!tokens.success) throw new SignInRefused('idp_garbage', 'token_response');
  const date = Date.parse(response.headers.date ?? '');
  return {
    idToken: tokens.data.id_token,
    accessToken: tokens.data.access_token ?? null,
    answeredAt: Number.isNaN(date) ? null : date / 1000,
  };
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
function basic(id: string, secret: string): string {
  const encode = (part: string) => new URLSearchParams({ '': part }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}

/** RFC 6749 §5.2. Only the code of the error decides, and only against this list. */
function refusedBy(response: GuardedResponse): SignInRefused {
  const parsed = z.object({ error: z.string() }).safeParse(parseJson(response.text));
  const code = parsed.success ? parsed.data.error : null;
  if (code === 'invalid_grant') return new SignInRefused('code_refused', code);
  if (code === 'invalid_client' || code === 'unauthorized_client') return new SignInRefused('client_refused', code);
  return new SignInRefused('idp_error', `token_status_${response.status}`);
}

/** Turns a failed call into a refusal that names the call. */
export function asRefusal(call: 'token' | 'keys' | 'user_info') {
  return (error: unknown): never => {
    if (!(error instanceof GuardedFetchError)) throw error;
    const garbage = error.reason === 'too_large' || error.reason === 'redirect';
    throw new SignInRefused(garbage ? 'idp_garbage' : 'idp_unreachable', `${call}_${error.reason}`);
  };
}
