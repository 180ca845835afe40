import { z } from 'zod';
import { isStorableMoment } from '../database/storable.ts';
import type { TimeKey } from '../database/time-key.ts';
import { AppError } from '../errors.ts';
import { parseJson } from '../http/parse-json.ts';

/** A list's query: `limit` rows (1 to 200, default 50), after the row that `cursor` stands for. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Rows of a page.'),
  cursor: z.string().max(1024).optional().describe('`next` of the page before.'),
};

/** A page of a list: `next` is the cursor of the one after it, null at the end. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

/**
 * Makes a page of up to `limit + 1` rows that were read. `keyOf` names what the list is ordered by,
 * ending with something unique: rows that come and go meanwhile make none appear twice or get lost.
 * `until`: the key at which reading stopped before the list's end, though the page isn't full.
 */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly string[],
  until: readonly string[] | null = null,
) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const key = rows.length > limit && last ? keyOf(last) : until;
  return { items, next: key ? writeCursor(key) : null };
}

function writeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Half of a surrogate pair would be looked for as another character. */
const text = z
  .string()
  .max(512)
  .refine((value) => value.isWellFormed());

/**
 * Reads the `length` texts of a cursor; null without one. `fits`: whether they can be values of what
 * the list goes by. @throws AppError invalid_request
 */
export function readCursor(
  cursor: string | undefined,
  length: number,
  fits: (key: readonly string[]) => boolean = () => true,
): readonly string[] | null {
  if (cursor === undefined) return null;
  const key = z
    .array(text)
    .length(length)
    .safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (key.success && fits(key.data)) return key.data;
  throw foreignCursor();
}

/** Reads the cursor of a list in order of time, or null. @throws AppError invalid_request */
export function readTimeCursor(cursor: string | undefined): TimeKey | null {
  const key = readCursor(cursor, 2);
  if (!key) return null;
  const [text, id] = key as [string, string];
  const createdAt = new Date(text);
  // Only this backend's own form counts: Date reads more, also times that PostgreSQL can't hold.
  if (z.iso.datetime().safeParse(text).success && isStorableMoment(createdAt)) return { createdAt, id };
  throw foreignCursor();
}

/** `toPage` for a list in the order of time. */
export const toTimePage = <Row extends TimeKey>(rows: readonly Row[], limit: number) =>
  toPage(rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);

const foreign = '"cursor" is not the `next` of a page of this list; leave it out to begin.';

const foreignCursor = () => new AppError('invalid_request', foreign);

export const isForeignCursor = (error: unknown): boolean => error instanceof AppError && error.detail === foreign;
