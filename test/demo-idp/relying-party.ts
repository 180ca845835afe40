import { createHash, randomBytes } from 'node:crypto';
import { createRemoteJWKSet, type JWTVerifyResult, jwtVerify } from 'jose';
import { type Browser, type BrowserResponse, hasLoginForm } from '../support/browser.ts';

export const redirectUri = 'http://localhost:9/openid/callback/1';

type Metadata = Record<
  'issuer' | 'authorization_endpoint' | 'token_endpoint' | 'userinfo_endpoint' | 'end_session_endpoint' | 'jwks_uri',
  string
>;

type Params = Record<string, string | undefined>;

type Begun = {
  url: string;
  verifier: string;
  nonce: string;
  state: string;
  page: BrowserResponse;
  /** Set when the IdP led back at once, without a form. */
  callbackUrl?: string;
};

/**
 * The least that an app does against an IdP, with plain fetch and jose. Its callback is never
 * requested.
 */
export async function createRelyingParty(issuer: string, client: { id: string; secret: string }) {
  const discovered = await fetch(`${issuer}/.well-known/openid-configuration`);
  const metadata = (await discovered.json()) as Metadata;

  function start(params: Params = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const nonce = randomBytes(16).toString('base64url');
    const state = randomBytes(16).toString('base64url');
    const query = {
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      state,
      nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...params,
    };
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { url: `${metadata.authorization_endpoint}?${new URLSearchParams(given)}`, verifier, nonce, state };
  }

  /** Follows the IdP's redirects: to its form, or to the callback URL. */
  async function authorize(browser: Browser, params?: Params): Promise<Begun> {
    const started = start(params);
    let page = await browser.get(started.url);
    for (let location = page.headers.get('location'); location; location = page.headers.get('location')) {
      const next = new URL(location, page.url).href;
      if (next.startsWith(redirectUri)) return { ...started, page, callbackUrl: next };
      page = await browser.get(next);
    }
    return { ...started, page };
  }

  /** Exchanges the code; the ID token is verified as an app has to. */
  async function exchange(callbackUrl: string, sent: { verifier: string }) {
    const response = await fetch(metadata.token_endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(callbackUrl).searchParams.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: sent.verifier,
      }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  }

  const verify = (idToken: string | undefined): Promise<JWTVerifyResult> =>
    jwtVerify(idToken ?? '', createRemoteJWKSet(new URL(metadata.jwks_uri)), {
      issuer: metadata.issuer,
      audience: client.id,
      algorithms: ['RS256'],
    });

  /** A whole sign-in; `silent` tells whether the IdP asked for no password. */
  async function signIn(browser: Browser, person: { email: string; password: string }, params?: Params) {
    const begun = await authorize(browser, params);
    const silent = !hasLoginForm(begun.page);
    const callbackUrl = begun.callbackUrl ?? (await browser.submitLogin({ page: begun.page }, person));
    const { body } = await exchange(callbackUrl, begun);
    const { payload, protectedHeader } = await verify(body.id_token);
    return { silent, callbackUrl, claims: payload, header: protectedHeader, idToken: body.id_token ?? '', sent: begun };
  }

  return { metadata, start, authorize, exchange, verify, signIn };
}
