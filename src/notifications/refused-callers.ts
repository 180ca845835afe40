import type { PoolClient } from 'pg';
import { calledEndpoints, variousNetworks } from '../audit/actions.ts';
import { clientNetwork } from '../http/client-address.ts';
import { missedOutcomes, type OutboxEvent } from './kinds.ts';

/**
 * What is counted by itself: refusals of an endpoint, and security events that ended nobody's
 * access. An IdP may be refused at one endpoint while everything goes well at another.
 */
const allSeries = [...calledEndpoints, ...missedOutcomes] as const;
type Series = (typeof allSeries)[number];

/** The counts in a row that are told of: an endless row makes few notifications. */
const toldOf = [5, 50, 500, 5_000, 50_000] as const;
/** No subject in this form is ever found: there is no use in waiting for more. */
const toldOfUnsupported = [1, ...toldOf] as const;
/** Milliseconds without a refusal after which the next one begins a new row. */
const forgottenAfter = 24 * 3600 * 1000;
/** Networks of strangers that get a row in a day, of an org and a series; the rest count as one. */
const mostNetworks = 20;
const various = { type: 'network', id: variousNetworks } as const;
const networksSeen = { type: 'networks', id: 'seen' } as const;

type RefusedCaller = Readonly<{ type: string; id: string }>;
type RefusedCallerRow = { orgId: string; caller: string; refusals: number; lastAt: Date };

/** Counts refusals in a row for each caller of `events`, while the orgs' feeds are locked. */
export async function createRefusedCallers(client: PoolClient, events: readonly OutboxEvent[]) {
  const rows = await readRows(client, events);
  const changed = new Set<RefusedCallerRow>();

  function current({ orgId, at }: OutboxEvent, name: string): number {
    const row = rows.get(`${orgId} ${name}`);
    return row && at.getTime() - row.lastAt.getTime() <= forgottenAfter ? row.refusals : 0;
  }

  function set({ orgId, at }: OutboxEvent, name: string, refusals: number): void {
    const row = rows.get(`${orgId} ${name}`) ?? { orgId, caller: name, refusals, lastAt: at };
    row.refusals = refusals;
    row.lastAt = at;
    rows.set(`${orgId} ${name}`, row);
    changed.add(row);
  }

  /** Whoever has a thousand networks fills neither the feed nor the table with them. */
  function countedCallerOf(event: OutboxEvent, series: Series): RefusedCaller {
    const caller = refusedCallerOf(event);
    if (caller.type !== 'network' || caller.id === various.id) return caller;
    if (current(event, nameOf(series, caller)) > 0) return caller;
    const seen = current(event, nameOf(series, networksSeen));
    if (seen >= mostNetworks) return various;
    set(event, nameOf(series, networksSeen), seen + 1);
    return caller;
  }

  return {
    /** Counts a refusal. Returns the caller and the count where administrators must be told. */
    refuse(event: OutboxEvent): { series: Series; caller: RefusedCaller; refusals: number } | null {
      const series = seriesOf(event);
      const caller = countedCallerOf(event, series);
      const before = current(event, nameOf(series, caller));
      const refusals = before + refusalsOf(event);
      set(event, nameOf(series, caller), refusals);
      const numbers = series === 'subject_unsupported' ? toldOfUnsupported : toldOf;
      if (!numbers.some((number) => before < number && number <= refusals)) return null;
      return { series, caller, refusals };
    },

    /** A success ends the rows of the caller, and of the caller's network, at its endpoint. */
    succeed(event: OutboxEvent): void {
      if (event.actorType !== 'api_key' && event.actorType !== 'connection') return;
      for (const series of seriesOfSuccess(event))
        for (const caller of [refusedCallerOf(event), networkOf(event)]) {
          const row = rows.get(`${event.orgId} ${nameOf(series, caller)}`);
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

const nameOf = (series: Series, { type, id }: RefusedCaller) => `${series} ${type} ${id}`;

function seriesOf({ action, detail }: OutboxEvent): Series {
  const name = action === 'signal.received' ? detail.outcome : detail.endpoint;
  return allSeries.find((series) => series === name) ?? 'revocation';
}

/** Only what ended access through an endpoint names it: nothing else that a caller does counts. */
function seriesOfSuccess({ action, detail }: OutboxEvent): readonly Series[] {
  if (action !== 'access.revoked' && action !== 'idp_session.ended') return [];
  const endpoint = calledEndpoints.filter((each) => each === detail.endpoint);
  return detail.endpoint === 'security_event' ? [...endpoint, 'subject_unknown'] : endpoint;
}

/** A refusal counts for its caller or, where the caller is unknown, for the network. */
function refusedCallerOf(event: OutboxEvent): RefusedCaller {
  const { actorType: type, actorId: id } = event;
  return id !== null && type !== 'anonymous' ? { type, id } : networkOf(event);
}

function networkOf({ ip, detail }: OutboxEvent): RefusedCaller {
  return { type: 'network', id: typeof detail.network === 'string' ? detail.network : clientNetwork(ip ?? undefined) };
}

/** Alike refusals are on record together: the first, then the number of repeats. */
function refusalsOf({ detail }: OutboxEvent): number {
  return typeof detail.repeats === 'number' && detail.repeats > 0 ? detail.repeats : 1;
}

async function readRows(client: PoolClient, events: readonly OutboxEvent[]): Promise<Map<string, RefusedCallerRow>> {
  const asked = events.flatMap((event) => {
    const refused = event.action === 'call.refused' || event.action === 'signal.received';
    const callers = [refusedCallerOf(event), networkOf(event), ...(refused ? [various, networksSeen] : [])];
    const concerned = refused ? [seriesOf(event)] : seriesOfSuccess(event);
    return concerned.flatMap((series) =>
      callers.map((caller) => ({ orgId: event.orgId, caller: nameOf(series, caller) })),
    );
  });
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
