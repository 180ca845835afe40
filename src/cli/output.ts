import Table from 'cli-table3';

/** A command's answer: `json` (an object with `id`, or an array) for --json, `text` for people. */
export type CommandAnswer = Readonly<{ json: object; text: string }>;

type Cell = string | number | boolean | Date | null | undefined | readonly string[];

const horizontal = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const vertical = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];

/** Columns aligned under their headings; times in ISO 8601. */
export function table(headings: string[], rows: readonly Cell[][], whenEmpty: string): string {
  if (rows.length === 0) return whenEmpty;
  const plain = Object.fromEntries([...horizontal, ...vertical].map((edge) => [edge, '']));
  const drawn = new Table({
    head: headings,
    chars: { ...plain, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  drawn.push(...rows.map((row) => row.map(written)));
  return trimmed(drawn.toString());
}

/** A fact on each line, names on the left. */
export function facts(entries: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${written(value)}`).join('\n');
}

function written(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  // Text that others typed in must not move the cursor or colour the terminal.
  const text = Array.isArray(cell) ? cell.join(', ') : String(cell);
  return text.replaceAll(/\p{Cc}/gu, '\u{fffd}');
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
