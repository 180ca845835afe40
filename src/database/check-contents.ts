import type { Pool } from 'pg';
import { prefixLength, sealedPrefixes } from '../keyring.ts';
import { UnfitServerError } from './check-server.ts';
import { type SealedPlace, sealedPlaces } from './sealed-places.ts';

type ContentsFacts = {
  read_only: string;
  forbidden: string[];
  /** Of `neededPlaces`: how many texts no key opens. */
  closed: number[];
};

const neededPlaces = sealedPlaces.filter(({ needed }) => needed);

/** The tables that revocations, sign-ins and apps' tokens write: a role needs a right to each. */
const inserted = [
  'users',
  'identities',
  'sessions',
  'grants',
  'tokens',
  'spent',
  'revocations',
  'audit_events',
  'audit_names',
  'outbox',
];
const updated = ['orgs', 'users', 'sessions', 'grants', 'tokens'];
const writes = [
  ...inserted.map((table) => [table, 'INSERT'] as const),
  ...updated.map((table) => [table, 'UPDATE'] as const),
];

/**
 * Refuses a database that can't be written, or that holds secrets which none of `encryptionKeys`
 * opens. Reads only the start of each secret, which names its key.
 * @throws UnfitServerError
 */
export async function checkContents(pool: Pool, encryptionKeys: readonly Uint8Array[]): Promise<void> {
  const { rows } = await pool.query<ContentsFacts>({
    name: 'check-contents',
    text: `
      SELECT current_setting('transaction_read_only') AS read_only,
             (SELECT coalesce(array_agg(privilege || ' on ' || name), '{}')
                FROM unnest($2::text[], $3::text[]) AS needed (name, privilege)
               WHERE NOT has_table_privilege(name, privilege)) AS forbidden,
             ARRAY[${neededPlaces.map(countClosed).join(', ')}] AS closed`,
    values: [sealedPrefixes(encryptionKeys), writes.map(([table]) => table), writes.map(([, privilege]) => privilege)],
  });
  const facts = rows[0];
  if (!facts) throw new Error('The server answered the check with no row.');
  const closed = neededPlaces
    .map(({ what }, index) => ({ what, count: facts.closed[index] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ what, count }) => `${what}: ${count}`);
  const reasons = [
    facts.read_only === 'on' &&
      'The database is read-only. Set default_transaction_read_only = off, for the server, the database or the role.',
    facts.forbidden.length > 0 && `The role lacks privileges. GRANT it ${facts.forbidden.join(', ')}.`,
    closed.length > 0 &&
      `ENCRYPTION_KEYS lacks a key that stored secrets were sealed with (${closed.join('; ')}). Add it again, behind the current one. A new key is added behind the old one on every node first, and only then moved to the front.`,
  ].filter((reason) => reason !== false);
  if (reasons.length > 0) throw new UnfitServerError(reasons);
}

function countClosed({ table, column, counts }: SealedPlace): string {
  return `(SELECT count(*)::int FROM ${table} WHERE ${counts} AND left(${column}, ${prefixLength}) <> ALL ($1::text[]))`;
}
