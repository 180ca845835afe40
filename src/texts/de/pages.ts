import type { pages as english } from '../en/pages.ts';
import type { PluralForms } from '../plural.ts';

const signIns: PluralForms<(parts: { count: string }) => string> = {
  one: ({ count }) => `${count} Anmeldung`,
  other: ({ count }) => `${count} Anmeldungen`,
};
const signOutOthers: PluralForms<(parts: { count: string }) => string> = {
  one: ({ count }) => `${count} anderes Gerät abmelden`,
  other: ({ count }) => `${count} andere Geräte abmelden`,
};
const signOutAll: PluralForms<(parts: { count: string }) => string> = {
  other: ({ count }) => `Alle ${count} Geräte abmelden`,
};

export const pages: typeof english = {
  frame: {
    skip: 'Zum Inhalt springen',
    footer: 'Eine Anfrage meldet jemanden überall ab, sofort.',
    signOut: 'Abmelden',
    signedInAs: ({ email, orgName }) => `Angemeldet als ${email}, ${orgName}`,
    reference: ({ id }) => `Kennung ${id}`,
    toStart: 'Zur Startseite',
    turnTo: 'Wer Ihnen hilft',
    goOn: 'Weiter',
    account: ({ name }) => `${name}, Ihr Konto`,
    pages: 'Seiten',
    administration: 'Verwaltung',
    language: 'Sprache',
    languageName: 'Deutsch',
  },

  failures: {
    invalid_request: { title: 'Ungültige Anfrage', text: 'Die Adresse oder das Formular ist nicht, wie es sein soll.' },
    not_found: { title: 'Nicht gefunden', text: 'Unter dieser Adresse gibt es nichts.' },
    too_many_requests: {
      title: 'Zu viele Anfragen',
      text: 'Es kamen zu viele Anfragen auf einmal. Warten Sie kurz, und versuchen Sie es dann noch einmal.',
    },
    unavailable: {
      title: 'Vorübergehend nicht verfügbar',
      text: 'Etwas, das gebraucht wird, antwortet im Moment nicht. Versuchen Sie es in einigen Sekunden noch einmal.',
    },
    internal_error: {
      title: 'Etwas ist schiefgegangen',
      text: 'Bei uns ist etwas schiefgegangen und wurde festgehalten. Geschieht es wieder, geben Sie Ihren Administratoren die Kennung unten.',
    },
  },

  script: {
    noAnswer: 'Der Server hat nicht geantwortet. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.',
    failed: 'Das hat nicht geklappt. Versuchen Sie es gleich noch einmal.',
    tryAgain: 'Noch einmal versuchen',
    problem_not_found: 'Das gibt es nicht mehr.',
    problem_too_many_requests: 'Das war zu viel auf einmal. Versuchen Sie es gleich noch einmal.',
    listNotLoaded: 'Die Liste ließ sich nicht laden.',
    stillSignedIn: 'Sie sind noch angemeldet.',
  },

  todos: {
    title: 'Ihre Liste',
    link: 'Ihre Liste',
    withoutScript: 'Die Liste braucht JavaScript.',
    newTask: 'Neue Aufgabe',
    whatIsNext: 'Was steht an?',
    add: 'Hinzufügen',
    tasks: 'Aufgaben',
    nothing: 'Nichts zu tun. Genießen Sie die Ruhe, oder schreiben Sie auf, was ansteht.',
    script: {
      count: ({ done, all }) => `${done} von ${all} erledigt`,
      rename: 'Umbenennen',
      renameTask: ({ task }) => `${task} umbenennen`,
      delete: 'Löschen',
      deleteTask: ({ task }) => `${task} löschen`,
      newWords: ({ task }) => `Neuer Wortlaut für ${task}`,
      save: 'Speichern',
      saveNewWords: 'Neuen Wortlaut speichern',
      cancel: 'Abbrechen',
      cancelRenaming: 'Umbenennen abbrechen',
      saving: 'wird gespeichert …',
      deleting: 'wird gelöscht …',
      added: ({ task }) => `Hinzugefügt: ${task}`,
      done: ({ task }) => `Erledigt: ${task}`,
      openAgain: ({ task }) => `Wieder offen: ${task}`,
      renamed: ({ task }) => `Umbenannt: ${task}`,
      deleted: ({ task }) => `Gelöscht: ${task}`,
      notAdded: ({ task }) => `„${task}“ wurde nicht hinzugefügt.`,
      notChanged: ({ task }) => `„${task}“ wurde nicht geändert.`,
      notRenamed: ({ task }) => `„${task}“ wurde nicht umbenannt.`,
      notDeleted: ({ task }) => `„${task}“ wurde nicht gelöscht.`,
      undo: 'Rückgängig',
      undoDeleting: ({ task }) => `Rückgängig: ${task}`,
      problem_conflict: 'Sie haben so viele, wie man haben darf. Entfernen Sie zuerst einige.',
      addedAgain: ({ task }) => `Wieder da: ${task}`,
    },
  },

  devices: {
    title: 'Wo Sie angemeldet sind',
    link: 'Geräte',
    withoutScript: 'Diese Seite braucht JavaScript.',
    list: 'Geräte und Apps',
    cut: 'Gezeigt werden nur die 200, die zuletzt benutzt wurden.',
    alone: 'Sie sind sonst nirgends angemeldet.',
    others: 'Überall sonst abmelden',
    all: 'Überall abmelden',
    cancel: 'Abbrechen',
    browser: 'Browser',
    unknown: 'Unbekanntes Gerät',
    browserOn: ({ browser, system }) => `${browser} auf ${system}`,
    script: {
      askOthers: 'Überall sonst abmelden?',
      askOthersText: 'Alle anderen Browser und Apps verlieren sofort den Zugang. Dieser Browser bleibt angemeldet.',
      askAll: 'Überall abmelden?',
      askAllText: 'Alle Browser und Apps verlieren sofort den Zugang, auch dieser Browser.',
      nobodySignedOut: 'Niemand wurde abgemeldet.',
      signedOutElsewhere: ({ count }) => `Anderswo abgemeldet: ${count}`,
      signIns,
      signOutOthers,
      signOutAll,
      thisDevice: 'Dieses Gerät',
      approvedIn: ({ device }) => `erlaubt in ${device}`,
      inUse: 'gerade benutzt',
      lastSeen: ({ moment }) => `zuletzt benutzt ${moment}`,
      seenFrom: ({ address }) => `Zuletzt benutzt von ${address} aus`,
      today: ({ time }) => `heute, ${time}`,
      signedIn: ({ moment }) => `Angemeldet ${moment}`,
      signedInFrom: ({ moment, address }) => `Angemeldet ${moment} von ${address} aus`,
      callsItself: ({ name }) => `Nennt sich ${name}`,
      signOut: 'Abmelden',
      signOutThis: 'Dieses Gerät abmelden',
      signOutDevice: ({ device, how }) => `${device} abmelden, ${how}`,
      signedOut: ({ device }) => `Abgemeldet: ${device}`,
      notSignedOut: ({ device }) => `„${device}“ wurde nicht abgemeldet.`,
    },
  },

  apps: {
    title: 'Eine App anmelden',
    ask: ({ app }) => `„${app}“ anmelden?`,
    signedInAs: ({ person, org }) => `Sie sind angemeldet als ${person} von ${org}.`,
    nameAndEmail: ({ name, email }) => `${name} (${email})`,
    lasting: 'Die App handelt für Sie, bis Sie sie abmelden, und erfährt Ihren Namen und Ihre E-Mail-Adresse.',
    brief: 'Die App handelt einige Minuten lang für Sie und erfährt Ihren Namen und Ihre E-Mail-Adresse.',
    onlyIfYou:
      'Machen Sie nur weiter, wenn Sie dies gerade selbst in der App begonnen haben. Sonst schließen Sie diese Seite, und die App bekommt nichts.',
    yes: 'Ja, anmelden',
    no: 'Nein, ablehnen',
    appSignsOut:
      'Eine App bittet darum, Sie hier abzumelden. Wenn Sie das nicht selbst begonnen haben, schließen Sie diese Seite: Dann ändert sich nichts.',
    enterCode: 'Geben Sie den Code ein, den die App oder die Befehlszeile anzeigt.',
    code: 'Code',
    continue: 'Weiter',
    onlyIfSameCode:
      'Machen Sie nur weiter, wenn Sie dies gerade selbst begonnen haben und Ihr Bildschirm genau diesen Code zeigt:',
    administers: 'Sie will Ihre Organisation verwalten:',
    administersWhat:
      'den Zugang von Personen beenden, Rollen und Einstellungen ändern, so weit Ihre eigene Rolle es erlaubt.',
    untilSignedOut:
      'Die App handelt für Sie, bis Sie sie abmelden. Niemand aus Ihrer Organisation und niemand von uns schickt Ihnen je einen solchen Code.',
    noCode: 'Geben Sie den Code ein, den die App anzeigt.',
    wrongCode: 'Diesen Code gibt es nicht. Vergleichen Sie ihn mit dem, den die App anzeigt.',
    onceMore: 'Das hat nicht geklappt. Geben Sie den Code noch einmal ein.',
    toCode: 'Zurück zum Code',
    gone: {
      title: 'Dieser Code gilt nicht mehr',
      text: 'Beginnen Sie in der App von vorn: Sie zeigt Ihnen einen neuen.',
    },
    refused: {
      title: 'Kein Zugang für die App',
      text: 'Die App bekommt nichts. Sie können diese Seite schließen.',
    },
    unnamed: 'Die App',
    signedIn: ({ app }) => `${app} ist angemeldet`,
    goesOn: 'Es geht dort von selbst weiter. Sie können diese Seite schließen.',
    signInAgain: 'Wieder anmelden',
    recentSignIn:
      'Um Ihre Organisation zu verwalten, braucht eine App eine frische Anmeldung von Ihnen. Melden Sie sich noch einmal an, dann geht es weiter.',
    endedMeanwhile:
      'Ihre Anmeldung ist inzwischen zu Ende, oder die App verlangt eine neue. Melden Sie sich noch einmal an, dann geht es weiter.',
    unavailable: 'Vorübergehend nicht verfügbar',
    failed: 'Die Anfrage der App hat nicht geklappt',
    failedText:
      'Gehen Sie zurück zur App und versuchen Sie es noch einmal. Geschieht es wieder, sagen Sie den Herstellern der App, was hier steht.',
    nothingKnown: 'mehr ist nicht bekannt',
  },

  problems: {
    title: 'Fehlermeldungen',
    every: ({ mediaType, type, code }) =>
      `Jede Abweisung ist ${mediaType} (RFC 9457). Ihr ${type} führt zu einer dieser Seiten, ihr ${code} ändert sich nie.`,
    heading: ({ code, status }) => `Fehler ${code} · HTTP ${status}`,
    inAnAnswer: ({ type, address, detail }) =>
      `In einer Antwort ist ${type} die Adresse ${address}. Was an dieser einen Anfrage falsch war, steht in ${detail}. Nennen Sie die Kennung der Anfrage, wenn Sie um Hilfe bitten: Unter ihr steht alles Weitere im Log.`,
    all: 'Alle Fehlermeldungen',
    unknown: 'Diesen Fehler gibt es nicht',
    unknownText:
      'Die Adresse nennt einen Fehler, den es hier nicht gibt. Vielleicht wurde sie beim Kopieren abgeschnitten.',
  },
};
