export const consoleIdpVendors = {
  /** By vendor: the steps there, where each value goes, and what can’t be done. */
  idpVendors: {
    okta: {
      steps: [
        'Applications, Create App Integration, OIDC, Web Application. Grant type: Authorization Code.',
        'Assignments: assign your people or their groups.',
        'General, Logout: tick “Okta system or admin initiates logout”. Endpoint authentication: Signed JWT. Subject format: Email, or Issuer and Subject Identifier.',
        'For a person’s own sign-out at Okta: enter the front-channel logout URI as Logout request URL, with “Include user session details”.',
      ],
      where: {
        callbackUrl: 'Sign-in redirect URIs',
        signedOutUrl: 'Sign-out redirect URIs',
        signInUrl: 'Initiate login URI',
        ownRevocationEndpoint: 'Logout, logout endpoint URL',
        frontchannelLogoutUrl: 'Logout, logout request URL',
      },
      limits: 'Okta sends a revocation once and doesn’t try again: what fails then, end it here.',
    },
    entra: {
      steps: [
        'App registrations, New registration, Web. Certificates & secrets: a client secret.',
        'Token configuration, optional claims of the ID token: auth_time, sid, upn, email, xms_edov.',
        'API permissions: Grant admin consent.',
        'Where your people have no “email” there, set the address’s claim here to upn.',
      ],
      where: {
        callbackUrl: 'Authentication, Redirect URIs',
        signedOutUrl: 'Authentication, Redirect URIs',
        frontchannelLogoutUrl: 'Authentication, Front-channel logout URL',
      },
      limits:
        'No back-channel logout and no Universal Logout. “Revoke sessions” in its admin center tells apps nothing: provision by SCIM, or let a script call with an API key.',
    },
    keycloak: {
      steps: [
        'Clients, Create client, OpenID Connect. “Client authentication” on, “Standard flow” on.',
        'Front channel logout off. Then “Backchannel logout session required” on.',
        'Set “A logout token ends” here to everything of the person: for “log out all sessions” Keycloak names one session alone.',
      ],
      where: {
        callbackUrl: 'Valid redirect URIs',
        signedOutUrl: 'Valid post logout redirect URIs',
        backchannelLogoutUrl: 'Logout settings, Backchannel logout URL',
      },
      limits:
        'A client has front-channel or back-channel logout, never both. Disabling a person sends nothing: sign out their sessions there too.',
    },
    auth0: {
      steps: [
        'Applications, Create Application, Regular Web Application.',
        'Settings: enter the addresses. The issuer has a slash at its end.',
        'Settings, OpenID Connect Back-Channel Logout (Enterprise plans).',
      ],
      where: {
        callbackUrl: 'Allowed Callback URLs',
        signedOutUrl: 'Allowed Logout URLs',
        signInUrl: 'Application Login URI',
        backchannelLogoutUrl: 'Back-Channel Logout URI',
      },
      limits: 'Back-channel logout needs an Enterprise plan.',
    },
    google: {
      steps: [
        'Google Auth Platform, Clients, Create client, Web application.',
        'For auth_time the app must be verified and in production: Settings, Advanced Settings, Session age claims. Then switch on “Ask for auth_time” here.',
        'Without these claims choose “Being asked is enough” here.',
      ],
      where: { callbackUrl: 'Authorized redirect URIs' },
      limits:
        'Google asks for no password because we want it, and tells no app of a sign-out. End the person’s session there too: admin console, the person, Security, Reset sign-in cookies.',
    },
    other: {
      steps: [
        'Register a web application: OpenID Connect, confidential, authorization code with PKCE (S256).',
        'ID tokens are signed by RS256 or another asymmetric algorithm, never by none or HS256.',
        'Use front-channel logout only where there is no back-channel logout. “Session required” on for either.',
      ],
      where: {},
      limits:
        'An identity provider that can neither revoke nor send a logout token works too: then provisioning, a script or an administrator ends access.',
    },
  },
};
