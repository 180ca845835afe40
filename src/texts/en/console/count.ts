import { type PluralForms, pluralIn } from '../../plural.ts';
import { language } from '../forms.ts';

const choose = pluralIn(language);

/** A number with its noun, in the form that goes with it. */
export const count = (n: number, forms: PluralForms<string>): string =>
  `${new Intl.NumberFormat(language).format(n)} ${choose(n, forms)}`;
