import pg, { type Pool } from 'pg';
import { AppError } from '../errors.ts';
import { type AnswerRow, type AskedRow, endPeople, toJson } from './asked-rows.ts';
import { endPeopleSql } from './statements.ts';

/** Rows that one statement takes. */
const mostInBatch = 32;
/** Statements at once, and more while somebody waits longer than `longWaitMs`: 3.6 times the throughput of one a row. */
const [statements, mostStatements] = [2, 4];
const longWaitMs = 20;
/** For people whose rows somebody else holds; one row a person. */
const waitingStatements = 2;
/** Connections that this takes at most. */
export const batchConnections = mostStatements + waitingStatements;
/** A row that no connection was free for until then is a 503. */
const patienceMs = 10_000;

type Waiting = Readonly<{
  row: AskedRow;
  /** As it is sent. */
  json: string;
  since: number;
  resolve: (answer: AnswerRow) => void;
  reject: (error: unknown) => void;
}>;
type Held = Readonly<{ waiting: Waiting; person: string }>;

export type Batches = ReturnType<typeof createBatches>;

/**
 * What a node is asked to end at the same time is ended by one statement. Nobody waits for company: a row that finds a
 * statement free is sent at once, and what arrives meanwhile goes together in the next.
 *
 * - Nobody is delayed by whom somebody else holds: such a row goes on alone, in a lane of its own.
 * - Everyone is answered after the commit that holds their own row.
 * - A statement that PostgreSQL refused is asked again row by row, for one row must not fail the others. After a lost
 *   connection it may have committed: then nobody is told anything but 503.
 */
export function createBatches({ pool }: { pool: Pool }) {
  const queue: Waiting[] = [];
  const held: Held[] = [];
  const heldNow = new Set<string>();
  let running = 0;
  let scheduled = false;
  let timer: NodeJS.Timeout | undefined;

  async function ask(row: AskedRow): Promise<AnswerRow> {
    const json = toJson(row);
    return new Promise((resolve, reject) => {
      queue.push({ row, json, since: performance.now(), resolve, reject });
      if (running >= statements) return watch();
      if (scheduled) return;
      scheduled = true;
      // What one turn of the event loop read from the sockets goes together.
      setImmediate(start);
    });
  }

  function start(): void {
    scheduled = false;
    const batch = queue.splice(0, mostInBatch);
    if (batch.length === 0) return;
    running += 1;
    void run(batch).finally(() => {
      running -= 1;
      if (queue.length === 0) return;
      if (running < statements) start();
      else watch();
    });
  }

  /** Looks again when the oldest row has waited long: for a further statement, or to give it up. */
  function watch(): void {
    const [oldest] = queue;
    if (timer || !oldest) return;
    const limit = running < mostStatements ? longWaitMs : patienceMs;
    timer = setTimeout(look, Math.max(0, oldest.since + limit - performance.now()));
    timer.unref();
  }

  function look(): void {
    timer = undefined;
    const now = performance.now();
    while (queue[0] && queue[0].since + patienceMs <= now) queue.shift()?.reject(overloaded());
    if (queue[0] && queue[0].since + longWaitMs <= now + 1 && running < mostStatements) start();
    watch();
  }

  /** Never fails: every row is answered, or waits elsewhere. */
  async function run(batch: readonly Waiting[]): Promise<void> {
    let answers: Map<string, AnswerRow>;
    try {
      const values = [`[${batch.map(({ json }) => json).join(',')}]`];
      const { rows } = await pool.query<AnswerRow>({ name: 'end-people', text: endPeopleSql.skipping, values });
      answers = new Map(rows.map((row) => [row.revocation, row]));
    } catch (error) {
      if (!isRolledBack(error)) for (const { reject } of batch) reject(error);
      else if (batch.length > 1) for (const one of batch) await run([one]);
      // Whatever else may be held, a `jti` that is being spent: whom the row is about isn't known, so it is a lane of one.
      else for (const one of batch) wait({ waiting: one, person: one.row.revocation });
      return;
    }
    const behind: Waiting[] = [];
    for (const waiting of batch) {
      const answer = answers.get(waiting.row.revocation);
      if (!answer) waiting.reject(new Error('a revocation was not answered'));
      else if (answer.result === 'behind') behind.push(waiting);
      else if (answer.result === 'held') wait({ waiting, person: `${waiting.row.org} ${answer.user_id}` });
      else waiting.resolve(answer);
    }
    queue.unshift(...behind);
  }

  function wait(one: Held): void {
    held.push(one);
    waitNext();
  }

  function waitNext(): void {
    if (heldNow.size >= waitingStatements) return;
    const limit = performance.now() - patienceMs;
    while (held[0] && held[0].waiting.since < limit) held.shift()?.waiting.reject(overloaded());
    const at = held.findIndex(({ person }) => !heldNow.has(person));
    const [next] = at < 0 ? [] : held.splice(at, 1);
    if (!next) return;
    const { waiting, person } = next;
    heldNow.add(person);
    void endPeople(pool, [waiting.row])
      .then(([answer]) => waiting.resolve(answer as AnswerRow), waiting.reject)
      .finally(() => {
        heldNow.delete(person);
        waitNext();
      });
  }

  return { ask };
}

/** PostgreSQL refused the statement and undid it; not where the connection or the server went. */
function isRolledBack(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !/^(08|57P)/.test(error.code ?? '08');
}

const overloaded = () => new AppError('unavailable', 'Too much is asked of this node at the moment. Try again.');
