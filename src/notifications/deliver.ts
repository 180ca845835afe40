import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import { bySystem } from '../by.ts';
import { transaction } from '../database/pool.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { addJobs, deliverJob } from './jobs.ts';
import { passwordMail, taskMail } from './kinds.ts';
import type { NotificationRow } from './notification.ts';
import { notificationColumns } from './notification.ts';
import type { createPostWebhook } from './post-webhook.ts';
import type { createSendAccountMail } from './send-account-mail.ts';
import type { createSendAccountTask } from './send-account-task.ts';
import type { createSendDigest } from './send-digest.ts';
import { webhookBody } from './webhook-body.ts';

/** Tries of a delivery until it is dead: the last one comes after 22 hours. */
const mostTries = 13;
/** Milliseconds after a failure: from 3 seconds to 6 hours. */
const pauseAfter = (tries: number) => Math.exp(Math.min(10, tries)) * 1_000;
const by = bySystem(null);

type Delivery = Readonly<{
  orgId: string;
  id: string;
  webhookId: string | null;
  userId: string | null;
  kinds: string[];
  notificationId: string | null;
  body: string | null;
  url: string | null;
  active: boolean | null;
  secret: string | null;
  previousSecret: string | null;
}>;

/**
 * The job that delivers one message. Each try is logged with its outcome, in one transaction with
 * the plan of the next try after a failure: the time follows from the number of tries alone. A job
 * that is killed in between runs again: at least once, always under the same id.
 */
export function createDeliver(deps: {
  pool: Pool;
  postWebhook: ReturnType<typeof createPostWebhook>;
  sendDigest: ReturnType<typeof createSendDigest>;
  sendAccountMail: ReturnType<typeof createSendAccountMail>;
  sendAccountTask: ReturnType<typeof createSendAccountTask>;
}) {
  return async ({ orgId, deliveryId }: { orgId: string; deliveryId: string }, signal: AbortSignal): Promise<void> => {
    const delivery = await read(deps.pool, orgId, deliveryId);
    if (!delivery) return;
    const startedAt = new Date();
    const started = performance.now();
    const outcome = await attempt(delivery, signal);
    // The process is stopping: the receiver isn't at fault.
    if (signal.aborted && outcome.result !== 'delivered') throw new Error('broken off');
    const durationMs = Math.round(performance.now() - started);
    await transaction(deps.pool, (client) => settle(client, delivery, outcome, { startedAt, durationMs }));
  };

  async function attempt(delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome> {
    const body = delivery.body ?? (await writeBody(deps.pool, delivery));
    const { id, orgId, userId, webhookId, url, secret, previousSecret, kinds } = delivery;
    if (body === null) return { result: 'cancelled', error: 'nothing_to_tell' };
    if (userId !== null && kinds.includes(passwordMail))
      return deps.sendAccountMail({ orgId, id, userId, body }, signal);
    if (userId !== null && kinds.includes(taskMail)) return deps.sendAccountTask({ orgId, id, userId, body }, signal);
    if (userId !== null) return deps.sendDigest({ orgId, id, userId, kinds, body }, signal);
    if (!delivery.active || webhookId === null || url === null || secret === null)
      return { result: 'cancelled', error: 'webhook_off' };
    return deps.postWebhook({ id, body, url, webhookId, secret, previousSecret }, signal);
  }
}

async function read(pool: Pool, orgId: string, id: string): Promise<Delivery | null> {
  const { rows } = await pool.query<Delivery>({
    name: 'delivery-read',
    text: `SELECT d.org_id AS "orgId", d.id, d.webhook_id AS "webhookId", d.user_id AS "userId", d.kinds,
                  d.notification_id AS "notificationId", d.body, w.url, w.active, w.secret,
                  CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END AS "previousSecret"
           FROM deliveries d LEFT JOIN webhooks w ON w.org_id = d.org_id AND w.id = d.webhook_id
           WHERE d.org_id = $1 AND d.id = $2 AND d.status = 'pending'`,
    values: [orgId, id],
  });
  return rows[0] ?? null;
}

/** The body of a message about repeats, once their count is final. Each try then sends the same. */
async function writeBody(pool: Pool, { orgId, id, notificationId }: Delivery): Promise<string | null> {
  const { rows } = await pool.query<NotificationRow>({
    name: 'delivery-notification',
    text: `SELECT ${notificationColumns} FROM notifications n WHERE n.org_id = $1 AND n.id = $2`,
    values: [orgId, notificationId],
  });
  if (!rows[0]) return null;
  const written = await pool.query({
    name: 'delivery-body',
    text: 'UPDATE deliveries SET body = coalesce(body, $3) WHERE org_id = $1 AND id = $2 RETURNING body',
    values: [orgId, id, webhookBody(rows[0])],
  });
  return written.rows[0]?.body ?? null;
}

/** Writes the try into the log, and plans the next one or ends the delivery. */
async function settle(
  client: PoolClient,
  delivery: Delivery,
  outcome: DeliveryOutcome,
  { startedAt, durationMs }: { startedAt: Date; durationMs: number },
): Promise<void> {
  const { orgId, id, webhookId } = delivery;
  const error = 'error' in outcome ? outcome.error : null;
  const answer = outcome.result === 'cancelled' ? null : outcome.status;
  const { rows } = await client.query<{ attempts: number; tries: number; status: string }>({
    name: 'delivery-settle',
    text: settleSql,
    values: [orgId, id, outcome.result, mostTries, error, startedAt, answer, durationMs],
  });
  const [settled] = rows;
  // Its webhook was removed, or another process has settled it.
  if (!settled) return;
  if (outcome.result === 'gone') await switchWebhookOff(client, delivery);
  if (settled.status === 'dead') await recordFailure(client, delivery, settled.attempts, error);
  if (settled.status === 'pending')
    await addJobs(client, [deliverJob({ orgId, id, webhookId, again: true, afterMs: pauseAfter(settled.tries) })], {
      anew: true,
    });
}

const settleSql = `
  WITH settled AS (
    UPDATE deliveries
    SET attempts = attempts + 1, tries = tries + 1, error = $5,
        status = CASE WHEN $3 = 'gone' OR ($3 = 'failed' AND tries + 1 >= $4) THEN 'dead' WHEN $3 = 'failed' THEN 'pending' ELSE $3 END,
        finished_at = CASE WHEN $3 <> 'failed' OR tries + 1 >= $4 THEN clock_timestamp() END
    WHERE org_id = $1 AND id = $2 AND status = 'pending'
    RETURNING attempts, tries, status
  ), logged AS (
    INSERT INTO delivery_attempts (org_id, delivery_id, number, at, status, duration_ms, error)
    SELECT $1, $2, attempts, $6, $7, $8, $5 FROM settled
  )
  SELECT attempts, tries, status FROM settled`;

async function switchWebhookOff(client: PoolClient, { orgId, webhookId }: Delivery): Promise<void> {
  if (webhookId === null) return;
  const { rowCount } = await client.query({
    name: 'webhook-off',
    text: 'UPDATE webhooks SET active = false, updated_at = now() WHERE org_id = $1 AND id = $2 AND active',
    values: [orgId, webhookId],
  });
  const target = { type: 'webhook', id: webhookId };
  if (rowCount)
    await recordEvent(client, {
      orgId,
      action: 'webhook.changed',
      by,
      target,
      detail: { active: false, reason: 'gone' },
    });
}

function recordFailure(client: PoolClient, delivery: Delivery, attempts: number, error: string | null): Promise<void> {
  const { orgId, id, webhookId, userId, kinds } = delivery;
  const target = webhookId === null ? { type: 'user', id: userId ?? '' } : { type: 'webhook', id: webhookId };
  const channel = webhookId === null ? 'email' : 'webhook';
  const detail = { delivery: id, channel, kinds: kinds.join(' '), attempts, error };
  return recordEvent(client, { orgId, action: 'delivery.failed', by, target, detail });
}
