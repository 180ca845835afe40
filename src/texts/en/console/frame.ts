/** What the pages of the console share. */
export const consoleFrame = {
  menu: 'Menu',
  trail: 'Where you are',
  unread: 'not read: ',
  pages: 'Pages of the list',
  firstPage: 'First page',
  nextPage: 'Next page',
  cancel: 'Cancel',
  save: 'Save',
  search: 'Search',
  filter: 'Filter',
  copy: 'Copy',
  copyWhat: ({ what }: { what: string }) => `Copy ${what}`,
  yes: 'Yes',
  no: 'No',
  never: 'Never',

  areas: {
    overview: 'Overview',
    people: 'People',
    groups: 'Groups',
    revocations: 'Revocations',
    apps: 'Apps',
    accounts: 'Accounts',
    record: 'Record',
    notifications: 'Notifications',
    settings: 'Settings',
  },

  roles: { owner: 'Owner', super_admin: 'Super admin', admin: 'Admin', member: 'Member' },

  /** What an action says on the page that it leads to. */
  notices: {
    saved: 'Saved.',
    kept: 'What you had typed is still here. Look at it, then send it.',
    keptButton: 'You have signed in again. Now press the button once more.',
    sentBefore: 'This form was sent before. Here is how things are now.',
    maybeDone:
      'This form was sent before, and nobody knows whether it was carried out. Look how things are, then send it again if need be.',
    shownBefore:
      'This form was sent before. What it made could be shown only once: if you have not seen it, end it and make another.',
    readAgain: 'The password is not shown any more. Press the button again to read it.',
    rotating: 'It is on its way: the steps appear below.',
    confirmed: 'Confirmed. The new password is the current one.',
    passwordKept: 'The password is kept.',
    accessGiven: 'Access is given.',
    accessTaken: 'Access is taken away, and the password is changed.',
    mailOn: 'You get an e-mail when a password changes.',
    mailOff: 'You get no e-mail about passwords any more.',
    signedOut: 'Signed out.',
    added: 'Added.',
    removed: 'Removed.',
    accountRemoved: 'The account is removed, with every version of its password.',
    passwordsErased:
      'Every password is erased, with the administrators’ that were given. The accounts and who has access to them are still here: give an account its password, and its administrator anew.',
    markedRead: 'Marked as read.',
    sentTest: 'The test is on its way.',
    sentAgain: 'It is on its way again.',
    passedOnAgain: 'They are on their way again: of each person the latest.',
    firstPassedOnAgain: 'Many of them are on their way again. Press the button again for the rest.',
    nothingPassedOn:
      'Nothing was sent: later sign-outs have taken their place, or what the people are called there is no longer kept.',
    keyEnded: 'The key has ended. Calls with it are refused from now on.',
    roleChanged: 'The role is changed.',
    sentAllAgain:
      'They are on their way again. What is left belongs to webhooks that are paused, or is for the next hundred.',
    nothingSent: 'Nothing was sent: the webhooks are paused. Switch them on first.',
  },

  stepUp: {
    title: 'Confirm that it is you',
    text: ({ org }: { org: string }) => `${org} asks administrators to sign in again before they change something.`,
    kept: 'You come back to where you are. What you have typed stays, but for passwords and keys.',
    go: 'Sign in again',
  },

  members: {
    title: 'Your administrators',
    text: ({ org }: { org: string }) => `The console is for those who administer ${org}. Turn to one of them:`,
    nobody: ({ org }: { org: string }) =>
      `The console is for those who administer ${org}. Nobody does so yet: turn to whoever operates this deployment.`,
  },

  script: {
    copied: ({ what }: { what: string }) => `Copied: ${what}`,
    copiedShort: 'Copied',
    unread: 'not read: ',
    news: 'There are new notifications.',
    today: ({ time }: { time: string }) => `today, ${time}`,
  },
};
