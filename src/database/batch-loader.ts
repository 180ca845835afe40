import type { Pool, QueryResultRow } from 'pg';
import { lookUp } from './patience.ts';

type Waiting<Row> = { resolve: (row: Row | null) => void; reject: (error: unknown) => void };

const statementsAtOnce = 4;

/**
 * Loads rows by a hash. Look-ups that arrive together share one statement: waking the database
 * costs more than finding the row (16 connections: 1.5 times the throughput of `GET
 * /api/users/me`). Nothing is cached: the statement of a look-up begins after the look-up was asked
 * for, so it sees every earlier commit.
 * A batch takes all look-ups that wait: with a bound they would queue here beyond the time limits
 * of pool and statement while the database is away.
 * @param statement has one parameter, `bytea[]`, and returns the key in the column `keyColumn`.
 */
export function createBatchLoader<Row extends QueryResultRow>(
  pool: Pool,
  statement: { name: string; text: string; keyColumn: keyof Row & string },
): (key: Buffer) => Promise<Row | null> {
  let waiting = new Map<string, Waiting<Row>[]>();
  let running = 0;
  let scheduled = false;

  const run = async () => {
    scheduled = false;
    if (waiting.size === 0 || running >= statementsAtOnce) return;
    const batch = waiting;
    waiting = new Map();
    running += 1;
    try {
      const keys = [...batch.keys()].map((key) => Buffer.from(key, 'latin1'));
      const { name, text } = statement;
      const { rows } = await lookUp<Row>(pool, { name, text, values: [keys] });
      const found = new Map(rows.map((row) => [(row[statement.keyColumn] as Buffer).toString('latin1'), row]));
      for (const [key, lookUps] of batch) for (const lookUp of lookUps) lookUp.resolve(found.get(key) ?? null);
    } catch (error) {
      for (const lookUps of batch.values()) for (const lookUp of lookUps) lookUp.reject(error);
    } finally {
      running -= 1;
      if (waiting.size > 0) void run();
    }
  };

  return (key) =>
    new Promise((resolve, reject) => {
      const text = key.toString('latin1');
      waiting.set(text, [...(waiting.get(text) ?? []), { resolve, reject }]);
      if (scheduled || running >= statementsAtOnce) return;
      scheduled = true;
      setImmediate(() => void run());
    });
}
