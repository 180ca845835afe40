/**
 * Every way a sign-in can be refused. The list is closed: a reason is a page, the `detail.reason` of an audit event and a
 * member of a log line. The texts are ours alone; whatever an identity provider says is never passed on.
 */
export const refusals = {
  org_unknown: {
    status: 404,
    title: 'Organisation not found',
    text: 'This sign-in link names an organisation that does not exist here. Check the link, or sign in with your work e-mail.',
  },
  connection_unknown: {
    status: 404,
    title: 'Sign-in is not set up',
    text: 'This organisation has no such identity provider here, or it is switched off. Ask your administrator for the current sign-in link.',
  },
  request_malformed: {
    status: 400,
    title: 'This sign-in could not be read',
    text: 'The link, or the answer that came back from your identity provider, is incomplete or was changed on the way. Please start again.',
  },
  state_missing: {
    status: 400,
    title: 'This sign-in was not started here',
    text: 'It belongs to another browser, has already been finished, or cookies are blocked. Please start again in this browser.',
  },
  state_expired: {
    status: 400,
    title: 'This sign-in took too long',
    text: 'A sign-in must be finished within ten minutes. Please start again.',
  },
  state_foreign: {
    status: 400,
    title: 'This sign-in belongs to another organisation',
    text: 'The answer came back to another organisation than the sign-in was started for, so it was stopped. Please start again.',
  },
  state_spent: {
    status: 400,
    title: 'This sign-in was already used',
    text: 'Each sign-in counts once. If you are signed in, just go on; otherwise please start again.',
  },
  issuer_mixed_up: {
    status: 400,
    title: 'The answer came from the wrong place',
    text: 'The sign-in was answered by another identity provider than the one it was sent to, so it was stopped. Please start again.',
  },
  cancelled: {
    status: 403,
    title: 'Sign-in cancelled',
    text: 'The sign-in was cancelled, or your organisation does not let you use this application. You can try again.',
  },
  idp_error: {
    status: 502,
    title: 'Your identity provider reported a problem',
    text: 'It did not complete the sign-in. Please try again; if it happens again, give your administrator the reference below.',
  },
  idp_unreachable: {
    status: 504,
    title: 'Your identity provider does not answer',
    text: 'It could not be reached in time. Please try again in a moment.',
  },
  idp_garbage: {
    status: 502,
    title: 'Your identity provider gave an unusable answer',
    text: 'Its answer could not be understood, so nobody was signed in. Please try again; if it happens again, give your administrator the reference below.',
  },
  code_refused: {
    status: 400,
    title: 'This sign-in is no longer valid',
    text: 'Your identity provider no longer accepts it: it was used before, or took too long. Please start again.',
  },
  client_refused: {
    status: 502,
    title: 'Your identity provider does not accept this application',
    text: 'The credentials that this application uses there are wrong or have expired. Please give your administrator the reference below.',
  },
  id_token_invalid: {
    status: 403,
    title: 'The proof of your identity did not hold',
    text: 'What your identity provider sent could not be verified, so nobody was signed in. Please try again; if it happens again, give your administrator the reference below.',
  },
  user_info_invalid: {
    status: 502,
    title: 'Your identity provider contradicts itself',
    text: 'Two of its answers name different people, or one could not be understood, so nobody was signed in. Please give your administrator the reference below.',
  },
  email_missing: {
    status: 403,
    title: 'Your e-mail address is missing',
    text: 'Your identity provider did not send your e-mail address, which is needed the first time you sign in. Your administrator can allow it there.',
  },
  email_unusable: {
    status: 403,
    title: 'Your e-mail address cannot be used',
    text: 'The e-mail address that your identity provider sent is not an acceptable one. Your administrator can correct it there.',
  },
  email_unverified: {
    status: 403,
    title: 'Your e-mail address is not verified',
    text: 'Your identity provider does not vouch for your e-mail address, which is needed the first time you sign in. Verify it there, or ask your administrator.',
  },
  connection_not_authoritative: {
    status: 403,
    title: 'This sign-in cannot speak for your address',
    text: 'The identity provider that you came from is not the one that your organisation lets decide whose your e-mail address is. Sign in the way you usually do. Ask your administrator to make its connection the one for your address’s domain here if this is to be your way in.',
  },
  identity_mismatch: {
    status: 403,
    title: 'This account belongs to somebody else',
    text: 'Your e-mail address is already used here with another account of your identity provider, so this one was not let in. Your administrator can sort it out.',
  },
  user_unknown: {
    status: 403,
    title: 'You have no account here yet',
    text: 'Your organisation adds people itself. Ask your administrator to add you, then sign in again.',
  },
  user_inactive: {
    status: 403,
    title: 'Your account is switched off',
    text: 'Your organisation switched off your account here. Your administrator can switch it on again.',
  },
  not_fresh: {
    status: 403,
    title: 'Please sign in afresh',
    text: 'This sign-in has to be a new one, and your identity provider did not ask for your password again. Sign out there first, then sign in again.',
  },
  auth_time_missing: {
    status: 403,
    title: 'It cannot be told when you signed in',
    text: 'This sign-in has to be a new one, and your identity provider does not say when you last entered your password, or not in a way that can be true (the claim auth_time, in seconds since 1970). Your administrator can make it send that, or set the connection here to "best_effort".',
  },
  overtaken: {
    status: 409,
    title: 'Your access changed meanwhile',
    text: 'While you were signing in, your access was changed by your organisation. Please sign in again.',
  },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    text: 'Something that sign-in depends on does not answer at the moment. Nothing was done; please try again in a few seconds.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong',
    text: 'Something went wrong on our side and was logged. Please try again; if it happens again, give your administrator the reference below.',
  },
} as const satisfies Record<string, { status: number; title: string; text: string }>;

export type RefusalReason = keyof typeof refusals;

/** `detail` is for the log: a word of ours or of a library's closed list, never of the identity provider. */
export class SignInRefused extends Error {
  readonly reason: RefusalReason;
  readonly detail: string | null;
  /** Whom it is about, for the organisation's record alone; the page never shows it. */
  readonly userId: string | null;
  constructor(reason: RefusalReason, detail: string | null = null, { userId = null }: { userId?: string | null } = {}) {
    super(`sign-in refused: ${reason}`);
    this.name = 'SignInRefused';
    this.reason = reason;
    this.detail = detail;
    this.userId = userId;
  }
}
