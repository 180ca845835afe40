import type { Pool, PoolClient } from 'pg';
import { hasSearchIndexes } from './search-index.ts';

/** Where more people than these are found by a part, a page of them is soon found in order. */
export const mostFound = 5_000;

/** Whether the indexes know a part: they hold groups of three letters and digits. */
export const isIndexedPart = (part: string): boolean => /[\p{L}\p{N}]{3}/u.test(part);

/** Letters of scripts that put no spaces between words. */
const unspaced = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;

/** What a search of people is compared as. */
export type Sought = Readonly<{
  /** In any letter case, and as a key: regular expressions where `begins`, else parts. */
  part: string;
  key: string;
  /** Whether it is found at the beginnings of words only. */
  begins: boolean;
  /** Whether the indexes can find it. */
  indexed: boolean;
}>;

/**
 * How a search is looked for; null: it has no letter or digit, and finds nobody. One or two letters
 * stand in nearly everybody's name, and the indexes know them at the beginnings of words only.
 */
export function toSought(part: string, key: string): Sought | null {
  if (!/[\p{L}\p{N}]/u.test(part)) return null;
  if (isIndexedPart(part)) return { part, key, begins: false, indexed: true };
  if (unspaced.test(part)) return { part, key, begins: false, indexed: false };
  const begins = /^[\p{L}\p{N}]/u.test(part);
  return begins
    ? { part: toBeginning(part), key: toBeginning(key), begins, indexed: true }
    : { part, key, begins, indexed: true };
}

/** Whether a search finds only beginnings of words. */
export const isShort = (part: string): boolean => toSought(part, part)?.begins ?? false;

// The trigrams of a class are found only where it names each letter.
const toBeginning = (text: string): string => `[ \n.@_+'"/(-]${text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')}`;

/** A pattern for LIKE that means the text wherever it stands. */
export const toPattern = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** Whether the trigram indexes are there, which is asked until they are. */
export function createIndexLook() {
  let indexed = false;
  return async (db: Pool | PoolClient): Promise<boolean> => {
    indexed ||= await hasSearchIndexes(db);
    return indexed;
  };
}

/** The people whose ids a statement selects; null where they are too many to be worth a list. */
export async function findFew(
  db: Pool | PoolClient,
  select: string,
  values: readonly unknown[],
): Promise<string[] | null> {
  const { ids, more } = await findSome(db, select, values, mostFound);
  return more ? null : ids;
}

/** Up to `most` of the people whose ids a statement selects, and whether there are more. */
export async function findSome(
  db: Pool | PoolClient,
  select: string,
  values: readonly unknown[],
  most: number,
): Promise<{ ids: string[]; more: boolean }> {
  // The limit keeps a common part from filling the memory.
  const { rows } = await db.query<{ id: string }>(`${select} LIMIT ${BigInt(most + 1)}`, [...values]);
  return { ids: rows.slice(0, most).map(({ id }) => id), more: rows.length > most };
}
