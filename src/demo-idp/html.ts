/**
 * A tagged template that escapes every value. The demo identity provider shares no code with the product, so it has its
 * own. Attributes must stand in double quotes.
 */
const markup = Symbol('markup');

/** Markup made by `html` or vouched for by `trusted`. */
export type Html = Readonly<{ [markup]: string }>;

type Value = Html | string | number | null | undefined | false | readonly Value[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes strings and numbers; `null`, `undefined` and `false` are nothing; arrays are joined. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return trusted(parts.map((part, index) => part + toMarkup(values[index])).join(''));
}

/** Text of our own that goes in as it is: styles, scripts, the library's form. */
export function trusted(text: string): Html {
  return { [markup]: text };
}

/** The finished text, for the response. */
export function toText(content: Html): string {
  return content[markup];
}

function toMarkup(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'object') return markup in value ? value[markup] : value.map(toMarkup).join('');
  return String(value).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
