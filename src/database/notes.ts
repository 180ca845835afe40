import type { Pool, QueryConfig } from 'pg';

/** Statements at once, and the most keys that may wait for one. */
const atOnce = 2;
const mostKept = 10_000;

/** Writes `statement` soon, unless one of the same key is still to be written. */
export type Note = (key: string, statement: QueryConfig) => void;
/** Notes that weren't written so far. */
export type LostNotes = Readonly<Record<'failed' | 'noRoom', number>>;

/**
 * Notes when something was last used, beside the answer and never in its way: nobody awaits a note,
 * and one that fails or finds no room is left out, as the next use brings another. So a statement
 * of a note skips a row that somebody else holds. The pool is the one that says who is alive:
 * people whose use goes unnoted for long are signed out as idle.
 */
export function createNotes({ pool }: { pool: Pool }): Note & { lost: () => LostNotes } {
  const kept = new Set<string>();
  const waiting: { key: string; statement: QueryConfig }[] = [];
  const lost = { failed: 0, noRoom: 0 };
  let running = 0;

  function goOn(): void {
    while (running < atOnce) {
      const next = waiting.shift();
      if (!next) return;
      running += 1;
      pool
        .query(next.statement)
        .catch(() => {
          lost.failed += 1;
        })
        .finally(() => {
          running -= 1;
          kept.delete(next.key);
          goOn();
        });
    }
  }

  const note: Note = (key, statement) => {
    if (kept.has(key)) return;
    if (kept.size >= mostKept) {
      lost.noRoom += 1;
      return;
    }
    kept.add(key);
    waiting.push({ key, statement });
    goOn();
  };
  return Object.assign(note, { lost: () => lost });
}
