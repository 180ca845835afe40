import type { accounts as original } from '../en/accounts.ts';

/** Die gemeinsamen Konten einer Person: ihre Seite, und die Seite, die ein Passwort zeigt. */
export const accounts: typeof original = {
  title: 'Gemeinsame Konten',
  link: 'Konten',
  text: ({ org }) =>
    `Mehrere Personen von ${org} benutzen diese Konten. Ein Passwort kann sich jederzeit ändern: Lesen Sie es hier, wenn Sie es brauchen, und bewahren Sie keine Kopie auf.`,
  list: 'Konten, die Sie benutzen dürfen',
  none: 'Es gibt kein gemeinsames Konto für Sie. Wer eines verwaltet, kann Ihnen Zugang dazu geben.',
  userName: 'Benutzername',
  place: 'Wo',
  changed: ({ ago }) => `Passwort geändert: ${ago}`,
  justNow: 'gerade eben',
  noPassword: 'Es ist noch kein Passwort bekannt',
  newer: 'Geändert, seit Sie es gelesen haben',
  states: {
    rotating: 'Wird gerade geändert',
    failing: 'Soll geändert werden',
    uncertain: 'Gilt im Moment vielleicht nicht',
    manual: 'Wird von Hand geändert',
  },
  show: 'Passwort zeigen',
  showOf: ({ name }) => `Passwort zeigen: ${name}`,
  manage: 'Verwalten',
  manageOf: ({ name }) => `Verwalten: ${name}`,
  mailTitle: 'Wenn sich ein Passwort ändert',
  mail: 'Eine E-Mail senden, wenn sich ein Passwort ändert',
  mailHint: 'Die E-Mail sagt, welches und wann. Ein Passwort steht nie darin.',
  mailNone: 'Dieser Dienst versendet keine E-Mails.',

  passwordTitle: 'Ein Passwort',
  password: 'Passwort',
  version: ({ n }) => `Version ${n}`,
  reveal: 'Zeigen',
  hide: 'Verbergen',
  onRecord:
    'Im Protokoll steht, dass Sie es gelesen haben. Diese Seite verbirgt es, wenn Sie sie verlassen, und verschwindet nach einer Minute.',
  former: 'Diese Version ist nicht die aktuelle.',
  done: 'Fertig',
  stepUp: ({ org }) => `Wer bei ${org} ein Passwort liest oder ändert, meldet sich vorher noch einmal an.`,
};
