import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { eventPollPurpose } from '../database/sealed-places.ts';
import { AppError } from '../errors.ts';
import { type GuardedFetch, GuardedFetchError } from '../http/guarded-fetch.ts';
import type { Keyring } from '../keyring.ts';

const address = z.string().min(1).max(2048);

/** How we show who we are: a token as it is, or one of a token endpoint, by a client secret. */
export const pollAuth = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('bearer') }),
  z.strictObject({
    method: z.literal('client_credentials'),
    tokenEndpoint: address,
    clientId: z.string().min(1).max(512),
    scope: z.string().max(1000).default('ssf.read'),
  }),
]);
export type PollAuth = z.output<typeof pollAuth>;

export const pollForm = z.strictObject({
  endpoint: address.describe('The `endpoint_url` of the stream at the transmitter.'),
  auth: pollAuth,
  credential: z
    .string()
    .min(1)
    .max(4096)
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks')
    .optional()
    .describe(
      'The bearer token, or the client secret. Another address, or another way, needs it again. It is never shown.',
    ),
});
export type PollForm = z.output<typeof pollForm>;

export type EventPollRow = Readonly<{
  connectionId: string;
  endpoint: string;
  auth: PollAuth;
  failures: number;
  error: string | null;
  answeredAt: Date | null;
}>;

export type EventPolls = ReturnType<typeof createEventPolls>;

const columns = `p.connection_id AS "connectionId", p.endpoint, p.auth, p.failures, p.error, p.answered_at AS "answeredAt"`;

/** Where security events of connections' IdPs are fetched. The credential is sealed, and never given out. */
export function createEventPolls({
  pool,
  keyring,
  guardedFetch,
}: {
  pool: Pool;
  keyring: Keyring;
  guardedFetch: GuardedFetch;
}) {
  const find = async (db: Pool | PoolClient, orgId: string, id: string): Promise<EventPollRow | null> => {
    const text = `SELECT ${columns} FROM event_polls p WHERE p.org_id = $1 AND p.connection_id = $2`;
    return (await db.query<EventPollRow>(text, [orgId, id])).rows[0] ?? null;
  };

  return {
    /** Null: nothing is fetched for this connection, or the org has no such one. */
    find: (orgId: string, connectionId: string) => find(pool, orgId, connectionId),

    /**
     * Begins at once. Null when the org has no such connection. @throws AppError invalid_request where
     * an address can't be called, or the credential is missing
     */
    async set(
      orgId: string,
      id: string,
      { endpoint, auth, credential }: PollForm,
      by: By,
    ): Promise<EventPollRow | null> {
      for (const [field, url] of Object.entries({ endpoint, ...(auth.method === 'bearer' ? {} : auth) }))
        if (field === 'endpoint' || field === 'tokenEndpoint') check(guardedFetch, field, url);
      const sealed = credential === undefined ? null : await keyring.encrypt(credential, eventPollPurpose(orgId, id));
      return transaction(pool, async (client) => {
        const { rowCount } = await client.query(
          'SELECT FROM connections WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE',
          [orgId, id],
        );
        if (rowCount !== 1) return null;
        const before = await find(client, orgId, id);
        const keeps = before !== null && shownTo(before) === shownTo({ endpoint, auth });
        if (sealed === null && !keeps)
          throw new AppError('invalid_request', ({ answers }) => answers.pollNeedsCredential, { field: 'credential' });
        await client.query(
          `INSERT INTO event_polls AS p (org_id, connection_id, endpoint, auth, credential) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (org_id, connection_id) DO UPDATE
           SET endpoint = excluded.endpoint, auth = excluded.auth, credential = coalesce(nullif(excluded.credential, ''), p.credential),
               claim = p.claim + 1, leased_until = NULL, due_at = now(), failures = 0, error = NULL`,
          [orgId, id, endpoint, auth, sealed ?? ''],
        );
        await record(client, orgId, id, by);
        return find(client, orgId, id);
      });
    },

    /** False: nothing was fetched. */
    async remove(orgId: string, id: string, by: By): Promise<boolean> {
      return transaction(pool, async (client) => {
        const { rowCount } = await client.query('DELETE FROM event_polls WHERE org_id = $1 AND connection_id = $2', [
          orgId,
          id,
        ]);
        if (rowCount === 1) await record(client, orgId, id, by);
        return rowCount === 1;
      });
    },
  };
}

const record = (client: PoolClient, orgId: string, id: string, by: By) =>
  recordEvent(client, {
    orgId,
    action: 'connection.changed',
    by,
    target: { type: 'connection', id },
    detail: { changed: 'eventPoll' },
  });

/**
 * The whole addresses that the credential, or its token, is shown to: one host may have one for each
 * of its customers.
 */
const shownTo = ({ endpoint, auth }: Pick<PollForm, 'endpoint' | 'auth'>): string =>
  JSON.stringify(
    auth.method === 'bearer'
      ? [new URL(endpoint).href]
      : [new URL(endpoint).href, new URL(auth.tokenEndpoint).href, auth.clientId],
  );

function check(guardedFetch: GuardedFetch, field: string, url: string): void {
  try {
    guardedFetch.check(url);
  } catch (error) {
    if (error instanceof GuardedFetchError) throw new AppError('invalid_request', error.says, { field });
    throw error;
  }
}
