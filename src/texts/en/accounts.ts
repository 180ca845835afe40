/** The shared accounts of a person's own: their page, and the page that shows a password. */
export const accounts = {
  title: 'Shared accounts',
  link: 'Accounts',
  text: ({ org }: { org: string }) =>
    `Several people of ${org} use these accounts. A password may change at any time: read it here when you need it, and keep no copy.`,
  list: 'Accounts that you may use',
  none: 'There is no shared account for you. Whoever manages one can give you access to it.',
  userName: 'User name',
  place: 'Where',
  changed: ({ ago }: { ago: string }) => `Password changed ${ago}`,
  /** How long ago: within the last minute. */
  justNow: 'just now',
  noPassword: 'No password is known yet',
  newer: 'Changed since you read it',
  /** What it means for whoever wants to sign in there. */
  states: {
    rotating: 'Changing just now',
    failing: 'To be changed',
    uncertain: 'May not sign in just now',
    manual: 'Will be changed by hand',
  },
  show: 'Show the password',
  showOf: ({ name }: { name: string }) => `Show the password of ${name}`,
  manage: 'Manage',
  manageOf: ({ name }: { name: string }) => `Manage ${name}`,
  mailTitle: 'When a password changes',
  mail: 'Send me an e-mail when a password changes',
  mailHint: 'The e-mail says which one and when. It never holds a password.',
  mailNone: 'This deployment sends no e-mail.',

  passwordTitle: 'A password',
  password: 'Password',
  version: ({ n }: { n: string }) => `Version ${n}`,
  reveal: 'Show',
  hide: 'Hide',
  onRecord: 'It is on record that you have read it. This page hides it when you leave, and goes away after a minute.',
  former: 'This version is not the current one.',
  done: 'Done',
  stepUp: ({ org }: { org: string }) => `${org} asks you to sign in again before you read or change a password.`,
};
