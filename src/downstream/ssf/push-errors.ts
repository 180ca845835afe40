/** The codes of RFC 8935 §2.4 and SSF 1.0: a receiver's own words are never kept. */
const codes = [
  'invalid_request',
  'invalid_key',
  'invalid_issuer',
  'invalid_audience',
  'authentication_failed',
  'access_denied',
  'invalid_state',
] as const;

/** Why a receiver refused an event, as a word of a closed list. */
export const errorWord = (code: unknown): string => codes.find((known) => known === code) ?? 'refused';
