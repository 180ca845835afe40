import { time } from './forms.ts';

/** The pages before a sign-in and after a sign-out. */
export const signingIn = {
  signIn: {
    title: 'Sign in',
    how: 'With your work e-mail, through your organisation.',
    howAt: ({ org }: { org: string }) => `With your work e-mail, through ${org}.`,
    email: 'Work e-mail',
    continue: 'Continue',
    otherWay: 'I have a sign-in link or an organisation name',
    organisation: 'Organisation or link',
    toOrganisation: 'Go to its sign-in',
    problems: {
      enterEmail: 'Enter your work e-mail, such as name@company.example.',
      nobodys:
        'No organisation signs in with this address. Check it, or ask your administrator for your organisation’s sign-in link.',
      enterOrganisation: 'Enter the short name, or the whole link your administrator gave you.',
      noOrganisation:
        'There is no organisation of this name here. Check it, or ask your administrator for its sign-in link.',
    },
    leaving: ({ org }: { org: string }) => `Taking you to the sign-in of ${org}…`,
  },

  /** In a frame that mostly nobody sees. It says nothing of whether there was anything to end. */
  frontChannelLogout: 'What was signed in by this session at your identity provider is signed out.',

  signedOut: {
    revoked: { title: 'Your organisation signed you out', text: 'Nothing you saved is lost.' },
    ended: { title: 'You signed out', text: 'This browser no longer has access to your list.' },
    displaced: {
      title: 'Too many devices: you were signed out',
      text: 'You signed in on more devices than your organisation allows, and this was the oldest. Sign in again to go on here; then the oldest of the others is signed out.',
    },
    expired: {
      title: 'Your session expired',
      text: 'It was idle for too long or reached its greatest age. Sign in again to go on where you were.',
    },
    none: { title: 'You are signed out', text: 'This browser has no live session.' },
    /** Whose browser it was, to that browser alone. */
    wasSignedInAs: ({ person, org }: { person: string; org: string }) =>
      `You were signed in here as ${person}, at ${org}.`,
    /** Where the organisation says nothing about whom to turn to. */
    ask: 'Your organisation’s administrators know more. Ask them if you did not expect this.',
    /** Stands above the words that an administrator wrote for the person. */
    reason: 'What your organisation says',
    /** Why, in our own words, where nobody wrote any for the person. */
    because: {
      switchedOff: 'Your organisation switched your account off.',
      removed: 'Your organisation removed your account.',
      namesChanged: 'Your organisation changed your user name or e-mail address.',
      addressChanged: 'Your organisation changed your e-mail address.',
      identityChanged: 'Your organisation asks you to sign in anew.',
    },
    mayReturn: 'You may sign in again at any time.',
    switchedOff: 'Your account here is switched off, so you cannot sign in with it at the moment.',
    at: ({ time }: { time: string }) => `at ${time}`,
    /** The time of day, where the person's time zone is unknown. */
    inUtc: ({ moment }: { moment: Date }) => `${time.format(moment)} UTC`,
    signedInSince: 'That session is over. Since then you signed in again in this browser.',
    toList: 'Back to your list',
    signInAgain: 'Sign in again',
    signInAgainAs: ({ email }: { email: string }) => `Sign in again as ${email}`,
    leaving: 'You signed out here. Taking you on to sign out at your organisation…',
    signInAsSomebodyElse: 'Sign in as somebody else',
    script: { on: ({ time }: { time: string }) => `on ${time}` },
  },
};
