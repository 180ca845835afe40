import { readFileSync } from 'node:fs';
import path from 'node:path';

const page = path.resolve(import.meta.dirname, '../../../docs/accounts.md');

/**
 * The commands of docs/accounts.md that give a connector's administrator its rights, with what is
 * in capital letters there replaced. `title`: of the heading above them; `block`: which of them.
 */
export function leastRights(title: string, names: Readonly<Record<string, string>>, block = 0): string {
  const text = readFileSync(page, 'utf8');
  const section = text.split(/^#+ /m).find((each) => each.startsWith(`${title}\n`));
  const code = [...(section ?? '').matchAll(/^```\w*\n([\s\S]*?)^```$/gm)][block]?.[1];
  if (code === undefined) throw new Error(`docs/accounts.md has no commands below "${title}".`);
  return Object.entries(names).reduce((filled, [name, value]) => filled.replaceAll(name, () => value), code);
}
