import { count } from './count.ts';

const units = [
  [86_400, { one: 'day', other: 'days' }],
  [3_600, { one: 'hour', other: 'hours' }],
  [60, { one: 'minute', other: 'minutes' }],
  [1, { one: 'second', other: 'seconds' }],
] as const;

/** A length of time in the largest unit that holds it evenly. */
function time(seconds: number): string {
  const [size, forms] = units.find(([size]) => seconds % size === 0 && seconds >= size) ?? units[3];
  return count(seconds / size, forms);
}

/** The policies. */
export const consoleAuthentication = {
  authentication: {
    title: 'Authentication',
    on: 'On',
    off: 'Off',
    unitOf: ({ what }: { what: string }) => `Unit of: ${what}`,
    units: { seconds: 'seconds', minutes: 'minutes', hours: 'hours', days: 'days' },
    time,
    between: ({ min, max }: { min: string; max: string }) => `From ${min} to ${max}.`,
    empty: ({ time: standard }: { time: string }) =>
      `Leave it empty for ${standard}, as the operator of this service set it.`,
    emptyForEver: 'Leave it empty to keep everything for ever.',
    standard: ({ time: standard }: { time: string }) => `${standard}, as the operator set it`,
    forEver: 'For ever',
    days: (n: number) => count(n, { one: 'day', other: 'days' }),
    browsersAmount: (n: number) => count(n, { one: 'browser', other: 'browsers' }),
    appsAmount: (n: number) => count(n, { one: 'app', other: 'apps' }),
    sections: {
      logout: { title: 'Global logout', text: 'What it means when somebody signs out.' },
      browsers: {
        title: 'Sessions of browsers',
        text: 'A shorter time ends older sessions at once. A longer one brings nothing back.',
      },
      apps: { title: 'Sign-ins of apps', text: 'The mobile app, the browser extension and the command line.' },
      administrators: { title: 'Administrators’ sign-ins', text: 'When administrators have to confirm who they are.' },
      callers: {
        title: 'Who may end access from outside',
        text: 'With both off, nobody can call the revocation endpoint. Administrators, provisioning and the identity provider’s other signals still end access.',
      },
      people: { title: 'First sign-ins', text: 'What happens when somebody signs in who is not known here yet.' },
      events: {
        title: 'Security events',
        text: 'What an identity provider’s event (CAEP, RISC) does to the person that it is about. Each event goes on record in any case.',
      },
      accounts: {
        title: 'Shared accounts',
        text: 'What happens to the passwords of the shared accounts that a person may use when the person’s access ends, by who ends it. Whoever loses the right to an account changes its password in any case.',
      },
      record: { title: 'The record', text: 'How long what happened is kept, and whom it names.' },
    },
    policies: {
      globalLogout: {
        label: 'Enable global logout',
        on: 'Whoever signs out of one browser or app is signed out of all of them, on every device, at once.',
        off: 'Whoever signs out leaves only the browser or app that they are using.',
      },
      sessionIdleSeconds: { label: 'Longest time without use', hint: 'After that a browser has to sign in again.' },
      sessionAbsoluteSeconds: {
        label: 'Longest time since the sign-in',
        hint: 'After that a browser has to sign in again, used or not.',
      },
      maxSessions: {
        label: 'Browsers that one person may be signed in with',
        hint: 'A newer one signs the oldest out. A smaller number counts from the next sign-in.',
      },
      grantIdleSeconds: { label: 'Longest time without use', hint: 'After that an app has to be signed in again.' },
      grantAbsoluteSeconds: {
        label: 'Longest time since it was approved',
        hint: 'After that an app has to be signed in again, used or not.',
      },
      maxGrants: {
        label: 'Apps that one person may be signed in with',
        hint: 'A newer one signs the oldest out. A smaller number counts from the next sign-in.',
      },
      refreshGraceSeconds: {
        label: 'Grace for an app that refreshes twice',
        hint: 'In this time after its first use a refresh token may be used again, for an app that lost the answer. 0 takes each token once.',
      },
      adminReauthenticationSeconds: {
        label: 'Longest time since an administrator signed in',
        hint: 'After that an administrator signs in again before a change. Looking needs nothing.',
      },
      apiKeyCallers: {
        label: 'Let API keys end access',
        on: 'A current API key with the right scope may end people’s access.',
        off: 'Calls with an API key are refused.',
      },
      jwtCallers: {
        label: 'Let identity providers end access',
        on: 'The identity provider of a proven connection may end people’s access, such as Okta by Universal Logout.',
        off: 'Calls that an identity provider signs are refused.',
      },
      createUsers: {
        label: 'Let first sign-ins create people',
        on: 'Whoever your identity provider lets in becomes a member at the first sign-in.',
        off: 'Only people whom provisioning or the operator has added can sign in.',
      },
      eventActions: { label: 'Security events' },
      rotateAfter: { label: 'Shared accounts' },
      auditRetentionDays: {
        label: 'Days that the record is kept',
        hint: 'What is older is removed, and nobody can bring it back.',
      },
      keepNamesOfRemoved: {
        label: 'Keep the names of people who were removed',
        on: 'The record goes on naming whom provisioning removes, so that an audit can tell who left.',
        off: 'When provisioning removes somebody, the record forgets their names and addresses. The events stay.',
      },
      helpText: {
        label: 'Whom people turn to',
        hint: 'Such as the address of your help desk. People read it when they are signed out or refused. Plain text of a few lines.',
      },
    },
    events: {
      'session-revoked': 'Session revoked (CAEP)',
      'credential-change': 'Credential changed (CAEP)',
      'account-disabled': 'Account disabled (RISC)',
      'account-purged': 'Account deleted (RISC)',
      'credential-compromise': 'Credential compromised (RISC)',
      'sessions-revoked': 'Sessions revoked (RISC)',
      'tokens-revoked': 'Tokens revoked (Google)',
    },
    eventActions: {
      revoke: 'Sign out everywhere',
      revoke_and_deactivate: 'Sign out everywhere and switch off',
      record: 'Only put it on record',
    },
    initiators: {
      idp: 'A call of the revocation endpoint',
      admin: 'An administrator',
      user: 'The person, everywhere at once',
      scim: 'Provisioning',
      signal: 'A security event',
      policy: 'Global logout at a sign-out',
      operator: 'The operator',
    },
    rotations: { true: 'Replace the passwords', false: 'Leave them as they are' },
    problems: {
      number: ({ field }: { field: string }) => `“${field}” has to be a number.`,
      whole: ({ field }: { field: string }) => `“${field}” has to be a whole number.`,
      missing: ({ field }: { field: string }) => `“${field}” needs a number.`,
      bounds: ({ field, min, max }: { field: string; min: string; max: string }) =>
        `“${field}” has to be from ${min} to ${max}.`,
      idle: ({ idle, absolute }: { idle: string; absolute: string }) =>
        `The time without use (${idle}) is longer than the time since the sign-in (${absolute}): it would never count. Make it shorter, or the other one longer.`,
    },
    confirm: {
      title: 'Before it is saved',
      ask: ({ section }: { section: string }) => `Save “${section}”?`,
      becomes: 'What changes',
      setting: 'Setting',
      before: 'Until now',
      after: 'From now on',
      ends: 'What it does at once',
      /** Where counting stopped. */
      atLeast: ({ amount }: { amount: string }) => `at least ${amount}`,
      sessions: (n: number) => count(n, { one: 'browser’s session ends', other: 'browsers’ sessions end' }),
      apps: (n: number) => count(n, { one: 'app’s sign-in ends', other: 'apps’ sign-ins end' }),
      administrators: (n: number) =>
        count(n, {
          one: 'administrator has to sign in again before their next change',
          other: 'administrators have to sign in again before their next change',
        }),
      removed: (n: number) =>
        count(n, {
          one: 'event of the record is removed for good',
          other: 'events of the record are removed for good',
        }),
      apiKeys: (n: number) =>
        count(n, { one: 'API key can no longer end access', other: 'API keys can no longer end access' }),
      connections: (n: number) =>
        count(n, {
          one: 'connection’s identity provider can no longer end access',
          other: 'connections’ identity providers can no longer end access',
        }),
      own: 'Your own session here is among them: you are signed out as soon as it is saved.',
      save: 'Save',
      signIns: (n: number) => count(n, { one: 'sign-in', other: 'sign-ins' }),
      events: (n: number) => count(n, { one: 'event', other: 'events' }),
      saveAndEnd: ({ amount }: { amount: string }) => `Save and end ${amount}`,
      saveAndRemove: ({ amount }: { amount: string }) => `Save and remove ${amount}`,
      again:
        'Nothing is saved yet. What it does at once has changed since this page was shown, or that is too long ago: look at it as it is now, then save again.',
    },
  },
};
