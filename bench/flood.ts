import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { revocationRequest } from './contenders.ts';
import { type FloodStore, flooder, openFloodStore } from './flood-store.ts';
import type { HttpJob, HttpRequest, HttpSamples } from './http-load.ts';
import { quantile } from './measure.ts';
import type { Node } from './organisation-store.ts';
import { rearmProduct } from './rearm.ts';
import { count, ms, table, times } from './report.ts';

export const floodConnections = 60;
/** Milliseconds that a flood runs before the neighbour's people are revoked. */
const lead = 500;
/** Milliseconds between a flood and the next one. */
const settle = 700;
/** Milliseconds between two looks at the memory. */
const lookEvery = 50;
/** More revocations than a node does. */
const mostInMs = 1.5;

export type FloodResult = Readonly<{
  name: string;
  /** Milliseconds of a revocation, one after another: before the flood, and meanwhile. */
  quiet: number;
  p50: number;
  p99: number;
  /** The median with four at a time, before the flood and meanwhile. */
  quietOfFour: number;
  p50OfFour: number;
  /** During the flood. */
  revocations: number;
  /** Answers to the revocations that weren't 204, by status. */
  failed: Readonly<Record<string, number>>;
  /** Answers to the flood. */
  answers: Readonly<Record<string, number>>;
  /** Megabytes, at most. */
  heap: number;
  rss: number;
  lives: boolean;
  /** The load average of the machine. */
  load: number;
}>;

const admin = { Cookie: flooder.ownerCookie };
const member = { Cookie: flooder.memberCookie };
const here = '/api/orgs/current';
const get = (path: string, headers: Record<string, string>): HttpRequest => ({ method: 'GET', path, headers });
const post = (path: string, headers: Record<string, string>, body: object): HttpRequest => ({
  method: 'POST',
  path,
  headers,
  body,
});
const scim = (path: string) => get(`/scim/v2/${path}`, { Authorization: `Bearer ${flooder.scimKey}` });
const filter = (text: string) => `Users?filter=${encodeURIComponent(text)}`;
const numbers = Array.from({ length: 100 }, (_, index) => index);

/** What one org asks for, each again and again over 60 connections. */
const floodsBy = (jwts: readonly string[]): Readonly<Record<string, readonly HttpRequest[]>> => ({
  search: [
    ...['nobody-has-this', 'person', 'q', 'org0.example'].map((text) => get(`${here}/users?search=${text}`, admin)),
    get(`${here}/audit-events?search=nobody-has-this`, admin),
  ],
  lists: [
    get(`${here}/users?limit=200`, admin),
    get(`${here}/users?live=false&limit=200`, admin),
    get(`${here}/audit-events?limit=200`, admin),
    get(`${here}/revocations?limit=200`, admin),
    get(`${here}/groups/${flooder.group}/members?limit=200`, admin),
    get(`${here}/refused-calls?limit=200`, admin),
  ],
  exports: [get(`${here}/audit-events/export`, admin), get(`${here}/audit-events/export?format=csv`, admin)],
  previews: [
    post(`${here}/revocations`, admin, { everyone: true }),
    post(`${here}/revocations`, admin, { group: flooder.group }),
  ],
  'own sessions': [get('/api/users/me/sessions', member)],
  todos: [get('/api/todos', member), post('/api/todos', member, { task: 'Wake up' })],
  'SCIM lists': [
    scim('Users?count=200'),
    scim(filter('userName eq "user10@org0.example"')),
    scim(filter('title co "nobody has this"')),
    scim('Groups?count=100'),
  ],
  'a SCIM group': [scim(`Groups/${flooder.group}`)],
  'wrong keys': [
    ...[...numbers.map((n) => `ul_wrong_${n}`), ...jwts].map((credential) =>
      post('/global-token-revocation', { Authorization: `Bearer ${credential}` }, { sub_id: {} }),
    ),
  ],
  authorize: [
    get(`/openid/start/${flooder.slug}`, {}),
    get(
      '/oauth/authorize?client_id=mobile-app&response_type=code&scope=openid&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback' +
        '&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=bench',
      {},
    ),
  ],
});

/** Floods a node from one org, in every way in turn, and revokes in another all the while. */
export async function measureFloods(
  serverUrl: string,
  load: Child,
  options: { people: number; neighbours: number; seconds: number },
  progress: (text: string) => void,
): Promise<FloodResult[]> {
  progress(`filling an organisation of ${options.people.toLocaleString('en')} people, and its neighbour`);
  const store = await openFloodStore(serverUrl, options);
  // Who floods and who revokes are two processes: neither waits for the other's work.
  const floodLoad = startChild('load.ts');
  const results: FloodResult[] = [];
  try {
    let node = await store.start();
    let neighbours = createNeighbours(store, load, node);
    await neighbours.revoke(1, 1_000);
    for (const [name, requests] of Object.entries(floodsBy(store.wrongJwts))) {
      progress(`flooding with: ${name}`);
      const result = await measureFlood(name, requests, {
        node,
        floodLoad,
        neighbours,
        budget: options.seconds * 1000,
      });
      results.push(result);
      if (result.lives) continue;
      node = await store.start();
      neighbours = createNeighbours(store, load, node);
    }
    return results;
  } finally {
    await floodLoad.stop();
    await store.close();
  }
}

type Neighbours = ReturnType<typeof createNeighbours>;

/** Revokes the neighbour's people over kept connections; `rearm` gives their sessions back. */
function createNeighbours({ nextNeighbours, pool }: FloodStore, load: Child, { port }: Node) {
  const revoked: number[] = [];
  return {
    async revoke(connections: number, budget: number): Promise<HttpSamples> {
      const people = nextNeighbours(Math.ceil(budget * mostInMs));
      const requests = people.map(revocationRequest);
      const job: HttpJob = { port, connections, budget, count: people.length, requests, expect: null };
      const samples = await load.call<HttpSamples>('http', job);
      revoked.push(...people.slice(0, samples.latencies.length));
      return samples;
    },
    rearm: () => rearmProduct(pool, revoked.splice(0)),
  };
}

async function measureFlood(
  name: string,
  requests: readonly HttpRequest[],
  { node, floodLoad, neighbours, budget }: { node: Node; floodLoad: Child; neighbours: Neighbours; budget: number },
): Promise<FloodResult> {
  const quiet = await neighbours.revoke(1, budget / 2);
  const quietOfFour = await neighbours.revoke(4, budget / 2);
  await neighbours.rearm();
  const endWatch = watchMemory(node.child);
  const job: HttpJob = {
    port: node.port,
    connections: floodConnections,
    budget: lead + 2 * budget,
    count: Number.MAX_SAFE_INTEGER,
    requests,
    expect: null,
    cut: true,
  };
  const flooding = floodLoad.call<HttpSamples>('http', job);
  await delay(lead);
  const during = await neighbours.revoke(1, budget);
  const duringOfFour = await neighbours.revoke(4, budget);
  const { statuses: answers } = await flooding;
  const memory = await endWatch();
  if (memory.lives) await neighbours.rearm();
  // What the flood left behind isn't the next one's quiet.
  await delay(settle);
  const failed: Record<string, number> = {};
  for (const { statuses } of [quiet, quietOfFour, during, duringOfFour])
    for (const [status, times] of Object.entries(statuses))
      if (status !== '204') failed[status] = (failed[status] ?? 0) + times;
  return {
    name,
    quiet: quantile(quiet.latencies, 0.5),
    p50: quantile(during.latencies, 0.5),
    p99: quantile(during.latencies, 0.99),
    quietOfFour: quantile(quietOfFour.latencies, 0.5),
    p50OfFour: quantile(duringOfFour.latencies, 0.5),
    revocations: during.latencies.length + duringOfFour.latencies.length,
    failed,
    answers,
    ...memory,
    load: os.loadavg()[0] ?? 0,
  };
}

/** Looks at the memory of a node again and again; the function it returns tells the most. */
function watchMemory(child: Child) {
  const most = { heap: 0, rss: 0, lives: true };
  let watching = true;
  const watch = (async () => {
    while (watching) {
      const { heapUsed, rss } = await child.call<NodeJS.MemoryUsage>('memory');
      most.heap = Math.max(most.heap, heapUsed / 1e6);
      most.rss = Math.max(most.rss, rss / 1e6);
      await delay(lookEvery);
    }
  })().catch(() => {
    most.lives = false;
  });
  return async () => {
    watching = false;
    await watch;
    return most;
  };
}

export const isBroken = ({ failed, lives }: FloodResult): boolean => !lives || Object.keys(failed).length > 0;

/** How revocations of one org fare while another floods the node, each flood a row. */
export function floodReport(results: readonly FloodResult[], people: number): string {
  const rows = results.map((of) => [
    of.name,
    `${ms(of.quiet)} / ${ms(of.p50)}`,
    times(of.p50 / of.quiet),
    ms(of.p99),
    `${ms(of.quietOfFour)} / ${ms(of.p50OfFour)}`,
    times(of.p50OfFour / of.quietOfFour),
    listed(of.failed) || 'none',
    listed(of.answers),
    `${of.heap.toFixed(0)} / ${of.rss.toFixed(0)}`,
    of.lives ? 'yes' : 'NO',
    of.load.toFixed(1),
  ]);
  const most = Math.max(...results.map(({ p50, quiet }) => p50 / quiet));
  return [
    `\nRevoking in one org while another, of ${count(people)} people, floods the node over ${floodConnections} connections`,
    table(
      [
        'the flood',
        'p50 ms, quiet / flooded',
        'ratio',
        'p99',
        'four at a time',
        'ratio',
        'other than 204',
        'its answers',
        'heap / rss MB',
        'lives',
        'load',
      ],
      rows,
    ),
    `p50 against quiet, at most: ${times(most)} (aim ≤ 3 ×: ${most <= 3 ? 'yes' : 'not here'})`,
  ].join('\n');
}

const listed = (statuses: Readonly<Record<string, number>>) =>
  Object.entries(statuses)
    .map(([status, times]) => `${status}: ${count(times)}`)
    .join(', ');
