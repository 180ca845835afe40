import type { PoolClient } from 'pg';
import { newId } from '../database/ids.ts';
import type { Notice } from './notices.ts';
import { type NotificationRow, notificationColumns } from './notification.ts';

/** A notification as it stands now; `repeated`: it was there before and is told of again. */
export type AddedNotification = NotificationRow & Readonly<{ repeated: boolean }>;

/**
 * Writes notices into the feeds of their orgs, which the caller has locked. A notice that is alike
 * and of the same target as a notification of the last minute is counted into it: that one moves to
 * the end of its feed and is unread again.
 */
export async function addNotifications(
  client: PoolClient,
  notices: readonly Notice[],
): Promise<readonly AddedNotification[]> {
  if (notices.length === 0) return [];
  const open = await findOpen(client, notices);
  const positions = await takePositions(client, notices);
  const placed = notices.map((notice, index) => ({
    ...notice,
    id: open.get(index) ?? newId('notification'),
    position: positions[index] as number,
    repeated: open.has(index),
  }));
  const added = placed.filter(({ repeated }) => !repeated);
  const repeated = placed.filter(({ repeated }) => repeated);
  return [
    ...(await write(client, 'insert', added)).map((row) => ({ ...row, repeated: false })),
    ...(await write(client, 'repeat', repeated)).map((row) => ({ ...row, repeated: true })),
  ];
}

async function findOpen(client: PoolClient, notices: readonly Notice[]): Promise<Map<number, string>> {
  const { rows } = await client.query<{ index: number; id: string }>({
    name: 'notifications-open',
    text: `SELECT asked.number::int - 1 AS index, open.id
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
                  AS asked (org_id, kind, target_type, target_id, alike, number),
                LATERAL (SELECT n.id FROM notifications n
                         WHERE n.org_id = asked.org_id AND n.kind = asked.kind AND n.target_id = asked.target_id
                           AND n.target_type = asked.target_type AND n.alike = asked.alike
                           AND n.created_at > clock_timestamp() - interval '1 minute'
                         ORDER BY n.created_at DESC LIMIT 1) open`,
    values: [
      notices.map(({ orgId }) => orgId),
      notices.map(({ kind }) => kind),
      notices.map(({ targetType }) => targetType),
      notices.map(({ targetId }) => targetId),
      notices.map(({ alike }) => alike),
    ],
  });
  return new Map(rows.map(({ index, id }) => [index, id]));
}

/** The next positions of each org's feed, in the order of the notices. */
async function takePositions(client: PoolClient, notices: readonly Notice[]): Promise<readonly number[]> {
  const counts = new Map<string, number>();
  const offsets = notices.map(({ orgId }) => {
    const offset = (counts.get(orgId) ?? 0) + 1;
    counts.set(orgId, offset);
    return offset;
  });
  const { rows } = await client.query<{ org_id: string; before: number }>({
    name: 'feeds-advance',
    text: `UPDATE notification_feeds f SET last_position = f.last_position + asked.count
           FROM unnest($1::text[], $2::int[]) AS asked (org_id, count) WHERE f.org_id = asked.org_id
           RETURNING f.org_id, (f.last_position - asked.count)::float8 AS before`,
    values: [[...counts.keys()], [...counts.values()]],
  });
  const before = new Map(rows.map((row) => [row.org_id, row.before]));
  return notices.map(({ orgId }, index) => (before.get(orgId) ?? 0) + (offsets[index] as number));
}

type Placed = Notice & Readonly<{ id: string; position: number }>;

const given = `unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::text[], $12::int[], $13::bool[], $14::timestamptz[], $15::timestamptz[], $16::text[])
  AS given (org_id, id, position, kind, event_id, action, actor_type, actor_id, target_type, target_id, parts, count, total,
            first_at, last_at, alike)`;

const sql = {
  insert: `
    INSERT INTO notifications AS n (org_id, id, position, kind, event_id, action, actor_type, actor_id, target_type, target_id,
                                    parts, count, first_at, last_at, alike)
    SELECT org_id, id, position, kind, event_id, action, actor_type, actor_id, target_type, target_id, parts::jsonb, count,
           first_at, last_at, alike
    FROM ${given}
    RETURNING ${notificationColumns}`,
  repeat: `
    UPDATE notifications n
    SET position = given.position, action = given.action, actor_type = given.actor_type, actor_id = given.actor_id,
        parts = given.parts::jsonb, count = CASE WHEN given.total THEN given.count ELSE n.count + given.count END,
        last_at = greatest(n.last_at, given.last_at)
    FROM ${given}
    WHERE n.org_id = given.org_id AND n.id = given.id
    RETURNING ${notificationColumns}`,
};

async function write(client: PoolClient, how: keyof typeof sql, placed: readonly Placed[]): Promise<NotificationRow[]> {
  if (placed.length === 0) return [];
  const column = <Name extends keyof Placed>(name: Name) => placed.map((notice) => notice[name]);
  const values = [
    column('orgId'),
    column('id'),
    column('position'),
    column('kind'),
    column('eventId'),
    column('action'),
    column('actorType'),
    column('actorId'),
    column('targetType'),
    column('targetId'),
    placed.map(({ parts }) => JSON.stringify(parts)),
    column('count'),
    column('total'),
    column('firstAt'),
    column('lastAt'),
    column('alike'),
  ];
  const { rows } = await client.query<NotificationRow>({ name: `notifications-${how}`, text: sql[how], values });
  return rows;
}
