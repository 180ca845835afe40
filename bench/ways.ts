import type { Child } from './child.ts';
import { revocationRequest } from './contenders.ts';
import type { HttpJob, Samples } from './http-load.ts';
import { median, quantile } from './measure.ts';
import { rearmProduct } from './rearm.ts';
import { count, ms, table, times } from './report.ts';
import type { Server, Store } from './store.ts';

type Figure = Readonly<{ p50: number; p99: number; perSecond: number; cpu: number }>;
export type WaysResult = Readonly<Record<string, Readonly<Record<number, Figure>>>>;

const connections = [1, 16, 64];
const requests = { 1: 200, 16: 1_500, 64: 3_000 } as Readonly<Record<number, number>>;

/**
 * The endpoint with what arrives together ended together, with the same statement for one request each, and as before 0.2.0: on one
 * database, in turn within each round.
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
  const middle = (all: readonly Figure[], of: keyof Figure) => median(all.map((one) => one[of]));
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

async function runJob(load: Child, { child, port }: Server, people: readonly number[], at: number) {
  const cpu = async () => {
    const { user, system } = await child.call<NodeJS.CpuUsage>('cpu');
    return (user + system) / 1000;
  };
  const before = await cpu();
  const { latencies, wall } = await load.call<Samples>('http', {
    ...{ port, connections: at, budget: 2_500, count: people.length, expect: 204 },
    requests: people.map(revocationRequest),
  } satisfies HttpJob);
  const done = latencies.length;
  return {
    ...{ latencies, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
    ...{ perSecond: (done / wall) * 1000, cpu: ((await cpu()) - before) / done },
  };
}

export function waysReport(size: number, result: WaysResult): string {
  const names = {
    together: 'what arrives together is ended together',
    alone: 'the statement, one a request',
    before: 'before 0.2.0',
  };
  const rows = connections.flatMap((at) =>
    Object.entries(names).map(([way, name]) => {
      const [one, together] = [result[way]?.[at], result.together?.[at]];
      if (!one || !together) throw new Error(`${way} was not measured`);
      const { p50, p99, perSecond, cpu } = one;
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
  ].join('\n');
}
