import type { Pool } from 'pg';
import { type NotificationRow, notificationColumns } from './notification.ts';

export type Feed = ReturnType<typeof createFeed>;

/** Unread notifications are counted up to here. */
export const mostUnread = 1_000;

const unreadCount = `(
  SELECT count(*)::int FROM (
    SELECT FROM notifications c WHERE c.org_id = $1 AND c.position > coalesce(r.read_up_to, 0) LIMIT ${mostUnread}
  ) unread)`;

const readUpTo =
  'coalesce((SELECT r.read_up_to FROM notification_readers r WHERE r.org_id = $1 AND r.user_id = $2), 0)';

/** The notifications of an org, and how far each administrator has read. */
export function createFeed({ pool }: { pool: Pool }) {
  return {
    /** Up to `limit` before a position (null: the newest), newest first; `unread`: no read ones. */
    async list(
      orgId: string,
      userId: string,
      { before, limit, unread }: { before: number | null; limit: number; unread: boolean },
    ): Promise<readonly (NotificationRow & { read: boolean })[]> {
      const values: unknown[] = [orgId, userId];
      const add = (value: unknown) => `$${values.push(value)}`;
      // The conditions are only those asked for and the limit is our own number: a page is read off
      // the index from its start.
      const conditions = [
        'n.org_id = $1',
        ...(before === null ? [] : [`n.position < ${add(before)}`]),
        ...(unread ? [`n.position > ${readUpTo}`] : []),
      ];
      const { rows } = await pool.query(
        `SELECT ${notificationColumns}, n.position <= ${readUpTo} AS read FROM notifications n
         WHERE ${conditions.join(' AND ')} ORDER BY n.position DESC LIMIT ${BigInt(limit)}`,
        values,
      );
      return rows;
    },

    /** `readUpTo`: the position up to which the administrator has read. */
    async state(orgId: string, userId: string): Promise<{ readUpTo: number; unreadCount: number }> {
      const { rows } = await pool.query({
        name: 'feed-state',
        text: `SELECT coalesce(r.read_up_to, 0)::float8 AS "readUpTo", ${unreadCount} AS "unreadCount"
               FROM (VALUES (1)) AS always (row) LEFT JOIN notification_readers r ON r.org_id = $1 AND r.user_id = $2`,
        values: [orgId, userId],
      });
      return rows[0];
    },

    /** Moves the marker forward, never back, and not past the last notification. */
    async markRead(orgId: string, userId: string, upTo: number): Promise<void> {
      await pool.query({
        name: 'feed-mark-read',
        text: `INSERT INTO notification_readers AS r (org_id, user_id, read_up_to)
               SELECT $1, $2, least($3::int8, f.last_position) FROM notification_feeds f WHERE f.org_id = $1
               ON CONFLICT (org_id, user_id) DO UPDATE SET read_up_to = greatest(r.read_up_to, excluded.read_up_to)`,
        values: [orgId, userId, upTo],
      });
    },

    /** The kinds that the administrator wants by e-mail. */
    async emailKinds(orgId: string, userId: string): Promise<readonly string[]> {
      const { rows } = await pool.query({
        name: 'feed-email-kinds',
        text: 'SELECT email_kinds FROM notification_readers WHERE org_id = $1 AND user_id = $2',
        values: [orgId, userId],
      });
      return rows[0]?.email_kinds ?? [];
    },

    /** An administrator who begins to want e-mail is mailed of later notifications only. */
    async setEmailKinds(orgId: string, userId: string, kinds: readonly string[]): Promise<void> {
      await pool.query({
        name: 'feed-set-email-kinds',
        text: `INSERT INTO notification_readers AS r (org_id, user_id, email_kinds, emailed_up_to)
               SELECT $1, $2, $3::text[], coalesce((SELECT last_position FROM notification_feeds WHERE org_id = $1), 0)
               ON CONFLICT (org_id, user_id) DO UPDATE
               SET email_kinds = excluded.email_kinds,
                   emailed_up_to = CASE WHEN r.email_kinds = '{}' THEN excluded.emailed_up_to ELSE r.emailed_up_to END`,
        values: [orgId, userId, kinds],
      });
    },
  };
}
