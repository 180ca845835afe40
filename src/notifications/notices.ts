import type { PoolClient } from 'pg';
import { deviceKinds } from '../sessions/principal.ts';
import type { Parts } from './describe.ts';
import { type Kind, kindOf, type OutboxAction, type OutboxEvent } from './kinds.ts';
import { createRefusedCallers } from './refused-callers.ts';

/** The events of a batch that belong together, as one notice. */
export type Notice = Readonly<{
  orgId: string;
  kind: Kind;
  /** The first event's id. */
  eventId: string;
  action: OutboxAction;
  actorType: string;
  actorId: string | null;
  targetType: string | null;
  targetId: string | null;
  /** Notices of one target with an equal text here are counted together; null: they never are. */
  alike: string | null;
  /** Those of the latest event. */
  parts: Parts;
  count: number;
  /** `count` is the number in all, not the number of new ones. */
  total: boolean;
  firstAt: Date;
  lastAt: Date;
}>;

/** Puts together events that belong together, and counts refused calls; the feeds are locked. */
export async function toNotices(client: PoolClient, events: readonly OutboxEvent[]): Promise<readonly Notice[]> {
  const callers = await createRefusedCallers(client, events);
  const notices = new Map<string, Notice>();
  for (const event of events) {
    const refused = event.action === 'call.refused' || event.action === 'signal.received';
    const notice = refused ? noticeOfRefusal(event, callers.refuse(event)) : noticeOf(event);
    if (!refused) callers.succeed(event);
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
  if (kind === null) return null;
  const notice = toNotice(event, kind);
  return kind === 'refused_provisioning' ? toldByCaller(notice) : notice;
}

/** A directory that is refused for a thousand people is told of once, with the latest of them. */
function toldByCaller(notice: Notice): Notice {
  const { actorType: targetType, actorId: targetId, parts } = notice;
  const about = parts.targetName ?? notice.targetId;
  return { ...notice, targetType, targetId, parts: { ...parts, targetName: parts.actorName ?? null, about } };
}

function noticeOfRefusal(event: OutboxEvent, told: ReturnType<RefusedCallers['refuse']>): Notice | null {
  if (!told) return null;
  const notice = { ...toNotice(event, 'refused_calls'), alike: `refused_calls ${told.series}` };
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

/** The second change of a role or an identity may undo the first. */
function alikeOf({ action, actorType, actorId, detail }: OutboxEvent, kind: Kind): string | null {
  if (kind === 'role_change' || kind === 'identity_change') return null;
  const device = deviceKinds.find((kindOfDevice) => kindOfDevice in detail) ?? 'all';
  return [kind, action, device, actorType, actorId].join(' ');
}

function merge(before: Notice, next: Notice): Notice {
  const { eventId, firstAt } = before;
  return { ...next, eventId, firstAt, count: next.total ? next.count : before.count + next.count };
}
