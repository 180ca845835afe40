import { z } from 'zod';
import type { GuardedFetch } from './guarded-fetch.ts';
import { parseJson } from './parse-json.ts';

/** The token endpoint gave none. What it said is never kept. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
  readonly status: number;
  constructor(status: number) {
    super('the token endpoint gave no access token');
    this.status = status;
  }
}

const tokenAnswer = z.object({
  // It goes into a header.
  access_token: z
    .string()
    .min(1)
    .max(16_384)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive().default(300),
});
const mostKept = 1_000;

export type TokenRequest = Readonly<{ tokenEndpoint: string; scope?: string | undefined }>;
/** How a client shows who it is. */
export type ClientProof = Readonly<{ headers: Record<string, string>; form: Record<string, string> }>;

/**
 * Access tokens by client credentials (RFC 6749 §4.4), kept in memory until they expire.
 *
 * @param options.margin seconds before its end at which a token isn't used any more
 */
export function createKeptTokens({ guardedFetch, margin }: { guardedFetch: GuardedFetch; margin: number }) {
  const kept = new Map<string, { token: string; until: number }>();

  return {
    /**
     * @param key changes with the settings and the secret: changed ones never go on with an old token
     * @throws NoTokenError, GuardedFetchError
     */
    async get(
      key: string,
      { tokenEndpoint, scope }: TokenRequest,
      prove: () => ClientProof | Promise<ClientProof>,
      signal: AbortSignal,
    ): Promise<string> {
      const before = kept.get(key);
      if (before && before.until > performance.now()) return before.token;
      const { headers, form } = await prove();
      const { status, text } = await guardedFetch(tokenEndpoint, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded', 'User-Agent': 'universal-logout' },
        body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }), ...form }).toString(),
        signal,
      });
      const answer = tokenAnswer.safeParse(parseJson(text));
      if (status < 200 || status >= 300 || !answer.success) throw new NoTokenError(status);
      const { access_token: token, expires_in: seconds } = answer.data;
      const [oldest] = kept.keys();
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
      kept.set(key, { token, until: performance.now() + (seconds - margin) * 1000 });
      return token;
    },

    /** Whether there was one to forget. */
    forget: (key: string): boolean => kept.delete(key),
  };
}

/** RFC 6749 §2.3.1: both are encoded before they are put together. */
export function byBasic(clientId: string, secret: string): ClientProof {
  const pair = [clientId, secret].map((part) => encodeURIComponent(part)).join(':');
  return { headers: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: {} };
}
