import { z } from 'zod';
import type { Given } from './screen.ts';

const fields = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/**
 * The fields of a form that was read; none where it couldn't be. Windows' line ends are nobody's
 * intention: browsers send them for every line of a text area.
 */
export function givenOf(body: unknown): Given {
  const read = Buffer.isBuffer(body) ? undefined : fields.safeParse(body).data;
  return Object.fromEntries(
    Object.entries(read ?? {}).map(([name, value]) => [
      name,
      [value].flat().map((text) => text.replaceAll('\r\n', '\n').toWellFormed()),
    ]),
  );
}

/** What may be shown and kept of a form: no secret, and nothing that counts once. */
export function typed({ secrets = [] }: Readonly<{ secrets?: readonly string[] }>, given: Given): Given {
  const own = ['once', 'confirmation', ...secrets];
  return Object.fromEntries(Object.entries(given).filter(([name]) => !own.includes(name)));
}
