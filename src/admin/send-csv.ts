import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { Response } from 'express';

/** What a reader of the API has to know of such a file. */
export const csvDescription =
  'CSV with a header line (RFC 4180). Cells that a spreadsheet would run begin with an apostrophe. An answer that breaks off is incomplete.';

/** Sends rows as they are read, with a line of names above them. */
export async function sendCsv(
  res: Response,
  columns: readonly string[],
  rows: AsyncIterable<readonly (string | null)[]>,
): Promise<void> {
  const csv = stringify({
    header: true,
    columns: [...columns],
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  await pipeline(Readable.from(rows), csv, res).catch((error) => {
    // A reader who closes the stream early causes no error.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}
