import type { Pool } from 'pg';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import { inLanguage, type Languages } from '../texts/texts.ts';
import { describe } from './describe.ts';
import { type Digest, digestSize } from './digest.ts';
import { addJobs, deliverJob } from './jobs.ts';
import { type NotificationRow, notificationColumns } from './notification.ts';

/**
 * Puts an administrator's notifications of the kinds they chose, those not mailed yet and at most a
 * day old, into one e-mail and plans its delivery. One transaction does both, so that no
 * notification is in two e-mails or in none.
 */
export async function gatherEmail(
  pool: Pool,
  languages: Languages,
  { orgId, userId }: { orgId: string; userId: string },
): Promise<void> {
  await transaction(pool, async (client) => {
    const { rows: readers } = await client.query({ name: 'email-reader', text: readerSql, values: [orgId, userId] });
    if (!readers[0]) return;
    const { kinds, emailedUpTo, lastPosition, language } = readers[0];
    const values = [orgId, kinds, emailedUpTo, lastPosition];
    const { rows } = await client.query<NotificationRow & { total: number }>({
      name: 'email-rows',
      text: rowsSql,
      values,
    });
    await client.query({
      name: 'email-gathered',
      text: `UPDATE notification_readers SET emailed_up_to = $3, emailed_at = clock_timestamp() WHERE org_id = $1 AND user_id = $2`,
      values: [orgId, userId, lastPosition],
    });
    const total = rows[0]?.total ?? 0;
    if (total === 0) return;
    const id = newId('delivery');
    const texts = inLanguage(languages, language);
    const items = rows.map((row) => ({ text: describe(texts, row), at: row.lastAt.toISOString() }));
    const digest: Digest = { items, more: total - items.length };
    await client.query({
      name: 'email-plan',
      text: `INSERT INTO deliveries (org_id, id, channel, user_id, kinds, body) VALUES ($1, $2, 'email', $3, $4, $5)`,
      values: [orgId, id, userId, [...new Set(rows.map(({ kind }) => kind))], JSON.stringify(digest)],
    });
    await addJobs(client, [deliverJob({ orgId, id, webhookId: null })]);
  });
}

// Positions are given in the order of the commits: up to the last one, none is missing.
const readerSql = `
  SELECT r.email_kinds AS kinds, r.emailed_up_to AS "emailedUpTo", f.last_position AS "lastPosition", u.language
  FROM notification_readers r
  JOIN users u ON u.org_id = r.org_id AND u.id = r.user_id
  JOIN notification_feeds f ON f.org_id = r.org_id
  WHERE r.org_id = $1 AND r.user_id = $2 AND u.active AND u.deleted_at IS NULL AND u.role <> 'member'
  FOR UPDATE OF r`;

const rowsSql = `
  SELECT ${notificationColumns}, count(*) OVER ()::int AS total
  FROM notifications n
  WHERE n.org_id = $1 AND n.kind = ANY ($2::text[]) AND n.position > $3 AND n.position <= $4 AND n.last_at > now() - interval '1 day'
  ORDER BY n.position LIMIT ${digestSize}`;
