import { pluralIn } from '../plural.ts';

export const language = 'de';
export const plural = pluralIn(language);
export const time = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
});
export const day = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
/** A day and a time of day. */
export const moment = new Intl.DateTimeFormat(language, {
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
});
