/** A record of a file, with the number of the line that it begins on. */
export type CsvRecord = Readonly<{ line: number; fields: readonly string[] }>;

/**
 * Reads CSV as RFC 4180 has it: commas, and quotes around fields that hold commas, quotes or line
 * breaks. Empty lines are passed over. Returns the number of the line where a quote is never closed,
 * or where something stands behind a closing quote.
 */
export function parseCsv(text: string): readonly CsvRecord[] | Readonly<{ brokenLine: number }> {
  const records: CsvRecord[] = [];
  // A field, quoted or not, and what ends it; sticky, so that nothing is passed over.
  const field = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  let line = 1;
  let begun = 1;
  let fields: string[] = [];
  const whole = text.replace(/^\u{feff}/u, '');
  for (let at = 0; at < whole.length || fields.length > 0; at = field.lastIndex) {
    field.lastIndex = at;
    const found = field.exec(whole);
    if (!found) return { brokenLine: line };
    const [matched, quoted, plain = '', end] = found;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    line += matched.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === ',') continue;
    if (fields.some((value) => value !== '')) records.push({ line: begun, fields });
    fields = [];
    begun = line;
  }
  return records;
}
