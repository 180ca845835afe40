import type { consoleOverview as english } from '../../en/console/overview.ts';
import { count } from './count.ts';

export const consoleOverview: typeof english = {
  overview: {
    findPerson: 'Person suchen',
    findHint: 'Name, Adresse oder Benutzername',
    figures: 'Jetzt gerade',
    orMore: ({ n }) => `${n} oder mehr`,
    signedIn: 'Angemeldete Personen',
    signedInHint: 'mit einem Browser oder einer App',
    revocations: 'Abmeldungen',
    today: ({ n }) => `${n} heute`,
    week: ({ n }) => `${n} in 7 Tagen`,
    utc: 'Tage in UTC',
    day: 'Tag',
    perDay: 'Abmeldungen an jedem der letzten sieben Tage',
    refusedCalls: 'Abgewiesene Aufrufe',
    refusedHint: 'Sie sollten Zugang beenden und haben keinen beendet',
    attention: 'Das braucht Ihre Aufmerksamkeit',
    nothing: 'Nichts braucht Ihre Aufmerksamkeit.',
    putRight: {
      auth_time_missing: 'Einrichten',
      no_caller: 'Aufrufe einrichten',
      connection_unproven: 'Nachweisen',
      domain_unverified: 'Bestätigen',
      no_second_owner: 'Auswählen',
      dead_deliveries: 'Ansehen',
      dead_forwards: 'Ansehen',
      app_away: 'Ansehen',
      app_group_gone: 'Ansehen',
      rotations_rest: 'Ansehen',
      account_uncertain: 'Ansehen',
      account_old_works: 'Ansehen',
      account_failing: 'Ansehen',
      account_manual: 'Erledigen',
      email_unavailable: 'E-Mail-Einstellungen',
      api_key_expires: 'Neuen anlegen',
    },
    needs: {
      auth_time_missing: ({ name }) =>
        `${name} sagt nicht, wann sich jemand ausgewiesen hat (auth_time): Wer von hier abgemeldet wird, kann sich darüber nicht wieder anmelden.`,
      no_caller:
        'Niemand kann den Abmelde-Endpunkt aufrufen: Es gibt keinen brauchbaren API-Schlüssel und keinen nachgewiesenen Identitätsanbieter.',
      connection_unproven: ({ name }) =>
        `${name} ist noch nicht nachgewiesen: Seine Aufrufe und Logout-Tokens werden abgewiesen, bis sich jemand darüber anmeldet.`,
      domain_unverified: ({ name }) =>
        `Die Domain ${name} ist nicht bestätigt: Kein Identitätsanbieter entscheidet über ihre Adressen.`,
      no_second_owner: 'Es gibt keinen zweiten Inhaber: Kann sich der einzige nicht anmelden, kann niemand helfen.',
      dead_deliveries: (n) =>
        `${count(n, { one: 'Nachricht ließ', other: 'Nachrichten ließen' })} sich nicht zustellen; es wird nicht mehr versucht.`,
      dead_forwards: ({ name, signOuts }) =>
        `${name} hat ${signOuts} nicht erfahren: Diese Personen sind dort vielleicht noch angemeldet.`,
      app_away: ({ name, at }) =>
        `${name} antwortet nicht mehr (seit ${at}): Was die App erfahren muss, wird aufbewahrt, und jede Minute wird es versucht.`,
      app_group_gone: ({ name }) =>
        `${name} erfährt von Mitgliedern von Gruppen, und eine dieser Gruppen gibt es nicht mehr.`,
      rotations_rest:
        'Zurzeit wird kein Passwort eines gemeinsamen Kontos geändert: Die Datenbank ist eine Kopie oder wurde wiederhergestellt. Der Betreiber kann sagen, dass sie die echte ist (shared-account resume).',
      account_uncertain: ({ name }) =>
        `Im Moment ist nicht bekannt, mit welchem Passwort man sich beim gemeinsamen Konto ${name} anmeldet: Es wird weiter versucht.`,
      account_old_works: ({ name }) =>
        `Das gemeinsame Konto ${name} hat ein neues Passwort, aber es ist nicht erwiesen, dass das alte dort abgewiesen wird.`,
      account_failing: ({ name, at }) =>
        `Das Passwort des gemeinsamen Kontos ${name} lässt sich nicht ändern (seit ${at}). Es ist kein neues gesetzt: Was bisher galt, gilt noch.`,
      account_manual: ({ name, at }) => `Das Passwort des gemeinsamen Kontos ${name} ist bis ${at} von Hand zu ändern.`,
      email_unavailable:
        'Jemand möchte E-Mails bekommen, aber es lassen sich keine senden: Der Betreiber hat keinen Mailserver eingerichtet (SMTP_URL).',
      api_key_expires: ({ name, at }) =>
        `Der API-Schlüssel ${name} läuft ab (${at}): Danach werden seine Aufrufe abgewiesen.`,
    },
    more: (n) => `Und ${count(n, { one: 'weiteres Konto', other: 'weitere Konten' })} dieser Art.`,
    showMore: 'Zeigen',
    signOuts: (n) => count(n, { one: 'Abmeldung', other: 'Abmeldungen' }),
    newest: 'Neueste Ereignisse',
    whole: 'Das ganze Protokoll',
    noEvents: 'Noch ist nichts geschehen. Anmeldungen, Abmeldungen und Änderungen erscheinen hier, sobald es sie gibt.',
  },
};
