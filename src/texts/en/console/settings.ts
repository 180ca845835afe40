const ownersAndSuperAdmins = 'Owners and super admins can change this.';

/** What the settings share, and their first page. */
export const consoleSettings = {
  settings: {
    title: 'Settings',
    security: 'Sessions & security',
    identityProvider: 'Identity provider',
    organisation: 'Organisation',
    programs: 'Programs',
    cards: {
      authentication: {
        title: 'Authentication',
        text: 'Global logout, how long sessions last, who may call, what security events do, how long the record is kept.',
      },
      connections: {
        title: 'Connections',
        text: 'The identity providers that people sign in with, and what to enter there.',
      },
      domains: { title: 'Domains', text: 'The e-mail domains by which people find their sign-in.' },
      provisioning: { title: 'Provisioning', text: 'Okta or Entra ID keeps people and groups here, by SCIM.' },
      apiKeys: { title: 'API keys', text: 'Keys for scripts and workflows that end access, and for provisioning.' },
      webhooks: { title: 'Webhooks', text: 'Your own receivers are told what happens here.' },
      administrators: { title: 'Administrators', text: 'Who administers, and what each role may do.' },
      organisation: {
        title: 'Name and look',
        text: 'The name, the logo and the colour of your sign-in pages, and whom people turn to.',
      },
    },
    globalLogout: { on: 'Global logout is on', off: 'Global logout is off' },
    ownersAndSuperAdmins,
    saved: 'Saved.',
    back: 'Back',
  },
};
