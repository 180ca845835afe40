import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { createNotes } from '../database/notes.ts';
import type { BatchesLoad, Pools } from '../http/shortages.ts';
import { type InTurn, queueKinds } from '../http/turns.ts';
import { notedResults } from '../journal/journal.ts';
import type { CallJournal } from '../journal/start.ts';
import { type ObservedRevocation, revocationChannel } from '../revocation/observed.ts';
import { type ObservedSignIn, signInChannel } from '../sessions/insert-session.ts';
import { createDatabaseNumbers, type DatabaseNumbers } from './database-numbers.ts';
import { createRoutePatterns } from './route-patterns.ts';

export type Metrics = ReturnType<typeof createMetrics>;

const prefix = 'universal_logout_';
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** A process's numbers for Prometheus; labels are from closed lists: no org, no person. */
type Deps = Readonly<{
  pools: Pools;
  batches: BatchesLoad;
  inTurn: InTurn;
  note: ReturnType<typeof createNotes>;
  journal: Pick<CallJournal, 'figures'>;
  rotationsRest: () => boolean;
  log: Logger;
}>;

export function createMetrics({ pools, batches, inTurn, note, journal, rotationsRest, log }: Deps) {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register, prefix });

  const revocations = new Counter({
    name: `${prefix}revocations_total`,
    help: 'Revocations, by who caused them and what came of it.',
    labelNames: ['initiator', 'result'] as const,
    registers,
  });
  const revocationSeconds = new Histogram({
    name: `${prefix}revocation_duration_seconds`,
    help: 'Time of a revocation in the database, the wait for a connection included.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const signIns = new Counter({
    name: `${prefix}sign_ins_total`,
    help: 'Sign-ins that came back from an identity provider, or failed before: succeeded, refused, failed (a fault of ours).',
    labelNames: ['result'] as const,
    registers,
  });
  const requestSeconds = new Histogram({
    name: `${prefix}http_request_duration_seconds`,
    help: 'Time of a request until its answer was handed over, without event streams.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers,
  });
  const connections = new Gauge({
    name: `${prefix}database_connections`,
    help: 'Connections by pool and state, and requests that wait for one: `access` ends access and asks who is alive, `ending` ends the access of several people at once.',
    labelNames: ['pool', 'state'] as const,
    registers,
    collect() {
      for (const [name, pool] of Object.entries(pools)) {
        this.set({ pool: name, state: 'total' }, pool.totalCount);
        this.set({ pool: name, state: 'idle' }, pool.idleCount);
        this.set({ pool: name, state: 'waiting' }, pool.waitingCount);
      }
    },
  });
  connections.set({ pool: 'access', state: 'waiting' }, 0);
  // Each collects by itself when it is scraped.
  new Gauge({
    name: `${prefix}turns`,
    help: 'Work that takes turns, by kind of queue: lists and exports of administrators, `person` and `members` for people’s own lists, endings and changes of groups by provisioning, codes of devices.',
    labelNames: ['queue', 'state'] as const,
    registers,
    collect() {
      const turns = inTurn.count();
      for (const queue of queueKinds) {
        this.set({ queue, state: 'running' }, turns[queue].running);
        this.set({ queue, state: 'waiting' }, turns[queue].waiting);
      }
    },
  });
  new Counter({
    name: `${prefix}turns_refused_total`,
    help: 'Requests that got no turn and heard 429.',
    labelNames: ['queue'] as const,
    registers,
    collect() {
      this.reset();
      const turns = inTurn.count();
      for (const queue of queueKinds) this.inc({ queue }, turns[queue].refused);
    },
  });
  new Gauge({
    name: `${prefix}revocations_waiting`,
    help: 'Revocations that no statement has taken: `free` wait for a connection, `locked` are of people whose rows are locked elsewhere.',
    labelNames: ['people'] as const,
    registers,
    collect() {
      const { waiting, held } = batches.load();
      this.set({ people: 'free' }, waiting);
      this.set({ people: 'locked' }, held);
    },
  });
  new Gauge({
    name: `${prefix}revocations_oldest_age_seconds`,
    help: 'Time that the oldest of them has found no connection.',
    registers,
    collect() {
      this.set(batches.load().oldestMs / 1000);
    },
  });
  new Counter({
    name: `${prefix}revocations_given_up_total`,
    help: 'Revocations that found no connection in time and heard 503.',
    registers,
    collect() {
      this.reset();
      this.inc(batches.load().gaveUp);
    },
  });
  new Counter({
    name: `${prefix}notes_lost_total`,
    help: 'Notes of when a session, a grant or a key was last used that were not written: the statement failed, or too many waited.',
    labelNames: ['why'] as const,
    registers,
    collect() {
      this.reset();
      const { failed, noRoom } = note.lost();
      this.inc({ why: 'failed' }, failed);
      this.inc({ why: 'no_room' }, noRoom);
    },
  });

  new Gauge({
    name: `${prefix}rotations_resting`,
    help: '1: no password of a shared account is changed, for this database is a copy or was restored.',
    registers,
    collect() {
      this.set(rotationsRest() ? 1 : 0);
    },
  });
  new Gauge({
    name: `${prefix}noted_calls`,
    help: 'Revocations that were asked for while the database was away, and are still to be carried out by this node.',
    registers,
    collect() {
      this.set(journal.figures().waiting);
    },
  });
  new Gauge({
    name: `${prefix}noted_calls_oldest_seconds`,
    help: 'Time that the oldest of them has waited.',
    registers,
    collect() {
      this.set(journal.figures().oldestSeconds);
    },
  });
  new Gauge({
    name: `${prefix}noted_files_unreadable`,
    help: 'Files of noted calls that could not be opened when the process began.',
    registers,
    collect() {
      this.set(journal.figures().unreadable);
    },
  });
  new Counter({
    name: `${prefix}noted_calls_total`,
    help: 'Calls that were noted, and what became of them; `full` and `failed` found no room, or no disk, and are lost.',
    labelNames: ['result'] as const,
    registers,
    collect() {
      this.reset();
      const { totals } = journal.figures();
      for (const result of notedResults) this.inc({ result }, totals[result]);
    },
  });

  const databaseUp = new Gauge({ name: `${prefix}database_up`, help: '1 while the database answers.', registers });
  const gauges = createGauges(registers);
  const readNumbers = createDatabaseNumbers({ pool: pools.general });

  const onRevocation = (message: unknown) => {
    const { initiator, result, times, seconds } = message as ObservedRevocation;
    revocations.inc({ initiator, result }, times);
    revocationSeconds.observe(seconds);
  };
  const onSignIn = (message: unknown) => signIns.inc({ result: (message as ObservedSignIn).result });
  subscribe(revocationChannel.name, onRevocation);
  subscribe(signInChannel.name, onSignIn);

  return {
    contentType: register.contentType,

    /** The text of a scrape. While the database is away, the numbers read from it are missing. */
    async scrape(): Promise<string> {
      const numbers = await readNumbers().catch((error) => {
        log.warn({ err: error }, 'the database gave no numbers for /metrics');
        return null;
      });
      databaseUp.set(numbers ? 1 : 0);
      for (const [name, gauge] of Object.entries(gauges)) {
        gauge.remove();
        if (numbers) gauge.set(numbers[name as keyof DatabaseNumbers]);
      }
      return register.metrics();
    },

    /** Times every request under the documented path that matches its address. */
    timeRequests(paths: readonly string[]): RequestHandler {
      const patternOf = createRoutePatterns(paths);
      return (req, res, next) => {
        const start = performance.now();
        res.on('close', () => {
          if (String(res.getHeader('content-type')).startsWith('text/event-stream')) return;
          const method = methods.has(req.method) ? req.method : 'other';
          const status = res.writableFinished ? `${Math.floor(res.statusCode / 100)}xx` : 'broken_off';
          const labels = { method, route: patternOf(req.originalUrl), status };
          requestSeconds.observe(labels, (performance.now() - start) / 1000);
        });
        next();
      };
    },

    stop(): void {
      unsubscribe(revocationChannel.name, onRevocation);
      unsubscribe(signInChannel.name, onSignIn);
      register.clear();
    },
  };
}

function createGauges(registers: Registry[]): Record<keyof DatabaseNumbers, Gauge> {
  const gauge = (name: string, help: string) => new Gauge({ name: `${prefix}${name}`, help, registers });
  return {
    liveSessions: gauge('live_sessions', 'Live sessions of browsers; an estimate where there are very many.'),
    liveGrants: gauge('live_grants', 'Live grants of apps; an estimate where there are very many.'),
    outboxPending: gauge('outbox_pending', 'Events that the relay has still to take, up to 10000.'),
    outboxAge: gauge('outbox_oldest_age_seconds', 'Age of the oldest of them.'),
    jobsPending: gauge('jobs_pending', 'Jobs that will be tried, up to 10000.'),
    jobsFailed: gauge('jobs_failed', 'Jobs that were tried as often as they may be.'),
    deliveriesDead: gauge(
      'deliveries_dead',
      'Messages that nobody took in a day, and nobody has sent again, up to 10000.',
    ),
    jobsLag: gauge('jobs_lag_seconds', 'Time that the oldest job which could run has waited.'),
  };
}
