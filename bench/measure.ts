import type { Contender } from './contenders.ts';
import type { Samples } from './http-load.ts';

export type Figures = Readonly<{
  name: string;
  /** Milliseconds, one by one: the median of the rounds' medians; `p99` is of all requests. */
  p50: number;
  p99: number | null;
  samples: number;
  /** With 16 connections, the median of the rounds; null where a single answer takes too long. */
  perSecond: number | null;
  /** Milliseconds of CPU for a request, in the answering process, with 16 connections. */
  cpu: number | null;
  /** Each round's p50 and throughput, in their order. */
  rounds: readonly Readonly<{ p50: number; perSecond: number | null }>[];
}>;

export const parallelConnections = 16;
/** Milliseconds of a job, by the number of its connections. */
const budgets = { sequential: 1000, parallel: 1500 };
/** Milliseconds of an answer from which on 16 connections would only queue. */
const slow = 100;

/**
 * Runs the contenders in turn, round after round, so that a disturbance of the machine hits all
 * alike. The first round warms up and isn't counted. `afterRound` runs between the rounds,
 * unmeasured.
 */
export async function measure(
  contenders: readonly Contender[],
  options: { rounds: number; sequentialOnly?: boolean; afterRound?: () => Promise<unknown> },
): Promise<Figures[]> {
  const taken = contenders.map(() => [] as Round[]);
  for (let round = 0; round <= options.rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const measured = await runRound(contender, options.sequentialOnly ?? false);
      if (round > 0) taken[index]?.push(measured);
    }
    await options.afterRound?.();
  }
  return contenders.map((contender, index) => summarise(contender.name, taken[index] as Round[]));
}

type Round = { latencies: Float64Array; p50: number; perSecond: number | null; cpu: number | null };

async function runRound(contender: Contender, sequentialOnly: boolean): Promise<Round> {
  const { latencies } = await runJob(contender, contender.counts.sequential, 1, budgets.sequential);
  const p50 = quantile(latencies, 0.5);
  if (sequentialOnly || p50 > slow) return { latencies, p50, perSecond: null, cpu: null };
  const before = await cpuOf(contender);
  const parallel = await runJob(contender, contender.counts.parallel, parallelConnections, budgets.parallel);
  const after = await cpuOf(contender);
  const done = parallel.latencies.length;
  return {
    latencies,
    p50,
    perSecond: (done / parallel.wall) * 1000,
    cpu: before === null || after === null ? null : (after - before) / 1000 / done,
  };
}

async function runJob(contender: Contender, count: number, connections: number, budget: number): Promise<Samples> {
  const people = contender.draw(count);
  const samples = await contender.run(people, connections, budget);
  await contender.rearm?.(people);
  return samples;
}

/** Microseconds of CPU since the process began. */
async function cpuOf({ server }: Contender): Promise<number | null> {
  if (!server) return null;
  const { user, system } = await server.child.call<NodeJS.CpuUsage>('cpu');
  return user + system;
}

function summarise(name: string, rounds: readonly Round[]): Figures {
  const all = Float64Array.from(rounds.flatMap((round) => [...round.latencies]));
  const present = (values: (number | null)[]) => values.filter((value) => value !== null);
  return {
    name,
    p50: median(rounds.map((round) => round.p50)),
    p99: all.length >= 100 ? quantile(all, 0.99) : null,
    samples: all.length,
    perSecond: orNull(present(rounds.map((round) => round.perSecond))),
    cpu: orNull(present(rounds.map((round) => round.cpu))),
    rounds: rounds.map(({ p50, perSecond }) => ({ p50, perSecond })),
  };
}

const orNull = (values: number[]) => (values.length > 0 ? median(values) : null);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function quantile(values: Float64Array, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number;
}
