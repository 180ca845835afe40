import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type InTurn, type QueueKind, queueKinds } from './turns.ts';

/** Milliseconds: between two looks; a wait for a connection that counts; how long it is told. */
const lookEveryMs = 200;
const longMs = 1_000;
const toldMs = 10_000;
const warnEveryMs = 60_000;

export type Shortages = ReturnType<typeof watchShortages>;
export type Pools = Readonly<Record<'general' | 'access' | 'ending', Pool>>;

type Shortage = `connections of ${keyof Pools}` | `turns of ${QueueKind}`;

/** What waits in the batches of revocations. */
export type BatchesLoad = Readonly<{
  load(): Readonly<Record<'waiting' | 'held' | 'oldestMs' | 'gaveUp', number>>;
}>;

type Deps = Readonly<{ pools: Pools; batches: BatchesLoad; inTurn: InTurn; log: Logger }>;

/**
 * Sees when a pool, or the batches of revocations, had no connection free for over a second, and
 * when work was refused a turn. Each is logged at most once a minute.
 */
export function watchShortages({ pools, batches, inTurn, log }: Deps) {
  const waitingSince = new Map<string, number>();
  const refusedBefore = new Map<QueueKind, number>();
  let gaveUpBefore = 0;
  const seenAt = new Map<Shortage, number>();
  const warnedAt = new Map<Shortage, number>();

  function note(shortage: Shortage, now: number, facts: object): void {
    seenAt.set(shortage, now);
    if (now - (warnedAt.get(shortage) ?? Number.NEGATIVE_INFINITY) < warnEveryMs) return;
    warnedAt.set(shortage, now);
    log.warn({ shortage, ...facts }, 'something runs out on this node');
  }

  function look(): void {
    const now = performance.now();
    for (const [name, pool] of Object.entries(pools) as [keyof Pools, Pool][]) {
      const { waitingCount: waiting, totalCount: connections } = pool;
      if (waiting === 0) waitingSince.delete(name);
      const since = waitingSince.get(name) ?? now;
      if (waiting > 0) waitingSince.set(name, since);
      if (now - since >= longMs) note(`connections of ${name}`, now, { waiting, connections });
    }
    const { gaveUp, ...waiting } = batches.load();
    const more = gaveUp - gaveUpBefore;
    gaveUpBefore = gaveUp;
    if (waiting.oldestMs >= longMs || more > 0) note('connections of ending', now, { ...waiting, gaveUp: more });
    const turns = inTurn.count();
    for (const kind of queueKinds) {
      const { refused, running, waiting } = turns[kind];
      const more = refused - (refusedBefore.get(kind) ?? 0);
      refusedBefore.set(kind, refused);
      if (more > 0) note(`turns of ${kind}`, now, { refused: more, running, waiting });
    }
  }

  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return {
    /** What has run out in the last ten seconds. */
    now(): Shortage[] {
      look();
      return [...seenAt].filter(([, at]) => performance.now() - at < toldMs).map(([shortage]) => shortage);
    },

    stop(): void {
      clearInterval(timer);
    },
  };
}
