import type { digest as english, accountMail as englishMail, accountTaskMail as englishTask } from '../en/email.ts';
import { moment, plural } from './forms.ts';

export const digest: typeof english = {
  subject: ({ org, what }) => `${org}: ${what}`,
  several: ({ count }) => plural(count, { one: `${count} Mitteilung`, other: `${count} Mitteilungen` }),
  item: ({ at, text }) => `${moment.format(at)} UTC: ${text}`,
  more: ({ count }) => `Und ${count} weitere.`,
  why: ({ org }) => `Sie bekommen dies, weil Sie ${org} verwalten und es so gewählt haben.`,
};

export const accountTaskMail: typeof englishTask = {
  subject: ({ org, account, count }) =>
    plural(count, {
      one: `${org}: Ändern Sie das Passwort von ${account} von Hand`,
      other: `${org}: Ändern Sie die Passwörter von ${count} gemeinsamen Konten von Hand`,
    }),
  item: ({ account, at, why }) => `${account}, bis ${moment.format(at)} UTC${why === null ? '' : `: ${why}`}`,
  confirm: 'Wenn es dort geändert ist, bestätigen Sie es hier:',
  more: ({ count }) => `Und ${count} weitere.`,
  all: 'Alle Ihre Konten:',
  why: ({ org }) => `Sie bekommen dies, weil Sie gemeinsame Konten von ${org} verwalten.`,
};

export const accountMail: typeof englishMail = {
  subject: ({ org, account, count }) =>
    plural(count, {
      one: `${org}: Das Passwort von ${account} wurde geändert`,
      other: `${org}: Die Passwörter von ${count} gemeinsamen Konten wurden geändert`,
    }),
  item: ({ at, account }) => `${moment.format(at)} UTC: ${account}`,
  more: ({ count }) => `Und ${count} weitere.`,
  where: 'Hier lesen Sie das neue Passwort, nachdem Sie sich angemeldet haben:',
  why: ({ org }) => `Sie bekommen dies, weil Sie gemeinsame Konten von ${org} benutzen dürfen und es so gewählt haben.`,
};
