import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { claimForwards } from './claim-forwards.ts';
import type { ClaimedForward, ForwardOutcome, SendForward } from './forward.ts';
import { createGathering } from './gathering.ts';
import { createPaces } from './paces.ts';
import { planForwards, planOrgForwards } from './plan-forwards.ts';
import { settleForwards } from './settle-forwards.ts';

/** Forwards of a node that are sent, or wait to be settled: with a slow database no more are sent. */
const mostUnsettled = 200;
/** Milliseconds of one try, at most. */
const tryLimitMs = 10_000;
/** Milliseconds between two rounds at least: what comes meanwhile goes together. */
const restMs = 20;

type Deps = Readonly<{ pool: Pool; log: Logger; send: SendForward; planned?: () => void; pollMs?: number }>;

/**
 * Plans and sends forwards for as long as the process lives. `wake` makes the next round come at
 * once; it comes every half second anyway. `planned` hears that something was planned here. `stop`
 * breaks off what is under way: its claims run out, and this node or another sends it again.
 */
export function startForwarder({ pool, log, send, planned, pollMs = 500 }: Deps) {
  const stopping = new AbortController();
  const paces = createPaces();
  const underWay = new Set<Promise<void>>();
  let woken = Promise.withResolvers<void>();
  const settle = createGathering((tries: Parameters<typeof settleForwards>[1]) => settleForwards(pool, tries));

  const sendOne = async (forward: ClaimedForward) => {
    const started = performance.now();
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(tryLimitMs)]);
    let outcome: ForwardOutcome | null = null;
    try {
      outcome = await send(forward, signal);
    } finally {
      paces.end(forward, outcome, performance.now() - started);
      // There is room again.
      woken.resolve();
    }
    // The process is stopping: the app isn't at fault.
    if (stopping.signal.aborted && outcome.result !== 'delivered') return;
    await settle({ forward, outcome, durationMs: performance.now() - started });
  };

  const begin = (forward: ClaimedForward) => {
    paces.begin(forward);
    const running = sendOne(forward)
      .catch((error) =>
        log.warn({ err: error, forward: forward.id }, 'a forward could not be sent or settled; it will be tried again'),
      )
      .finally(() => underWay.delete(running));
    underWay.add(running);
  };

  const round = async (): Promise<boolean> => {
    const taken = await planForwards(pool);
    const stepped = await planOrgForwards(pool);
    if (taken > 0 || stepped) planned?.();
    const claimed = underWay.size < mostUnsettled ? await claimForwards(pool, paces.look()) : [];
    for (const forward of claimed) begin(forward);
    return taken > 0 || stepped || claimed.length > 0;
  };

  const working = (async () => {
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers();
      const busy = await round().catch((error) => {
        log.warn({ err: error }, 'forwards could not be planned or claimed; it will be tried again');
        return false;
      });
      const wait = new AbortController();
      const pause = (ms: number) =>
        delay(ms, undefined, { signal: AbortSignal.any([stopping.signal, wait.signal]), ref: false }).catch(() => {});
      await pause(restMs);
      if (!busy) await Promise.race([woken.promise, pause(pollMs)]);
      wait.abort();
    }
  })();

  return {
    wake: () => woken.resolve(),
    async stop(): Promise<void> {
      stopping.abort();
      woken.resolve();
      await working;
      await Promise.all(underWay);
    },
  };
}

export type Forwarder = ReturnType<typeof startForwarder>;
