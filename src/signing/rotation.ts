import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { newId } from '../database/ids.ts';

/** Seconds that a new key is published before it signs: receivers may keep the published keys a day. */
export const aheadSeconds = 24 * 3600;

/** The least: within these every node publishes the new key. */
export const leastAheadSeconds = 60;

/** How long a key stays published after another signs. What it signed lives five minutes. */
export const keptFor = '1 day';

export type Rotation = 'ahead' | 'now' | 'leaked';

export type SigningKey = Readonly<{
  id: string;
  /** `published`: it will sign; `kept`: it has signed, and what it signed may still count. */
  state: 'signs' | 'published' | 'kept';
  signsFrom: Date;
  /** When it goes; null: no other has taken its place. */
  goesAt: Date | null;
}>;

/** The columns of a `SigningKey`, newest first, of `keys`: SQL with each key and its `successor`. */
export const shownKeys = (keys: string) => `
  SELECT id, signs_from AS "signsFrom", successor + interval '${keptFor}' AS "goesAt",
         CASE WHEN signs_from > now() THEN 'published' WHEN successor <= now() THEN 'kept' ELSE 'signs' END AS state
  FROM (${keys}) AS keys
  ORDER BY signs_from DESC, created_at DESC, id`;

/** A new private key for RS256, which every OpenID Connect client can verify (Core §15.1). */
export async function newSigningJwk(): Promise<JWK & { kid: string }> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: newId('signingKey'), use: 'sig', alg: 'RS256' };
}
