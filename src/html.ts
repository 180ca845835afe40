/**
 * A tagged template that escapes every value, about as long as the glue for a library: the
 * well-kept ones bring JSX, a compiler, or templates read from files. Attributes stand in double
 * quotes; scripts and styles are never inline (the content security policy refuses them), so text
 * and attributes are the only two contexts.
 */
const markup = Symbol('markup');

/** Markup made by `html`. Nothing parsed from JSON or a query string can forge the symbol. */
export type Html = Readonly<{ [markup]: string }>;

export type Value = Html | string | number | null | undefined | false | readonly Value[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes strings and numbers; `null`, `undefined` and `false` are nothing; arrays are joined. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  let text = parts[0] ?? '';
  values.forEach((value, index) => {
    text += toMarkup(value) + (parts[index + 1] ?? '');
  });
  return { [markup]: text };
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
