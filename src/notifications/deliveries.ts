import type { Pool } from 'pg';
import { type AuditEvent, recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import type { TimePage } from '../database/time-key.ts';
import { AppError } from '../errors.ts';
import { addJobs, deliverJob } from './jobs.ts';

export type Deliveries = ReturnType<typeof createDeliveries>;

export const deliveryStatuses = ['pending', 'delivered', 'dead', 'cancelled'] as const;

export type DeliveryRow = Readonly<{
  id: string;
  channel: 'webhook' | 'email';
  webhookId: string | null;
  userId: string | null;
  kinds: string[];
  status: (typeof deliveryStatuses)[number];
  error: string | null;
  attempts: number;
  createdAt: Date;
  finishedAt: Date | null;
}>;

export type AttemptRow = Readonly<{
  number: number;
  at: Date;
  status: number | null;
  durationMs: number;
  error: string | null;
}>;

const columns = `id, channel, webhook_id AS "webhookId", user_id AS "userId", kinds, status, error, attempts,
  created_at AS "createdAt", finished_at AS "finishedAt"`;

/** Dead deliveries that one transaction sends again. */
export const mostReplayed = 100;

/** The log of messages to webhooks and by e-mail; a message can be sent again from here. */
export function createDeliveries({ pool }: { pool: Pool }) {
  return {
    /** Newest first: the deliveries of one webhook, or those that are dead. */
    async list(
      orgId: string,
      of: { webhookId: string } | { status: 'dead' },
      { after, limit }: TimePage,
    ): Promise<readonly DeliveryRow[]> {
      const [which, value] = 'webhookId' in of ? ['webhook_id', of.webhookId] : ['status', of.status];
      // The conditions are only those asked for and the limit is our own number: a page is read off
      // the index from its start.
      const { rows } = await pool.query<DeliveryRow>(
        `SELECT ${columns} FROM deliveries
         WHERE org_id = $1 AND ${which} = $2 ${after ? 'AND (created_at, id) < ($3, $4)' : ''}
         ORDER BY created_at DESC, id DESC LIMIT ${BigInt(limit)}`,
        after ? [orgId, value, after.createdAt, after.id] : [orgId, value],
      );
      return rows;
    },

    /** With its attempts, the latest first, 100 at most; null when the org has no such delivery. */
    async find(orgId: string, id: string): Promise<(DeliveryRow & { log: readonly AttemptRow[] }) | null> {
      const { rows } = await pool.query<DeliveryRow>(
        `SELECT ${columns} FROM deliveries WHERE org_id = $1 AND id = $2`,
        [orgId, id],
      );
      if (!rows[0]) return null;
      const log = await pool.query<AttemptRow>(
        `SELECT number, at, status, duration_ms AS "durationMs", error FROM delivery_attempts
         WHERE org_id = $1 AND delivery_id = $2 ORDER BY number DESC LIMIT 100`,
        [orgId, id],
      );
      return { ...rows[0], log: log.rows };
    },

    /**
     * Sends the same message again, under the same id, with as many tries as the first time. `of`
     * `dead`: only a dead delivery. Returns null when the org has no such delivery.
     * @throws AppError conflict when it is under way, or its webhook is switched off
     */
    async replay(orgId: string, id: string, of: 'all' | 'dead', by: By): Promise<DeliveryRow | null> {
      return transaction(pool, async (client) => {
        const { rows } = await client.query<DeliveryRow & { off: boolean }>(
          `SELECT ${columns}, EXISTS (SELECT FROM webhooks w WHERE w.org_id = d.org_id AND w.id = d.webhook_id AND NOT w.active) AS off
           FROM deliveries d WHERE org_id = $1 AND id = $2 FOR UPDATE`,
          [orgId, id],
        );
        const [delivery] = rows;
        if (!delivery || (of === 'dead' && delivery.status !== 'dead')) return null;
        if (delivery.status === 'pending') throw new AppError('conflict', ({ answers }) => answers.deliveryUnderWay);
        if (delivery.off) throw new AppError('conflict', ({ answers }) => answers.itsWebhookOff);
        const again = await client.query<DeliveryRow>(
          `UPDATE deliveries SET status = 'pending', tries = 0, error = NULL, finished_at = NULL WHERE org_id = $1 AND id = $2
           RETURNING ${columns}`,
          [orgId, id],
        );
        await addJobs(client, [deliverJob({ ...delivery, orgId })]);
        await recordEvent(client, replayed(orgId, delivery, by));
        return again.rows[0] as DeliveryRow;
      });
    },

    /**
     * Sends dead deliveries again, the oldest first, `mostReplayed` at most, but for those whose
     * webhook is switched off. Returns how many.
     */
    async replayDead(orgId: string, by: By): Promise<number> {
      return transaction(pool, async (client) => {
        const { rows } = await client.query<DeliveryRow>(
          `WITH chosen AS MATERIALIZED (
             SELECT d.id AS chosen_id FROM deliveries d LEFT JOIN webhooks w ON w.org_id = d.org_id AND w.id = d.webhook_id
             WHERE d.org_id = $1 AND d.status = 'dead' AND w.active IS NOT FALSE
             ORDER BY d.created_at, d.id LIMIT ${mostReplayed} FOR UPDATE OF d SKIP LOCKED
           )
           UPDATE deliveries SET status = 'pending', tries = 0, error = NULL, finished_at = NULL
           FROM chosen WHERE org_id = $1 AND id = chosen_id RETURNING ${columns}`,
          [orgId],
        );
        await addJobs(
          client,
          rows.map((delivery) => deliverJob({ ...delivery, orgId })),
        );
        for (const delivery of rows) await recordEvent(client, replayed(orgId, { ...delivery, status: 'dead' }, by));
        return rows.length;
      });
    },
  };
}

function replayed(orgId: string, { id, channel, webhookId, status }: DeliveryRow, by: By): AuditEvent {
  const detail = { channel, webhook: webhookId, before: status };
  return { orgId, action: 'delivery.replayed', by, target: { type: 'delivery', id }, detail };
}
