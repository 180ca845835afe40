/** Provisioning by SCIM. */
export const consoleProvisioning = {
  provisioning: {
    title: 'Provisioning',
    text: 'Your identity provider adds, changes and switches off people and groups by itself (SCIM 2.0). Switching somebody off there ends all of their access here in the same moment.',
    identifier: 'Unique identifier',
    base: 'Base URL (tenant URL)',
    keys: 'Keys for provisioning',
    keysNone: 'There is no key yet. An owner makes one, for the identity provider to call with.',
    lately: 'Last calls',
    did: 'What they did',
    didNone:
      'Nothing yet, as far as the record goes back. Whom your identity provider adds, changes or switches off stands here once it calls.',
    allRefused: 'The newest calls on the record were all refused; why stands below.',
    onRecord: 'All of it on the record',
    calls: 'Refused of late',
    callsNone: 'No call of provisioning was refused, as far as the record goes back.',
    when: 'When',
    call: 'Call',
    about: 'About',
    why: 'Why',
    enter: 'What the identity provider needs',
    vendors: {
      okta: {
        steps: [
          'The app’s General tab, App Settings: Provisioning SCIM.',
          'The Provisioning tab, Integration: the base URL as SCIM connector base URL. Unique identifier field: userName.',
          'Authentication mode: HTTP Header, with the key.',
          'Tick Push New Users, Push Profile Updates and Push Groups. Then To App: Create, Update and Deactivate Users.',
        ],
      },
      entra: {
        steps: [
          'Enterprise applications, your application, Provisioning, Automatic.',
          'Tenant URL is the base URL; Secret Token is the key. Test Connection.',
          'Mappings: userName is the user principal name, emails[type eq "work"].value the mail.',
          'Users and groups: assign them. Then start provisioning.',
        ],
      },
      other: {
        steps: [
          'SCIM 2.0, with the base URL.',
          'Authentication by the HTTP header Authorization: Bearer, with the key.',
          'The unique identifier is userName.',
        ],
      },
    },
  },
};
