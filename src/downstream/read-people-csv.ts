import { AppError, type Saying } from '../errors.ts';
import type { ImportLine } from './app-people.ts';

/** Lines of one list. */
export const mostLines = 10_000;
const longest = 320;

/**
 * Reads a list of two columns: whom we know (an id, an address or a user name), and the app's own id
 * of them. Commas, semicolons or tabs part the columns; a first line `user,id` is its heading.
 * @throws AppError invalid_request that names the line
 */
export function readPeopleCsv(csv: string): readonly ImportLine[] {
  const lines = csv.replace(/^\u{feff}/u, '').split(/\r\n|\r|\n/);
  if (lines.length > mostLines + 2) throw wrongCount();
  const rows = lines.flatMap((text, index) => (text.trim() === '' ? [] : [readLine(text, index + 1)]));
  const [first] = rows;
  const body = first && isHeading(first) ? rows.slice(1) : rows;
  if (body.length === 0 || body.length > mostLines) throw wrongCount();
  return body;
}

const isHeading = ({ who, there }: ImportLine) =>
  /^(?:user|email|e-mail|address|who|user_?name)$/i.test(who) && /^(?:id|there|app_?id|name_?there)$/i.test(there);

function readLine(text: string, line: number): ImportLine {
  const field = '\\s*(?:"((?:[^"]|"")*)"|([^,;\\t"]*))\\s*';
  const found = new RegExp(`^${field}[,;\\t]${field}$`).exec(text);
  const [who, there] = found ? [unquoted(found[1], found[2]), unquoted(found[3], found[4])] : ['', ''];
  const isSound = [who, there].every(
    (value) => value.length > 0 && value.length <= longest && value.isWellFormed() && !/\p{Cc}/u.test(value),
  );
  if (!isSound) throw wrong(({ answers }) => answers.peopleCsvLine({ line }));
  return { line, who, there };
}

const unquoted = (quoted: string | undefined, plain: string | undefined): string =>
  (quoted?.replaceAll('""', '"') ?? plain ?? '').trim();

const wrong = (says: Saying) => new AppError('invalid_request', says, { field: 'csv' });
const wrongCount = () => wrong(({ answers }) => answers.peopleCsvLines({ most: mostLines }));
