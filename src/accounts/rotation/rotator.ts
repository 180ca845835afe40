import { setTimeout as delay } from 'node:timers/promises';
import { claimRotations, type RunningRotation } from './claim-rotations.ts';
import type { KnownDatabase } from './known-database.ts';
import { createPlanner, planScheduled } from './plan-rotations.ts';
import { rotate } from './rotate.ts';
import type { Rotating } from './rotating.ts';
import { usualTimes } from './times.ts';

/** Milliseconds between two rounds at least, and at most. */
const restMs = 20;
const pollMs = 500;
/** Milliseconds after a round that found nothing to begin, in which none follows a successful one at once. */
const settledMs = 100;
/** Milliseconds between two looks at the schedule. */
const scheduleMs = 60_000;
/** Milliseconds that a stop waits for steps that are under way: one that is broken off leaves a rotation uncertain. */
const stopMs = 3_000;

type Deps = Omit<Rotating, 'times' | 'broken'> &
  Readonly<{ times?: Rotating['times']; database?: Pick<KnownDatabase, 'isKnown'> }>;

/**
 * Plans and carries out rotations for as long as the process lives. `wake` makes the next round come
 * at once; it comes every half second anyway. `stop` lets steps that are under way end, for a moment:
 * what it breaks off is taken over by another node when its claim runs out.
 */
export function startRotator(deps: Deps) {
  const { pool, log } = deps;
  const breaking = new AbortController();
  const rotating: Rotating = { times: usualTimes, ...deps, broken: breaking.signal };
  const stopping = new AbortController();
  const underWay = new Map<RunningRotation, Promise<void>>();
  let woken = Promise.withResolvers<void>();
  const planner = createPlanner({ pool, log });
  let scheduleAt = 0;
  let settledUntil = 0;

  const begin = (rotation: RunningRotation) => {
    const running = rotate(rotating, rotation, () => stopping.signal.aborted).finally(() => {
      underWay.delete(rotation);
      // There is room again, and what waited for this one may begin.
      woken.resolve();
    });
    underWay.set(rotation, running);
  };

  // What can't be planned keeps nothing from being carried out, and the other way round.
  const or = async <T>(nothing: T, doing: string, work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      log.warn({ err: error }, `rotations could not be ${doing}; it will be tried again`);
      return nothing;
    });
  const schedule = async (): Promise<void> => {
    if (performance.now() < scheduleAt) return;
    if (!(await planScheduled(pool))) scheduleAt = performance.now() + scheduleMs;
  };
  const round = async (): Promise<boolean> => {
    const taken = await or(0, 'planned', planner.plan());
    await or(undefined, 'scheduled', schedule());
    // In a copy what is to be done is kept, and nothing is sent.
    if (deps.database && !(await or(false, 'claimed', deps.database.isKnown()))) return false;
    const claimed = await or([], 'claimed', claimRotations(pool, [...underWay.keys()], rotating.times.lease));
    for (const rotation of claimed) begin(rotation);
    // A round sees what waits behind many of a system only once that system is full, and looks at
    // all of them for it: with a thousand of them that costs as much as a rotation's own statements.
    if (claimed.length === 0) settledUntil = performance.now() + settledMs;
    return taken > 0 || (claimed.length > 0 && performance.now() >= settledUntil);
  };

  const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  const run = async () => {
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers();
      const busy = await round();
      const wait = new AbortController();
      const signal = AbortSignal.any([stopping.signal, wait.signal]);
      await pause(restMs, signal);
      if (!busy) await Promise.race([woken.promise, pause(pollMs, signal)]);
      wait.abort();
    }
  };
  const ended = run();

  return {
    wake: () => woken.resolve(),
    async stop(): Promise<void> {
      stopping.abort();
      const all = ended.then(() => Promise.all(underWay.values()));
      await Promise.race([all, delay(stopMs, undefined, { ref: false })]);
      breaking.abort();
      await all;
    },
  };
}

export type Rotator = ReturnType<typeof startRotator>;
