import type { consoleAuthentication as english } from '../../en/console/authentication.ts';
import { count } from './count.ts';

const units = [
  [86_400, { one: 'Tag', other: 'Tage' }],
  [3_600, { one: 'Stunde', other: 'Stunden' }],
  [60, { one: 'Minute', other: 'Minuten' }],
  [1, { one: 'Sekunde', other: 'Sekunden' }],
] as const;

/** A length of time in the largest unit that holds it evenly. */
function time(seconds: number): string {
  const [size, forms] = units.find(([size]) => seconds % size === 0 && seconds >= size) ?? units[3];
  return count(seconds / size, forms);
}

export const consoleAuthentication: typeof english = {
  authentication: {
    title: 'Anmeldung',
    on: 'Ein',
    off: 'Aus',
    unitOf: ({ what }) => `Einheit von: ${what}`,
    units: { seconds: 'Sekunden', minutes: 'Minuten', hours: 'Stunden', days: 'Tage' },
    time,
    between: ({ min, max }) => `Von ${min} bis ${max}.`,
    empty: ({ time: standard }) =>
      `Bleibt das Feld leer, gilt, was der Betreiber dieses Dienstes festgelegt hat: ${standard}.`,
    emptyForEver: 'Bleibt das Feld leer, wird alles für immer aufbewahrt.',
    standard: ({ time: standard }) => `${standard}, wie vom Betreiber festgelegt`,
    forEver: 'Für immer',
    days: (n) => count(n, { one: 'Tag', other: 'Tage' }),
    browsersAmount: (n) => count(n, { one: 'Browser', other: 'Browser' }),
    appsAmount: (n) => count(n, { one: 'App', other: 'Apps' }),
    sections: {
      logout: { title: 'Abmelden überall', text: 'Was es bedeutet, wenn sich jemand abmeldet.' },
      browsers: {
        title: 'Sitzungen der Browser',
        text: 'Eine kürzere Zeit beendet ältere Sitzungen sofort. Eine längere bringt keine zurück.',
      },
      apps: { title: 'Anmeldungen der Apps', text: 'Die mobile App, die Browser-Erweiterung und die Befehlszeile.' },
      administrators: {
        title: 'Anmeldung der Administratoren',
        text: 'Wann Administratoren bestätigen müssen, wer sie sind.',
      },
      callers: {
        title: 'Wer von außen Zugang beenden darf',
        text: 'Ist beides aus, kann niemand den Abmelde-Endpunkt aufrufen. Administratoren, die Bereitstellung und andere Signale des Identitätsanbieters beenden weiterhin Zugang.',
      },
      people: {
        title: 'Erste Anmeldungen',
        text: 'Was geschieht, wenn sich jemand anmeldet, der hier noch unbekannt ist.',
      },
      events: {
        title: 'Sicherheitsereignisse',
        text: 'Was ein Ereignis des Identitätsanbieters (CAEP, RISC) für die Person bewirkt, um die es geht. Im Protokoll steht jedes Ereignis.',
      },
      accounts: {
        title: 'Gemeinsame Konten',
        text: 'Was mit den Passwörtern der gemeinsamen Konten geschieht, die eine Person benutzen darf, wenn ihr Zugang endet, je nachdem, wer ihn beendet. Verliert jemand das Recht an einem Konto, wird dessen Passwort in jedem Fall geändert.',
      },
      record: { title: 'Das Protokoll', text: 'Wie lange aufbewahrt wird, was geschehen ist, und wen es nennt.' },
    },
    policies: {
      globalLogout: {
        label: 'Abmelden überall einschalten',
        on: 'Wer sich in einem Browser oder einer App abmeldet, ist sofort überall abgemeldet, auf jedem Gerät.',
        off: 'Wer sich abmeldet, verlässt nur den Browser oder die App, die gerade benutzt wird.',
      },
      sessionIdleSeconds: {
        label: 'Längste Zeit ohne Nutzung',
        hint: 'Danach muss man sich im Browser neu anmelden.',
      },
      sessionAbsoluteSeconds: {
        label: 'Längste Zeit seit der Anmeldung',
        hint: 'Danach muss man sich im Browser neu anmelden, auch wenn er benutzt wurde.',
      },
      maxSessions: {
        label: 'Browser, in denen eine Person angemeldet sein darf',
        hint: 'Ein neuer meldet den ältesten ab. Eine kleinere Zahl gilt ab der nächsten Anmeldung.',
      },
      grantIdleSeconds: { label: 'Längste Zeit ohne Nutzung', hint: 'Danach muss die App neu angemeldet werden.' },
      grantAbsoluteSeconds: {
        label: 'Längste Zeit seit der Freigabe',
        hint: 'Danach muss die App neu angemeldet werden, auch wenn sie benutzt wurde.',
      },
      maxGrants: {
        label: 'Apps, in denen eine Person angemeldet sein darf',
        hint: 'Eine neue meldet die älteste ab. Eine kleinere Zahl gilt ab der nächsten Anmeldung.',
      },
      refreshGraceSeconds: {
        label: 'Nachsicht, wenn eine App zweimal erneuert',
        hint: 'So lange nach der ersten Nutzung darf ein Refresh-Token noch einmal benutzt werden, falls der App die Antwort verloren ging. Bei 0 gilt jedes nur einmal.',
      },
      adminReauthenticationSeconds: {
        label: 'Längste Zeit, seit sich ein Administrator angemeldet hat',
        hint: 'Danach meldet sich ein Administrator vor einer Änderung neu an. Zum Ansehen ist das nicht nötig.',
      },
      apiKeyCallers: {
        label: 'API-Schlüssel dürfen Zugang beenden',
        on: 'Ein gültiger API-Schlüssel mit dem passenden Recht darf den Zugang von Personen beenden.',
        off: 'Aufrufe mit einem API-Schlüssel werden abgewiesen.',
      },
      jwtCallers: {
        label: 'Identitätsanbieter dürfen Zugang beenden',
        on: 'Der Identitätsanbieter einer nachgewiesenen Verbindung darf den Zugang von Personen beenden, etwa Okta mit Universal Logout.',
        off: 'Aufrufe, die ein Identitätsanbieter signiert, werden abgewiesen.',
      },
      createUsers: {
        label: 'Erste Anmeldungen legen Personen an',
        on: 'Wen Ihr Identitätsanbieter hereinlässt, der wird bei der ersten Anmeldung Mitglied.',
        off: 'Nur wer von der Bereitstellung oder vom Betreiber angelegt wurde, kann sich anmelden.',
      },
      eventActions: { label: 'Sicherheitsereignisse' },
      rotateAfter: { label: 'Gemeinsame Konten' },
      auditRetentionDays: {
        label: 'Tage, die das Protokoll aufbewahrt wird',
        hint: 'Was älter ist, wird gelöscht, und niemand kann es zurückholen.',
      },
      keepNamesOfRemoved: {
        label: 'Namen entfernter Personen behalten',
        on: 'Das Protokoll nennt weiterhin, wen die Bereitstellung entfernt, damit eine Prüfung erkennt, wer gegangen ist.',
        off: 'Entfernt die Bereitstellung jemanden, vergisst das Protokoll Namen und Adressen. Die Ereignisse bleiben.',
      },
      helpText: {
        label: 'An wen man sich wendet',
        hint: 'Etwa die Adresse Ihrer Hilfestelle. Wer abgemeldet oder abgewiesen wird, liest sie. Einfacher Text von wenigen Zeilen.',
      },
    },
    events: {
      'session-revoked': 'Sitzung beendet (CAEP)',
      'credential-change': 'Anmeldedaten geändert (CAEP)',
      'account-disabled': 'Konto gesperrt (RISC)',
      'account-purged': 'Konto gelöscht (RISC)',
      'credential-compromise': 'Anmeldedaten in falschen Händen (RISC)',
      'sessions-revoked': 'Alle Sitzungen beendet (RISC)',
      'tokens-revoked': 'Tokens widerrufen (Google)',
    },
    eventActions: {
      revoke: 'Überall abmelden',
      revoke_and_deactivate: 'Überall abmelden und sperren',
      record: 'Nur ins Protokoll schreiben',
    },
    initiators: {
      idp: 'Ein Aufruf des Abmelde-Endpunkts',
      admin: 'Die Verwaltung',
      user: 'Die Person selbst, überall zugleich',
      scim: 'Die Bereitstellung',
      signal: 'Ein Sicherheitsereignis',
      policy: 'Abmelden überall bei einer Abmeldung',
      operator: 'Der Betreiber',
    },
    rotations: { true: 'Passwörter ersetzen', false: 'Passwörter lassen, wie sie sind' },
    problems: {
      number: ({ field }) => `„${field}“ muss eine Zahl sein.`,
      whole: ({ field }) => `„${field}“ muss eine ganze Zahl sein.`,
      missing: ({ field }) => `„${field}“ braucht eine Zahl.`,
      bounds: ({ field, min, max }) => `„${field}“ muss zwischen ${min} und ${max} liegen.`,
      idle: ({ idle, absolute }) =>
        `Die Zeit ohne Nutzung (${idle}) ist länger als die Zeit seit der Anmeldung (${absolute}): Sie würde nie gelten. Verkürzen Sie sie, oder verlängern Sie die andere.`,
    },
    confirm: {
      title: 'Bevor gespeichert wird',
      ask: ({ section }) => `„${section}“ speichern?`,
      becomes: 'Was sich ändert',
      setting: 'Einstellung',
      before: 'Bisher',
      after: 'Ab jetzt',
      ends: 'Was sofort geschieht',
      atLeast: ({ amount }) => `mindestens ${amount}`,
      sessions: (n) => count(n, { one: 'Sitzung eines Browsers endet', other: 'Sitzungen von Browsern enden' }),
      apps: (n) => count(n, { one: 'Anmeldung einer App endet', other: 'Anmeldungen von Apps enden' }),
      administrators: (n) =>
        count(n, {
          one: 'Administrator muss sich vor der nächsten Änderung neu anmelden',
          other: 'Administratoren müssen sich vor der nächsten Änderung neu anmelden',
        }),
      removed: (n) =>
        count(n, {
          one: 'Ereignis des Protokolls wird endgültig gelöscht',
          other: 'Ereignisse des Protokolls werden endgültig gelöscht',
        }),
      apiKeys: (n) =>
        count(n, {
          one: 'API-Schlüssel kann keinen Zugang mehr beenden',
          other: 'API-Schlüssel können keinen Zugang mehr beenden',
        }),
      connections: (n) =>
        count(n, {
          one: 'Verbindung, deren Identitätsanbieter keinen Zugang mehr beenden kann',
          other: 'Verbindungen, deren Identitätsanbieter keinen Zugang mehr beenden können',
        }),
      own: 'Ihre eigene Sitzung hier ist darunter: Sie werden abgemeldet, sobald gespeichert ist.',
      save: 'Speichern',
      signIns: (n) => count(n, { one: 'Anmeldung', other: 'Anmeldungen' }),
      events: (n) => count(n, { one: 'Ereignis', other: 'Ereignisse' }),
      saveAndEnd: ({ amount }) => `Speichern und ${amount} beenden`,
      saveAndRemove: ({ amount }) => `Speichern und ${amount} löschen`,
      again:
        'Noch ist nichts gespeichert. Was sofort geschieht, ist nicht mehr das, was diese Seite zeigte, oder das ist zu lange her: Sehen Sie sich an, was jetzt geschieht, und speichern Sie dann noch einmal.',
    },
  },
};
