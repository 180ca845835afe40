import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { isAway } from '../database/errors.ts';
import { AppError } from '../errors.ts';
import { CallerRefused } from '../revocation/caller.ts';
import type { CarryOut } from './carry-out.ts';
import type { Journal } from './journal.ts';
import type { NotedCall } from './noted-call.ts';

/** Milliseconds between two looks at the database while there are calls. */
const lookEveryMs = 250;
/** Milliseconds after which a call is carried out no more: the person may be a newcomer by then. */
const oldest = 24 * 3_600_000;
/** Calls at once; and of those that may wait long: strangers' (for an IdP's keys), and failed ones. */
const [workers, slowWorkers] = [4, 2];
/** Milliseconds until a call that failed is tried again: doubled each time, up to the second. */
const [firstPause, longestPause] = [1_000, 300_000];

/** Null: carried out. Otherwise the refusal that its sender would have heard. */
export type ReplayOutcome = AppError | null;

export type Replay = ReturnType<typeof startReplay>;

type Deps = Readonly<{
  journal: Journal;
  carryOut: CarryOut;
  /** The pool for ending access. */
  pool: Pool;
  log: Logger;
}>;

/**
 * Carries out the calls of the journal, the oldest first, as soon as the database answers. A call
 * that fails for a reason of its own waits longer each time; neither it nor one that is slow holds
 * up the others.
 */
export function startReplay({ journal, carryOut, pool, log }: Deps) {
  const failed = new Map<string, Readonly<{ pause: number; until: number }>>();
  const waiting = new Map<string, (outcome: ReplayOutcome) => void>();
  /** The calls that are being tried. */
  const busy = new Map<string, Readonly<{ slow: boolean; work: Promise<void> }>>();
  let looking: Promise<void> | null = null;
  let answers = false;
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = null;
    });
  }, lookEveryMs);
  timer.unref();

  /** Asks whether the database answers before any call has to find out. */
  async function look(): Promise<void> {
    if (!nextCall()) return;
    answers = await pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
    startWork();
  }

  function startWork(): void {
    while (answers && busy.size < workers) {
      const call = nextCall();
      if (!call) return;
      const work = tryCall(call).finally(() => {
        busy.delete(call.id);
        startWork();
      });
      busy.set(call.id, { slow: maySlow(call), work });
    }
  }

  const maySlow = (call: NotedCall) => call.orgId === null || failed.has(call.id);

  /** The oldest call that is due and may take a worker. */
  function nextCall(): NotedCall | undefined {
    const slowOnes = [...busy.values()].filter(({ slow }) => slow).length;
    const now = performance.now();
    for (const call of journal.calls()) {
      if (busy.has(call.id) || (failed.get(call.id)?.until ?? 0) > now) continue;
      if (slowOnes < slowWorkers || !maySlow(call)) return call;
    }
    return undefined;
  }

  async function tryCall(call: NotedCall): Promise<void> {
    let lapsed = false;
    try {
      // Our clock may have jumped: where it says so, the database's is asked.
      lapsed = Date.now() - call.at.getTime() > oldest && (await carryOut.isOlder(call, oldest));
      if (lapsed) await carryOut.giveUp(call);
      else await carryOut.now(call);
      await finish(call, lapsed ? 'lapsed' : null);
    } catch (error) {
      const refusal = refusalOf(error);
      if (isAway(error)) {
        answers = false;
        tryLater(call, failed.get(call.id)?.pause ?? firstPause);
      } else if (lapsed) {
        log.error({ err: error, ...about(call) }, 'of a noted call that is too old nobody could be told');
        await finish(call, 'lapsed');
      } else if (refusal) {
        log.warn({ code: refusal.code, ...about(call) }, 'a call that was noted is refused');
        await finish(call, refusal);
      } else {
        tryLater(call, Math.min(longestPause, (failed.get(call.id)?.pause ?? firstPause / 2) * 2));
        log.error({ err: error, ...about(call) }, 'a call that was noted failed; it is tried again');
      }
    }
  }

  function tryLater({ id }: NotedCall, pause: number): void {
    failed.set(id, { pause, until: performance.now() + pause });
  }

  async function finish({ id }: NotedCall, outcome: ReplayOutcome | 'lapsed'): Promise<void> {
    failed.delete(id);
    const result = outcome === null ? 'carried_out' : outcome === 'lapsed' ? 'lapsed' : 'refused';
    // The file may stay: whoever carries the call out again does nothing.
    await journal.done(id, result).catch((err) => log.error({ err }, 'a noted call that is done could not be removed'));
    if (outcome !== 'lapsed') waiting.get(id)?.(outcome);
  }

  return {
    /** Waits for a call at most `ms` milliseconds: its outcome, or 'waiting' if there is none. */
    async wait(id: string, ms: number): Promise<ReplayOutcome | 'waiting'> {
      const { promise, resolve } = Promise.withResolvers<ReplayOutcome | 'waiting'>();
      const late = setTimeout(resolve, ms, 'waiting');
      waiting.set(id, resolve);
      try {
        return await promise;
      } finally {
        clearTimeout(late);
        waiting.delete(id);
      }
    },

    async stop(): Promise<void> {
      clearInterval(timer);
      await looking;
      answers = false;
      await Promise.all([...busy.values()].map(({ work }) => work));
    },
  };
}

const about = ({ requestId, at }: NotedCall) => ({ requestId, at });

function refusalOf(error: unknown): AppError | null {
  if (error instanceof CallerRefused) return new AppError('invalid_token', error.detail);
  return error instanceof AppError && error.status < 500 ? error : null;
}
