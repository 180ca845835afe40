import { type ImportedAccount, mostImported, mostImportedRights } from '../accounts/import-accounts.ts';
import { parseCsv } from '../accounts/parse-csv.ts';
import { checkedSettings } from '../accounts/settings.ts';
import { AppError, type Saying, type WrongPart } from '../errors.ts';
import { wrongParts } from '../issues.ts';
import { en } from '../texts/en.ts';
import { newAccount } from './account-forms.ts';

/** The columns of the file, and the members of `NewAccount` that they stand for. */
const members: Readonly<Record<string, string>> = {
  name: 'name',
  user_name: 'userName',
  password: 'password',
  place: 'place',
  notes: 'notes',
  connector: 'connector',
};
export const columns = [...Object.keys(members), 'use', 'manage'] as const;
const needed = ['name', 'user_name'];

/** Wrong lines that a refusal names. */
const mostTold = 50;

/**
 * Reads a file of accounts, the first line of which names its columns. No value of it is ever
 * repeated: one in a wrong column may be a password. @throws AppError invalid_request that names each wrong line
 */
export function readAccountsCsv(text: string): readonly ImportedAccount[] {
  const unreadable = text.search(/\u{fffd}|\0/u);
  if (unreadable >= 0) {
    const line = text.slice(0, unreadable).split(/\r\n|\n|\r/).length;
    throw wrongLines([at(line, ({ answers }) => answers.accounts.csv.encoding)]);
  }
  const parsed = parseCsv(text);
  if ('brokenLine' in parsed) throw wrongLines([at(parsed.brokenLine, ({ answers }) => answers.accounts.csv.quote)]);
  const [heading, ...records] = parsed;
  const names = (heading?.fields ?? []).map((name) => name.trim().toLowerCase());
  const isKnown = names.every((name, index) => columns.includes(name) && names.indexOf(name) === index);
  if (!isKnown || needed.some((name) => !names.includes(name)))
    throw wrongLines([
      at(heading?.line ?? 1, ({ answers }) => answers.accounts.csv.heading({ columns: columns.join(', ') })),
    ]);
  if (records.length === 0 || records.length > mostImported)
    throw new AppError('invalid_request', ({ answers }) => answers.accounts.csv.count({ most: mostImported }));
  const wrong: WrongPart[] = [];
  const rows = records.flatMap(({ line, fields }) => {
    if (fields.length !== names.length) {
      const counts = { there: fields.length, expected: names.length };
      wrong.push(at(line, ({ answers }) => answers.accounts.csv.fields(counts)));
      return [];
    }
    const row = readRow(line, new Map(names.map((name, index) => [name, fields[index] as string])));
    if ('wrong' in row) wrong.push(...row.wrong);
    return 'wrong' in row ? [] : [row];
  });
  if (wrong.length > 0) throw wrongLines(wrong);
  if (rows.reduce((sum, { names }) => sum + names.use.length + names.manage.length, 0) > mostImportedRights)
    throw new AppError('invalid_request', ({ answers }) => answers.accounts.csv.rights({ most: mostImportedRights }));
  return rows;
}

function readRow(line: number, cells: ReadonlyMap<string, string>): ImportedAccount | { wrong: WrongPart[] } {
  const given = [...cells].filter(([column, value]) => column in members && value !== '');
  const parsed = newAccount.safeParse(
    Object.fromEntries(given.map(([column, value]) => [members[column] as string, value])),
    { reportInput: true },
  );
  if (!parsed.success) {
    const parts = wrongParts(parsed.error, 'body');
    return {
      wrong: parts.map(({ pointer = '', says }) => {
        const column = columns.find((name) => members[name] === pointer.slice(2)) ?? 'name';
        return at(line, (texts) =>
          texts.answers.accounts.csv.column({ column, why: says?.(texts) ?? texts.answers.forms.form }),
        );
      }),
    };
  }
  const account = parsed.data;
  if (!hasSettings(account.connector)) return { wrong: [at(line, ({ answers }) => answers.accounts.csv.settings)] };
  return { line, account, names: { use: namesIn(cells.get('use')), manage: namesIn(cells.get('manage')) } };
}

/** Whether the connector needs no settings: a file has none. */
function hasSettings(connector: string): boolean {
  try {
    checkedSettings(connector, {});
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

const namesIn = (cell = ''): readonly string[] =>
  cell
    .split(';')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** What is wrong with a line. */
export const at = (line: number, says: Saying): WrongPart => {
  const said: Saying = (texts) => texts.answers.accounts.csv.line({ line, what: says(texts) });
  return { detail: said(en), says: said };
};

/** Refuses the whole file. */
export function wrongLines(wrong: readonly WrongPart[]): AppError {
  const errors = wrong.slice(0, mostTold);
  return new AppError(
    'invalid_request',
    (texts) =>
      texts.answers.accounts.csv.wrong({
        lines: errors.map(({ says, detail }) => says?.(texts) ?? detail).join(' '),
        more: wrong.length - errors.length,
      }),
    { errors },
  );
}
