import { type PluralForms, pluralIn } from './plural.ts';

const language = 'en';
const plural = pluralIn(language);
const time = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
});
const day = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });

/** The page's script counts, and chooses the form. */
const signIns: PluralForms<(parts: { count: string }) => string> = {
  one: ({ count }) => `${count} sign-in`,
  other: ({ count }) => `${count} sign-ins`,
};

/**
 * English. A text is a string, or a function of its parts. No text holds markup: a page puts its
 * own around the parts. Texts under `script` are for a page's script.
 */
export const en = {
  /** The BCP 47 tag, for `<html lang>` and Accept-Language. */
  language,

  frame: {
    skip: 'Skip to the content',
    footer: 'One request signs a person out of everything, at once.',
    signOut: 'Sign out',
    signedInAs: ({ email }: { email: string }) => `Signed in as ${email}`,
    reference: ({ id }: { id: string }) => `Reference ${id}`,
    toStart: 'Go to the start page',
    /** Stands above the words of an organisation about its help desk. */
    turnTo: 'Whom to turn to',
    goOn: 'Go on',
  },

  /** Texts that the scripts of several pages share. */
  script: {
    noAnswer: 'The server did not answer. Check your connection and try again.',
    failed: 'That did not work. Try again in a moment.',
    tryAgain: 'Try again',
    listNotLoaded: 'The list could not be loaded.',
    stillSignedIn: 'You are still signed in.',
  },

  signIn: {
    title: 'Sign in',
    how: 'With your work e-mail, through your organisation.',
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
    leaving: 'Taking you to your organisation’s sign-in…',
  },

  signedOut: {
    revoked: { title: 'Your organisation signed you out', text: 'Nothing you saved is lost.' },
    ended: { title: 'You signed out', text: 'This browser no longer has access to your list.' },
    expired: {
      title: 'Your session expired',
      text: 'It was idle for too long or reached its greatest age. Sign in again to go on where you were.',
    },
    none: { title: 'You are signed out', text: 'This browser has no live session.' },
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

  todos: {
    title: 'Your list',
    link: 'Your list',
    withoutScript: 'The list needs JavaScript.',
    newTask: 'New task',
    whatIsNext: 'What is next?',
    add: 'Add',
    tasks: 'Tasks',
    nothing: 'Nothing to do. Enjoy the quiet, or write down what is next.',
    script: {
      count: ({ done, all }: { done: string; all: string }) => `${done} of ${all} done`,
      rename: 'Rename',
      renameTask: ({ task }: { task: string }) => `Rename ${task}`,
      delete: 'Delete',
      deleteTask: ({ task }: { task: string }) => `Delete ${task}`,
      newWords: ({ task }: { task: string }) => `New words for ${task}`,
      save: 'Save',
      saveNewWords: 'Save the new words',
      cancel: 'Cancel',
      cancelRenaming: 'Cancel renaming',
      saving: 'saving…',
      deleting: 'deleting…',
      added: ({ task }: { task: string }) => `Added: ${task}`,
      done: ({ task }: { task: string }) => `Done: ${task}`,
      openAgain: ({ task }: { task: string }) => `Open again: ${task}`,
      renamed: ({ task }: { task: string }) => `Renamed: ${task}`,
      deleted: ({ task }: { task: string }) => `Deleted: ${task}`,
      notAdded: ({ task }: { task: string }) => `“${task}” was not added.`,
      notChanged: ({ task }: { task: string }) => `“${task}” was not changed.`,
      notRenamed: ({ task }: { task: string }) => `“${task}” was not renamed.`,
      notDeleted: ({ task }: { task: string }) => `“${task}” was not deleted.`,
    },
  },

  devices: {
    title: 'Where you are signed in',
    link: 'Devices',
    withoutScript: 'This page needs JavaScript.',
    list: 'Devices and apps',
    cut: 'Only the 200 that were seen last are shown.',
    alone: 'You are signed in nowhere else.',
    others: 'Sign out everywhere else',
    all: 'Sign out everywhere',
    cancel: 'Cancel',
    /** The app of a session is the browser. */
    browser: 'Browser',
    unknown: 'Unknown device',
    browserOn: ({ browser, system }: { browser: string; system: string }) => `${browser} on ${system}`,
    script: {
      askOthers: 'Sign out everywhere else?',
      askOthersText: 'Every other browser and app loses access at once. This browser stays signed in.',
      askAll: 'Sign out everywhere?',
      askAllText: 'Every browser and app loses access at once, this browser too.',
      nobodySignedOut: 'Nobody was signed out.',
      signedOutElsewhere: ({ count }: { count: string }) => `Signed out elsewhere: ${count}`,
      signIns,
      thisDevice: 'This device',
      approvedIn: ({ device }: { device: string }) => `approved in ${device}`,
      inUse: 'in use now',
      inUseFrom: ({ address }: { address: string }) => `in use now from ${address}`,
      lastSeen: ({ moment }: { moment: string }) => `last seen ${moment}`,
      lastSeenFrom: ({ moment, address }: Seen) => `last seen ${moment} from ${address}`,
      today: ({ time }: { time: string }) => `today, ${time}`,
      details: 'Details',
      signedIn: ({ moment }: { moment: string }) => `Signed in ${moment}`,
      signedInFrom: ({ moment, address }: Seen) => `Signed in ${moment} from ${address}`,
      callsItself: ({ name }: { name: string }) => `Calls itself ${name}`,
      signOut: 'Sign out',
      signOutThis: 'Sign out this device',
      signOutDevice: ({ device, how }: { device: string; how: string }) => `Sign out ${device}, ${how}`,
      signedOut: ({ device }: { device: string }) => `Signed out: ${device}`,
      notSignedOut: ({ device }: { device: string }) => `“${device}” was not signed out.`,
    },
  },

  /** The pages where a person lets an app in. */
  apps: {
    title: 'Sign in an app',
    ask: ({ app }: { app: string }) => `Sign in “${app}”?`,
    signedInAs: ({ person, org }: { person: string; org: string }) => `You are signed in as ${person} of ${org}.`,
    nameAndEmail: ({ name, email }: { name: string; email: string }) => `${name} (${email})`,
    lasting: 'The app will act as you until you sign it out, and learns your name and e-mail address.',
    brief: 'The app will act as you for a few minutes, and learns your name and e-mail address.',
    onlyIfYou:
      'Go on only if you started this yourself, just now, in the app; otherwise close this page, and it gets nothing.',
    yes: 'Yes, sign it in',
    no: 'No, refuse',
    enterCode: 'Enter the code that the app or command line shows you.',
    code: 'Code',
    continue: 'Continue',
    onlyIfSameCode: 'Go on only if you started this yourself, just now, and your screen shows exactly this code:',
    administers: 'It asks to administer your organisation:',
    administersWhat: 'to end people’s access and to change roles and settings, as far as your own role allows.',
    untilSignedOut:
      'The app will act as you until you sign it out. Nobody from your organisation or from us ever sends you such a code.',
    noCode: 'Enter the code that the app shows.',
    wrongCode: 'There is no such code. Compare it with the one that the app shows.',
    onceMore: 'That did not work. Enter the code once more.',
    toCode: 'Back to the code',
    gone: { title: 'That code no longer works', text: 'Start again in the app: it shows you a new one.' },
    refused: { title: 'Access was refused', text: 'The app gets nothing. You can close this page.' },
    /** Stands in place of an app's name. */
    unnamed: 'The app',
    signedIn: ({ app }: { app: string }) => `${app} is signed in`,
    goesOn: 'It goes on by itself. You can close this page.',
    signInAgain: 'Sign in again',
    recentSignIn:
      'To administer your organisation, an app needs a sign-in of yours that is recent. Sign in again, and it goes on.',
    endedMeanwhile: 'Your sign-in has ended meanwhile, or the app asks for a new one. Sign in again, and it goes on.',
    unavailable: 'Temporarily unavailable',
    failed: 'The app’s request did not work',
    failedText: 'Go back to the app and try once more. If it happens again, tell its makers what stands here.',
    nothingKnown: 'no more is known',
  },

  /** The pages about problem details, whose own titles are English. */
  problems: {
    title: 'Problems',
    every: ({ mediaType, type, code }: { mediaType: string; type: string; code: string }) =>
      `Every refusal is ${mediaType} (RFC 9457). Its ${type} leads to one of these pages, and its ${code} never changes.`,
    heading: ({ code, status }: { code: string; status: string }) => `Problem ${code} · HTTP ${status}`,
    inAnAnswer: ({ type, address, detail }: { type: string; address: string; detail: string }) =>
      `In an answer its ${type} is ${address}. The answer’s ${detail} says what was wrong with this very request. Quote its request id when you ask for help: the log holds the rest under it.`,
    all: 'All problems',
    unknown: 'No such problem',
    unknownText: 'This address names a problem that does not exist here. Perhaps it was cut off when it was copied.',
  },

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
      title: 'Sign-in cancelled',
      text: 'The sign-in was cancelled, or your organisation does not let you use this application. You can try again.',
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
      title: 'This sign-in is no longer valid',
      text: 'Your identity provider no longer accepts it: it was used before, or took too long. Please start again.',
    },
    client_refused: {
      title: 'Your identity provider does not accept this application',
      text: 'The credentials that this application uses there are wrong or have expired. Please give your administrator the reference below.',
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
      text: 'This sign-in has to be a new one, and your identity provider does not say when you last entered your password, or not in a way that can be true (the claim auth_time, in seconds since 1970). Your administrator can make it send that, or set the connection here to "best_effort".',
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

  /** What a change of who is who, or an erasure, means; an administrator reads it before saying yes. */
  whoIsWho: {
    accessEnds: ({ name }: { name: string }) => `All access of ${name} ends.`,
    nothingEnds: 'Nothing ends.',
    addressMeans: ({ name, email }: { name: string; email: string }) =>
      `${email} means ${name} from then on: whoever signs in with this address at an identity provider that may speak for it, with an account that is not linked yet, is taken for ${name}.`,
    addressWasAnothers: ({ name, email, other, connection, at }: Claimed) =>
      `The identity provider ${connection} called ${other.name} (${other.email}) so on ${day.format(at)}: from now on ${email} means ${name} alone, until ${other.name} signs in with it again. Only calls of ${connection} itself still find ${other.name} by it.`,
    addressIsAnothersUserName: ({ email, other }: Pick<Claimed, 'email' | 'other'>) =>
      `${email} is the user name of ${other.name} (${other.email}): it means them too, and a call by it ends the access of both.`,
    addressFreed: ({ email }: { email: string }) => `${email} is free then, for somebody else.`,
    addressIsUserName: ({ email }: { email: string }) =>
      `${email} stays their user name, by which provisioning finds them, and so means them too.`,
    addressIsClaimed: ({ name, email }: { name: string; email: string }) =>
      `${email} means ${name} too, until they have signed in again: their identity provider called them so last.`,
    addressProvisioned: ({ name }: { name: string }) =>
      `Provisioning keeps the address of ${name}: its next run may change it back. Change it there too.`,
    addressClaimed:
      'If their identity provider still names another address at the next sign-in, and may speak for it, that one takes its place. Change it there first.',
    linkMeans: ({ name, connection, subject }: { name: string; connection: string; subject: string }) =>
      `Whoever signs in at ${connection} with the account ${subject} is taken for ${name} from then on, whatever address the identity provider names.`,
    linkRole: ({ role }: { role: string }) => `They get the role of that person: ${role}.`,
    unlinkMeans: ({ name, connection, subject }: { name: string; connection: string; subject: string }) =>
      `The account ${subject} at ${connection} no longer belongs to ${name}. Whoever signs in with it is found by the address that the identity provider names, as at a first sign-in.`,
    againByAddress: ({ name, connection, email }: { name: string; connection: string; email: string }) =>
      `Whoever is the first to sign in at ${connection} with the address ${email} is linked to ${name} again.`,
    againIfVerified: ({ name, connection, email }: { name: string; connection: string; email: string }) =>
      `Whoever is the first to sign in at ${connection} with the address ${email} is linked to ${name} again, if the identity provider calls the address verified.`,
    againByHand: ({ name, connection }: { name: string; connection: string }) =>
      `${name} is not linked again by the address, for ${connection} may not speak for it: until you link them by hand they cannot sign in there.`,
    forgetMeans: ({ people, connection }: { people: number; connection: string }) =>
      plural(people, {
        one: `${people} person is unlinked from their account at ${connection}.`,
        other: `${people} people are unlinked from their accounts at ${connection}.`,
      }),
    forgetTrust: ({ connection }: { connection: string }) =>
      `Until they have signed in again an address decides: whoever is the first to sign in at ${connection} with somebody’s address is taken for that person here.`,
    forgetEnds: 'All of their access ends.',
    forgetEndsEveryone: ({ most }: { most: number }) =>
      `More than ${most} people are concerned. That is why everyone in the organisation is signed out at once, also those who sign in through another identity provider.`,
    forgetByAddress: ({ people }: { people: number }) =>
      plural(people, {
        one: `${people} of them is linked again by the address.`,
        other: `${people} of them are linked again by their addresses.`,
      }),
    forgetIfVerified: ({ people }: { people: number }) =>
      plural(people, {
        one: `${people} of them is linked again only if the identity provider calls the address verified.`,
        other: `${people} of them are linked again only if the identity provider calls their addresses verified.`,
      }),
    forgetByHand: ({ people, connection }: { people: number; connection: string }) =>
      plural(people, {
        one: `${people} of them is not linked again, for ${connection} may not speak for the address: link them by hand.`,
        other: `${people} of them are not linked again, for ${connection} may not speak for their addresses: link them by hand.`,
      }),
    eraseMeans: ({ who }: { who: string }) => `${who} is removed for good, with their todos.`,
    erasedBefore: ({ names }: { names: string }) =>
      `This person was removed before. The record still has these names of theirs: ${names}.`,
    erasedBeforeNameless: 'This person was removed before, and the record has no name of theirs any more.',
    eraseRecord:
      'All their names and addresses go from the record, and the reasons for which their access was ended: what happened stays there, under an id alone.',
    eraseForGood: 'This cannot be undone.',
    noOwnerLeft:
      'No owner could sign in any more by what is known here: only the operator of the deployment could help then.',
  },

  /** One line each; names in them are other people's words. */
  notifications: {
    test: 'This is a test. Nothing has happened.',
    somebody: 'somebody',
    actors: {
      apiKey: 'An API key',
      apiKeyNamed: ({ name }: { name: string }) => `The API key ${name}`,
      connection: 'An identity provider',
      connectionNamed: ({ name }: { name: string }) => `The identity provider ${name}`,
      operator: 'The operator',
      system: 'The system',
      at: ({ network }: { network: string }) => `Somebody at ${network}`,
      somebody: 'Somebody',
    },
    roles: { member: 'member', admin: 'admin', super_admin: 'super admin', owner: 'owner' },
    unknownRole: 'an unknown one',
    everyoneSignedOut: ({ actor }: { actor: string }) => `${actor} signed everyone out`,
    idpSessionEnded: ({ actor, target }: Two) => `${actor} ended an IdP session of ${target}`,
    switchedOff: ({ actor, target }: Two) => `${actor} switched ${target} off and ended all of their access`,
    sessionEnded: ({ actor, target }: Two) => `${actor} ended one session of ${target}`,
    appSignedOut: ({ actor, target }: Two) => `${actor} signed ${target} out of one app`,
    accessEnded: ({ actor, target }: Two) => `${actor} ended the access of ${target}`,
    callsRefused: ({ actor, count }: { actor: string; count: number }) =>
      `${actor} was refused at the revocation endpoint ${plural(count, { one: `${count} time`, other: `${count} times` })} in a row`,
    provisioningRefused: ({ actor, count, about, why }: Refused) =>
      count > 1
        ? `${actor} was refused ${count} times when it provisioned, the last time ${about}: ${why}`
        : `${actor} was refused when it provisioned ${about}: ${why}`,
    provisioningIncomplete: ({ actor, count, about, why }: Refused) =>
      count > 1
        ? `${actor} was refused ${count} times, wholly or in part, when it provisioned, the last time ${about}: ${why}`
        : `${actor} was refused a part of what it provisioned for ${about}: ${why}`,
    something: 'something',
    unknownReason: 'the record says why',
    signInRefused: ({ target }: { target: string }) =>
      `A sign-in as ${target} was refused: its identity provider may not decide whose that address is`,
    signInMismatched: ({ target }: { target: string }) =>
      `A sign-in with the address of ${target} was refused: the identity provider knows ${target} by another subject`,
    addressContested: ({ actor, target }: Two) => `${actor} gives ${target} an address that is somebody else’s here`,
    addressEndedSeveral: ({ actor }: Two) =>
      `${actor} ended the access of several people by one address: one person bears it here, and the identity provider gives it to another`,
    idpRefused: ({ target }: { target: string }) =>
      `A sign-in by the identity provider ${target} was refused: it may not speak for the address’s domain`,
    apiKeyMade: ({ actor, target }: Two) => `${actor} made the API key ${target}`,
    roleChanged: ({ actor, target, from, to }: Two & { from: string; to: string }) =>
      `${actor} changed the role of ${target} from ${from} to ${to}`,
    identityLinked: ({ actor, target }: Two) => `${actor} linked ${target} to an account at an identity provider`,
    identityUnlinked: ({ actor, target }: Two) => `${actor} unlinked ${target} from an account at an identity provider`,
    addressChanged: ({ actor, target }: Two) => `${actor} changed the e-mail address of ${target}`,
    personErased: ({ actor }: { actor: string }) => `${actor} removed somebody for good, with their names on record`,
    subjectsForgotten: ({ actor, target }: Two) =>
      `${actor} unlinked everybody from their accounts at the identity provider ${target}`,
    webhookFailed: ({ target }: { target: string }) => `Messages to the webhook at ${target} could not be delivered`,
    emailFailed: ({ target }: { target: string }) => `E-mail to ${target} could not be delivered`,
    repeated: ({ text, count }: { text: string; count: number }) =>
      `${text} (${plural(count, { one: `${count} time`, other: `${count} times` })})`,
  },

  /** The e-mail to administrators. */
  digest: {
    subject: ({ org, what }: { org: string; what: string }) => `${org}: ${what}`,
    several: ({ count }: { count: number }) =>
      plural(count, { one: `${count} notification`, other: `${count} notifications` }),
    item: ({ at, text }: { at: Date; text: string }) =>
      `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${text}`,
    more: ({ count }: { count: number }) => `And ${count} more.`,
    why: ({ org }: { org: string }) => `You get this because you are an administrator of ${org} and chose it.`,
  },
};

type Claimed = {
  name: string;
  email: string;
  other: { name: string; email: string };
  connection: string;
  at: Date;
};
type Two = { actor: string; target: string };
type Refused = { actor: string; count: number; about: string; why: string };
/** When a device was seen, and the network address that it was seen from. */
type Seen = { moment: string; address: string };
