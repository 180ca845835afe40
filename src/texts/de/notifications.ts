import type { notifications as english } from '../en/notifications.ts';
import { moment, plural } from './forms.ts';

export const notifications: typeof english = {
  test: 'Dies ist ein Test. Es ist nichts geschehen.',
  somebody: 'Unbekannt',
  actors: {
    apiKey: 'Ein API-Schlüssel',
    apiKeyNamed: ({ name }) => `Der API-Schlüssel ${name}`,
    connection: 'Ein Identitätsanbieter',
    connectionNamed: ({ name }) => `Der Identitätsanbieter ${name}`,
    operator: 'Der Betreiber',
    system: 'Das System',
    at: ({ network }) => `Jemand im Netz ${network}`,
    atManyNetworks: 'Fremde in vielen Netzen',
    somebody: 'Jemand',
  },
  roles: { member: 'Mitglied', admin: 'Administrator', super_admin: 'Hauptadministrator', owner: 'Inhaber' },
  unknownRole: 'eine unbekannte',
  everyoneSignedOut: ({ actor }) => `${actor} hat alle abgemeldet`,
  idpSessionEnded: ({ actor, target }) => `${actor} hat eine Sitzung von ${target} beim Identitätsanbieter beendet`,
  idpSessionOver: ({ target }) =>
    `Eine Sitzung von ${target} beim Identitätsanbieter ist zu Ende (Front-Channel-Logout)`,
  switchedOff: ({ actor, target }) => `${actor} hat ${target} gesperrt und jeden Zugang beendet`,
  sessionEnded: ({ actor, target }) => `${actor} hat eine Sitzung von ${target} beendet`,
  appSignedOut: ({ actor, target }) => `${actor} hat eine App von ${target} abgemeldet`,
  accessEnded: ({ actor, target }) => `${actor} hat den Zugang von ${target} beendet`,
  callCarriedOut: ({ actor, target, at }) =>
    `${actor}: Ein Aufruf vom ${momentOf(at)}, als die Datenbank nicht erreichbar war, wurde nachgeholt und hat den Zugang von ${target} beendet`,
  callLapsed: ({ actor, at }) =>
    `${actor}: Ein Aufruf vom ${momentOf(at)}, als die Datenbank nicht erreichbar war, ließ sich einen Tag lang nicht nachholen. Wer gemeint war, ist nicht abgemeldet: Senden Sie ihn noch einmal`,
  callsRefused: (calls) => refused(calls, 'am Abmelde-Endpunkt', 'in Folge'),
  logoutTokensRefused: (calls) => refused(calls, 'mit einem Logout-Token'),
  eventsRefused: (calls) => refused(calls, 'mit einem Sicherheitsereignis'),
  eventsOfNobody: ({ actor, count }) =>
    `${actor} hat ${plural(count, { one: `${count} Sicherheitsereignis`, other: `${count} Sicherheitsereignisse` })} über Personen gesendet, die hier unbekannt sind; deshalb wurde niemandes Zugang beendet`,
  eventsUnsupported: ({ actor, count }) =>
    `${actor} hat ${plural(count, { one: `${count} Sicherheitsereignis`, other: `${count} Sicherheitsereignisse` })} gesendet, durch deren Angaben hier niemand gefunden wird; deshalb wurde niemandes Zugang beendet`,
  provisioningRefused: ({ actor, count, about, why }) =>
    count > 1
      ? `${actor} wurde bei der Bereitstellung ${count}-mal abgewiesen, zuletzt bei ${about}: ${why}`
      : `${actor} wurde bei der Bereitstellung von ${about} abgewiesen: ${why}`,
  provisioningIncomplete: ({ actor, count, about, why }) =>
    count > 1
      ? `${actor} wurde bei der Bereitstellung ${count}-mal ganz oder teilweise abgewiesen, zuletzt bei ${about}: ${why}`
      : `${actor} wurde bei der Bereitstellung von ${about} zum Teil abgewiesen: ${why}`,
  something: 'etwas',
  unknownReason: 'Den Grund nennt das Protokoll',
  signInRefused: ({ target }) =>
    `Eine Anmeldung als ${target} wurde abgewiesen: Der Identitätsanbieter darf nicht entscheiden, wem diese Adresse gehört`,
  signInMismatched: ({ target }) =>
    `Eine Anmeldung mit der Adresse von ${target} wurde abgewiesen: Beim Identitätsanbieter gehört zu ${target} eine andere Kennung`,
  addressContested: ({ actor, target }) => `${actor} nennt für ${target} eine Adresse, die hier jemand anderem gehört`,
  addressEndedSeveral: ({ actor }) =>
    `${actor} hat durch eine Adresse den Zugang mehrerer Personen beendet: Eine Person hat sie hier, der Identitätsanbieter gibt sie einer anderen`,
  idpRefused: ({ target }) =>
    `Eine Anmeldung über den Identitätsanbieter ${target} wurde abgewiesen: Er darf nicht für die Domain der Adresse sprechen`,
  apiKeyMade: ({ actor, target }) => `${actor} hat den API-Schlüssel ${target} angelegt`,
  roleChanged: ({ actor, target, from, to }) => `${actor} hat die Rolle von ${target} von ${from} auf ${to} geändert`,
  identityLinked: ({ actor, target }) =>
    `${actor} hat ${target} mit einem Konto bei einem Identitätsanbieter verknüpft`,
  identityUnlinked: ({ actor, target }) =>
    `${actor} hat die Verknüpfung von ${target} mit einem Konto bei einem Identitätsanbieter gelöst`,
  addressChanged: ({ actor, target }) => `${actor} hat die E-Mail-Adresse von ${target} geändert`,
  personErased: ({ actor }) => `${actor} hat jemanden endgültig entfernt, mit allen Namen im Protokoll`,
  subjectsForgotten: ({ actor, target }) =>
    `${actor} hat alle von ihren Konten beim Identitätsanbieter ${target} gelöst`,
  authTimeMissing: ({ target }) =>
    `Der Identitätsanbieter ${target} sagt nicht, wann sich jemand angemeldet hat (auth_time): Wer hier abgemeldet wird, kann sich über ihn nicht wieder anmelden. Lassen Sie ihn diese Angabe senden, schalten Sie in den Einstellungen der Verbindung „Nach auth_time fragen“ ein (requestAuthTime), oder wählen Sie dort „Gefragt zu haben genügt“ (reauthentication: best_effort)`,
  connectionsLeft: ({ account }) =>
    `Das gemeinsame Konto ${account} hat ein neues Passwort, aber wer mit dem alten schon angemeldet war, ist es noch`,
  oldPasswordWorks: ({ account }) =>
    `Das gemeinsame Konto ${account} hat ein neues Passwort, aber mit dem alten kann man sich noch anmelden`,
  oldPasswordUnproven: ({ account }) =>
    `Das gemeinsame Konto ${account} hat ein neues Passwort, und es ist nicht erwiesen, dass das alte nicht mehr gilt`,
  rotationUncertain: ({ account, why }) =>
    `Noch ist nicht bekannt, mit welchem Passwort man sich beim gemeinsamen Konto ${account} anmeldet${because(why)}`,
  rotationUnset: ({ account, why }) =>
    `Das Passwort des gemeinsamen Kontos ${account} lässt sich nicht ändern, und was bisher galt, gilt noch${because(why)}`,
  rotationManual: ({ account, why, at }) =>
    `Jemand muss das Passwort des gemeinsamen Kontos ${account} bis ${momentOf(at)} von Hand ändern${because(why)}`,
  administratorKnown: ({ account }) =>
    `Jemand, dessen Zugang endete, hat das Passwort des Verwaltungskontos zum gemeinsamen Konto ${account} eingetragen und kennt es: Ändern Sie es beim System von Hand, und tragen Sie hier das neue ein`,
  accountKeyErased: ({ actor }) =>
    `${actor} hat den Schlüssel der gemeinsamen Konten gelöscht: Keines ihrer Passwörter lässt sich mehr lesen`,
  ownAccountRights: {
    use: ({ actor, account }) => `${actor} hat sich selbst erlaubt, das gemeinsame Konto ${account} zu benutzen`,
    manage: ({ actor, account }) => `${actor} hat sich selbst erlaubt, das gemeinsame Konto ${account} zu verwalten`,
  },
  appNamesMissing: ({ app }) =>
    `An die App ${app} werden Abmeldungen von Personen nicht weitergegeben, die dort keinen Namen haben`,
  appAway: ({ app }) => `Die App ${app} antwortet nicht; was sie erfahren muss, wird aufbewahrt`,
  appBack: ({ app }) => `Die App ${app} antwortet wieder`,
  forwardFailed: ({ app }) => `Abmeldungen konnten nicht an die App ${app} weitergegeben werden`,
  webhookFailed: ({ target }) => `Nachrichten an den Webhook bei ${target} ließen sich nicht zustellen`,
  emailFailed: ({ target }) => `Eine E-Mail an ${target} ließ sich nicht zustellen`,
  repeated: ({ text, count }) => `${text} (${count}-mal)`,
};

const momentOf = (at: string) => `${moment.format(new Date(at))} UTC`;

const because = (why: string | null) => (why === null ? '' : `: ${why}`);

function refused({ actor, count, isMany, why }: RefusedCalls, how: string, row = ''): string {
  const times = `${count}-mal ${row}`.trim();
  return `${actor} ${isMany ? 'wurden' : 'wurde'} ${how} ${times} abgewiesen${why === null ? '' : `, zuletzt: ${why}`}`;
}

type RefusedCalls = Parameters<(typeof english)['callsRefused']>[0];
