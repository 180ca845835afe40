/** What the page of a refused sign-in says. */
export const refusalTexts = {
  refusals: {
    org_unknown: {
      title: 'Organisation not found',
      text: 'This sign-in link names an organisation that does not exist here. Check the link, or sign in with your work e-mail.',
    },
    connection_unknown: {
      title: 'Sign-in is not set up',
      text: 'This organisation has no such identity provider here, or it is switched off. Ask your administrator for the current sign-in link.',
    },
    request_malformed: {
      title: 'This sign-in could not be read',
      text: 'The link, or the answer that came back from your identity provider, is incomplete or was changed on the way. Please start again.',
    },
    state_missing: {
      title: 'This sign-in was not started here',
      text: 'It belongs to another browser, has already been finished, took longer than ten minutes, or cookies are blocked. Please start again in this browser.',
    },
    state_expired: {
      title: 'This sign-in took too long',
      text: 'A sign-in must be finished within ten minutes. Please start again.',
    },
    state_foreign: {
      title: 'This sign-in belongs to another organisation',
      text: 'The answer came back to another organisation than the sign-in was started for, so it was stopped. Please start again.',
    },
    state_spent: {
      title: 'This sign-in was already used',
      text: 'Each sign-in counts once. If you are signed in, just go on; otherwise please start again.',
    },
    issuer_mixed_up: {
      title: 'The answer came from the wrong place',
      text: 'The sign-in was answered by another identity provider than the one it was sent to, so it was stopped. Please start again.',
    },
    cancelled: {
      title: 'Sign-in cancelled or not allowed',
      text: 'Either you cancelled the sign-in, or your identity provider does not let you use this application. You can try again; if you did not cancel, ask your administrator to assign you to it there.',
    },
    idp_error: {
      title: 'Your identity provider reported a problem',
      text: 'It did not complete the sign-in. Please try again; if it happens again, give your administrator the reference below.',
    },
    idp_unreachable: {
      title: 'Your identity provider does not answer',
      text: 'It could not be reached in time. Please try again in a moment.',
    },
    idp_garbage: {
      title: 'Your identity provider gave an unusable answer',
      text: 'Its answer could not be understood, so nobody was signed in. Please try again; if it happens again, give your administrator the reference below.',
    },
    code_refused: {
      title: 'Your identity provider did not accept this sign-in',
      text: 'It may have been used before, or have taken too long. Please start again; if it happens again, give your administrator the reference below.',
    },
    client_refused: {
      title: 'Your identity provider does not accept this application',
      text: 'It refused the way in which this application identifies itself there. Please give your administrator the reference below.',
    },
    id_token_invalid: {
      title: 'The proof of your identity did not hold',
      text: 'What your identity provider sent could not be verified, so nobody was signed in. Please try again; if it happens again, give your administrator the reference below.',
    },
    user_info_invalid: {
      title: 'Your identity provider contradicts itself',
      text: 'Two of its answers name different people, or one could not be understood, so nobody was signed in. Please give your administrator the reference below.',
    },
    email_missing: {
      title: 'Your e-mail address is missing',
      text: 'Your identity provider did not send your e-mail address, which is needed the first time you sign in. Your administrator can allow it there.',
    },
    email_unusable: {
      title: 'Your e-mail address cannot be used',
      text: 'The e-mail address that your identity provider sent is not an acceptable one, or has letters that only the identity provider of its domain may vouch for. Your administrator can correct it there.',
    },
    email_unverified: {
      title: 'Your e-mail address is not verified',
      text: 'Your identity provider does not vouch for your e-mail address, which is needed the first time you sign in. Verify it there, or ask your administrator.',
    },
    connection_not_authoritative: {
      title: 'This sign-in cannot speak for your address',
      text: 'The identity provider that you came from is not one that your organisation lets decide whose your e-mail address is, so nobody was signed in. Sign in the way you usually do.',
      ask: 'Ask your administrator to link this account to your person here, or to make its connection authoritative for your address’s domain, if this is to be your way in.',
    },
    identity_mismatch: {
      title: 'Your address belongs to another account',
      text: 'Your e-mail address is already used here with another account of your identity provider, so this one was not let in. That happens when your account was made anew there, when this application was registered there anew, or when somebody else had your address before you.',
      ask: 'Ask your administrator to unlink the old account from the person with your address; if nobody gets in any more, to do so for everybody. If that person is not you, ask for their address to be changed.',
    },
    user_unknown: {
      title: 'You have no account here yet',
      text: 'Your organisation adds people itself. Ask your administrator to add you, then sign in again.',
    },
    user_inactive: {
      title: 'Your account is switched off',
      text: 'Your organisation switched off your account here. Your administrator can switch it on again.',
    },
    not_fresh: {
      title: 'Please sign in afresh',
      text: 'This sign-in has to be a new one, and your identity provider did not ask for your password again. Sign out there first, then sign in again.',
    },
    auth_time_missing: {
      title: 'It cannot be told when you signed in',
      text: 'This sign-in has to be a new one, and your identity provider does not say when you last entered your password, or not in a way that can be true, so nobody was signed in. To try again will not help.',
      ask: 'Turn to your administrator: your identity provider has to send the claim auth_time (in seconds since 1970), or its connection here has to be set to “Being asked is enough” (best_effort). That concerns everybody who signs in through it.',
    },
    overtaken: {
      title: 'Your access changed meanwhile',
      text: 'While you were signing in, your access was changed by your organisation. Please sign in again.',
    },
    unavailable: {
      title: 'Temporarily unavailable',
      text: 'Something that sign-in depends on does not answer at the moment. Nothing was done; please try again in a few seconds.',
    },
    internal: {
      title: 'Something went wrong',
      text: 'Something went wrong on our side and was logged. Please try again; if it happens again, give your administrator the reference below.',
    },
  },

  afterRefusal: {
    anotherAddress: 'Sign in with another address',
    tryAgain: 'Try again',
    goOnAs: ({ email }: { email: string }) => `Go on as ${email}`,
  },
};
