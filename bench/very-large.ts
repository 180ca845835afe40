import os from 'node:os';
import type pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../src/database/migrate.ts';
import { createPool } from '../src/database/pool.ts';
import { type Child, startChild } from './child.ts';
import { type Contender, revocationRequest } from './contenders.ts';
import { fillProduct } from './fill.ts';
import type { HttpJob } from './http-load.ts';
import { type Figures, measure } from './measure.ts';
import { withClient } from './organisation-store.ts';
import { sessionsEach } from './people.ts';
import { rearmProduct } from './rearm.ts';
import { count, ms, table, times } from './report.ts';
import { createDraw, productEnvironment } from './store.ts';

/** What the product's own small size is: the large one is compared with it. */
const small = 10_000;

export type VeryLargeResult = Readonly<{
  size: number;
  /** Seconds. */
  filled: number;
  gigabytes: number;
  small: Figures;
  large: Figures;
  load: number;
}>;

/** The endpoint alone with `size` live sessions and with 10,000, in turn within the same rounds. */
export async function measureVeryLarge(
  serverUrl: string,
  load: Child,
  { size, rounds }: { size: number; rounds: number },
  progress: (text: string) => void,
): Promise<VeryLargeResult> {
  const ofSmall = await openEndpoint(serverUrl, load, small);
  progress(`filling the product with ${count(size)} live sessions`);
  const begin = performance.now();
  const ofLarge = await openEndpoint(serverUrl, load, size);
  const filled = (performance.now() - begin) / 1000;
  progress(`measuring revocations (${rounds} rounds after one to warm up)`);
  const afterRound = async () => {
    await ofSmall.tidy();
    await ofLarge.tidy();
  };
  const [smallFigures, largeFigures] = await measure([ofSmall.contender, ofLarge.contender], { rounds, afterRound });
  const gigabytes = await ofLarge.gigabytes();
  await Promise.all([ofSmall.close(), ofLarge.close()]);
  return {
    size,
    filled,
    gigabytes,
    small: smallFigures as Figures,
    large: largeFigures as Figures,
    load: os.loadavg()[0] ?? 0,
  };
}

async function openEndpoint(serverUrl: string, load: Child, size: number) {
  const name = `bench_alone_${size}`;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const databaseUrl = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  await migrate(databaseUrl);
  const people = size / sessionsEach;
  await withClient(databaseUrl, (client) => fill(client, people, size));
  const pool = createPool({
    connectionString: databaseUrl,
    max: 2,
    applicationName: 'bench',
    log: pino({ level: 'silent' }),
  });
  const child = startChild('servers/product.ts', { env: productEnvironment(databaseUrl) });
  const port = await child.call<number>('start', { jwks: { keys: [] }, way: 'together' });
  const contender: Contender = {
    name: `${count(size)} live sessions`,
    counts: { sequential: 200, parallel: 1500 },
    draw: createDraw(Array.from({ length: people }, (_, index) => index)),
    server: { child, port },
    run: (drawn, connections, budget) => {
      const requests = drawn.map(revocationRequest);
      const job: HttpJob = { port, connections, budget, count: drawn.length, requests, expect: 204 };
      return load.call('http', job);
    },
    rearm: (drawn) => rearmProduct(pool, drawn),
  };
  return {
    contender,
    tidy: () => withClient(databaseUrl, (client) => client.query('VACUUM')),
    async gigabytes(): Promise<number> {
      const { rows } = await pool.query('SELECT pg_database_size(current_database()) AS bytes');
      return Number(rows[0].bytes) / 1e9;
    },
    async close() {
      await child.stop();
      await pool.end();
    },
  };
}

async function fill(client: pg.Client, people: number, size: number): Promise<void> {
  await client.query(
    `SET session_replication_role = replica; SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'`,
  );
  await fillProduct(client, people, size);
  await client.query('VACUUM (ANALYZE)');
  // Writes that the fill has left must not happen during a measurement.
  await client.query('CHECKPOINT');
}

export function veryLargeReport({ size, filled, gigabytes, small, large, load }: VeryLargeResult): string {
  const rows = [small, large].map(({ name, p50, p99, perSecond }) => [
    name,
    ms(p50),
    ms(p99),
    perSecond === null ? '–' : count(Math.round(perSecond)),
  ]);
  const p50 = large.p50 / small.p50;
  const throughput = (large.perSecond ?? 0) / (small.perSecond ?? 1);
  return [
    `\nThe endpoint with ${count(size)} live sessions: ${gigabytes.toFixed(1)} GB, filled in ${(filled / 60).toFixed(1)} minutes; load average ${load.toFixed(1)}`,
    table(['', 'p50 ms', 'p99 ms', 'a second, 16 conn.'], rows),
    `p50 ${times(p50)} (aim ≤ 1.1 ×: ${p50 <= 1.1 ? 'yes' : 'not here'}), throughput ${times(throughput)} (aim ≥ 0.9 ×: ${throughput >= 0.9 ? 'yes' : 'not here'})`,
  ].join('\n');
}
