import type { consoleConnectionSettings as english } from '../../en/console/connection-settings.ts';

/** Die zwei Formulare, die eine Verbindung ändern. */
export const consoleConnectionSettings: typeof english = {
  connectionSettings: {
    title: 'Einstellungen der Verbindung',
    name: 'Name',
    address: 'Adresse und Rollen',
    emailClaim: 'Angabe, die die Adresse einer Person ist',
    emailClaimHint:
      'email, oder eine andere wie upn oder preferred_username. Einer anderen wird nur in den Domains geglaubt, für die diese Verbindung maßgeblich ist.',
    freshness: 'Erneut anmelden nach einer Abmeldung',
    reauthentication: 'Woran eine neue Anmeldung zu erkennen ist',
    reauthentications: {
      verified: {
        label: 'An auth_time',
        hint: 'Der Identitätsanbieter sagt, wann sich die Person ausgewiesen hat. Nach einer Abmeldung wird eine Anmeldung ohne diese Angabe abgewiesen.',
      },
      best_effort: {
        label: 'Gefragt zu haben genügt',
        hint: 'Für einen Identitätsanbieter, der es nicht sagt. Die Person wird mit der Bitte um eine neue Authentifizierung dorthin geschickt; ob sie wirklich gefragt wurde, lässt sich nicht nachweisen.',
      },
    },
    requestAuthTime: 'Nach auth_time fragen',
    requestAuthTimeHint:
      'Anmeldungen fragen danach als unverzichtbarer Angabe (Parameter claims): Manche nennen sie nur dann.',
    logout: 'Abmelden',
    logoutTokenEnds: 'Ein Logout-Token, das eine Sitzung dort nennt, beendet',
    logoutTokenEndsOptions: {
      session: { label: 'was aus dieser Sitzung entstand', hint: 'So sagt es die Norm.' },
      person: {
        label: 'alles der Person',
        hint: 'Für Keycloak: „log out all sessions“ nennt dort nur eine Sitzung.',
      },
    },
    signOutAtIdp: 'Wer sich hier abmeldet, wird zum Identitätsanbieter weitergeleitet',
    signOutAtIdpHint: 'Dort endet dann auch seine eigene Sitzung. Nötig ist ein Endpunkt zum Beenden der Sitzung.',
    protocol: 'OpenID Connect im Einzelnen',
    pkce: 'PKCE',
    pkceHint: 'Nur bei einem Identitätsanbieter abschalten, der es ablehnt (RFC 7636).',
    tokenEndpointAuth: 'Wie das Geheimnis gesendet wird',
    tokenEndpointAuthHint:
      'Wird ein richtiges Geheimnis abgewiesen, versuchen Sie die andere Art: Manche lesen die Kopfzeile anders, als die Norm es sagt.',
    tokenEndpointAuths: {
      client_secret_basic: 'In der Kopfzeile Authorization (client_secret_basic)',
      client_secret_post: 'Im Inhalt (client_secret_post)',
    },
    responseIss: 'Seine Antworten nennen den Aussteller (iss)',
    responseIssHint: 'RFC 9207. Eingeschaltet: Eine Antwort ohne ihn wird abgewiesen.',
    roleClaim: 'Angabe, die Rollen vergibt',
    roleClaimHint:
      'Zum Beispiel groups. Bleibt das Feld leer, ändert keine Angabe eine Rolle. Inhaber bleiben Inhaber.',
    roleMapping: 'Was ein Wert davon aus einer Person macht',
    roleMappingHint: 'Bei mehreren gilt die höchste Rolle; wer keinen davon hat, ist Mitglied.',
    mapValue: ({ n }: { n: number }) => `Wert ${n}`,
    mapRole: ({ n }: { n: number }) => `Rolle für Wert ${n}`,
    noRole: 'Keine Rolle',
  },

  connectionClient: {
    title: 'Aussteller, Client und Endpunkte',
    text: 'Ein anderer Aussteller, eine andere Client-ID oder ein anderer Endpunkt braucht das Client-Geheimnis im selben Formular. Danach ist die Verbindung neu nachzuweisen.',
    issuer: 'Aussteller (Issuer)',
    issuerHint: 'Ändert er sich, werden seine Endpunkte neu aus seinen Metadaten gelesen.',
    clientId: 'Client-ID',
    clientSecret: 'Client-Geheimnis',
    clientSecretHint: 'Bleibt das Feld leer, gilt das aufbewahrte weiter.',
    sameSubjects: 'Der neue Aussteller kennt die Personen unter denselben Kennungen',
    sameSubjectsHint: 'Nur bei einem anderen Aussteller desselben Identitätsanbieters: Die Personen bleiben verknüpft.',
    acceptedIssuers: 'Weitere Aussteller, deren Tokens gelten',
    acceptedIssuersHint: 'Je Zeile einer. Sobald Sie einen nennen, kann nur der Betreiber die Verbindung nachweisen.',
    endpoints: 'Endpunkte',
    endpointsText: 'Lassen Sie sie, wie sie sind, wenn der Aussteller Metadaten hat.',
  },
};
