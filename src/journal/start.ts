import type { ErrorRequestHandler } from 'express';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Keyring } from '../keyring.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import type { KnownCallers } from '../revocation/known-callers.ts';
import type { RefusedCalls } from '../revocation/refused-calls.ts';
import type { JwtAuthentication } from '../revocation/signed-jwt.ts';
import { createCarryOut } from './carry-out.ts';
import { createJournal, type JournalFigures } from './journal.ts';
import { createNoteCall } from './note-call.ts';
import { type Replay, startReplay } from './replay.ts';

type Deps = Readonly<{
  config: Pick<Config, 'journalDir'>;
  log: Logger;
  /** The pool for ending access. */
  pool: Pool;
  keyring: Keyring;
  apiKeys: ApiKeys;
  jwt: JwtAuthentication;
  knownCallers: KnownCallers;
  refusedCalls: RefusedCalls;
  announce: () => void;
}>;

/** Seconds: a call that waits for longer waits for more than a failover. */
const lateAfter = 60;

/** Where nothing is noted. */
const noFigures: JournalFigures = {
  waiting: 0,
  oldestSeconds: 0,
  totals: { noted: 0, carried_out: 0, refused: 0, lapsed: 0, full: 0, failed: 0 },
  unreadable: 0,
};

export type CallJournal = ReturnType<typeof createCallJournal>;

/**
 * Calls that came while the database was away are noted on this node's disk and carried out later.
 * Without JOURNAL_DIR nothing is noted: such a call hears 503 and is lost if it isn't sent again.
 */
export function createCallJournal(deps: Deps) {
  const { config, log } = deps;
  if (config.journalDir === null) {
    const passOn: ErrorRequestHandler = (error, _req, _res, next) => next(error);
    return { noteCall: passOn, figures: () => noFigures, isLate: () => false, async open() {}, async stop() {} };
  }
  const journal = createJournal({ dir: config.journalDir, keyring: deps.keyring, log });
  const replay: Replay = startReplay({ journal, carryOut: createCarryOut(deps), pool: deps.pool, log });
  return {
    noteCall: createNoteCall({ ...deps, journal, replay }),
    figures: journal.figures,
    /** Whether a call has waited for over a minute. */
    isLate: () => journal.figures().oldestSeconds > lateAfter,
    /** Before the first request. @throws Error where the folder can't be used */
    open: journal.open,
    stop: replay.stop,
  };
}
