import { type Html, html, type Value } from '../html.ts';

/** A text of the catalogue, with the page's markup in place of the text's parts. */
export function compose<Part extends string>(
  text: (parts: Record<Part, string>) => string,
  parts: Record<Part, Value>,
): Html {
  const marked = Object.fromEntries(Object.keys(parts).map((name) => [name, `\0${name}\0`]));
  const pieces = text(marked as Record<Part, string>).split('\0');
  return html`${pieces.map((piece, index) => (index % 2 === 0 ? piece : parts[piece as Part]))}`;
}
