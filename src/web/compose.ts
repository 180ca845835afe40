import { type Html, html, type Value } from './html.ts';

/** A text of the catalogue with markup of the page's in place of its parts. */
export function compose<Part extends string>(
  text: (parts: Record<Part, string>) => string,
  parts: Record<Part, Value>,
): Html {
  const names = Object.keys(parts) as Part[];
  const marked = Object.fromEntries(names.map((name, index) => [name, `\0${index}\0`])) as Record<Part, string>;
  const pieces = text(marked).split('\0');
  return html`${pieces.map((piece, index) => (index % 2 === 0 ? piece : parts[names[Number(piece)] as Part]))}`;
}
