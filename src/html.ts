/**
 * A tagged template that escapes every value, about as long as the glue for a library: the
 * well-kept ones bring JSX, a compiler, or templates read from files. Attributes stand in double
 * quotes; scripts and styles are never inline (the content security policy refuses them), so text
 * and attributes are the only two contexts.
 */
const markup = Symbol('markup');
const notes = Symbol('notes');

/** Markup made by `html`. Nothing parsed from JSON or a query string can forge the symbol. */
export type Html = Readonly<{ [markup]: string; [notes]?: ReadonlySet<string> | undefined }>;

export type Value = Html | string | number | null | undefined | false | readonly Value[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes strings and numbers; `null`, `undefined` and `false` are nothing; arrays are joined. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  let text = parts[0] ?? '';
  values.forEach((value, index) => {
    text += toMarkup(value) + (parts[index + 1] ?? '');
  });
  return { [markup]: text, [notes]: notesIn(values) };
}

/** Notes what a piece of markup is: whatever it is put into holds it, and can be asked. */
export const noted = (content: Html, note: string): Html => ({
  ...content,
  [notes]: new Set([...(content[notes] ?? []), note]),
});

export const holds = (content: Html, note: string): boolean => content[notes]?.has(note) === true;

function notesIn(values: readonly Value[]): ReadonlySet<string> | undefined {
  let found: ReadonlySet<string> | undefined;
  for (const value of values) {
    if (typeof value !== 'object' || value === null) continue;
    const inside = markup in value ? value[notes] : notesIn(value);
    if (inside) found = found ? new Set([...found, ...inside]) : inside;
  }
  return found;
}

/** The finished text, for the response. */
export function toText(content: Html): string {
  return content[markup];
}

function toMarkup(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'object') return markup in value ? value[markup] : value.map(toMarkup).join('');
  return escapeHtml(String(value));
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
