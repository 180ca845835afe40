import { byOperator } from '../src/by.ts';
import { revokeAccessOfMany } from '../src/revocation/revoke-access.ts';
import type { Child } from './child.ts';
import { revocationRequest } from './contenders.ts';
import type { HttpJob, Samples } from './http-load.ts';
import { median, quantile } from './measure.ts';
import { createOldWay } from './old-way.ts';
import { orgCount } from './people.ts';
import { rearmProduct } from './rearm.ts';
import { count, ms, table, times } from './report.ts';
import type { Server, Store } from './store.ts';

type Figure = Readonly<{ p50: number; p99: number; perSecond: number; cpu: number }>;
export type WaysResult = Readonly<Record<string, Readonly<Record<number, Figure>>>>;

const connections = [1, 16, 64];
const requests = { 1: 200, 16: 1_500, 64: 3_000 } as Readonly<Record<number, number>>;

/**
 * Compares the endpoint with a statement for all that arrive together, with the same statement for
 * one request each, and as before 0.2.0: on one database, in turn within each round.
 */
export async function compareWays(
  { servers, pool, nextPeople, tidy }: Store,
  load: Child,
  rounds: number,
): Promise<WaysResult> {
  const contenders = { together: servers.product, alone: servers.alone, before: servers.before };
  const taken: Record<string, Record<number, (Figure & { latencies: Float64Array })[]>> = {};
  for (let round = 0; round <= rounds; round += 1) {
    for (const at of connections)
      for (const [name, server] of Object.entries(contenders)) {
        const people = nextPeople(requests[at] ?? 0);
        const figure = await runJob(load, server, people, at);
        await rearmProduct(pool, people);
        taken[name] ??= {};
        taken[name][at] ??= [];
        if (round > 0) taken[name][at].push(figure);
      }
    await tidy();
  }
  const middle = (all: readonly Figure[], of: keyof Figure) => median(all.map((figure) => figure[of]));
  const summary = (all: (Figure & { latencies: Float64Array })[]): Figure => ({
    p50: middle(all, 'p50'),
    p99: quantile(Float64Array.from(all.flatMap(({ latencies }) => [...latencies])), 0.99),
    perSecond: middle(all, 'perSecond'),
    cpu: middle(all, 'cpu'),
  });
  return Object.fromEntries(
    Object.entries(taken).map(([name, by]) => [
      name,
      Object.fromEntries(Object.entries(by).map(([at, all]) => [at, summary(all)])),
    ]),
  );
}

export type ListResult = Readonly<{ people: number; today: number; before: number }>;

/** Ends a list of people of one org, today's way and that before 0.2.0, in turn; medians in ms. */
export async function compareLists({ size, pool, tidy, nextPeople }: Store, rounds: number): Promise<ListResult> {
  const people = nextPeople(Math.min(10_000 * orgCount, size / 10)).filter((n) => n % orgCount === 0);
  const { rows } = await pool.query<{ org_id: string; id: string }>(
    `SELECT org_id, id FROM users WHERE id = ANY (SELECT 'usr_' || md5('user-' || n) FROM unnest($1::int[]) n)`,
    [people],
  );
  const orgId = rows[0]?.org_id ?? '';
  const userIds = rows.map(({ id }) => id);
  const old = createOldWay(pool);
  const ways = {
    today: async () =>
      (await revokeAccessOfMany(pool, { orgId, initiator: 'operator', by: byOperator, userIds })).length,
    before: () => old.endMany(orgId, userIds),
  };
  const taken: Record<keyof typeof ways, number[]> = { today: [], before: [] };
  for (let round = 0; round <= rounds; round += 1)
    for (const name of ['today', 'before'] as const) {
      await rearmProduct(pool, people);
      await tidy();
      const begin = performance.now();
      const done = await ways[name]();
      if (done !== people.length) throw new Error(`${done} of ${people.length} were ended`);
      if (round > 0) taken[name].push(performance.now() - begin);
    }
  await rearmProduct(pool, people);
  return { people: people.length, today: median(taken.today), before: median(taken.before) };
}

async function runJob(load: Child, { child, port }: Server, people: readonly number[], at: number) {
  const cpu = async () => {
    const { user, system } = await child.call<NodeJS.CpuUsage>('cpu');
    return (user + system) / 1000;
  };
  const before = await cpu();
  const { latencies, wall } = await load.call<Samples>('http', {
    port,
    connections: at,
    budget: 2_500,
    count: people.length,
    expect: 204,
    requests: people.map(revocationRequest),
  } satisfies HttpJob);
  const done = latencies.length;
  return {
    latencies,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    perSecond: (done / wall) * 1000,
    cpu: ((await cpu()) - before) / done,
  };
}

export function waysReport(size: number, result: WaysResult, list: ListResult): string {
  const names = {
    together: 'what arrives together is ended together',
    alone: 'the statement, one a request',
    before: 'before 0.2.0',
  };
  const rows = connections.flatMap((at) =>
    Object.entries(names).map(([way, name]) => {
      const figure = result[way]?.[at];
      const together = result.together?.[at];
      if (!figure || !together) throw new Error(`${way} was not measured`);
      const { p50, p99, perSecond, cpu } = figure;
      const ratio = at === 1 ? together.p50 / p50 : together.perSecond / perSecond;
      return [
        `${name}, ${at}`,
        ms(p50),
        ms(p99),
        count(Math.round(perSecond)),
        ms(cpu),
        way === 'together' ? '' : times(ratio),
      ];
    }),
  );
  return [
    `\nThe endpoint, with 1, 16 and 64 connections; ${count(size)} live sessions`,
    table(['', 'p50 ms', 'p99 ms', 'a second', 'CPU ms each', 'together against it: time at 1, else throughput'], rows),
    `A list of ${count(list.people)} people: ${ms(list.today)} ms, before 0.2.0 ${ms(list.before)} ms: ${times(list.today / list.before)}`,
  ].join('\n');
}
