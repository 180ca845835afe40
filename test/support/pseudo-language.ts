import { en } from '../../src/texts/en.ts';
import type { Texts } from '../../src/texts/texts.ts';

/**
 * A language made of English: each text stands in ⟦brackets⟧, and what is filled into it in
 * ⟨brackets⟩ of another kind. What stands in neither, or in the latter without being somebody's or
 * something's name, is in no catalogue.
 */
export const pseudo: Texts = { ...(wrap(en) as Texts), language: 'qps-ploc' };

function wrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wrap);
  if (typeof value === 'string') return `⟦${value}⟧`;
  if (typeof value === 'function')
    return (parts: object | number) => `⟦${value(typeof parts === 'number' ? parts : markStrings(parts))}⟧`;
  return Object.fromEntries(Object.entries(value as object).map(([key, member]) => [key, wrap(member)]));
}

function markStrings(parts: object): object {
  return new Proxy(parts, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'string' ? `⟨${value}⟩` : value;
    },
  });
}

/**
 * Words of a page that a person can see or hear and that are in no catalogue, except for `data`,
 * what is `<code>`, and `{holes}`.
 */
export function hardCodedWords(page: string, data: readonly string[]): string[] {
  // The longest first: one may begin with another.
  const longestFirst = data.toSorted((a, b) => b.length - a.length);
  // A language's own name stands in that language on every page.
  const named = /<(button|strong)[^>]* lang="[^"]+"[^>]*>[^<]*<\/\1>/g;
  const markup = page.replaceAll(named, '').replaceAll(/<!doctype[^>]*>|<code>[^<]*<\/code>|\{\w+\}/gi, '');
  const attributes = markup.matchAll(/\s(?:placeholder|title|alt|aria-label|aria-description)="([^"]*)"/g);
  const texts = [markup.replaceAll(/<[^>]*>/g, ' '), ...[...attributes].map(([, value]) => value as string)];
  return texts.flatMap(outsideOfTexts).flatMap((words) => {
    const left = longestFirst.reduce((text, datum) => text.replaceAll(datum, ''), decode(words));
    return /\p{L}/u.test(left) ? [left.replaceAll(/\s+/g, ' ').trim()] : [];
  });
}

function outsideOfTexts(text: string): string[] {
  const open: string[] = [];
  const outside: string[] = [];
  for (const piece of text.split(/([⟦⟧⟨⟩])/)) {
    if (piece === '⟦' || piece === '⟨') open.push(piece);
    else if (piece === '⟧' || piece === '⟩') open.pop();
    else if (open.at(-1) !== '⟦') outside.push(piece);
  }
  return open.length === 0 ? outside : [...outside, `open brackets: ${text}`];
}

function decode(text: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };
  return text.replaceAll(/&(#?\w+);/g, (entity, name: string) => entities[name] ?? entity);
}
