import type { consoleIdpVendors as english } from '../../en/console/idp-vendors.ts';

export const consoleIdpVendors: typeof english = {
  idpVendors: {
    okta: {
      steps: [
        'Applications, Create App Integration, OIDC, Web Application. Grant type: Authorization Code.',
        'Assignments: Weisen Sie Personen oder deren Gruppen zu.',
        'General, Logout: „Okta system or admin initiates logout“ ankreuzen. Endpoint authentication: Signed JWT. Subject format: Email, oder Issuer and Subject Identifier.',
        'Damit auch gilt, wenn sich jemand selbst bei Okta abmeldet: die Front-Channel-Logout-URI als Logout request URL eintragen, mit „Include user session details“.',
      ],
      where: {
        callbackUrl: 'Sign-in redirect URIs',
        signedOutUrl: 'Sign-out redirect URIs',
        signInUrl: 'Initiate login URI',
        ownRevocationEndpoint: 'Logout, Logout endpoint URL',
        frontchannelLogoutUrl: 'Logout, Logout request URL',
      },
      limits: 'Okta sendet einen Widerruf ein einziges Mal. Was dann misslingt, beenden Sie hier.',
    },
    entra: {
      steps: [
        'App-Registrierungen, Neue Registrierung, Web. Zertifikate & Geheimnisse: ein Client-Geheimnis.',
        'Tokenkonfiguration, optionale Ansprüche des ID-Tokens: auth_time, sid, upn, email, xms_edov.',
        'API-Berechtigungen: Administratorzustimmung erteilen.',
        'Wo die Personen dort kein „email“ haben, wählen Sie hier upn als Angabe für die Adresse.',
      ],
      where: {
        callbackUrl: 'Authentifizierung, Umleitungs-URIs',
        signedOutUrl: 'Authentifizierung, Umleitungs-URIs',
        frontchannelLogoutUrl: 'Authentifizierung, URL für Front-Channel-Abmeldung',
      },
      limits:
        'Kein Back-Channel-Logout und kein Universal Logout. „Sitzungen widerrufen“ im Admin Center erfährt keine Anwendung: Richten Sie die Bereitstellung (SCIM) ein, oder lassen Sie ein Skript mit einem API-Schlüssel aufrufen.',
    },
    keycloak: {
      steps: [
        'Clients, Create client, OpenID Connect. „Client authentication“ an, „Standard flow“ an.',
        'Front channel logout aus. Danach „Backchannel logout session required“ an.',
        'Wählen Sie hier, dass ein Logout-Token alles der Person beendet: Bei „log out all sessions“ nennt Keycloak nur eine Sitzung.',
      ],
      where: {
        callbackUrl: 'Valid redirect URIs',
        signedOutUrl: 'Valid post logout redirect URIs',
        backchannelLogoutUrl: 'Logout settings, Backchannel logout URL',
      },
      limits:
        'Ein Client kann Front-Channel- oder Back-Channel-Logout, nie beides. Wer dort deaktiviert wird, davon erfährt hier niemand: Melden Sie dort auch die Sitzungen ab.',
    },
    auth0: {
      steps: [
        'Applications, Create Application, Regular Web Application.',
        'Settings: die Adressen eintragen. Der Aussteller endet mit einem Schrägstrich.',
        'Settings, OpenID Connect Back-Channel Logout (nur mit Enterprise-Vertrag).',
      ],
      where: {
        callbackUrl: 'Allowed Callback URLs',
        signedOutUrl: 'Allowed Logout URLs',
        signInUrl: 'Application Login URI',
        backchannelLogoutUrl: 'Back-Channel Logout URI',
      },
      limits: 'Back-Channel-Logout gibt es nur mit Enterprise-Vertrag.',
    },
    google: {
      steps: [
        'Google Auth Platform, Clients, Create client, Web application.',
        'Für auth_time muss die Anwendung geprüft und veröffentlicht sein: Settings, Advanced Settings, Session age claims. Schalten Sie dann hier „Nach auth_time fragen“ ein.',
        'Ohne diese Angaben wählen Sie hier „Gefragt zu haben genügt“.',
      ],
      where: { callbackUrl: 'Authorized redirect URIs' },
      limits:
        'Google fragt nicht nach dem Passwort, weil wir es wollen, und sagt keiner Anwendung, dass sich jemand abmeldet. Beenden Sie die Sitzung auch dort: Admin-Konsole, die Person, Sicherheit, Anmelde-Cookies zurücksetzen.',
    },
    other: {
      steps: [
        'Registrieren Sie eine Web-Anwendung: OpenID Connect, vertraulich, Authorization Code mit PKCE (S256).',
        'ID-Tokens sind mit RS256 oder einem anderen asymmetrischen Verfahren signiert, nie mit none oder HS256.',
        'Front-Channel-Logout nur dort, wo es kein Back-Channel-Logout gibt. „Session required“ ist bei beiden an.',
      ],
      where: {},
      limits:
        'Auch ein Identitätsanbieter, der weder widerrufen noch Logout-Tokens senden kann, lässt sich verwenden: Dann beendet die Bereitstellung, ein Skript oder die Verwaltung den Zugang.',
    },
  },
};
