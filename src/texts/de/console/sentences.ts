import type { sentences as english } from '../../en/console/sentences.ts';
import { count } from './count.ts';

export const sentences: typeof english = {
  actors: {
    apiKey: ({ name }) => `Der API-Schlüssel ${name}`,
    connection: ({ name }) => `Der Identitätsanbieter ${name}`,
    operator: 'Der Betreiber',
    system: 'Das System',
    anonymous: 'Jemand Unbekanntes',
    at: ({ network }) => `Jemand im Netz ${network}`,
    atManyNetworks: 'Jemand in vielen Netzen',
    user: 'Jemand',
  },
  nameErased: '(Name gelöscht)',
  nameless: '(ohne Namen)',
  nobody: 'jemand',
  something: 'etwas',
  withReason: ({ sentence, reason }) => `${sentence}. Grund: „${reason}“`,
  unknown: ({ actor, action }) => `${actor}: ${action}`,

  browsers: (n) => count(n, { one: 'Browser', other: 'Browser' }),
  apps: (n) => count(n, { one: 'App', other: 'Apps' }),
  both: ({ browsers, apps }) => `${browsers} und ${apps}`,
  andMore: ({ ended }) => `${ended} und weitere, die niemand gezählt hat`,
  nothingEnded: 'nichts war angemeldet',
  revocation: 'zur Abmeldung',

  signedOut: ({ actor, target, ended }) => `${actor} hat ${target} überall abgemeldet: ${ended}`,
  signedOutThemselves: ({ actor, ended }) => `${actor} hat sich überall abgemeldet: ${ended}`,
  sessionRevoked: ({ actor, target, revocation }) => `${actor} hat eine Sitzung von ${target} beendet (${revocation})`,
  appRevoked: ({ actor, target, revocation }) => `${actor} hat ${target} in einer App abgemeldet (${revocation})`,
  everyoneSignedOut: ({ actor, revocation }) => `${actor} hat alle abgemeldet (${revocation})`,
  idpSessionEnded: ({ actor, target, ended }) => `${actor} hat eine seiner Sitzungen von ${target} beendet: ${ended}`,
  idpSessionOver: ({ target, ended }) =>
    `Eine Sitzung von ${target} beim Identitätsanbieter endete (Front-Channel-Logout): ${ended}`,

  callCarriedOut: ({ actor, target, at, revocation }) =>
    `${actor} hat den Zugang von ${target} beendet, mit einem Aufruf vom ${at}, der verspätet ausgeführt wurde, weil die Datenbank nicht erreichbar war (${revocation})`,
  callLapsed: ({ actor, at }) =>
    `${actor} hat am ${at} aufgerufen, als die Datenbank nicht erreichbar war, und der Aufruf ließ sich binnen eines Tages nicht ausführen: Wer gemeint war, ist nicht abgemeldet`,
  callsRefused: {
    revocation: ({ actor, why }) => `${actor} wurde am Abmelde-Endpunkt abgewiesen: ${why}`,
    logout_token: ({ actor, why }) => `${actor} wurde mit einem Logout-Token abgewiesen: ${why}`,
    security_event: ({ actor, why }) => `${actor} wurde mit einem Sicherheitsereignis abgewiesen: ${why}`,
  },
  repeated: ({ sentence, times }) => `${sentence} (${times})`,
  moreTimes: (n) => count(n, { one: 'weiteres Mal', other: 'weitere Male' }),
  noReasonKnown: 'das Ereignis sagt, warum',

  signedIn: ({ actor }) => `${actor} hat sich angemeldet`,
  signInRefused: ({ why }) => `Eine Anmeldung wurde abgewiesen: ${why}`,
  signInRefusedAs: ({ target, why }) => `Eine Anmeldung als ${target} wurde abgewiesen: ${why}`,
  signInRefusedBy: ({ target, why }) => `Eine Anmeldung über den Identitätsanbieter ${target} wurde abgewiesen: ${why}`,
  refusals: {
    org_unknown: 'der Link nennt keine Organisation',
    connection_unknown: 'es gibt keinen solchen Identitätsanbieter, oder er ist abgeschaltet',
    request_malformed: 'die Antwort des Identitätsanbieters war nicht lesbar',
    state_missing: 'sie wurde nicht in diesem Browser begonnen, oder Cookies sind gesperrt',
    state_expired: 'sie dauerte länger als zehn Minuten',
    state_foreign: 'sie wurde für eine andere Organisation begonnen',
    state_spent: 'sie war schon abgeschlossen',
    issuer_mixed_up: 'ein anderer Identitätsanbieter antwortete als der gefragte',
    cancelled: 'die Person hat abgebrochen, oder der Identitätsanbieter weist ihr diese Anwendung nicht zu',
    idp_error: 'der Identitätsanbieter meldete einen Fehler',
    idp_unreachable: 'der Identitätsanbieter antwortete nicht rechtzeitig',
    idp_garbage: 'die Antwort des Identitätsanbieters war nicht zu verstehen',
    code_refused: 'der Identitätsanbieter nahm den Code nicht an',
    client_refused: 'der Identitätsanbieter nimmt unsere Client-ID, ihr Geheimnis oder ihren Schlüssel nicht an',
    id_token_invalid: 'das ID-Token ist nicht gültig',
    user_info_invalid: 'die Angaben des Identitätsanbieters zur Person sind nicht gültig',
    email_missing: 'der Identitätsanbieter nannte keine Adresse',
    email_unusable: 'die genannte Adresse ist nicht verwendbar',
    email_unverified: 'der Identitätsanbieter sagt nicht, dass die Adresse bestätigt ist',
    connection_not_authoritative: 'dieser Identitätsanbieter darf nicht über die Adresse entscheiden',
    identity_mismatch: 'der Identitätsanbieter kennt die Person unter einer anderen Kennung',
    user_unknown: 'niemand hier hat diese Adresse, und eine erste Anmeldung legt niemanden an',
    user_inactive: 'die Person ist gesperrt',
    not_fresh: 'die Person hatte sich seit ihrer Abmeldung nicht erneut ausgewiesen',
    auth_time_missing: 'der Identitätsanbieter sagt nicht, wann die Person sich ausgewiesen hat',
    overtaken: 'der Zugang wurde beendet, während die Anmeldung lief',
    unavailable: 'die Datenbank war nicht erreichbar',
    internal: 'ein Fehler hier, den das Log des Servers beschreibt',
  },
  sessionEnded: ({ actor }) => `${actor} hat eine eigene Sitzung beendet`,
  sessionDisplaced: ({ target }) =>
    `Eine neuere Anmeldung von ${target} beendete die älteste Sitzung: Es waren zu viele`,
  appSignedIn: ({ actor, app }) => `${actor} hat die App „${app}“ angemeldet`,
  appSignedOut: ({ actor, app }) => `${actor} hat die App „${app}“ abgemeldet`,
  appDisplaced: ({ target, app }) =>
    `Eine neuere App von ${target} beendete die älteste Anmeldung in „${app}“: Es waren zu viele`,
  tokenUsedTwice: ({ target, app }) =>
    `Die Anmeldung von ${target} in der App „${app}“ wurde beendet: Ihr Refresh-Token wurde zweimal benutzt`,
  anApp: 'eine App',

  signals: {
    revoked: ({ actor, target, event }) =>
      `${actor} sandte das Sicherheitsereignis ${event} zu ${target}; der Zugang wurde beendet`,
    several_revoked: ({ actor, event }) =>
      `${actor} sandte das Sicherheitsereignis ${event}; der Zugang mehrerer Personen wurde beendet`,
    recorded: ({ actor, event }) => `${actor} sandte das Sicherheitsereignis ${event}, das hier nur im Protokoll steht`,
    event_unknown: ({ actor, event }) => `${actor} sandte ein Sicherheitsereignis, das hier nichts bewirkt: ${event}`,
    verified: ({ actor }) => `${actor} hat geprüft, dass seine Sicherheitsereignisse ankommen`,
    subject_unknown: ({ actor, event }) =>
      `${actor} sandte das Sicherheitsereignis ${event} zu jemandem, der hier unbekannt ist: Niemandes Zugang wurde beendet`,
    subject_unsupported: ({ actor, event }) =>
      `${actor} sandte das Sicherheitsereignis ${event} mit Angaben, unter denen hier niemand zu finden ist: Niemandes Zugang wurde beendet`,
  },

  userAdded: ({ actor, target }) => `${actor} hat ${target} angelegt`,
  userMovedIn: ({ target }) => `Aus einer anderen Organisation hierher umgezogen: ${target}`,
  userChanged: ({ actor, target, what }) => `${actor} hat ${what} von ${target} geändert`,
  attributes: {
    displayName: 'den Anzeigenamen',
    name: 'den Namen',
    userName: 'den Benutzernamen',
    emails: 'die Adressen',
  },
  userRemoved: ({ actor, target }) => `${actor} hat ${target} entfernt`,
  userErased: ({ actor }) => `${actor} hat eine Person endgültig gelöscht, samt ihren Namen im Protokoll`,
  userDeactivated: ({ actor, target, ended }) =>
    `${actor} hat ${target} gesperrt und den ganzen Zugang beendet: ${ended}`,
  userActivated: ({ actor, target }) => `${actor} hat die Sperre von ${target} aufgehoben`,
  addressChanged: ({ actor, target }) => `${actor} hat die Adresse von ${target} geändert`,
  addressContested: ({ actor, target, bearer }) => `${actor} gibt ${target} eine Adresse, die hier ${bearer} gehört`,
  addressEndedSeveral: ({ actor, revocation }) =>
    `${actor} hat mit einer Adresse den Zugang mehrerer Personen beendet: Eine trägt sie hier, einer anderen gibt sie der Identitätsanbieter (${revocation})`,
  anotherPerson: 'jemand anderem',
  identityLinked: ({ actor, target }) =>
    `${actor} hat ${target} mit einem Konto bei einem Identitätsanbieter verknüpft`,
  identityUnlinked: ({ actor, target }) =>
    `${actor} hat die Verknüpfung von ${target} mit einem Konto bei einem Identitätsanbieter gelöst`,
  roleChanged: ({ actor, target, from, to }) => `${actor} hat die Rolle von ${target} geändert: ${from} → ${to}`,

  groupAdded: ({ actor, target }) => `${actor} hat ${target} angelegt`,
  groupChanged: ({ actor, target, added, removed }) =>
    `${actor} hat ${target} geändert: ${added} hinzugekommen, ${removed} gegangen`,
  groupRenamed: ({ actor, target }) => `${actor} hat ${target} umbenannt`,
  groupRemoved: ({ actor }) => `${actor} hat eine Gruppe entfernt`,
  group: 'eine Gruppe',
  provisioningRefused: ({ actor, about, why }) => `${actor} wurde bei der Bereitstellung abgewiesen (${about}): ${why}`,
  provisioningIncomplete: ({ actor, about, why }) =>
    `${actor} wurde bei der Bereitstellung zum Teil abgewiesen (${about}): ${why}`,

  apiKeyCreated: ({ actor, target }) => `${actor} hat den API-Schlüssel ${target} angelegt`,
  apiKeyRevoked: ({ actor, target }) => `${actor} hat den API-Schlüssel ${target} beendet`,
  connectionAdded: ({ actor, target }) => `${actor} hat den Identitätsanbieter ${target} hinzugefügt`,
  connectionChanged: ({ actor, target, what }) => `${actor} hat den Identitätsanbieter ${target} geändert: ${what}`,
  connectionTried: ({ actor, target }) => `${actor} hat eine Anmeldung über ${target} ausprobiert`,
  connectionProven: ({ target }) =>
    `Eine Anmeldung hat nachgewiesen, dass der Identitätsanbieter ${target} den hier eingetragenen Client kennt`,
  authTimeMissing: ({ target }) =>
    `Der Identitätsanbieter ${target} sagt nicht, wann sich jemand ausgewiesen hat (auth_time)`,
  subjectsForgotten: ({ actor, target, people }) =>
    `${actor} hat die Verknüpfung mit dem Identitätsanbieter ${target} gelöst (${people})`,
  people: (n) => count(n, { one: 'Person', other: 'Personen' }),

  domainAdded: ({ actor, domain }) => `${actor} hat die Domain ${domain} hinzugefügt`,
  domainChanged: ({ actor, domain }) => `${actor} hat die Domain ${domain} geändert`,
  domainVerified: ({ actor, domain }) => `${actor} hat die Domain ${domain} bestätigt`,
  domainRemoved: ({ actor, domain }) => `${actor} hat die Domain ${domain} entfernt`,

  orgCreated: ({ actor }) => `${actor} hat diese Organisation angelegt`,
  orgChanged: ({ actor }) => `${actor} hat den Namen der Organisation geändert`,
  policyChanged: ({ actor, policy, from, to }) => `${actor} hat ${policy} geändert: ${from} → ${to}`,
  policies: {
    globalLogout: 'das Abmelden überall',
    sessionIdleSeconds: 'die Sekunden, die eine Sitzung ungenutzt sein darf,',
    sessionAbsoluteSeconds: 'die Sekunden, die eine Sitzung dauern darf,',
    grantIdleSeconds: 'die Sekunden, die eine App ungenutzt angemeldet sein darf,',
    grantAbsoluteSeconds: 'die Sekunden, die eine App angemeldet sein darf,',
    refreshGraceSeconds: 'die Sekunden, in denen eine App ein Refresh-Token nochmals benutzen darf,',
    maxSessions: 'die Zahl der Sitzungen, die eine Person haben darf,',
    maxGrants: 'die Zahl der Apps, die eine Person haben darf,',
    adminReauthenticationSeconds: 'die Sekunden, nach denen Administratoren sich erneut ausweisen,',
    apiKeyCallers: 'Aufrufe mit API-Schlüsseln',
    jwtCallers: 'Aufrufe mit signierten JWTs',
    createUsers: 'das Anlegen von Personen bei ihrer ersten Anmeldung',
    auditRetentionDays: 'die Tage, die das Protokoll aufbewahrt wird,',
    helpText: 'den Hinweis, an wen man sich wendet,',
    keepNamesOfRemoved: 'das Behalten der Namen entfernter Personen',
  },
  eventPolicy: ({ event }) => `die Wirkung des Sicherheitsereignisses ${event}`,
  rotationPolicy: ({ initiator }) =>
    `das Ersetzen von Passwörtern gemeinsamer Konten nach einer Abmeldung (${initiator})`,
  on: 'ein',
  off: 'aus',
  standard: 'Voreinstellung',
  peopleExported: ({ actor }) => `${actor} hat eine Liste der Personen exportiert`,
  recordExported: ({ actor, format }) => `${actor} hat das Protokoll exportiert (${format})`,

  appAdded: ({ actor, app }) => `${actor} hat die App ${app} hinzugefügt`,
  appChanged: ({ actor, app, what }) => `${actor} hat die App ${app} geändert: ${what}`,
  appPeopleChanged: ({ actor, app }) => `${actor} hat geändert, wie Personen bei der App ${app} heißen`,
  appRemoved: ({ actor, app }) => `${actor} hat die App ${app} entfernt`,
  appSecretMade: ({ actor, app }) => `${actor} hat für die App ${app} ein neues Geheimnis erzeugt`,
  appTested: ({ actor, app }) => `${actor} hat der App ${app} einen Test geschickt`,
  appNamesMissing: ({ app }) =>
    `An die App ${app} werden Abmeldungen von Personen nicht weitergegeben, die dort keinen Namen haben`,
  appAway: ({ app }) => `Die App ${app} antwortet nicht; was sie erfahren muss, wird aufbewahrt`,
  appBack: ({ app }) => `Die App ${app} antwortet wieder`,
  forwardFailed: ({ app, why }) => `Eine Abmeldung konnte nicht an die App ${app} weitergegeben werden: ${why}`,
  forwardsReplayed: ({ actor, app, n }) =>
    `${actor} hat noch einmal weitergeben lassen, was die App ${app} nicht erfahren hatte (${n})`,
  forwardReplayed: ({ actor, app }) => `${actor} hat eine Abmeldung noch einmal an die App ${app} weitergeben lassen`,

  accountAdded: ({ actor, account }) => `${actor} hat das gemeinsame Konto ${account} hinzugefügt`,
  accountChanged: ({ actor, account, what }) => `${actor} hat das gemeinsame Konto ${account} geändert: ${what}`,
  accountRemoved: ({ actor, account }) => `${actor} hat das gemeinsame Konto ${account} entfernt`,
  accountRights: { use: 'zu benutzen', manage: 'zu verwalten' },
  accountRightGiven: ({ actor, account, holder, right }) =>
    `${actor} hat erlaubt, das gemeinsame Konto ${account} ${right}, und zwar: ${holder}`,
  accountRightEnded: ({ actor, account, holder, right }) =>
    `${actor} erlaubt nicht mehr, das gemeinsame Konto ${account} ${right}, und zwar: ${holder}`,
  accountRightLost: {
    person_off: ({ actor, account, holder, right, revocation }) =>
      `${actor} hat ${holder} gesperrt (${revocation}) und damit das Recht beendet, das gemeinsame Konto ${account} ${right}`,
    group_left: ({ actor, account, holder, right, group }) =>
      `${actor} hat ${holder} aus einer Gruppe genommen (${group}) und damit das Recht beendet, das gemeinsame Konto ${account} ${right}`,
    group_removed: ({ actor, account, people, right }) =>
      `${actor} hat eine Gruppe entfernt (${people}) und damit ihr Recht beendet, das gemeinsame Konto ${account} ${right}`,
  },
  theGroup: 'zur Gruppe',
  passwordRevealed: ({ actor, account, version }) =>
    `${actor} hat das Passwort des gemeinsamen Kontos ${account} gelesen (Version ${version})`,
  accountLed: ({ actor, account, version }) =>
    `${actor} hat das gemeinsame Konto ${account} an einen anderen Ort geführt, wohin sein Passwort gesendet wird (Version ${version}), und gilt damit als jemand, der es gelesen hat`,
  passwordGiven: ({ actor, account, version }) =>
    `${actor} hat das Passwort des gemeinsamen Kontos ${account} eingetragen (Version ${version})`,
  ofRevocations: ({ cause, revocations }) => `${cause} (${revocations})`,
  moreRevocations: (n) => ` und ${n} weitere`,
  rotationCauses: {
    revocation: 'der Zugang von jemandem, der es benutzen darf, endete',
    right_ended: 'jemand darf es nicht mehr benutzen',
    hand: 'es wurde verlangt',
    schedule: 'es war an der Zeit',
    reconcile: 'mit keinem der aufbewahrten Passwörter ließ sich anmelden',
  },
  rotationAsked: ({ actor, account, cause }) =>
    `${actor} hat ein neues Passwort für das gemeinsame Konto ${account} verlangt: ${cause}`,
  accountRotated: ({ account, version, cause }) =>
    `Das gemeinsame Konto ${account} hat ein neues Passwort (Version ${version}): ${cause}`,
  connectionsLeft: ({ account }) =>
    `Das gemeinsame Konto ${account} hat ein neues Passwort, aber wer mit dem alten schon angemeldet war, ist es noch`,
  oldPasswordWorks: ({ account }) =>
    `Das gemeinsame Konto ${account} hat ein neues Passwort, aber mit dem alten kann man sich noch anmelden`,
  oldPasswordUnproven: ({ account }) =>
    `Das gemeinsame Konto ${account} hat ein neues Passwort, und es ist nicht erwiesen, dass das alte nicht mehr gilt`,
  rotationUncertain: ({ account, why }) =>
    `Noch ist nicht bekannt, mit welchem Passwort man sich beim gemeinsamen Konto ${account} anmeldet: ${why}`,
  rotationUnset: ({ account, why }) =>
    `Das Passwort des gemeinsamen Kontos ${account} lässt sich nicht ändern, und was bisher galt, gilt noch: ${why}`,
  rotationManual: ({ account, why, until }) =>
    `Jemand muss das Passwort des gemeinsamen Kontos ${account} bis ${until} von Hand ändern: ${why}`,
  rotationConfirmed: ({ actor, account, version }) =>
    `${actor} hat bestätigt, dass das Passwort des gemeinsamen Kontos ${account} von Hand geändert wurde (Version ${version})`,
  accountResults: {
    accepted: 'Man meldet sich mit seinem Passwort an',
    refused: 'Sein Passwort wird abgewiesen',
    unproven: 'Nichts ist erwiesen',
    unavailable: 'Das System hat nicht geantwortet',
    found: 'Mit einem davon meldet man sich an',
    rotated: 'Mit keinem meldete man sich an, und ein neues ist gesetzt',
  },
  accountTested: ({ actor, account, result }) => `${actor} hat das gemeinsame Konto ${account} getestet: ${result}`,
  accountReconciled: ({ actor, account, result }) =>
    `${actor} hat das gemeinsame Konto ${account} mit den aufbewahrten Passwörtern verglichen: ${result}`,
  administratorKnown: ({ account, owner }) =>
    `Das Passwort des Verwaltungskontos zum gemeinsamen Konto ${account} hat ${owner} eingetragen und kennt es, und der Zugang dieser Person endete: Ändern Sie es beim System von Hand, und tragen Sie hier das neue ein`,
  accountKeyErased: ({ actor }) =>
    `${actor} hat den Schlüssel der gemeinsamen Konten gelöscht: Keines ihrer Passwörter lässt sich mehr lesen`,

  webhook: 'einen Webhook',
  webhookAt: ({ host }) => `den Webhook bei ${host}`,
  webhookAdded: ({ actor, target }) => `${actor} hat ${target} hinzugefügt`,
  webhookChanged: ({ actor, target }) => `${actor} hat ${target} geändert`,
  webhookSecret: ({ actor, target }) => `${actor} hat für ${target} ein neues Geheimnis erzeugt`,
  webhookOn: ({ actor, target }) => `${actor} hat ${target} eingeschaltet`,
  webhookOff: ({ actor, target }) => `${actor} hat ${target} angehalten`,
  webhookGone: ({ actor, target }) =>
    `${actor} hat ${target} angehalten, weil der Empfänger antwortete, dass es ihn nicht mehr gibt`,
  webhookRemoved: ({ actor, target }) => `${actor} hat ${target} entfernt`,
  webhookTested: ({ actor, target }) => `${actor} hat einen Test an ${target} gesandt`,
  webhookFailed: ({ target, why }) => `Nachrichten an ${target} ließen sich nicht zustellen: ${why}`,
  emailFailed: ({ target, why }) => `E-Mail an ${target} ließ sich nicht zustellen: ${why}`,
  deliveryReplayed: ({ actor }) => `${actor} hat eine Nachricht erneut senden lassen`,
};
