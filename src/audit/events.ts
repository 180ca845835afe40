import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { TimeKey } from '../database/time-key.ts';
import { canonicalJson } from './canonical-json.ts';
import { type EventFilter, type EventPage, eventsQuery, shownSql } from './event-query.ts';

/** How somebody was called at the time of an event; null where they have no name, or it is erased. */
type Named = Readonly<{ type: string; id: string | null; name: string | null; email: string | null }>;

/**
 * An event as the API shows it and an export holds it. Names and the reason stand in other tables
 * and can be erased. Everything else stays as it is: a seal will be made over that.
 */
export type RecordedEvent = Readonly<{
  id: string;
  orgId: string;
  /** ISO 8601 in UTC, exact to a millisecond. */
  at: string;
  action: string;
  actor: Named;
  target: Named | null;
  /** Why access was ended, for administrators. */
  reason: string | null;
  ip: string | null;
  requestId: string | null;
  detail: Readonly<Record<string, string | number | boolean | null>>;
}>;

export type AuditEvents = ReturnType<typeof createAuditEvents>;

/** Rows that an export reads at a time. */
const exportPage = 1_000;
/** Events that an export makes at a time, before Node turns to others. */
const exportPiece = 50;
/** Milliseconds that an export rests after a page, at most: a slow reader is no reason for more. */
const longestRest = 100;

/** Reads the record of orgs. Events are in the order of their times, then of their ids. */
export function createAuditEvents({ pool }: { pool: Pool }) {
  async function listEvents(orgId: string, filter: EventFilter, page: EventPage): Promise<RecordedEvent[]> {
    const { rows } = await pool.query<EventRow>(await eventsQuery(pool, orgId, filter, page));
    return rows.map(toEvent);
  }

  return {
    /** Up to `limit` events that come after `after`. */
    listEvents,

    /** Null when the org has no such event. */
    async findEvent(orgId: string, id: string): Promise<RecordedEvent | null> {
      const { rows } = await pool.query<EventRow>({ name: 'audit-event-find', text: findSql, values: [orgId, id] });
      return rows[0] ? toEvent(rows[0]) : null;
    },

    /**
     * All events that the filter lets through, oldest first, a thousand at a time: memory doesn't
     * grow with their number, and no connection or snapshot is held for a slow reader. `check` runs
     * before each thousand, and ends the reading by throwing. After each it rests for as long as it
     * took: the other half of the time is for others.
     */
    async *readAll(
      orgId: string,
      filter: EventFilter,
      check: () => Promise<void>,
    ): AsyncGenerator<RecordedEvent, void> {
      let after: TimeKey | null = null;
      for (let more = true; more; ) {
        const begin = performance.now();
        await check();
        const events: RecordedEvent[] = await listEvents(orgId, filter, { limit: exportPage, after, order: 'asc' });
        for (const [index, event] of events.entries()) {
          yield event;
          if (index % exportPiece === exportPiece - 1) await nextTurn();
        }
        await delay(Math.min(performance.now() - begin, longestRest));
        const last = events.at(-1);
        more = events.length === exportPage;
        if (last) after = { createdAt: new Date(last.at), id: last.id };
      }
    },
  };
}

/** The event's canonical form (RFC 8785): the same bytes wherever it is read, until names go. */
export function canonicalEvent(event: RecordedEvent): string {
  return canonicalJson(event);
}

type EventRow = Omit<RecordedEvent, 'at'> & { at: Date };

const toEvent = (row: EventRow): RecordedEvent => ({ ...row, at: row.at.toISOString() });

const findSql = shownSql('(SELECT * FROM audit_events WHERE org_id = $1 AND id = $2)');
