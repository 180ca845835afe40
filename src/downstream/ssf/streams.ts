import type { Pool, PoolClient } from 'pg';
import { newId } from '../../database/ids.ts';
import { transaction } from '../../database/pool.ts';
import { streamHeaderPurpose } from '../../database/sealed-places.ts';
import { AppError } from '../../errors.ts';
import { tooManyRequests } from '../../http/rate-limit.ts';
import type { Keyring } from '../../keyring.ts';
import { withoutReasons } from '../forgotten.ts';
import {
  type Delivery,
  minVerificationInterval,
  type StreamForm,
  type StreamRow,
  type StreamStatus,
  streamColumns,
} from './stream.ts';

export type Streams = ReturnType<typeof createStreams>;

const from = 'FROM event_streams s JOIN apps a ON a.org_id = s.org_id AND a.id = s.app_id';

/** The streams of receivers. A receiver, an app of kind `ssf`, has one at most, and reaches no other. */
export function createStreams({ pool, keyring, wake }: { pool: Pool; keyring: Keyring; wake: () => void }) {
  const find = async (db: Pool | PoolClient, orgId: string, appId: string): Promise<StreamRow | null> => {
    const text = `SELECT ${streamColumns} ${from} WHERE s.org_id = $1 AND s.app_id = $2`;
    return (await db.query<StreamRow>(text, [orgId, appId])).rows[0] ?? null;
  };

  const columnsOf = async (orgId: string, id: string, delivery: Delivery) => {
    const { endpointUrl, header } = delivery.method === 'push' ? delivery : { endpointUrl: null, header: null };
    const sealed = header === null ? null : await keyring.encrypt(header, streamHeaderPurpose(orgId, id));
    return [delivery.method, endpointUrl, sealed];
  };

  return {
    /** Null: the receiver has none. */
    find: (orgId: string, appId: string) => find(pool, orgId, appId),

    /** @throws AppError conflict where the receiver has one */
    async create(
      orgId: string,
      appId: string,
      { delivery, eventsRequested, description }: StreamForm,
    ): Promise<StreamRow> {
      const id = newId('stream');
      const { rowCount } = await pool.query(
        `INSERT INTO event_streams (org_id, app_id, id, method, endpoint_url, authorization_header, events_requested, description)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (org_id, app_id) DO NOTHING`,
        [
          orgId,
          appId,
          id,
          ...(await columnsOf(orgId, id, delivery ?? { method: 'poll' })),
          eventsRequested,
          description,
        ],
      );
      const stream = rowCount === 1 ? await find(pool, orgId, appId) : null;
      if (!stream) throw new AppError('conflict', 'You have a stream already: read, change or delete that one.');
      return stream;
    },

    /**
     * What waits goes by the new way from now on, and is tried for a day by it, however long nobody
     * fetched it before. Null: the stream was deleted meanwhile.
     */
    async change(
      { orgId, id, appId }: StreamRow,
      { delivery, eventsRequested, description }: StreamForm,
    ): Promise<StreamRow | null> {
      const delivered = delivery && (await columnsOf(orgId, id, delivery));
      await transaction(pool, async (client) => {
        await client.query(
          'UPDATE event_streams SET events_requested = $3, description = $4 WHERE org_id = $1 AND id = $2',
          [orgId, id, eventsRequested, description],
        );
        if (delivered)
          await client.query(
            'UPDATE event_streams SET method = $3, endpoint_url = $4, authorization_header = $5 WHERE org_id = $1 AND id = $2',
            [orgId, id, ...delivered],
          );
        // Whatever was changed, a receiver that was away is tried again at once.
        await client.query(
          `UPDATE apps SET failures = 0, held_until = now(), away_since = NULL, probe_at = NULL
           WHERE org_id = $1 AND id = $2 AND ($3 OR failures > 0 OR away_since IS NOT NULL OR probe_at IS NOT NULL)`,
          [orgId, appId, delivered !== null],
        );
      });
      wake();
      return find(pool, orgId, appId);
    },

    /** What waits for it is cancelled. */
    async remove({ orgId, id, appId }: StreamRow): Promise<void> {
      await transaction(pool, async (client) => {
        await client.query('DELETE FROM event_streams WHERE org_id = $1 AND id = $2', [orgId, id]);
        await discard(client, orgId, appId, 'stream_deleted');
      });
    },

    /** By the receiver's own wish. Disabled, what waits is discarded; what comes meanwhile, too. */
    async setStatus({ orgId, id, appId }: StreamRow, status: StreamStatus, reason: string | null): Promise<void> {
      await transaction(pool, async (client) => {
        const { rows } = await client.query<{ before: StreamStatus }>(
          `UPDATE event_streams s SET status = $3, reason = $4
           FROM (SELECT org_id, id, status FROM event_streams WHERE org_id = $1 AND id = $2 FOR UPDATE) old
           WHERE s.org_id = old.org_id AND s.id = old.id RETURNING old.status AS before`,
          [orgId, id, status, reason],
        );
        if (status === 'disabled' || rows[0]?.before === 'disabled')
          await discard(client, orgId, appId, 'stream_disabled');
        if (rows[0]?.before === 'paused')
          await client.query('UPDATE apps SET held_until = now() WHERE org_id = $1 AND id = $2', [orgId, appId]);
      });
      wake();
    },

    /** Of people who are removed from a stream the receiver hears nothing, until they are added again. */
    async removePeople({ orgId, id }: StreamRow, userIds: readonly string[]): Promise<void> {
      await pool.query(
        `INSERT INTO stream_subjects (org_id, stream_id, user_id) SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING`,
        [orgId, id, userIds],
      );
    },

    async addPeople({ orgId, id }: StreamRow, userIds: readonly string[]): Promise<void> {
      await pool.query(
        'DELETE FROM stream_subjects WHERE org_id = $1 AND stream_id = $2 AND user_id = ANY ($3::text[])',
        [orgId, id, userIds],
      );
    },

    /** Sends a verification with that `state`. @throws AppError too_many_requests */
    async verify({ orgId, id, appId }: StreamRow, state: string | null): Promise<void> {
      const { rows } = await pool.query<{ jti: string }>(
        `WITH asked AS (
           UPDATE event_streams SET verified_at = clock_timestamp()
           WHERE org_id = $1 AND id = $2
             AND (verified_at IS NULL OR verified_at < clock_timestamp() - interval '${minVerificationInterval} seconds')
           RETURNING org_id
         )
         INSERT INTO forwards (org_id, id, app_id, user_id, type, said, jti, revoked_at)
         SELECT org_id, $4, $3, $2, 'verification', jsonb_build_object('state', $5::text), gen_random_uuid(), clock_timestamp()
         FROM asked RETURNING jti`,
        [orgId, id, appId, newId('forward'), state],
      );
      if (rows.length === 0) throw tooManyRequests('Ask for a verification less often.', minVerificationInterval);
      wake();
    },

    /** Notes, once a minute at most, that the receiver is there. */
    async noteUse({ orgId, id }: StreamRow): Promise<void> {
      await pool.query(
        `UPDATE event_streams SET last_used_at = now() WHERE org_id = $1 AND id = $2 AND last_used_at < now() - interval '1 minute'`,
        [orgId, id],
      );
    },
  };
}

async function discard(client: PoolClient, orgId: string, appId: string, why: string): Promise<void> {
  await client.query(
    `UPDATE forwards f SET status = 'cancelled', error = $3, names = '{}', said = ${withoutReasons}, finished_at = clock_timestamp()
     WHERE org_id = $1 AND app_id = $2 AND status = 'pending'`,
    [orgId, appId, why],
  );
}
