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
  const settle = createGathering((tries: Parameters<typeof settleForwards>[1]) => settleForwards(pool, tries));

  /** Runs rounds until the node stops: the next one at once where there was work, or on `wake`. */
  const repeat = (round: () => Promise<boolean>) => {
    let woken = Promise.withResolvers<void>();
    const run = async () => {
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
    };
    return { ended: run(), wake: () => woken.resolve() };
  };

  const sendOne = async (forward: ClaimedForward) => {
    const started = performance.now();
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(tryLimitMs)]);
    const outcome = await send(forward, signal).catch((error): ForwardOutcome => {
      log.warn({ err: error, org: forward.orgId, forward: forward.id }, 'a forward could not be sent');
      return { result: 'again', status: null, error: 'internal' };
    });
    paces.end(forward, stopping.signal.aborted ? null : outcome, performance.now() - started);
    // There is room again.
    sending.wake();
    // The process is stopping: the app isn't at fault.
    if (stopping.signal.aborted && outcome.result !== 'delivered') return;
    await settle({ forward, outcome, durationMs: performance.now() - started });
  };

  const begin = (forward: ClaimedForward) => {
    paces.begin(forward);
    const running = sendOne(forward)
      .catch((error) =>
        log.warn(
          { err: error, forward: forward.id },
          'what came of a forward could not be written; it will be tried again',
        ),
      )
      .finally(() => underWay.delete(running));
    underWay.add(running);
  };

  const sending = repeat(async () => {
    const taken = await planForwards(pool);
    if (taken > 0) planned?.();
    const claimed = underWay.size < mostUnsettled ? await claimForwards(pool, paces.look()) : [];
    for (const forward of claimed) begin(forward);
    return taken > 0 || claimed.length > 0;
  });
  // Beside it: no single person's logout waits for a step of an org-wide sign-out.
  const planningOrgs = repeat(async () => {
    const stepped = await planOrgForwards(pool);
    if (stepped) planned?.();
    return stepped;
  });

  return {
    wake: sending.wake,
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all([sending.ended, planningOrgs.ended]);
      await Promise.all(underWay);
    },
  };
}

export type Forwarder = ReturnType<typeof startForwarder>;
