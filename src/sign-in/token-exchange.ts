import { z } from 'zod';
import { foreignText, formEncoded } from '../http/foreign-text.ts';
import { type GuardedFetch, GuardedFetchError, type GuardedResponse } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
import type { SignInConnection } from './find-sign-in-connection.ts';
import { isWebPage, wordsIn } from './idp-words.ts';
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

/** Exchanges the code (RFC 6749 §4.1.3 with RFC 7636, where the start had it). @throws SignInRefused */
export async function exchangeCode(
  guardedFetch: GuardedFetch,
  connection: SignInConnection,
  input: { clientSecret: string; code: string; verifier: string | null; redirectUri: string; signal: AbortSignal },
): Promise<ExchangedTokens> {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code: input.code,
    redirect_uri: input.redirectUri,
  });
  if (input.verifier !== null) form.set('code_verifier', input.verifier);
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
  const tokens = response.status === 200 ? tokenResponse.safeParse(parseJson(response.text)) : null;
  if (!tokens?.success) {
    const { clientSecret, code, verifier } = input;
    throw refusedBy(response, [clientSecret, code, verifier, basic(connection.clientId, clientSecret).slice(6)]);
  }
  const date = Date.parse(response.headers.date ?? '');
  return {
    idToken: tokens.data.id_token,
    accessToken: tokens.data.access_token ?? null,
    answeredAt: Number.isNaN(date) ? null : date / 1000,
  };
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64')}`;
}

/** RFC 6749 §5.2, of which these have a detail of their own. */
const listedErrors = [
  'invalid_request',
  'unsupported_grant_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
];

/**
 * The refusal for an answer without usable tokens. Only the code of the error decides, whatever the
 * status: some IdPs say it with 200.
 */
function refusedBy(response: GuardedResponse, hidden: readonly (string | null)[]): SignInRefused {
  const { data } = z.object({ error: z.string() }).safeParse(parseJson(response.text));
  const said = wordsIn(response, hidden);
  const code = data?.error;
  // Glewlwyd has a name of its own for it.
  if (code === 'invalid_grant' || code === 'invalid_code') return new SignInRefused('code_refused', code, { said });
  if (code === 'invalid_client' || code === 'unauthorized_client')
    return new SignInRefused('client_refused', code, { said });
  if (code !== undefined && listedErrors.includes(code))
    return new SignInRefused('idp_error', `token_${code}`, { said });
  if (code !== undefined || response.status !== 200)
    return new SignInRefused('idp_error', `token_status_${response.status}`, { said });
  return new SignInRefused('idp_garbage', isWebPage(response) ? 'token_web_page' : 'token_response');
}

/** Turns a failed call into a refusal that names the call. */
export function asRefusal(call: 'token' | 'keys' | 'user_info') {
  return (error: unknown): never => {
    if (!(error instanceof GuardedFetchError)) throw error;
    const garbage = error.reason === 'too_large' || error.reason === 'redirect';
    // Such as ECONNREFUSED or CERT_HAS_EXPIRED.
    const networkError = foreignText((error.cause as { code?: unknown } | undefined)?.code, 60);
    const facts = networkError === null ? {} : { networkError };
    throw new SignInRefused(garbage ? 'idp_garbage' : 'idp_unreachable', `${call}_${error.reason}`, { facts });
  };
}
