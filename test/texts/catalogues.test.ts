import { describe, expect, it } from 'vitest';
import { languages } from '../../src/texts/texts.ts';

type Text = string | ((parts: unknown) => unknown);

/** Each text with its place: `todos.script.added`. */
function textsOf(value: unknown, place = ''): (readonly [place: string, text: Text])[] {
  if (typeof value === 'string' || typeof value === 'function') return [[place, value as Text]];
  return Object.entries(value as object).flatMap(([key, member]) =>
    textsOf(member, place === '' ? key : `${place}.${key}`),
  );
}

/** What a text may be given for its parts: names, counts, moments. */
const names = (): object =>
  new Proxy({}, { get: (_parts, name) => (name === 'other' ? names() : `‹${String(name)}›`) });
const withNumbers = (count: number) =>
  new Proxy({}, { get: (_parts, name) => (/^(count|people|most)$/.test(String(name)) ? count : `‹${String(name)}›`) });
const moment = '2026-01-02T10:42:31.000Z';
const withMoments = (at: unknown) =>
  new Proxy(names(), { get: (parts, name) => (/^(at|moment)$/.test(String(name)) ? at : Reflect.get(parts, name)) });
const parts = [names(), withNumbers(1), withNumbers(7), withMoments(moment), withMoments(new Date(moment))];
const values = ['‹value›', 1, 7];

/** The text for each of the probes; null for one that it can't take. */
function saidOfEach(text: Text): (string | null)[] {
  if (typeof text === 'string') return [text];
  return [...parts, ...values].map((probe) => {
    try {
      const words = text(probe);
      return typeof words === 'string' && !/undefined|NaN|\[object/.test(words) ? words : null;
    } catch {
      return null;
    }
  });
}
const said = (text: Text) => saidOfEach(text).filter((words) => words !== null);
const holesOf = (words: string) => [...words.matchAll(/‹(\w+)›/g)].map(([, name]) => name);

const [english, ...others] = languages;
const englishTexts = textsOf(english);

it('there is more than one language, and each has a name of its own', () => {
  expect(others.length).toBeGreaterThan(0);
  expect(new Set(languages.map(({ language }) => language)).size).toBe(languages.length);
  expect(new Set(languages.map(({ frame }) => frame.languageName)).size).toBe(languages.length);
});

describe.each(others.map((texts) => [texts.language, texts] as const))('the catalogue %s', (language, texts) => {
  const own = textsOf(texts);
  const ownTexts = new Map(own);

  it('has the texts of the English one, and no others but plural forms', () => {
    const withoutForms = (places: readonly (readonly [string, Text])[]) =>
      [...new Set(places.map(([place]) => place.replace(/\.(zero|one|two|few|many|other)$/, '')))].sort();
    expect(withoutForms(own)).toEqual(withoutForms(englishTexts));
  });

  it('has no empty text, and none that does not come to words', () => {
    const empty = own.filter(([, text]) => {
      const all = said(text);
      return all.length === 0 || all.some((words) => words.trim() === '');
    });
    expect(empty.map(([place]) => place)).toEqual([]);
  });

  it('uses each part that the English text uses', () => {
    const missing = englishTexts.flatMap(([place, text]) => {
      const translated = ownTexts.get(place);
      if (translated === undefined) return [];
      const own = saidOfEach(translated);
      const left = saidOfEach(text).flatMap((words, probe) => {
        const ownWords = own.length === 1 ? own[0] : own[probe];
        return words === null || !ownWords ? [] : holesOf(words).filter((name) => !holesOf(ownWords).includes(name));
      });
      return left.length > 0 ? [`${place}: ${[...new Set(left)].join(', ')}`] : [];
    });
    expect(missing).toEqual([]);
  });

  it('leaves nothing in English beside the console, but for what is the same in both', () => {
    const same = englishTexts.flatMap(([place, text]) => {
      const [before, after] = [said(text), said(ownTexts.get(place) ?? '')];
      return before.join() === after.join() && !place.startsWith('console.') ? [place] : [];
    });
    expect(same).toEqual(sameInBoth[language as keyof typeof sameInBoth]);
  });
});

const sameInBoth = {
  de: ['devices.browser', 'apps.nameAndEmail', 'apps.code', 'signedOut.inUtc', 'accounts.version', 'digest.subject'],
};
