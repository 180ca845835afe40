import type { Saying } from '../../errors.ts';
import { en } from '../../texts/en.ts';
import type { Texts } from '../../texts/texts.ts';

/** What is wrong with a setting, for its form: in English for the API, and in the language of a page. */
export function must(word: keyof Texts['answers']['settings']): { message: string; params: { says: Saying } } {
  return { message: en.answers.settings[word], params: { says: ({ answers }) => answers.settings[word] } };
}
