import type { Pool } from 'pg';
import type { TimeKey, TimePage } from '../database/time-key.ts';
import { canonicalJson } from './canonical-json.ts';

/** An event as the API shows it and an export holds it; a seal will be made over it. */
export type RecordedEvent = Readonly<{
  id: string;
  orgId: string;
  /** ISO 8601 in UTC, exact to a millisecond. */
  at: string;
  action: string;
  actor: { type: string; id: string | null };
  target: { type: string; id: string | null } | null;
  ip: string | null;
  requestId: string | null;
  detail: Readonly<Record<string, string | number | boolean | null>>;
}>;

export type EventFilter = Readonly<{
  /** Events at or after this moment. */
  from?: Date | undefined;
  /** Events before this moment. */
  to?: Date | undefined;
  /** Ids of the actor and of the target. */
  actor?: string | undefined;
  target?: string | undefined;
  /** A whole action, or a family with its dot: `sign_in.` */
  action?: string | undefined;
  /** Calls that were refused with this code. */
  refusal?: string | undefined;
}>;

export type EventOrder = 'asc' | 'desc';

export type AuditEvents = ReturnType<typeof createAuditEvents>;

/** Rows that an export reads at a time. */
const exportPage = 1_000;

/** Reads the record of orgs. Events are in the order of their times, then of their ids. */
export function createAuditEvents({ pool }: { pool: Pool }) {
  async function listEvents(
    orgId: string,
    filter: EventFilter,
    { limit, after, order }: TimePage & { order: EventOrder },
  ): Promise<RecordedEvent[]> {
    const { conditions, values } = conditionsOf(filter, [orgId]);
    const add = (value: unknown) => `$${values.push(value)}`;
    if (after) conditions.push(`(at, id) ${order === 'asc' ? '>' : '<'} (${add(after.createdAt)}, ${add(after.id)})`);
    // The limit is our own number and stands in the text: for a parameter PostgreSQL would plan for
    // a tenth of the table.
    const inOrder = `ORDER BY at ${order}, id ${order} LIMIT ${BigInt(limit)}`;
    const page = (where: readonly string[]) =>
      `SELECT ${columns} FROM audit_events WHERE ${where.join(' AND ')} ${inOrder}`;
    const text = isOfFamily(filter)
      ? familyPage(add(filter.action), page([...conditions, 'action = name']), inOrder)
      : page(conditions);
    const { rows } = await pool.query<EventRow>(text, values);
    return rows.map(toEvent);
  }

  return {
    /** Up to `limit` events that come after `after`. */
    listEvents,

    /** Null when the org has no such event. */
    async findEvent(orgId: string, id: string): Promise<RecordedEvent | null> {
      const { rows } = await pool.query<EventRow>({
        name: 'audit-event-find',
        text: `SELECT ${columns} FROM audit_events WHERE org_id = $1 AND id = $2`,
        values: [orgId, id],
      });
      return rows[0] ? toEvent(rows[0]) : null;
    },

    /**
     * All events that the filter lets through, oldest first, a thousand at a time: memory doesn't
     * grow with their number, and no connection or snapshot is held for a slow reader. `check` runs
     * before each thousand, and ends the reading by throwing.
     */
    async *readAll(
      orgId: string,
      filter: EventFilter,
      check: () => Promise<void>,
    ): AsyncGenerator<RecordedEvent, void> {
      let after: TimeKey | null = null;
      for (let more = true; more; ) {
        await check();
        const events: RecordedEvent[] = await listEvents(orgId, filter, { limit: exportPage, after, order: 'asc' });
        yield* events;
        const last = events.at(-1);
        more = events.length === exportPage;
        if (last) after = { createdAt: new Date(last.at), id: last.id };
      }
    },
  };
}

/** The event's canonical form (RFC 8785), the same bytes whenever and wherever it is read. */
export function canonicalEvent(event: RecordedEvent): string {
  return canonicalJson(event);
}

type EventRow = {
  id: string;
  org_id: string;
  at: Date;
  action: string;
  actor_type: string;
  actor_id: string | null;
  target_type: string | null;
  target_id: string | null;
  ip: string | null;
  request_id: string | null;
  detail: RecordedEvent['detail'];
};

const columns = 'id, org_id, at, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail';

function toEvent(row: EventRow): RecordedEvent {
  return {
    id: row.id,
    orgId: row.org_id,
    at: row.at.toISOString(),
    action: row.action,
    actor: { type: row.actor_type, id: row.actor_id },
    target: row.target_type === null ? null : { type: row.target_type, id: row.target_id },
    ip: row.ip,
    requestId: row.request_id,
    detail: row.detail,
  };
}

/** Only given filters stand in the statement: its plan and index are chosen without the values. */
function conditionsOf(filter: EventFilter, given: readonly unknown[]) {
  const { from, to, actor, target, action, refusal } = filter;
  const values = [...given];
  const add = (value: unknown) => `$${values.push(value)}`;
  const conditions = ['org_id = $1'];
  if (from !== undefined) conditions.push(`at >= ${add(from)}`);
  if (to !== undefined) conditions.push(`at < ${add(to)}`);
  if (actor !== undefined) conditions.push(`actor_id = ${add(actor)}`);
  if (target !== undefined) conditions.push(`target_id = ${add(target)}`);
  if (action !== undefined && !isOfFamily(filter))
    conditions.push(action.endsWith('.') ? `starts_with(action, ${add(action)})` : `action = ${add(action)}`);
  // The condition is spelt as its index is.
  if (refusal !== undefined) conditions.push(`action = 'call.refused' AND detail->>'code' = ${add(refusal)}`);
  return { conditions, values };
}

/** Whether only a family of actions is asked for: an actor or a target has a better index. */
function isOfFamily({ action, actor, target }: EventFilter): boolean {
  return action?.endsWith('.') === true && actor === undefined && target === undefined;
}

/**
 * Reads a page of each action of the family, then one page of these: no more is read, whether the
 * family is a hundred events of a million or nearly all. An org's actions are a few dozen, which
 * are stepped through on their index.
 */
const familyPage = (prefix: string, pageOfAction: string, inOrder: string) => `
  WITH RECURSIVE actions (name) AS (
    SELECT min(action) FROM audit_events WHERE org_id = $1
    UNION ALL
    SELECT (SELECT min(action) FROM audit_events WHERE org_id = $1 AND action > name) FROM actions WHERE name IS NOT NULL
  )
  SELECT ${columns} FROM actions CROSS JOIN LATERAL (${pageOfAction}) of_action
  WHERE starts_with(name, ${prefix}) ${inOrder}`;
