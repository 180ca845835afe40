import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type Keyring, prefixLength, sealingKeyId, UnsealError } from '../keyring.ts';
import type { SealedPlace } from './sealed-places.ts';

/** Rows that are read at once. */
const pageSize = 2_000;
/** Rows that are written, and so locked, at once: for a few milliseconds. */
const batchSize = 200;
/** Rounds of a place, where somebody holds or changes its rows. */
const mostRounds = 10;
/** Milliseconds before the next round. */
const pauseMs = 500;

/** A sealed text that can't be opened. `keyId`: of the key that it names. */
export type ClosedText = Readonly<{ what: string; table: string; row: readonly string[]; keyId: string }>;

/**
 * What came of a place: how many texts were sealed anew, can't be opened (the first of them are
 * named), and are held or changed by others.
 */
export type SealedAnew = Readonly<{ done: number; closed: number; named: readonly ClosedText[]; held: number }>;

/** How many of the rows that can't be opened are named. */
export const mostNamed = 20;

/** Stands for a key where a text names none. */
export const notSealed = '(not sealed)';

/** How many texts of a place each key has sealed. */
export async function countSealed(pool: Pool, place: SealedPlace): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const page of pagesOf(pool, place, null))
    for (const { beginning } of page) {
      const id = sealingKeyId(beginning) ?? notSealed;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  return counts;
}

/**
 * Seals the texts of a place anew under the first key, beside whatever else is going on: a text
 * that changes meanwhile keeps what it changed to, and a row that somebody has locked is left for
 * the next round. Each batch is a statement of its own, so it can be broken off at any moment and
 * run again. `prefix` is how everything under the first key begins; `tell` hears how many are done.
 */
export async function sealAnew(
  { pool, keyring, prefix }: { pool: Pool; keyring: Keyring; prefix: string },
  place: SealedPlace,
  tell: (done: number) => void,
): Promise<SealedAnew> {
  let done = 0;
  for (let round = 1; ; round += 1) {
    const named: ClosedText[] = [];
    let closed = 0;
    let held = 0;
    for await (const page of pagesOf(pool, place, prefix)) {
      const old = page.filter((text) => text.sealed !== null);
      for (let start = 0; start < old.length; start += batchSize) {
        const batch = await Promise.all(
          old.slice(start, start + batchSize).map((text) => reseal(keyring, place, text)),
        );
        const opened = batch.filter((text) => text.after !== null);
        closed += batch.length - opened.length;
        if (named.length < mostNamed)
          named.push(...batch.filter((text) => text.after === null).map((text) => closedText(place, text)));
        const written = opened.length === 0 ? 0 : await replace(pool, place, opened);
        done += written;
        held += opened.length - written;
        tell(done);
      }
    }
    if (held === 0 || round === mostRounds) return { done, closed, named, held };
    await delay(pauseMs);
  }
}

type SealedText = { row: string[]; beginning: string; sealed: string | null };
/** `beginning` is null where nothing is sealed, or what is no longer counts. */
type PageRow = Omit<SealedText, 'beginning'> & { beginning: string | null };
type ResealedText = SealedText & { after: string | null };

/**
 * A place's texts in pages by key, each statement short however many there are. With a prefix only
 * texts that begin otherwise come whole (`sealed`).
 */
async function* pagesOf(pool: Pool, place: SealedPlace, prefix: string | null): AsyncGenerator<SealedText[]> {
  const { table, column, counts } = place;
  const key = place.key.join(', ');
  const last = place.key.map((_, index) => `$${index + 3}`).join(', ');
  const text = `
    SELECT ARRAY[${key}] AS row, beginning, CASE WHEN beginning <> $2 THEN ${column} END AS sealed
    FROM (SELECT *, CASE WHEN ${counts} THEN left(${column}, ${prefixLength}) END AS beginning FROM ${table}
          WHERE (${key}) > (${last}) ORDER BY ${key} LIMIT $1) AS page
    ORDER BY ${key}`;
  let from: readonly string[] | undefined = place.key.map(() => '');
  while (from) {
    const { rows }: { rows: PageRow[] } = await pool.query<PageRow>(text, [pageSize, prefix, ...from]);
    yield rows.filter((row): row is SealedText => row.beginning !== null);
    from = rows.length < pageSize ? undefined : rows.at(-1)?.row;
  }
}

async function reseal(keyring: Keyring, place: SealedPlace, text: SealedText): Promise<ResealedText> {
  const purpose = place.purpose(...text.row);
  try {
    return { ...text, after: await keyring.encrypt(await keyring.decrypt(text.sealed ?? '', purpose), purpose) };
  } catch (error) {
    if (error instanceof UnsealError) return { ...text, after: null };
    throw error;
  }
}

function closedText({ what, table }: SealedPlace, { row, beginning }: SealedText): ClosedText {
  return { what, table, row, keyId: sealingKeyId(beginning) ?? notSealed };
}

/** Writes where the old text still stands and nobody holds the row; returns how many. */
async function replace(pool: Pool, place: SealedPlace, texts: readonly ResealedText[]): Promise<number> {
  const { table, column, key } = place;
  const rows = key.map((_, index) => texts.map(({ row }) => row[index]));
  const arrays = [...key, 'before', 'after'];
  const same = (alias: string) => key.map((name) => `t.${name} = ${alias}.${name}`).join(' AND ');
  const { rowCount } = await pool.query(
    `WITH asked AS (
       SELECT * FROM unnest(${arrays.map((_, index) => `$${index + 1}::text[]`).join(', ')}) AS a (${arrays.join(', ')})
     ), free AS MATERIALIZED (
       SELECT asked.* FROM asked JOIN ${table} t ON ${same('asked')}
       WHERE t.${column} = asked.before
       FOR NO KEY UPDATE OF t SKIP LOCKED
     )
     UPDATE ${table} t SET ${column} = free.after FROM free WHERE ${same('free')}`,
    [...rows, texts.map(({ sealed }) => sealed), texts.map(({ after }) => after)],
  );
  return rowCount ?? 0;
}
