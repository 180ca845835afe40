import type { PoolClient } from 'pg';
import { deviceKinds } from '../sessions/principal.ts';
import type { Parts } from './describe.ts';
import { type Kind, kindOf, type OutboxAction, type OutboxEvent } from './kinds.ts';
import { createRefusedCallers } from './refused-callers.ts';

/** What a batch's events that belong together amount to. */
export type Notice = Readonly<{
  orgId: string;
  kind: Kind;
  /** The first event. */
  eventId: string;
  action: OutboxAction;
  actorType: string;
  actorId: string | null;
  targetType: string | null;
  targetId: string | null;
  /**
   * What else than the target two must have in common to be counted together: they read the same
   * then. Null: they never are.
   */
  alike: string | null;
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
    const key =
      notice.alike === null
        ? notice.eventId
        : JSON.stringify([notice.orgId, notice.targetType, notice.targetId, notice.alike]);
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
  const alike = alikeOf(event, kind);
  return { orgId, kind, eventId, action, actorType, actorId, targetType, targetId, alike, parts, ...counted };
}

/**
 * Of two changes of a role the one could undo the other. Refused calls are their caller's, who is
 * the target.
 */
function alikeOf({ action, actorType, actorId, detail }: OutboxEvent, kind: Kind): string | null {
  if (kind === 'role_change') return null;
  if (kind === 'refused_calls') return kind;
  const what = deviceKinds.find((one) => one in detail) ?? 'all';
  return [kind, action, what, actorType, actorId].join(' ');
}

function merge(before: Notice, next: Notice): Notice {
  const { eventId, firstAt } = before;
  return { ...next, eventId, firstAt, count: next.total ? next.count : before.count + next.count };
}
