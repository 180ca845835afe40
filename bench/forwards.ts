import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from './child.ts';
import { revocationRequest } from './contenders.ts';
import { type ForwardStore, type OrgName, openForwardStore } from './forward-store.ts';
import type { HttpJob, Samples } from './http-load.ts';
import { type Figures, measure, quantile } from './measure.ts';
import { emailOf } from './people.ts';
import { rearmProduct } from './rearm.ts';

export type ForwardSize = Readonly<{
  /** People of the org that is signed out as a whole. */
  people: number;
  /** Forwards that are drained; revocations one by one. */
  drained: number;
  single: number;
  rounds: number;
}>;
/** Milliseconds from the `204` until the app has been told. */
export type Waits = Readonly<{ p50: number; p99: number; most: number; untold: number }>;
export type ForwardsResult = Readonly<{
  /** A revocation of an org without apps, and of one with three that are told meanwhile. */
  none: Figures;
  three: Figures;
  /** The same where the forwards of one are over before the next. */
  noneAlone: number;
  threeAlone: number;
  /** To three apps with an idle queue, to an app beside one that hangs, and of another org meanwhile. */
  idle: Waits;
  besideHanging: Waits;
  otherOrg: Waits;
  drained: Readonly<{ forwards: number; seconds: number; cpuMs: number }>;
  everyone: Readonly<{
    people: number;
    seconds: number;
    memoryBefore: number;
    memoryPeak: number;
    mostWaiting: number;
    /** Of single people of the same org meanwhile. */
    single: Waits;
  }>;
  load: number;
}>;

/** Milliseconds between two revocations with an idle queue. */
const gap = 100;
const others = 12_000;

/** What passing sign-outs on costs, how soon it is done, and how much of it. */
export async function measureForwards(
  serverUrl: string,
  load: Child,
  size: ForwardSize,
  progress: (text: string) => void,
): Promise<ForwardsResult> {
  progress(`filling an organisation of ${size.people.toLocaleString('en')} people, and three others`);
  const store = await openForwardStore(serverUrl, { large: size.people, others });
  try {
    const app = await store.addApp('large', '/large');
    for (const path of ['/one', '/two', '/three']) await store.addApp('three', path);
    progress('revocations with three apps, and with none');
    const compared = await measureRevocations(store, load, size);
    progress('from the 204 to the app');
    const idle = await measureWaits(store, load, 'three', ['/one', '/two', '/three'], size.single);
    await store.addApp('hanging', '/hangs');
    await store.addApp('hanging', '/beside');
    const besideHanging = await measureWaits(store, load, 'hanging', ['/beside'], size.single / 4);
    const otherOrg = await measureWaits(store, load, 'three', ['/one', '/two', '/three'], size.single / 4);
    progress(`draining ${size.drained.toLocaleString('en')} forwards to one app`);
    const drained = await measureDrain(store, load, app, size.drained);
    progress(`signing out ${size.people.toLocaleString('en')} people at once`);
    const everyone = await measureEveryone(store, load, size);
    return { ...compared, idle, besideHanging, otherOrg, drained, everyone, load: os.loadavg()[0] ?? 0 };
  } finally {
    await store.close();
  }
}

async function revoke(store: ForwardStore, load: Child, people: readonly number[], connections = 1): Promise<Samples> {
  const job: HttpJob = {
    port: store.node.port,
    connections,
    budget: 600_000,
    count: people.length,
    requests: people.map(revocationRequest),
    expect: 204,
  };
  return load.call<Samples>('http', job);
}

async function measureRevocations(store: ForwardStore, load: Child, { rounds, single }: ForwardSize) {
  const contender = (name: OrgName) => ({
    name,
    counts: { sequential: 200, parallel: 0 },
    draw: store.next[name],
    run: (people: readonly number[], connections: number) => revoke(store, load, people, connections),
    rearm: (people: readonly number[]) => rearmProduct(store.pool, people),
  });
  // What a round has left to be sent is sent before the next begins.
  const options = { rounds, sequentialOnly: true, afterRound: () => untilSent(store) };
  const [none, three] = await measure([contender('none'), contender('three')], options);
  const alone = { none: [] as number[], three: [] as number[] };
  for (let number = 0; number < single; number += 1)
    for (const org of ['none', 'three'] as const) {
      alone[org].push((await revoke(store, load, store.next[org](1))).latencies[0] as number);
      await delay(gap / 2);
    }
  return {
    none: none as Figures,
    three: three as Figures,
    noneAlone: quantile(Float64Array.from(alone.none), 0.5),
    threeAlone: quantile(Float64Array.from(alone.three), 0.5),
  };
}

async function measureWaits(
  store: ForwardStore,
  load: Child,
  org: OrgName,
  paths: readonly string[],
  count: number,
): Promise<Waits> {
  await untilSent(store);
  const people = store.next[org](count);
  const answered: number[] = [];
  for (const person of people) {
    await revoke(store, load, [person]);
    answered.push(performance.timeOrigin + performance.now());
    await delay(gap);
  }
  const waits: number[] = [];
  for (const path of paths) waits.push(...(await waitsOf(store, path, people, answered)));
  return summarise(waits);
}

/** Milliseconds until each was told; what has not come after ten seconds never did. */
async function waitsOf(store: ForwardStore, path: string, people: readonly number[], answered: readonly number[]) {
  const emails = people.map(emailOf);
  const patience = performance.now() + 10_000;
  for (;;) {
    const when = await store.behind.call<(number | null)[]>('when', { path, emails });
    if (when.every((at) => at !== null) || performance.now() > patience)
      return when.map((at, index) => (at === null ? Number.POSITIVE_INFINITY : at - (answered[index] as number)));
    await delay(50);
  }
}

/** A call that came before the `204` was read here waited for nothing. */
function summarise(waits: readonly number[]): Waits {
  const told = Float64Array.from(waits.filter(Number.isFinite).map((wait) => Math.max(0, wait)));
  return {
    p50: quantile(told, 0.5),
    p99: quantile(told, 0.99),
    most: Math.max(...told),
    untold: waits.length - told.length,
  };
}

async function measureDrain(store: ForwardStore, load: Child, app: string, count: number) {
  await store.ask('large', 'PATCH', `/apps/${app}`, { state: 'paused' }, 200);
  await revoke(store, load, store.next.large(count), 64);
  while ((await waiting(store)) < count) await delay(100);
  await store.behind.call('forget');
  const before = await store.node.child.call<NodeJS.CpuUsage>('cpu');
  const begin = performance.now();
  await store.ask('large', 'PATCH', `/apps/${app}`, { state: 'enabled' }, 200);
  await untilHeard(store, count);
  const seconds = (performance.now() - begin) / 1000;
  const after = await store.node.child.call<NodeJS.CpuUsage>('cpu');
  return { forwards: count, seconds, cpuMs: (after.user + after.system - before.user - before.system) / 1000 / count };
}

async function untilHeard(store: ForwardStore, count: number): Promise<void> {
  while ((await store.behind.call<number>('count', '/large')) < count) await delay(25);
}

/** Forwards of the large org that wait. */
async function waiting({ pool }: ForwardStore): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM forwards WHERE status = 'pending' AND app_id IN (SELECT id FROM apps WHERE name = '/large')`;
  return (await pool.query(text)).rows[0].count;
}

async function measureEveryone(store: ForwardStore, load: Child, { people, single }: ForwardSize) {
  await untilSent(store);
  await store.behind.call('forget');
  const memory = async () => (await store.node.child.call<NodeJS.MemoryUsage>('memory')).rss / 1e6;
  await store.node.child.call('collected');
  const memoryBefore = await memory();
  const { confirmation } = await store.ask<{ confirmation: string }>(
    'large',
    'POST',
    '/revocations',
    { everyone: true, keepCurrent: true },
    409,
  );
  await store.ask('large', 'POST', '/revocations', { everyone: true, keepCurrent: true, confirmation }, 200);
  const begin = performance.now();
  let memoryPeak = memoryBefore;
  let mostWaiting = 0;
  let over = false;
  const look = (async () => {
    while (!over) {
      memoryPeak = Math.max(memoryPeak, await memory());
      mostWaiting = Math.max(mostWaiting, await waiting(store));
      await delay(250);
    }
  })();
  const waits = await measureSingle(store, load, single / 4);
  await untilHeard(store, people);
  const seconds = (performance.now() - begin) / 1000;
  over = true;
  await look;
  return { people, seconds, memoryBefore, memoryPeak, mostWaiting, single: summarise(waits) };
}

/** People who have signed in again since: their revocation ends something. */
async function measureSingle(store: ForwardStore, load: Child, count: number): Promise<number[]> {
  const waits: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const people = store.next.large(1);
    await rearmProduct(store.pool, people);
    const [person] = people as [number];
    const { rows } = await store.pool.query('SELECT clock_timestamp() AS now');
    await revoke(store, load, people);
    const answered = performance.timeOrigin + performance.now();
    waits.push(await waitOfForward(store, emailOf(person), rows[0].now, answered));
    await delay(gap);
  }
  return waits;
}

/** By the forward itself: the app hears of the same person for the org-wide sign-out too. */
async function waitOfForward({ pool }: ForwardStore, email: string, since: Date, answered: number): Promise<number> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { rows } = await pool.query<{ finished_at: Date | null }>(
      `SELECT f.finished_at FROM forwards f JOIN users u ON u.org_id = f.org_id AND u.id = f.user_id
       WHERE u.email = $1 AND NOT f.mass AND f.revoked_at >= $2 AND f.status = 'delivered'`,
      [email, since],
    );
    if (rows[0]?.finished_at) return rows[0].finished_at.getTime() - answered;
    await delay(20);
  }
  return Number.POSITIVE_INFINITY;
}

/** Until nothing waits but for the app that hangs. */
async function untilSent({ pool }: ForwardStore): Promise<void> {
  const text = `
    SELECT WHERE EXISTS (SELECT FROM forward_outbox)
              OR EXISTS (SELECT FROM forwards f JOIN apps a ON a.org_id = f.org_id AND a.id = f.app_id
                         WHERE f.status = 'pending' AND a.name <> '/hangs')`;
  while ((await pool.query(text)).rowCount === 1) await delay(50);
}
