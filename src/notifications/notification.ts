import { en } from '../texts/en.ts';
import type { Texts } from '../texts/texts.ts';
import { describe, type Parts } from './describe.ts';
import type { Kind, OutboxAction } from './kinds.ts';

/** A row of the feed, as `notificationColumns` reads it. */
export type NotificationRow = Readonly<{
  orgId: string;
  id: string;
  position: number;
  kind: Kind;
  eventId: string;
  action: OutboxAction;
  actorType: string;
  actorId: string | null;
  targetType: string | null;
  targetId: string | null;
  parts: Parts;
  count: number;
  firstAt: Date;
  lastAt: Date;
  createdAt: Date;
}>;

/** Positions are counted for each org: they stay far below what a double holds. */
export const notificationColumns = `
  n.org_id AS "orgId", n.id, n.position::float8 AS position, n.kind, n.event_id AS "eventId", n.action, n.actor_type AS "actorType",
  n.actor_id AS "actorId", n.target_type AS "targetType", n.target_id AS "targetId", n.parts, n.count, n.first_at AS "firstAt",
  n.last_at AS "lastAt", n.created_at AS "createdAt"`;

/** The notification for the API and, in English, for webhooks: text, actor, target and count. */
export function present(row: NotificationRow, texts: Texts = en) {
  const { actorName, targetName, ...detail } = row.parts;
  const name = (value: Parts[string] | undefined) => (typeof value === 'string' ? value : null);
  return {
    id: row.id,
    kind: row.kind,
    text: describe(texts, row),
    event: row.eventId,
    action: row.action,
    actor: { type: row.actorType, id: row.actorId, name: name(actorName) },
    target: row.targetType === null ? null : { type: row.targetType, id: row.targetId, name: name(targetName) },
    detail,
    count: row.count,
    firstAt: row.firstAt.toISOString(),
    lastAt: row.lastAt.toISOString(),
  };
}
