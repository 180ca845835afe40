/** What the identity provider’s pages share, and their connections as a list. */
export const consoleIdentity = {
  identity: {
    title: 'Identity provider',
    parts: 'Parts of the identity provider’s settings',
    connections: 'Connections',
    domains: 'Domains',
    provisioning: 'Provisioning',
    readOnly: 'Owners change this. You can look at all of it.',
    vendor: 'Whose product is it?',
    vendors: {
      okta: 'Okta',
      entra: 'Microsoft Entra ID',
      keycloak: 'Keycloak',
      auth0: 'Auth0',
      google: 'Google',
      other: 'Another one',
    },
  },

  connections: {
    title: 'Connections',
    add: 'Add a connection',
    list: 'Connections to identity providers',
    connection: 'Connection',
    state: 'State',
    lastSignIn: 'Last sign-in',
    on: 'On',
    off: 'Switched off',
    proven: 'Proven',
    unproven: 'Not proven',
    tells: 'auth_time told',
    tellsNot: 'auth_time not told',
    notSeen: 'auth_time: no sign-in yet',
    none: 'A connection lets your people sign in through your identity provider, such as Okta or Entra ID. There is none yet, so nobody of your organisation can sign in with theirs. Have the issuer, the client id and the client secret of an application at hand, and add it here.',
  },

  newConnection: {
    title: 'Add a connection',
    first: 'Make an application there',
    firstText:
      'At your identity provider, register a web application for OpenID Connect (authorization code, confidential). Enter these addresses there:',
    second: 'Enter it here',
    issuer: 'Issuer',
    issuerHint: ({ example }: { example: string }) =>
      `The address by which your identity provider names itself, exactly as it spells it: ${example}. Its metadata is read as you send this form.`,
    examples: {
      okta: 'https://acme.okta.com',
      entra: 'https://login.microsoftonline.com/<tenant id>/v2.0',
      keycloak: 'https://login.acme.example/realms/acme',
      auth0: 'https://acme.eu.auth0.com/',
      google: 'https://accounts.google.com',
      other: 'https://login.acme.example',
    },
    clientId: 'Client id',
    clientSecret: 'Client secret',
    clientSecretHint: 'It is kept encrypted, and shown nowhere.',
    name: 'Name',
    nameHint: 'For administrators. Without one it is the issuer’s host.',
    byHand: 'Endpoints by hand, where there is no metadata',
    byHandText:
      'Only for an identity provider without OpenID Connect Discovery: then the first three are needed. A connection like that is proven by the operator’s word alone.',
    button: 'Add and read its metadata',
  },
};
