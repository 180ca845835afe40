import { z } from 'zod';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';
import type { PollAuth } from './event-polls.ts';
import { PollFailed } from './poll-transmitter.ts';

const tokenAnswer = z.object({
  access_token: z
    .string()
    .min(1)
    .max(16_384)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive().default(300),
});
/** Seconds before its end at which a token isn't used any more: a poll may wait for so long. */
const margin = 60;
const mostKept = 1_000;

/** Access tokens by client credentials (RFC 6749 §4.4), kept in memory until they expire. */
export function createPollTokens({ guardedFetch }: { guardedFetch: GuardedFetch }) {
  const kept = new Map<string, { token: string; until: number }>();

  return {
    /** @param key changes with the settings and the secret: changed ones never go on with an old token */
    async get(key: string, auth: PollAuth, credential: string, signal: AbortSignal): Promise<string> {
      if (auth.method === 'bearer') return credential;
      const before = kept.get(key);
      if (before && before.until > performance.now()) return before.token;
      const pair = [auth.clientId, credential].map((part) => encodeURIComponent(part)).join(':');
      const { status, text } = await guardedFetch(auth.tokenEndpoint, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          'User-Agent': 'universal-logout',
          Authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          ...(auth.scope && { scope: auth.scope }),
        }).toString(),
        signal,
      });
      const answer = tokenAnswer.safeParse(parseJson(text));
      if (status < 200 || status >= 300 || !answer.success) throw new PollFailed('no_token');
      const { access_token: token, expires_in: seconds } = answer.data;
      const [oldest] = kept.keys();
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
      kept.set(key, { token, until: performance.now() + (seconds - margin) * 1000 });
      return token;
    },

    forget: (key: string): boolean => kept.delete(key),
  };
}
