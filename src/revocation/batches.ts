import pg, { type Pool } from 'pg';
import { AppError } from '../errors.ts';
import { type AnswerRow, type AskedRow, endMeant, toJson } from './asked-rows.ts';
import { endPeopleSql } from './statements.ts';

/** Most rows in one statement. */
const mostInBatch = 32;
/** Statements at once: two have 3.6 times the throughput of one statement a row. */
const [statements, mostStatements] = [2, 4];
/** A row that waits longer than this opens further statements, up to `mostStatements`. */
const longWaitMs = 20;
/** Statements at once for people whose rows are locked elsewhere; one row a person. */
const waitingStatements = 2;
/** Most connections that the batches take. */
export const batchConnections = mostStatements + waitingStatements;

type WaitingRow = Readonly<{
  row: AskedRow;
  /** The row as it is sent. */
  json: string;
  since: number;
  resolve: (answers: readonly AnswerRow[]) => void;
  reject: (error: unknown) => void;
}>;
type Held = Readonly<{ waiting: WaitingRow; person: string }>;

export type Batches = Pick<ReturnType<typeof createBatches>, 'ask'>;

/**
 * Rows that reach a node at the same time are ended by one statement. No row waits for company: it
 * is sent at once where a statement is free, and rows that arrive meanwhile share the next.
 *
 * - A person who is locked elsewhere delays nobody: their row goes on alone, in a lane of its own.
 * - A row is answered after the commit that holds it.
 * - A row for which no statement was free within `patienceMs` is a 503.
 * - Rows of a statement that PostgreSQL refused are asked again one by one: no row may fail the
 *   others. After a lost connection the statement may have committed: all its rows are a 503.
 */
export function createBatches({ pool, patienceMs = 10_000 }: { pool: Pool; patienceMs?: number }) {
  const queue: WaitingRow[] = [];
  const held: Held[] = [];
  const heldNow = new Set<string>();
  let running = 0;
  let gaveUp = 0;
  let scheduled = false;
  let timer: NodeJS.Timeout | undefined;

  /** Returns an answer for each person whom the row means: mostly one. */
  async function ask(row: AskedRow): Promise<readonly AnswerRow[]> {
    if (row.alone) throw new Error('what keeps, renames or switches off goes on alone');
    const json = toJson(row);
    return new Promise((resolve, reject) => {
      queue.push({ row, json, since: performance.now(), resolve, reject });
      // Rows that one turn of the event loop read from the sockets go together.
      if (!scheduled) setImmediate(goOn);
      scheduled = true;
    });
  }

  /** Starts the statements that may start now, and comes back when a row has waited long. */
  function goOn(): void {
    scheduled = false;
    const now = performance.now();
    giveUp(now);
    while (queue[0] && running < (now - queue[0].since < longWaitMs ? statements : mostStatements)) start();
    clearTimeout(timer);
    timer = undefined;
    const since = Math.min(
      queue[0]?.since ?? Number.POSITIVE_INFINITY,
      held[0]?.waiting.since ?? Number.POSITIVE_INFINITY,
    );
    if (since === Number.POSITIVE_INFINITY) return;
    const early = queue[0] !== undefined && running < mostStatements;
    timer = setTimeout(goOn, Math.max(1, (early ? (queue[0]?.since ?? 0) + longWaitMs : since + patienceMs) - now));
    timer.unref();
  }

  function giveUp(now: number): void {
    const isLate = ({ since }: WaitingRow) => since + patienceMs <= now;
    while (queue[0] && isLate(queue[0])) refuse(queue.shift());
    while (held[0] && isLate(held[0].waiting)) refuse(held.shift()?.waiting);
  }

  function refuse(waiting: WaitingRow | undefined): void {
    gaveUp += 1;
    waiting?.reject(new AppError('unavailable', 'Too much is asked of this node at the moment. Try again.'));
  }

  function start(): void {
    running += 1;
    void run(queue.splice(0, mostInBatch)).finally(() => {
      running -= 1;
      goOn();
    });
  }

  /** Never rejects: each row is answered, or waits elsewhere. */
  async function run(batch: readonly WaitingRow[]): Promise<void> {
    let answers: Map<string, AnswerRow>;
    try {
      const values = [`[${batch.map(({ json }) => json).join(',')}]`];
      const { rows } = await pool.query<AnswerRow>({ name: 'end-people', text: endPeopleSql.skipping, values });
      answers = new Map(rows.map((row) => [row.revocation, row]));
    } catch (error) {
      if (!isRolledBack(error)) for (const { reject } of batch) reject(error);
      else if (batch.length > 1) await runEach(batch);
      // The row's person isn't known (its `jti` may be being spent): it waits as if it were alone.
      else for (const waiting of batch) wait({ waiting, person: waiting.row.revocation });
      return;
    }
    const behind: WaitingRow[] = [];
    for (const waiting of batch) {
      const answer = answers.get(waiting.row.revocation);
      if (!answer) waiting.reject(new Error('a revocation was not answered'));
      else if (answer.result === 'behind') behind.push(waiting);
      else if (answer.result === 'held') wait({ waiting, person: `${waiting.row.org} ${answer.user_id}` });
      else if (answer.result === 'several') wait({ waiting, person: waiting.row.revocation });
      else waiting.resolve([answer]);
    }
    queue.unshift(...behind);
  }

  /** A locked table makes each row take seconds, and the rows behind it late. */
  async function runEach(batch: readonly WaitingRow[]): Promise<void> {
    for (const waiting of batch)
      if (waiting.since + patienceMs <= performance.now()) refuse(waiting);
      else await run([waiting]);
  }

  function wait(next: Held): void {
    held.push(next);
    waitNext();
  }

  function waitNext(): void {
    giveUp(performance.now());
    const at = heldNow.size < waitingStatements ? held.findIndex(({ person }) => !heldNow.has(person)) : -1;
    const [next] = at < 0 ? [] : held.splice(at, 1);
    if (!next) return;
    const { waiting, person } = next;
    heldNow.add(person);
    void endMeant(pool, waiting.row)
      .then(waiting.resolve, waiting.reject)
      .finally(() => {
        heldNow.delete(person);
        waitNext();
      });
  }

  return {
    ask,

    /**
     * What waits on this node: rows that no statement has taken, rows of people who are locked
     * elsewhere, and how long the oldest has found no connection; how many rows were given up so
     * far. The pool can't tell: rows wait here, and no more statements run than it has connections.
     */
    load() {
      const free = held.find(({ person }) => !heldNow.has(person))?.waiting;
      const since = Math.min(...[queue[0], free].map((row) => row?.since ?? Number.POSITIVE_INFINITY));
      const oldestMs = Math.max(0, Math.round(performance.now() - since));
      return { waiting: queue.length, held: held.length, oldestMs, gaveUp };
    },
  };
}

/** True if PostgreSQL undid the statement; false where the connection or the server was lost. */
function isRolledBack(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !/^(08|57P)/.test(error.code ?? '08');
}
