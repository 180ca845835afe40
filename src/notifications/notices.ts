import type { PoolClient } from 'pg';
import type { Parts } from './describe.ts';
import { type Kind, kindOf, type OutboxEvent } from './kinds.ts';
import { createRefusedCallers } from './refused-callers.ts';

/** What a batch's events of one kind and target amount to. */
export type Notice = Readonly<{
  orgId: string;
  kind: Kind;
  /** The first event. */
  eventId: string;
  action: string;
  actorType: string;
  actorId: string | null;
  targetType: string | null;
  targetId: string | null;
  /** The latest event's. */
  parts: Parts;
  count: number;
  /** `count` says how many there have been in all, not how many more. */
  total: boolean;
  firstAt: Date;
  lastAt: Date;
}>;

/** Puts together what belongs together, and counts refused calls; the orgs' feeds are locked. */
export async function toNotices(client: PoolClient, events: readonly OutboxEvent[]): Promise<readonly Notice[]> {
  const callers = await createRefusedCallers(client, events);
  const notices = new Map<string, Notice>();
  for (const event of events) {
    const notice = event.action === 'call.refused' ? noticeOfRefusal(event, callers.refuse(event)) : noticeOf(event);
    if (event.action !== 'call.refused') callers.succeed(event);
    if (!notice) continue;
    const key = JSON.stringify([notice.orgId, notice.kind, notice.targetType, notice.targetId]);
    const before = notices.get(key);
    notices.set(key, before ? merge(before, notice) : notice);
  }
  await callers.write();
  return [...notices.values()];
}

function noticeOf(event: OutboxEvent): Notice | null {
  const kind = kindOf(event);
  return kind && toNotice(event, kind);
}

function noticeOfRefusal(event: OutboxEvent, told: ReturnType<RefusedCallers['refuse']>): Notice | null {
  if (!told) return null;
  const notice = toNotice(event, 'refused_calls');
  const parts = { ...notice.parts, ...(told.caller.type === 'network' ? { network: told.caller.id } : {}) };
  const { type: targetType, id: targetId } = told.caller;
  return { ...notice, targetType, targetId, parts, count: told.refusals, total: true };
}
type RefusedCallers = Awaited<ReturnType<typeof createRefusedCallers>>;

function toNotice(event: OutboxEvent, kind: Kind): Notice {
  const { orgId, eventId, action, actorType, actorId, targetType, targetId, at } = event;
  const parts = { ...event.detail, actorName: event.actorName, targetName: event.targetName };
  const counted = { count: 1, total: false, firstAt: at, lastAt: at };
  return { orgId, kind, eventId, action, actorType, actorId, targetType, targetId, parts, ...counted };
}

function merge(before: Notice, next: Notice): Notice {
  const { eventId, firstAt } = before;
  return { ...next, eventId, firstAt, count: next.total ? next.count : before.count + next.count };
}
