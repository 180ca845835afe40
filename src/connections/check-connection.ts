import { AppError } from '../errors.ts';
import { foreignText } from '../http/foreign-text.ts';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import type { ConnectionView as Connection } from './connections.ts';
import { discover } from './discovery.ts';
import { parseKeySet } from './published-keys.ts';

/** What a connection has in common with its IdP's metadata. */
export type Endpoints = Pick<Connection, 'issuer' | (typeof comparedMembers)[number]>;

export const comparedMembers = [
  'authorizationEndpoint',
  'tokenEndpoint',
  'jwksUri',
  'userinfoEndpoint',
  'endSessionEndpoint',
] as const;

export type MetadataCheck = Readonly<{
  /** Null: the metadata was read. Otherwise what is wrong with it, for administrators. */
  problem: string | null;
  differences: readonly Readonly<{
    member: (typeof comparedMembers)[number];
    here: string | null;
    published: string | null;
  }>[];
}>;

/** Compares a connection with what its issuer publishes today. Changes nothing. */
export async function checkMetadata(guardedFetch: GuardedFetch, connection: Endpoints): Promise<MetadataCheck> {
  try {
    const found = await discover(guardedFetch, connection.issuer);
    const differences = comparedMembers
      .filter((member) => found[member] !== connection[member])
      .map((member) => ({ member, here: connection[member], published: found[member] }));
    return { problem: null, differences };
  } catch (error) {
    if (error instanceof AppError) return { problem: error.detail, differences: [] };
    throw error;
  }
}

/** Reads the IdP's keys anew; those that are in use aren't touched. */
export async function checkKeys(guardedFetch: GuardedFetch, jwksUri: string) {
  try {
    const { status, text } = await guardedFetch(jwksUri);
    if (status !== 200) return { problem: `${jwksUri} answers with status ${status} instead of 200.`, keys: [] };
    const keys = parseKeySet(text)
      .jwks()
      .keys.map(({ kid, kty, alg, use }) => ({
        id: foreignText(kid, 255),
        type: kty ?? '',
        algorithm: foreignText(alg, 40),
        use: foreignText(use, 40),
      }));
    return { problem: keys.length === 0 ? `${jwksUri} has no key that can verify a token.` : null, keys };
  } catch (error) {
    const why = error instanceof GuardedFetchError ? `${error.reason}: ${error.message}` : 'it is no JWKS';
    return { problem: `${jwksUri} cannot be read (${why}).`, keys: [] };
  }
}
