import type { PoolClient } from 'pg';
import { clientNetwork } from '../http/client-address.ts';
import type { OutboxEvent } from './kinds.ts';

/** The counts of refusals in a row that are told of: an endless row makes few notifications. */
const toldOf = [5, 50, 500, 5_000, 50_000];
/** Milliseconds without a refusal after which the next one begins a new row. */
const forgottenAfter = 24 * 3600 * 1000;

type RefusedCaller = Readonly<{ type: string; id: string }>;
type RefusedCallerRow = { orgId: string; caller: string; refusals: number; lastAt: Date };
const keyOf = (orgId: string, { type, id }: RefusedCaller) => `${orgId} ${type} ${id}`;

/** Counts refusals in a row for each caller of `events`, while the orgs' feeds are locked. */
export async function createRefusedCallers(client: PoolClient, events: readonly OutboxEvent[]) {
  const rows = await readRows(client, events);
  const changed = new Set<RefusedCallerRow>();

  return {
    /** Counts a refusal. Returns the caller and the count where administrators must be told. */
    refuse(event: OutboxEvent): { caller: RefusedCaller; refusals: number } | null {
      const caller = refusedCallerOf(event);
      const key = keyOf(event.orgId, caller);
      const fresh = { orgId: event.orgId, caller: `${caller.type} ${caller.id}`, refusals: 0, lastAt: event.at };
      const row = rows.get(key) ?? fresh;
      if (event.at.getTime() - row.lastAt.getTime() > forgottenAfter) row.refusals = 0;
      const before = row.refusals;
      row.refusals += refusalsOf(event);
      row.lastAt = event.at;
      rows.set(key, row);
      changed.add(row);
      const reached = toldOf.some((number) => before < number && number <= row.refusals);
      return reached ? { caller, refusals: row.refusals } : null;
    },

    /** A success ends the row of the caller, and that of the caller's network. */
    succeed(event: OutboxEvent): void {
      if (event.actorType !== 'api_key' && event.actorType !== 'connection') return;
      for (const caller of [refusedCallerOf(event), networkOf(event)]) {
        const row = rows.get(keyOf(event.orgId, caller));
        if (!row) continue;
        row.refusals = 0;
        changed.add(row);
      }
    },

    async write(): Promise<void> {
      if (changed.size === 0) return;
      const all = [...changed];
      await client.query({ name: 'refused-callers-write', text: writeSql, values: columnsOf(all) });
    },
  };
}

/** A refusal counts for its caller or, where the caller is unknown, for the network. */
function refusedCallerOf(event: OutboxEvent): RefusedCaller {
  const { actorType: type, actorId: id } = event;
  return id !== null && type !== 'anonymous' ? { type, id } : networkOf(event);
}

function networkOf({ ip, detail }: OutboxEvent): RefusedCaller {
  return { type: 'network', id: typeof detail.network === 'string' ? detail.network : clientNetwork(ip ?? undefined) };
}

/** Alike refusals of strangers are on record together: the first, then the number of repeats. */
function refusalsOf({ detail }: OutboxEvent): number {
  return typeof detail.repeats === 'number' && detail.repeats > 0 ? detail.repeats : 1;
}

async function readRows(client: PoolClient, events: readonly OutboxEvent[]): Promise<Map<string, RefusedCallerRow>> {
  const asked = events.flatMap((event) =>
    [refusedCallerOf(event), networkOf(event)].map(({ type, id }) => ({ orgId: event.orgId, caller: `${type} ${id}` })),
  );
  const { rows } = await client.query<RefusedCallerRow>({
    name: 'refused-callers-read',
    text: `SELECT org_id AS "orgId", caller, refusals, last_at AS "lastAt" FROM refused_callers
           WHERE (org_id, caller) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    values: [asked.map(({ orgId }) => orgId), asked.map(({ caller }) => caller)],
  });
  return new Map(rows.map((row) => [`${row.orgId} ${row.caller}`, row]));
}

const writeSql = `
  INSERT INTO refused_callers (org_id, caller, refusals, last_at)
  SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[])
  ON CONFLICT (org_id, caller) DO UPDATE SET refusals = excluded.refusals, last_at = excluded.last_at`;

function columnsOf(rows: readonly RefusedCallerRow[]): unknown[] {
  return [
    rows.map(({ orgId }) => orgId),
    rows.map(({ caller }) => caller),
    rows.map(({ refusals }) => refusals),
    rows.map(({ lastAt }) => lastAt),
  ];
}
