import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { cleaningLock } from '../src/database/chores.ts';
import type { Child } from './child.ts';
import { revocationRequest } from './contenders.ts';
import type { HttpJob, HttpRequest, Samples } from './http-load.ts';
import { type Figures, measure, quantile } from './measure.ts';
import {
  fillRecord,
  type Node,
  type OrganisationStore,
  openOrganisation,
  ownerCookie,
  personAt,
  scimKey,
  withClient,
} from './organisation-store.ts';
import { sql } from './people.ts';
import { createDraw } from './store.ts';

export type OrganisationResult = Readonly<{
  people: number;
  sessions: number;
  /** The endpoint without notifications, and with notifications and a webhook. */
  silent: Figures;
  told: Figures;
  webhookMessages: number;
  /** Seconds, at most, from a round's end until all its events had been told. */
  relayedAfter: number;
  /** Milliseconds, medians. */
  ofOne: number;
  ofEveryone: number;
  askedOfEveryone: number;
  few: number;
  many: number;
  scimPage: number;
  scimFilter: number;
  export: Readonly<{ events: number; megabytes: number; seconds: number; memoryBefore: number; memoryPeak: number }>;
}>;

const json = { 'Content-Type': 'application/json', Cookie: ownerCookie };
const current = '/api/orgs/current';

/** The costs of administering `people` people with ten sessions each, with `events` on record. */
export async function measureOrganisation(
  serverUrl: string,
  load: Child,
  options: { people: number; events: number; rounds: number; trials: number },
  progress: (text: string) => void,
): Promise<OrganisationResult> {
  progress(`filling an organisation of ${options.people.toLocaleString('en')} people`);
  const store = await openOrganisation(serverUrl, options.people, options.trials);
  try {
    const revoking = await measureTelling(store, load, options.rounds, progress);
    const { node } = revoking;
    progress('signing everyone out');
    const everyone = await measureEveryone(store, node, load, options.trials);
    progress('revoking people of 10,000 sessions');
    const few: number[] = [];
    const many: number[] = [];
    for (const [index, n] of store.few.entries()) {
      few.push(await timed(load, node, revocationRequest(n), 204));
      many.push(await timed(load, node, revocationRequest(store.many[index] as number), 204));
    }
    progress('provisioning');
    // VACUUM, as autovacuum does over time: without it each count would read every row.
    await withClient(store.told, (client) => client.query('VACUUM (ANALYZE) users'));
    const scim = await measureScim(store, node, load);
    progress(`exporting ${options.events.toLocaleString('en')} events`);
    await fillRecord(store.told, options.events);
    const exported = await measureExport(node);
    const { node: _node, ...figures } = revoking;
    return {
      people: options.people,
      sessions: options.people * 10,
      ...figures,
      ...everyone,
      few: median(few),
      many: median(many),
      ...scim,
      export: exported,
    };
  } finally {
    await store.close();
  }
}

/** The endpoint with relay, worker and receiver at work, and beside it one with an empty outbox. */
async function measureTelling(store: OrganisationStore, load: Child, rounds: number, progress: (text: string) => void) {
  const receiver = await startReceiver();
  const silent = await store.start(store.silent);
  const told = await store.start(store.told);
  await ask(told, 'POST', `${current}/webhooks`, { url: receiver.url, kinds: ['revocation'] }, 201);
  const people = Array.from({ length: store.people - 1 }, (_, index) => personAt(index + 1));
  const contender = (name: string, node: Node) => ({
    name,
    counts: { sequential: 200, parallel: 0 },
    draw: createDraw([...people]),
    run: (drawn: readonly number[], connections: number, budget: number): Promise<Samples> =>
      load.call('http', {
        port: node.port,
        connections,
        budget,
        count: drawn.length,
        expect: 204,
        requests: drawn.map(revocationRequest),
      } satisfies HttpJob),
  });
  progress('revocations, with nobody told and with notifications and a webhook');
  const contenders = [contender('nobody told', silent), contender('notifications and a webhook', told)];
  // `told` goes last in a round, so that the next round doesn't pay for its messages.
  const relayedAfter: number[] = [];
  const [silentFigures, toldFigures] = await measure(contenders, {
    rounds,
    sequentialOnly: true,
    afterRound: async () => relayedAfter.push(await untilTold(store.told)),
  });
  await silent.child.stop();
  const webhookMessages = receiver.count();
  await receiver.stop();
  return {
    node: told,
    silent: silentFigures as Figures,
    told: toldFigures as Figures,
    webhookMessages,
    relayedAfter: Math.max(...relayedAfter),
  };
}

/**
 * A person and everyone in turn, each as an administrator confirms it. Restores the ended access.
 */
async function measureEveryone(store: OrganisationStore, node: Node, load: Child, trials: number) {
  const ofOne: number[] = [];
  const ofEveryone: number[] = [];
  const asked: number[] = [];
  await withClient(store.told, async (held) => {
    // The lock stops the job that writes a million tombstones: the next trial needs the sessions.
    await held.query('SELECT pg_advisory_lock($1)', [cleaningLock]);
    // Triggers refuse to revive dead sessions: this setting switches them off.
    await held.query('SET session_replication_role = replica');
    for (let trial = 0; trial < trials; trial++) {
      const { rows } = await held.query(`SELECT ${sql.userId('$1::int')} AS id`, [personAt(store.people - 1 - trial)]);
      const ofPerson = `${current}/users/${rows[0].id}/revocations`;
      ofOne.push(await timed(load, node, await confirmed(node, ofPerson, {}), 200));
      const at = performance.now();
      const everyone = await confirmed(node, `${current}/revocations`, { everyone: true, keepCurrent: true });
      asked.push(performance.now() - at);
      ofEveryone.push(await timed(load, node, everyone, 200));
      await held.query(
        `UPDATE sessions SET org_generation = 0 WHERE org_id = ${sql.orgId('0')} AND org_generation > 0`,
      );
      await held.query(
        `UPDATE revocations SET tombstones_pending = false WHERE org_id = ${sql.orgId('0')} AND user_id IS NULL`,
      );
      await held.query(`UPDATE orgs SET generation = 0 WHERE id = ${sql.orgId('0')}`);
    }
  });
  return { ofOne: median(ofOne), ofEveryone: median(ofEveryone), askedOfEveryone: median(asked) };
}

async function confirmed(node: Node, path: string, body: object): Promise<HttpRequest> {
  const { confirmation } = await ask(node, 'POST', path, body, 409);
  return { method: 'POST', path, headers: { Cookie: ownerCookie }, body: { ...body, confirmation } };
}

async function measureScim(store: OrganisationStore, node: Node, load: Child) {
  const headers = { Authorization: `Bearer ${scimKey}` };
  const run = async (paths: string[]) => {
    const requests = paths.map((path): HttpRequest => ({ method: 'GET', path: `/scim/v2/Users?${path}`, headers }));
    const job = { port: node.port, connections: 1, budget: 5_000, count: 100, requests, expect: 200 };
    return median([...(await load.call<Samples>('http', job satisfies HttpJob)).latencies]);
  };
  const indexes = Array.from({ length: 50 }, (_, index) => Math.floor(((index + 0.5) / 50) * store.people));
  return {
    scimPage: await run(indexes.map((index) => `startIndex=${index}&count=100`)),
    scimFilter: await run(
      indexes.map((index) => `filter=${encodeURIComponent(`userName eq "user${personAt(index)}@org0.example"`)}`),
    ),
  };
}

/** The most memory of the process while the record streams out, and its memory before. */
async function measureExport(node: Node): Promise<OrganisationResult['export']> {
  const memory = async () => (await node.child.call<NodeJS.MemoryUsage>('memory')).rss;
  const memoryBefore = await memory();
  let memoryPeak = memoryBefore;
  const at = performance.now();
  const request = get(`${node.url}${current}/audit-events/export?format=ndjson`, { headers: { Cookie: ownerCookie } });
  const [answer] = await once(request, 'response');
  if (answer.statusCode !== 200) throw new Error(`the export was answered ${answer.statusCode}`);
  let bytes = 0;
  let events = 0;
  let watching = true;
  const watch = (async () => {
    while (watching) {
      memoryPeak = Math.max(memoryPeak, await memory());
      await delay(50);
    }
  })();
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      for (const byte of chunk) if (byte === 10) events++;
    }
  } finally {
    watching = false;
    await watch;
  }
  const mb = (value: number) => Math.round(value / 1e6);
  const seconds = (performance.now() - at) / 1000;
  return { events, megabytes: mb(bytes), seconds, memoryBefore: mb(memoryBefore), memoryPeak: mb(memoryPeak) };
}

async function timed(load: Child, { port }: Node, request: HttpRequest, expect: number): Promise<number> {
  const job: HttpJob = { port, connections: 1, budget: 60_000, count: 1, requests: [request], expect };
  return (await load.call<Samples>('http', job)).latencies[0] as number;
}

async function ask(
  node: Node,
  method: string,
  path: string,
  body: object,
  expect: number,
): Promise<Record<string, string>> {
  const response = await fetch(`${node.url}${path}`, { method, headers: json, body: JSON.stringify(body) });
  const text = await response.text();
  if (response.status !== expect) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Seconds until the outbox is empty and every job that is due is done. */
async function untilTold(databaseUrl: string): Promise<number> {
  const at = performance.now();
  await withClient(databaseUrl, async (client) => {
    for (;;) {
      const { rows } = await client.query(
        `SELECT WHERE EXISTS (SELECT FROM outbox)
                   OR EXISTS (SELECT FROM graphile_worker.jobs WHERE run_at <= now() AND attempts < max_attempts)`,
      );
      if (rows.length === 0) return;
      await delay(50);
    }
  });
  return (performance.now() - at) / 1000;
}

/** A receiver of webhooks that accepts everything. */
async function startReceiver() {
  let count = 0;
  const server = createServer((req, res) => {
    count++;
    req.resume().on('end', () => res.writeHead(204).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => count,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const median = (values: readonly number[]) => quantile(Float64Array.from(values), 0.5);
