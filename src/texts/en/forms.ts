import { pluralIn } from '../plural.ts';

export const language = 'en';
export const plural = pluralIn(language);
export const time = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
});
export const day = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
