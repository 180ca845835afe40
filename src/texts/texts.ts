import { de } from './de.ts';
import { en } from './en.ts';

/** Everything that people read on pages, in e-mails and in notifications, in one language. */
export type Texts = typeof en;

/** A catalogue for each language. The first serves people whose language isn't there. */
export type Languages = readonly [Texts, ...Texts[]];

/** The catalogue of a BCP 47 tag; the first where there is none. */
export function inLanguage(languages: Languages, tag: string | null): Texts {
  return languages.find(({ language }) => language === tag) ?? languages[0];
}

/** A further language is a file like en.ts and its place in this list. */
export const languages: Languages = [en, de];
