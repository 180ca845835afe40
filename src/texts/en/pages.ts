import type { PluralForms } from '../plural.ts';

/** The page's script counts, and chooses the form. */
const signIns: PluralForms<(parts: { count: string }) => string> = {
  one: ({ count }) => `${count} sign-in`,
  other: ({ count }) => `${count} sign-ins`,
};

const signOutOthers: PluralForms<(parts: { count: string }) => string> = {
  one: ({ count }) => `Sign out ${count} other`,
  other: ({ count }) => `Sign out ${count} others`,
};
const signOutAll: PluralForms<(parts: { count: string }) => string> = {
  other: ({ count }) => `Sign out all ${count}`,
};

/** What the pages share, and those of whoever is signed in. */
export const pages = {
  frame: {
    skip: 'Skip to the content',
    footer: 'One request signs a person out of everything, at once.',
    signOut: 'Sign out',
    signedInAs: ({ email, orgName }: { email: string; orgName: string }) => `Signed in as ${email}, ${orgName}`,
    reference: ({ id }: { id: string }) => `Reference ${id}`,
    toStart: 'Go to the start page',
    /** Stands above the words of an organisation about its help desk. */
    turnTo: 'Whom to turn to',
    goOn: 'Go on',
    /** The menu of whoever is signed in. */
    account: ({ name }: { name: string }) => `${name}, your account`,
    pages: 'Pages',
    administration: 'Administration',
    language: 'Language',
    /** The language's own name for itself. */
    languageName: 'English',
  },

  /** What a page says in place of a problem's own words, which are English. */
  failures: {
    invalid_request: { title: 'Invalid request', text: 'The address or the form is not as it should be.' },
    not_found: { title: 'Not found', text: 'There is nothing at this address.' },
    too_many_requests: {
      title: 'Too many requests',
      text: 'Too many requests came at once. Wait a moment, then try again.',
    },
    unavailable: {
      title: 'Temporarily unavailable',
      text: 'Something that is needed does not answer at the moment. Try again in a few seconds.',
    },
    internal_error: {
      title: 'Something went wrong',
      text: 'Something went wrong on our side and was logged. If it happens again, give your administrator the reference below.',
    },
  },

  /** Texts that the scripts of several pages share. */
  script: {
    noAnswer: 'The server did not answer. Check your connection and try again.',
    failed: 'That did not work. Try again in a moment.',
    tryAgain: 'Try again',
    /** In place of what the server says, which is English, and more exact there. */
    problem_not_found: 'It is no longer there.',
    problem_too_many_requests: 'Too much came at once. Try again in a moment.',
    listNotLoaded: 'The list could not be loaded.',
    stillSignedIn: 'You are still signed in.',
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
      undo: 'Undo',
      undoDeleting: ({ task }: { task: string }) => `Undo: ${task}`,
      problem_conflict: 'You have as many as one may have. Remove some first.',
      addedAgain: ({ task }: { task: string }) => `Here again: ${task}`,
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
      signOutOthers,
      signOutAll,
      thisDevice: 'This device',
      approvedIn: ({ device }: { device: string }) => `approved in ${device}`,
      inUse: 'in use now',
      lastSeen: ({ moment }: { moment: string }) => `last seen ${moment}`,
      seenFrom: ({ address }: { address: string }) => `Last seen from ${address}`,
      today: ({ time }: { time: string }) => `today, ${time}`,
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
    appSignsOut: 'An app asks to sign you out here. If you did not start this, close this page, and nothing changes.',
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
};

/** When a device was seen, and the network address that it was seen from. */
type Seen = { moment: string; address: string };
