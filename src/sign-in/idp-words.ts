import { foreignText } from '../http/foreign-text.ts';
import type { GuardedResponse } from '../http/guarded-fetch.ts';
import { parseJson } from '../http/parse-json.ts';

const longestError = 60;
const longestDescription = 300;

/** What an identity provider said of a refusal: for the log and the record, never for the page. */
export type IdpWords = Readonly<{
  error: string | null;
  description: string | null;
  /** `browser`: whoever held the browser may have written it. `direct`: the IdP itself answered. */
  via: 'browser' | 'direct';
}>;

/** Null where neither is a text. @param hidden secrets that mustn't stand in it */
export function idpWords(
  said: Readonly<{ error?: unknown; error_description?: unknown }>,
  via: IdpWords['via'],
  hidden: readonly (string | null)[],
): IdpWords | null {
  const error = foreignText(said.error, longestError, hidden);
  const description = foreignText(said.error_description, longestDescription, hidden);
  return error === null && description === null ? null : { error, description, via };
}

/** From an answer's JSON (RFC 6749 §5.2), or else its challenge (RFC 6750 §3). */
export function wordsIn({ text, headers }: GuardedResponse, hidden: readonly (string | null)[]): IdpWords | null {
  const body = parseJson(text);
  const fromBody = typeof body === 'object' && body !== null ? idpWords(body, 'direct', hidden) : null;
  if (fromBody) return fromBody;
  const challenge = headers['www-authenticate'] ?? '';
  const parameter = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1];
  return idpWords({ error: parameter('error'), error_description: parameter('error_description') }, 'direct', hidden);
}

/** A web page in place of an answer: the wrong address, or a proxy's words. */
export function isWebPage({ text, headers }: GuardedResponse): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '') || /^\s*<(?:!doctype|html)\b/i.test(text);
}
