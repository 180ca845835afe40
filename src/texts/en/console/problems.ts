/** What the console says where something doesn't work. */
export const consoleProblems = {
  problems: {
    title: 'That did not work',
    titles: {
      forbidden: 'That is not for you',
      not_found: 'There is nothing here',
      not_signed_in: 'You are signed out',
      unavailable: 'Not available just now',
      too_many_requests: 'Too much at once',
    },
    typed: 'What you had typed',
    typedText: 'Copy what you need, and look how things are before you send it again.',
    signInAgain: 'Sign in again',
    details: 'Details:',

    /** What the pages refuse themselves. */
    unknownButton: 'This button is not known here. Load the page anew.',
    signedOutMeanwhile: 'Your session has ended meanwhile, and nothing was changed. Sign in again to go on.',
    brokenForm: 'The form is broken. Load the page anew.',
    noPage: 'There is no page at this address.',

    /** Why an operation refused, by its code; its own words, in English, follow where there are more. */
    codes: {
      forbidden: 'Your role does not allow this.',
      not_found: 'This is not here, or no longer.',
      conflict: 'This collides with what is there already.',
      confirmation_required: 'This has to be confirmed. Look at what it does now, then press the button again.',
      too_many_requests: 'That was too much at once. Wait a moment, then try again.',
      unavailable: 'Something that this service depends on does not answer. Try again in a few seconds.',
      content_too_large: 'What was sent is too large.',
      reauthentication_required: 'This asks for a recent sign-in.',
      internal_error: 'Something went wrong on our side. It is logged.',
      invalid_request: 'Something that was sent is not right.',
    },
    mayOwners: 'Owners may do this.',
    mayOwnersAndSuperAdmins: 'Owners and super admins may do this.',
    mayAdministrators: 'Owners, super admins and admins may do this.',
    wrongFields: ({ fields }: { fields: string }) => `Something is not right yet. ${fields}.`,
    wrongField: ({ field, why }: { field: string; why: string }) => `${field}: ${why}`,

    /** The names that fields have in requests, as people read them. */
    fields: {
      name: 'Name',
      displayName: 'Name',
      email: 'E-mail address',
      subject: 'Subject',
      connection: 'Connection',
      reason: 'Reason',
      note: 'Note',
      url: 'Address (URL)',
      kinds: 'What it reports',
      domain: 'Domain',
      role: 'Role',
      colour: 'Colour',
      helpText: 'Help',
      scopes: 'Scopes',
      issuer: 'Issuer',
      clientId: 'Client id',
      clientSecret: 'Client secret',
      names: 'Names',
      users: 'People',
      org: 'Organisation',
    },
  },
};
