import { randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { Action } from '../audit/actions.ts';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { webhookSecretPurpose } from '../database/sealed-places.ts';
import { AppError } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { en } from '../texts/en.ts';
import { addJobs, deliverJob } from './jobs.ts';

export type Webhooks = ReturnType<typeof createWebhooks>;

/** Webhooks of one org: each can hold up a job of a node for as long as its receiver hangs. */
const mostWebhooks = 10;

export type WebhookRow = Readonly<{
  id: string;
  url: string;
  kinds: string[];
  active: boolean;
  previousSecretUntil: Date | null;
  /** When a message arrived last, and how many are dead: among its latest 1,000. */
  lastDeliveredAt: Date | null;
  dead: number;
  createdAt: Date;
  updatedAt: Date;
}>;

const latest = `SELECT d.status, d.finished_at FROM deliveries d
  WHERE d.org_id = webhooks.org_id AND d.webhook_id = webhooks.id ORDER BY d.created_at DESC, d.id DESC LIMIT 1000`;
const columns = `id, url, kinds, active, CASE WHEN previous_secret_until > now() THEN previous_secret_until END AS "previousSecretUntil",
  created_at AS "createdAt", updated_at AS "updatedAt",
  (SELECT max(finished_at) FROM (${latest}) latest WHERE status = 'delivered') AS "lastDeliveredAt",
  (SELECT count(*)::int FROM (${latest}) latest WHERE status = 'dead') AS dead`;

type Detail = Record<string, string | number | boolean | null>;

/** The webhooks of orgs. A secret is returned once, when it is made. */
export function createWebhooks({ pool, keyring }: { pool: Pool; keyring: Keyring }) {
  const record = (db: PoolClient, orgId: string, id: string, action: Action, by: By, detail: Detail = {}) =>
    recordEvent(db, { orgId, action, by, target: { type: 'webhook', id }, detail });

  return {
    async list(orgId: string): Promise<readonly WebhookRow[]> {
      const text = `SELECT ${columns} FROM webhooks WHERE org_id = $1 ORDER BY created_at, id`;
      return (await pool.query<WebhookRow>(text, [orgId])).rows;
    },

    async find(orgId: string, id: string): Promise<WebhookRow | null> {
      const text = `SELECT ${columns} FROM webhooks WHERE org_id = $1 AND id = $2`;
      return (await pool.query<WebhookRow>(text, [orgId, id])).rows[0] ?? null;
    },

    /** @throws AppError conflict when the org has as many as it may */
    async add(
      orgId: string,
      input: { url: string; kinds: readonly string[]; active: boolean },
      by: By,
    ): Promise<WebhookRow & { secret: string }> {
      const id = newId('webhook');
      const secret = newSecret();
      const sealed = await keyring.encrypt(secret, webhookSecretPurpose(id));
      return transaction(pool, async (client) => {
        // The lock makes additions wait for each other, so that the count holds.
        await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`webhooks ${orgId}`]);
        const { rows: before } = await client.query('SELECT count(*)::int AS count FROM webhooks WHERE org_id = $1', [
          orgId,
        ]);
        if (before[0].count >= mostWebhooks)
          throw new AppError('conflict', ({ answers }) => answers.limits.webhooks({ most: mostWebhooks }));
        const { rows } = await client.query<WebhookRow>(
          `INSERT INTO webhooks (org_id, id, url, kinds, active, secret, updated_at) VALUES ($1, $2, $3, $4, $5, $6, now())
           RETURNING ${columns}`,
          [orgId, id, input.url, input.kinds, input.active, sealed],
        );
        await record(client, orgId, id, 'webhook.added', by, {
          host: hostOf(input.url),
          kinds: input.kinds.join(' '),
        });
        return { ...(rows[0] as WebhookRow), secret };
      });
    },

    /** Null when the org has no such webhook. */
    async change(
      orgId: string,
      id: string,
      input: { url?: string | undefined; kinds?: readonly string[] | undefined; active?: boolean | undefined },
      by: By,
    ): Promise<WebhookRow | null> {
      return transaction(pool, async (client) => {
        const { rows } = await client.query<WebhookRow>(
          `UPDATE webhooks SET url = coalesce($3, url), kinds = coalesce($4, kinds), active = coalesce($5, active), updated_at = now()
           WHERE org_id = $1 AND id = $2 RETURNING ${columns}`,
          [orgId, id, input.url ?? null, input.kinds ?? null, input.active ?? null],
        );
        if (!rows[0]) return null;
        await record(client, orgId, id, 'webhook.changed', by, {
          ...(input.url === undefined ? {} : { host: hostOf(input.url) }),
          ...(input.kinds === undefined ? {} : { kinds: input.kinds.join(' ') }),
          ...(input.active === undefined ? {} : { active: input.active }),
        });
        return rows[0];
      });
    },

    /** Removes its log too. False when the org has no such webhook. */
    async remove(orgId: string, id: string, by: By): Promise<boolean> {
      return transaction(pool, async (client) => {
        const { rows } = await client.query('DELETE FROM webhooks WHERE org_id = $1 AND id = $2 RETURNING url', [
          orgId,
          id,
        ]);
        if (!rows[0]) return false;
        await record(client, orgId, id, 'webhook.removed', by, { host: hostOf(rows[0].url) });
        return true;
      });
    },

    /** Makes a new secret; the old one also signs for a day. Null: the org has no such webhook. */
    async rotateSecret(orgId: string, id: string, by: By): Promise<(WebhookRow & { secret: string }) | null> {
      const secret = newSecret();
      const sealed = await keyring.encrypt(secret, webhookSecretPurpose(id));
      return transaction(pool, async (client) => {
        const { rows } = await client.query<WebhookRow>(
          `UPDATE webhooks SET previous_secret = secret, previous_secret_until = now() + interval '1 day', secret = $3, updated_at = now()
           WHERE org_id = $1 AND id = $2 RETURNING ${columns}`,
          [orgId, id, sealed],
        );
        if (!rows[0]) return null;
        await record(client, orgId, id, 'webhook.changed', by, { secret: 'rotated' });
        return { ...rows[0], secret };
      });
    },

    /**
     * Sends a message of type `test`. Returns the delivery's id; null: the org has no such webhook.
     */
    async sendTest(orgId: string, id: string, by: By): Promise<string | null> {
      return transaction(pool, async (client) => {
        const { rows } = await client.query('SELECT active FROM webhooks WHERE org_id = $1 AND id = $2 FOR SHARE', [
          orgId,
          id,
        ]);
        if (!rows[0]) return null;
        if (!rows[0].active) throw new AppError('conflict', ({ answers }) => answers.webhookOff);
        const deliveryId = newId('delivery');
        const data = { organization: orgId, text: en.notifications.test };
        const body = JSON.stringify({ type: 'test', timestamp: new Date().toISOString(), data });
        await client.query(
          `INSERT INTO deliveries (org_id, id, channel, webhook_id, kinds, body) VALUES ($1, $2, 'webhook', $3, '{test}', $4)`,
          [orgId, deliveryId, id, body],
        );
        await addJobs(client, [deliverJob({ orgId, id: deliveryId, webhookId: id })]);
        await record(client, orgId, id, 'webhook.tested', by, { delivery: deliveryId });
        return deliveryId;
      });
    },
  };
}

/** 24 to 64 random bytes in base64 behind a prefix (Standard Webhooks). */
function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** The rest of a webhook's URL may hold a token: it stays out of the record. */
function hostOf(url: string): string {
  return new URL(url).host;
}
