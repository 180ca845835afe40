import type { Pool } from 'pg';
import { sealedPrefixes } from '../keyring.ts';
import { UnfitServerError } from './check-server.ts';

type ContentsFacts = {
  read_only: string;
  forbidden: string[];
  connections: number;
  signing_keys: number;
  webhooks: number;
};

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
             (SELECT count(*)::int FROM connections WHERE left(client_secret, 64) <> ALL ($1::text[])) AS connections,
             (SELECT count(*)::int FROM signing_keys WHERE left(private_key, 64) <> ALL ($1)) AS signing_keys,
             (SELECT count(*)::int FROM webhooks
               WHERE left(secret, 64) <> ALL ($1)
                  OR (previous_secret_until > now() AND left(previous_secret, 64) <> ALL ($1))) AS webhooks`,
    values: [sealedPrefixes(encryptionKeys), writes.map(([table]) => table), writes.map(([, privilege]) => privilege)],
  });
  const facts = rows[0];
  if (!facts) throw new Error('The server answered the check with no row.');
  const closed = [
    facts.connections > 0 && `client secrets of connections: ${facts.connections}`,
    facts.signing_keys > 0 && `keys that sign ID tokens: ${facts.signing_keys}`,
    facts.webhooks > 0 && `secrets of webhooks: ${facts.webhooks}`,
  ].filter((line) => line !== false);
  const reasons = [
    facts.read_only === 'on' &&
      'The database is read-only. Set default_transaction_read_only = off, for the server, the database or the role.',
    facts.forbidden.length > 0 && `The role lacks privileges. GRANT it ${facts.forbidden.join(', ')}.`,
    closed.length > 0 &&
      `ENCRYPTION_KEYS lacks a key that stored secrets were sealed with (${closed.join('; ')}). Add it again, behind the current one. A new key is added behind the old one on every node first, and only then moved to the front.`,
  ].filter((reason) => reason !== false);
  if (reasons.length > 0) throw new UnfitServerError(reasons);
}
