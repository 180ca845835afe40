import { hash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { AddedNotification } from './add-notifications.ts';
import { addJobs, deliverJob, type Job } from './jobs.ts';
import { webhookBody } from './webhook-body.ts';

/** Milliseconds after a notification: relays have committed, and no more repeats count into it. */
const repeatsEnd = 65_000;
/** Milliseconds: how long an e-mail gathers, at least, and the pause between two to a person. */
const emailWindow = 30_000;
const emailPause = 300_000;

/** Plans deliveries to webhooks, and e-mails to be gathered, in the relay's transaction. */
export async function planDeliveries(
  client: PoolClient,
  told: readonly AddedNotification[],
  { emailAvailable }: { emailAvailable: boolean },
): Promise<void> {
  if (told.length === 0) return;
  await planWebhooks(client, told);
  if (emailAvailable) await planEmails(client, told);
}

/**
 * The first message of a kind and target goes out at once. A second one tells of all its repeats,
 * with their count, when no more can come: a storm makes two messages.
 */
async function planWebhooks(client: PoolClient, told: readonly AddedNotification[]): Promise<void> {
  const { rows: webhooks } = await client.query<{ orgId: string; id: string; kinds: string[] }>({
    name: 'webhooks-of-orgs',
    text: 'SELECT org_id AS "orgId", id, kinds FROM webhooks WHERE active AND org_id = ANY ($1::text[])',
    values: [[...new Set(told.map(({ orgId }) => orgId))]],
  });
  const planned = told.flatMap((notification) =>
    webhooks
      .filter(({ orgId, kinds }) => orgId === notification.orgId && kinds.includes(notification.kind))
      .map((webhook) => ({
        orgId: notification.orgId,
        id: stableId(notification.repeated ? `repeats of ${notification.id}` : notification.eventId, webhook.id),
        webhookId: webhook.id,
        kind: notification.kind,
        notificationId: notification.id,
        body: notification.repeated ? null : webhookBody(notification),
      })),
  );
  if (planned.length === 0) return;
  const { rows: inserted } = await client.query<{ id: string; afterMs: number }>({
    name: 'deliveries-plan',
    // Both times come from the database's clock.
    text: `INSERT INTO deliveries AS d (org_id, id, channel, webhook_id, kinds, notification_id, body)
           SELECT org_id, id, 'webhook', webhook_id, ARRAY[kind], notification_id, body
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
             AS planned (org_id, id, webhook_id, kind, notification_id, body)
           ON CONFLICT DO NOTHING
           RETURNING id, CASE WHEN body IS NOT NULL THEN 0 ELSE (
             SELECT extract(epoch FROM n.created_at - clock_timestamp())::float8 * 1000 + ${repeatsEnd}
             FROM notifications n WHERE n.org_id = d.org_id AND n.id = d.notification_id) END AS "afterMs"`,
    values: [
      planned.map(({ orgId }) => orgId),
      planned.map(({ id }) => id),
      planned.map(({ webhookId }) => webhookId),
      planned.map(({ kind }) => kind),
      planned.map(({ notificationId }) => notificationId),
      planned.map(({ body }) => body),
    ],
  });
  const byId = new Map(planned.map((delivery) => [delivery.id, delivery]));
  await addJobs(
    client,
    inserted.flatMap(({ id, afterMs }) => {
      const delivery = byId.get(id);
      return delivery ? [deliverJob({ ...delivery, afterMs })] : [];
    }),
  );
}

/** Made of the subject and the receiver: a receiver recognises a repeat after any kill. */
function stableId(about: string, receiver: string): string {
  return `dlv_${hash('sha256', `${about} ${receiver}`, 'hex').slice(0, 32)}`;
}

/** One job a person, at the time of its first planning: the e-mail holds everything up to then. */
async function planEmails(client: PoolClient, told: readonly AddedNotification[]): Promise<void> {
  const { rows } = await client.query<{ orgId: string; userId: string; sinceLast: number | null }>({
    name: 'emails-wanted',
    text: `SELECT DISTINCT r.org_id AS "orgId", r.user_id AS "userId",
                  extract(epoch FROM clock_timestamp() - r.emailed_at)::float8 * 1000 AS "sinceLast"
           FROM unnest($1::text[], $2::text[]) AS told (org_id, kind)
           JOIN notification_readers r ON r.org_id = told.org_id AND told.kind = ANY (r.email_kinds)
           JOIN users u ON u.org_id = r.org_id AND u.id = r.user_id
           WHERE u.active AND u.deleted_at IS NULL AND u.role <> 'member'`,
    values: [told.map(({ orgId }) => orgId), told.map(({ kind }) => kind)],
  });
  const jobs = rows.map(
    ({ orgId, userId, sinceLast }): Job => ({
      task: 'gather-email',
      payload: { orgId, userId },
      lanes: [],
      key: `email ${orgId} ${userId}`,
      afterMs: Math.max(emailWindow, emailPause - (sinceLast ?? emailPause)),
    }),
  );
  await addJobs(client, jobs, { keepTime: true });
}
