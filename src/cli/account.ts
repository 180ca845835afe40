import * as oauth from 'openid-client';
import pRetry from 'p-retry';
import { z } from 'zod';
import { adminScope } from '../api/operation.ts';
import { AppError, type ProblemCode, problems } from '../errors.ts';
import type { Tokens } from './credentials.ts';

const clientId = 'cli';
const personalScope = 'openid profile email offline_access';
const userAgent = `universal-logout-cli (${process.platform})`;
/** Seconds in which a server must begin its answer. */
const answerLimit = 10;

const person = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  orgId: z.string(),
  org: z.string(),
  orgSlug: z.string(),
  role: z.string(),
});
export type SignedInPerson = z.output<typeof person>;

export type Account = Awaited<ReturnType<typeof openAccount>>;

/**
 * The requests of this command line, the app `cli`, to a server: over HTTP alone, like any app's.
 * Everything throws AppError unavailable when the server gives no usable answer.
 */
export async function openAccount(url: string) {
  const config = await answered(url, () =>
    oauth.discovery(new URL(url), clientId, undefined, oauth.None(), {
      timeout: answerLimit,
      // Only loopback may have http: see serverUrl.
      execute: url.startsWith('http:') ? [oauth.allowInsecureRequests] : [],
      [oauth.customFetch]: (address, { headers, ...options }) =>
        fetch(address, { ...options, headers: { ...headers, 'user-agent': userAgent } } as RequestInit),
    }),
  );

  return {
    /**
     * Asks for a device code (RFC 8628 §3.1); `tokens` waits for the person's answer, or the end.
     */
    async beginLogin({ admin }: { admin: boolean }) {
      const scope = admin ? `${personalScope} ${adminScope}` : personalScope;
      const asked = await answered(url, () => oauth.initiateDeviceAuthorization(config, { scope }));
      return {
        address: asked.verification_uri,
        addressWithCode: asked.verification_uri_complete ?? asked.verification_uri,
        code: asked.user_code,
        /** @throws AppError access_denied with the reason of the refusal */
        tokens: async (): Promise<Tokens> => {
          const poll = () => oauth.pollDeviceAuthorizationGrant(config, asked);
          const milliseconds = (asked.interval ?? 5) * 1000;
          const patience = { retries: 1_000, factor: 1, minTimeout: milliseconds, maxTimeout: milliseconds };
          // A server that is away for a moment hasn't refused: the code is good for minutes.
          const maxRetryTime = asked.expires_in * 1000;
          const shouldRetry = ({ error }: { error: Error }) => isAway(error);
          return answered(url, async () =>
            toTokens(await pRetry(poll, { ...patience, maxRetryTime, shouldRetry }).catch(refusedLogin)),
          );
        },
      };
    },

    /** Uses up a refresh token and returns the next tokens. Null: the grant has ended. */
    async refresh({ refreshToken }: Tokens): Promise<Tokens | null> {
      const answer = await answered(url, () =>
        oauth.refreshTokenGrant(config, refreshToken).catch((error: unknown) => {
          if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant') return null;
          throw error;
        }),
      );
      return answer && toTokens(answer, refreshToken);
    },

    /**
     * The person's sign-out, with the consequences of the org's policy; 401: it is over already.
     */
    async signOut(tokens: Tokens): Promise<void> {
      const { status } = await this.send(tokens, { method: 'POST', path: '/api/signout' });
      await answered(url, async () => {
        if (![200, 204, 401].includes(status)) throw new Error(`POST /api/signout was answered ${status}`);
      });
    },

    /** Ends the grant at the server (RFC 7009); one that has ended already is no error. */
    async revoke({ refreshToken }: Tokens): Promise<void> {
      await answered(url, () => oauth.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' }));
    },

    /** The person of the access token, or the server's refusal of it. */
    async whoIs(tokens: Tokens): Promise<SignedInPerson | Refusal> {
      const response = await this.send(tokens, { method: 'GET', path: '/api/users/me' });
      return answered(url, async () => {
        const body: unknown = await response.json();
        if (response.status === 200) return person.parse(body);
        if (response.status === 401) return { refused: problem.parse(body) };
        throw new Error(`GET /api/users/me was answered ${response.status}`);
      });
    },

    /** Sends a request with the access token, to a path of the server. */
    send({ accessToken }: Tokens, { method, path, body }: ApiRequest): Promise<Response> {
      const target = new URL(path, url);
      // "/\\host" is an address of another server, which must not get the token.
      if (target.origin !== url) throw new AppError('invalid_request', `${path} is not a path of ${url}.`);
      const headers = {
        authorization: `Bearer ${accessToken}`,
        accept: 'application/json, */*',
        'user-agent': userAgent,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      // The limit counts until the answer begins: an export may take long.
      const limit = new AbortController();
      const late = setTimeout(() => limit.abort(), answerLimit * 1000);
      const asked = { method, headers, body: body ?? null, signal: limit.signal, redirect: 'error' } as const;
      return answered(url, () => fetch(target, asked)).finally(() => clearTimeout(late));
    },
  };
}

export type ApiRequest = Readonly<{ method: string; path: string; body?: string | undefined }>;

export type Refusal = Readonly<{ refused: z.output<typeof problem> }>;

/** The problem details of a refusal: its reason, and the moment of the sign-out. */
export const problem = z.object({
  code: z
    .string()
    .transform((code) => (code in problems ? (code as ProblemCode) : 'not_signed_in'))
    .default('not_signed_in'),
  detail: z.string().optional(),
  signedOutAt: z.iso.datetime().optional(),
  reason: z.string().optional(),
  helpText: z.string().optional(),
  switchedOff: z.boolean().default(false),
});

function toTokens(answer: oauth.TokenEndpointResponse, before?: string): Tokens {
  const refreshToken = answer.refresh_token ?? before;
  if (refreshToken === undefined) throw new AppError('unavailable', 'The server gave no refresh token.');
  const expiresAt = new Date(Date.now() + (answer.expires_in ?? 0) * 1000).toISOString();
  return { accessToken: answer.access_token, refreshToken, expiresAt };
}

function refusedLogin(error: unknown): never {
  const code = error instanceof oauth.ResponseBodyError ? error.error : null;
  if (code === 'access_denied') throw new AppError('not_signed_in', 'The sign-in was refused.', { cause: error });
  if (code === 'expired_token')
    throw new AppError('not_signed_in', 'The code has expired. Run login again.', { cause: error });
  // A revocation came between the approval and the answer.
  if (code === 'invalid_grant')
    throw new AppError('not_signed_in', 'The sign-in no longer counts. Run login again.', { cause: error });
  throw error;
}

function isAway(error: Error): boolean {
  return !(error instanceof oauth.ResponseBodyError) || error.status >= 500;
}

async function answered<T>(url: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('unavailable', `${url} did not answer as a Universal Logout server does${reason(error)}.`, {
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && /^[A-Z0-9_]+$/.test(code)) return ` (${code})`;
  }
  return '';
}
