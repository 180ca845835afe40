import type { consoleFrame as english } from '../../en/console/frame.ts';

export const consoleFrame: typeof english = {
  menu: 'Menü',
  trail: 'Wo Sie sind',
  unread: 'ungelesen: ',
  pages: 'Seiten der Liste',
  firstPage: 'Erste Seite',
  nextPage: 'Nächste Seite',
  cancel: 'Abbrechen',
  save: 'Speichern',
  search: 'Suchen',
  filter: 'Filtern',
  copy: 'Kopieren',
  copyWhat: ({ what }) => `Kopieren: ${what}`,
  yes: 'Ja',
  no: 'Nein',
  never: 'Nie',

  areas: {
    overview: 'Übersicht',
    people: 'Personen',
    groups: 'Gruppen',
    revocations: 'Abmeldungen',
    apps: 'Apps',
    accounts: 'Konten',
    record: 'Protokoll',
    notifications: 'Mitteilungen',
    settings: 'Einstellungen',
  },

  roles: { owner: 'Inhaber', super_admin: 'Hauptadministrator', admin: 'Administrator', member: 'Mitglied' },

  notices: {
    saved: 'Gespeichert.',
    kept: 'Was Sie eingegeben hatten, ist noch da. Sehen Sie es durch, und senden Sie es dann.',
    sentBefore: 'Dieses Formular wurde schon einmal gesendet. So ist der Stand jetzt.',
    maybeDone:
      'Dieses Formular wurde schon einmal gesendet, und niemand weiß, ob es ausgeführt wurde. Sehen Sie nach, und senden Sie es dann, wenn nötig, noch einmal.',
    shownBefore:
      'Dieses Formular wurde schon einmal gesendet. Was dabei entstand, ließ sich nur einmal zeigen: Haben Sie es nicht gesehen, beenden Sie es und legen Sie ein neues an.',
    readAgain: 'Das Passwort wird nicht mehr gezeigt. Drücken Sie den Knopf noch einmal, um es zu lesen.',
    rotating: 'Der Passwortwechsel ist unterwegs: Die Schritte erscheinen unten.',
    confirmed: 'Bestätigt. Das neue Passwort ist das aktuelle.',
    passwordKept: 'Das Passwort ist hinterlegt.',
    accessGiven: 'Der Zugang ist gegeben.',
    accessTaken: 'Der Zugang ist genommen, und das Passwort wird geändert.',
    mailOn: 'Sie bekommen eine E-Mail, wenn sich ein Passwort ändert.',
    mailOff: 'Sie bekommen keine E-Mails über Passwörter mehr.',
    signedOut: 'Abgemeldet.',
    added: 'Hinzugefügt.',
    removed: 'Entfernt.',
    accountRemoved: 'Das Konto ist entfernt, mit jeder Version seines Passworts.',
    passwordsErased:
      'Alle Passwörter sind gelöscht, auch die eingetragenen der Verwaltungskonten. Die Konten und wer Zugang zu ihnen hat sind noch da: Tragen Sie bei einem Konto das Passwort ein, und sein Verwaltungskonto neu.',
    markedRead: 'Als gelesen markiert.',
    sentTest: 'Der Test ist unterwegs.',
    sentAgain: 'Die Nachricht ist noch einmal unterwegs.',
    passedOnAgain: 'Sie sind wieder unterwegs: von jeder Person die letzte.',
    firstPassedOnAgain: 'Viele von ihnen sind wieder unterwegs. Drücken Sie den Knopf noch einmal für die übrigen.',
    nothingPassedOn:
      'Nichts wurde gesendet: Spätere Abmeldungen sind an ihre Stelle getreten, oder wie die Personen dort heißen, ist nicht mehr aufbewahrt.',
    keyEnded: 'Der Schlüssel gilt nicht mehr. Aufrufe mit ihm werden von jetzt an abgewiesen.',
    roleChanged: 'Die Rolle ist geändert.',
    sentAllAgain:
      'Sie sind noch einmal unterwegs. Was übrig ist, gehört zu angehaltenen Webhooks oder kommt mit den nächsten hundert.',
    nothingSent: 'Es wurde nichts gesendet: Die Webhooks sind angehalten. Schalten Sie sie zuerst ein.',
    keptButton: 'Sie haben sich neu angemeldet. Drücken Sie den Knopf jetzt noch einmal.',
  },

  stepUp: {
    title: 'Bestätigen Sie, dass Sie es sind',
    text: ({ org }) => `Wer bei ${org} etwas verwaltet, meldet sich vor einer Änderung noch einmal an.`,
    kept: 'Sie kommen dahin zurück, wo Sie sind. Was Sie eingegeben haben, bleibt, außer Passwörtern und Schlüsseln.',
    go: 'Noch einmal anmelden',
  },

  members: {
    title: 'Ihre Administratoren',
    text: ({ org }) => `Die Konsole ist für alle, die ${org} verwalten. Wenden Sie sich an eine dieser Personen:`,
    nobody: ({ org }) =>
      `Die Konsole ist für alle, die ${org} verwalten. Das tut noch niemand: Wenden Sie sich an den Betreiber.`,
  },

  script: {
    copied: ({ what }) => `Kopiert: ${what}`,
    copiedShort: 'Kopiert',
    unread: 'ungelesen: ',
    news: 'Es gibt neue Mitteilungen.',
    today: ({ time }) => `heute, ${time}`,
  },
};
