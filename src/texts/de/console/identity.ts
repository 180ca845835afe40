import type { consoleIdentity as english } from '../../en/console/identity.ts';

/** Was die Seiten des Identitätsanbieters gemeinsam haben, und die Liste der Verbindungen. */
export const consoleIdentity: typeof english = {
  identity: {
    title: 'Identitätsanbieter',
    parts: 'Teile der Einstellungen des Identitätsanbieters',
    connections: 'Verbindungen',
    domains: 'Domains',
    provisioning: 'Bereitstellung',
    readOnly: 'Ändern können das Inhaber. Ansehen können Sie alles.',
    vendor: 'Von wem ist das Produkt?',
    vendors: {
      okta: 'Okta',
      entra: 'Microsoft Entra ID',
      keycloak: 'Keycloak',
      auth0: 'Auth0',
      google: 'Google',
      other: 'Ein anderes',
    },
  },

  connections: {
    title: 'Verbindungen',
    add: 'Verbindung hinzufügen',
    list: 'Verbindungen zu Identitätsanbietern',
    connection: 'Verbindung',
    state: 'Zustand',
    lastSignIn: 'Letzte Anmeldung',
    on: 'An',
    off: 'Abgeschaltet',
    proven: 'Nachgewiesen',
    unproven: 'Nicht nachgewiesen',
    tells: 'auth_time genannt',
    tellsNot: 'auth_time nicht genannt',
    notSeen: 'auth_time: noch keine Anmeldung',
    none: 'Über eine Verbindung melden sich die Personen Ihrer Organisation mit Ihrem Identitätsanbieter an, zum Beispiel Okta oder Entra ID. Noch gibt es keine, also kann sich niemand damit anmelden. Halten Sie Aussteller, Client-ID und Client-Geheimnis einer Anwendung bereit, und fügen Sie sie hier hinzu.',
  },

  newConnection: {
    title: 'Verbindung hinzufügen',
    first: 'Dort eine Anwendung anlegen',
    firstText:
      'Registrieren Sie bei Ihrem Identitätsanbieter eine Web-Anwendung für OpenID Connect (Authorization Code, vertraulich). Tragen Sie dort diese Adressen ein:',
    second: 'Hier eintragen',
    issuer: 'Aussteller (Issuer)',
    issuerHint: ({ example }: { example: string }) =>
      `Die Adresse, mit der Ihr Identitätsanbieter sich selbst nennt, genau so geschrieben: ${example}. Beim Absenden werden seine Metadaten gelesen.`,
    examples: {
      okta: 'https://acme.okta.com',
      entra: 'https://login.microsoftonline.com/<Mandanten-ID>/v2.0',
      keycloak: 'https://login.acme.example/realms/acme',
      auth0: 'https://acme.eu.auth0.com/',
      google: 'https://accounts.google.com',
      other: 'https://login.acme.example',
    },
    clientId: 'Client-ID',
    clientSecret: 'Client-Geheimnis',
    clientSecretHint: 'Es wird verschlüsselt aufbewahrt und nirgends gezeigt.',
    name: 'Name',
    nameHint: 'Für die Verwaltung. Ohne Namen ist es der Rechnername des Ausstellers.',
    byHand: 'Endpunkte von Hand, wo es keine Metadaten gibt',
    byHandText:
      'Nur für einen Identitätsanbieter ohne OpenID Connect Discovery: Dann sind die ersten drei nötig. Eine solche Verbindung weist allein der Betreiber nach.',
    button: 'Hinzufügen und Metadaten lesen',
  },
};
