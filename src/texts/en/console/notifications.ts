import { count } from './count.ts';

/** The notifications, what comes by mail, the webhooks and what could not be delivered. */
export const consoleNotifications = {
  notifications: {
    title: 'Notifications',
    views: 'Notifications and their ways',
    mail: 'By e-mail',
    webhooks: 'Webhooks',
    undelivered: 'Not delivered',

    filter: 'Which ones',
    all: 'All',
    onlyUnread: 'Not read',
    list: 'Notifications, the newest first',
    unread: 'Not read',
    none: 'Nothing has happened yet. When somebody’s access is ended, a caller is refused or a role changes, it is told here.',
    noneUnread: 'You have read everything.',
    showAll: 'Show all',
    markRead: 'Mark all as read',
    unreadNow: (n: number) => `${count(n, { one: 'notification', other: 'notifications' })} not read`,
    unreadMany: ({ n }: { n: string }) => `${n} or more not read`,
    since: ({ first }: { first: string }) => `since ${first}`,

    /** Where a notification leads, beside the names in its sentence. */
    links: {
      event: 'On record',
      refusedCalls: 'Refused calls',
      connection: 'Identity provider',
      account: 'The account',
      undelivered: 'Not delivered',
      app: 'The app',
      provisioning: 'Provisioning',
      apiKeys: 'API keys',
    },

    kinds: {
      revocation: 'Access ended',
      refused_calls: 'Refused calls',
      refused_sign_in: 'Refused sign-in',
      contested_address: 'Contested address',
      refused_provisioning: 'Refused provisioning',
      api_key: 'API key',
      role_change: 'Role',
      identity_change: 'Who is who',
      connection: 'Identity provider',
      shared_account: 'Shared account',
      dead_letter: 'Not delivered',
      account_password: 'New password',
      account_task: 'Password to change by hand',
      test: 'Test',
    },
    kindHints: {
      revocation: 'Somebody’s access has ended, or everyone’s.',
      refused_calls: 'A caller is refused again and again, or what it sends ends nobody’s access.',
      refused_sign_in: 'A sign-in was refused that an administrator can put right.',
      contested_address: 'One address means two people.',
      refused_provisioning: 'The identity provider could not add, change or remove somebody.',
      api_key: 'An API key was made.',
      role_change: 'Somebody’s role was changed.',
      identity_change: 'A person was linked, unlinked, given another address or erased.',
      connection: 'An identity provider works for now, and will keep people out once they are signed out.',
      shared_account:
        'A shared account’s password needs somebody’s hand, or somebody gave themself a right to an account.',
      dead_letter: 'A message to a webhook, an e-mail or a sign-out for an app could not be delivered.',
    },
  },

  mailSettings: {
    title: 'What you get by e-mail',
    text: ({ email }: { email: string }) =>
      `What you choose here goes to ${email} as well. It is your own choice: every administrator has one. The list here always has everything.`,
    kinds: 'By e-mail too',
    unavailable:
      'No e-mail is sent from here: it has not been set up. Whoever operates this deployment sets SMTP_URL and MAIL_FROM. Until then you read notifications here, or an own receiver gets them by a webhook.',
  },

  webhooks: {
    title: 'Webhooks',
    text: 'A webhook is an address of yours that gets what happens here as a signed message, at once.',
    list: 'Webhooks',
    none: 'There is no webhook yet. Add one, and a receiver of yours hears of everything that you choose.',
    receiver: 'Receiver',
    gets: 'Gets',
    state: 'State',
    added: 'Added',
    on: 'On',
    paused: 'Paused',
    twoSecrets: 'Two secrets',

    add: 'Add a webhook',
    url: 'Address (URL)',
    urlHint: 'It begins with https:// and is reached from the internet: no private address.',
    kinds: 'What it gets',
    chooseKinds: 'Choose at least one kind of message for the webhook.',
    wrongUrl: ({ why }: { why: string }) => `Nothing can be sent to this address: ${why}.`,

    oneTitle: 'A webhook',
    facts: 'How it is',
    address: 'Address',
    changed: 'Last changed',
    oldSecret: 'The secret before',
    oldSecretUntil: ({ until }: { until: string }) =>
      `counts until ${until}: until then each message has two signatures.`,
    test: 'Send a test',
    pause: 'Pause',
    resume: 'Switch on',
    remove: 'Remove',
    pausedText:
      'It is paused: nothing is sent to it, and what waited for it is not sent later by itself. Switch it on, then send again what you need.',

    sent: 'What was sent to it',
    nothingSent: 'Nothing was sent to it yet. Send a test to see whether your receiver hears it.',
    message: 'Message',
    result: 'State',
    tries: 'Tries',
    when: 'Made',

    change: 'Settings',

    secret: 'Secret',
    secretText:
      'With the secret your receiver checks that a message comes from here. It is shown once, when it is made. Make a new one if you have lost it, or somebody has seen it: the one before counts for 24 hours more, so that you can change it at your receiver without losing a message.',
    rotate: 'Make a new secret',

    secretTitle: 'The webhook’s secret',
    addedHeading: 'The webhook is added',
    rotatedHeading: 'The new secret',
    onlyNow:
      'Copy the secret now, to where your receiver keeps its secrets. It is not shown again, and nobody here can read it.',
    oldCounts: 'The secret before counts for 24 hours more. Until then each message has two signatures.',
    verify: 'How your receiver checks a message',
    verifyText:
      'Messages are signed as Standard Webhooks has it, for which there is a library in most languages. In JavaScript, with the package standardwebhooks:',
    codeComment: 'Throws if the signature is wrong or the message is old.',
    verifyMore:
      'Take the body as it came, not as it was parsed. Answer with any 2xx within 8 seconds. Pass over a webhook-id that you have had: a message may come twice.',
    done: 'I have copied it',

    removeTitle: 'Remove a webhook',
    removeAsk: ({ receiver }: { receiver: string }) => `Remove the webhook to ${receiver}?`,
    removeText:
      'Nothing is sent to it any more, what waits for it is dropped, and the list of what was sent to it goes with it. This can’t be undone. To stop it for a while, pause it instead.',
    removeButton: 'Remove the webhook',
  },

  deliveries: {
    title: 'One message',
    heading: ({ kinds }: { kinds: string }) => `Message: ${kinds}`,
    facts: 'How it is',
    state: 'State',
    to: 'To',
    byMailTo: 'an administrator, by e-mail',
    toWebhook: 'a webhook',
    id: 'Message id',
    made: 'Made',
    finished: 'Finished',
    lookAgain: 'Look again',
    statuses: {
      pending: 'Under way',
      delivered: 'Delivered',
      dead: 'Not delivered',
      cancelled: 'Dropped',
    },
    attempts: 'Tries',
    noAttempts: 'It was not tried yet. That takes a few seconds as a rule.',
    attempt: 'Try',
    at: 'When',
    answer: 'Answer',
    took: 'Took',
    milliseconds: ({ n }: { n: string }) => `${n} ms`,
    status: ({ status }: { status: number }) => `Status ${status}`,
    noAnswer: 'No answer',
    again: 'Send again',
    againText: 'The same message goes out again under the same id.',
    againLabel: ({ message }: { message: string }) => `Send again: ${message}`,
    errors: {
      authentication: 'the mail server refused the name or the password',
      gone: 'the receiver answered 410: it wants nothing any more',
      insecure: 'the address must be called by https',
      network: 'no connection',
      no_receiver: 'the person administers nothing any more, or wants no such e-mail',
      no_smtp: 'no e-mail is sent from here any more',
      nothing_to_tell: 'there was nothing to tell any more',
      redirect: 'the receiver sent a redirect, which is not followed',
      refused: 'the receiver refused it',
      refused_address: 'the address is not public',
      timeout: 'no answer in time',
      tls: 'no safe connection to the mail server',
      too_large: 'the answer was too large',
      webhook_off: 'the webhook was paused',
    },

    deadTitle: 'Not delivered',
    deadText:
      'Messages that did not arrive after a day of tries, or that their receiver refused for good. Put the receiver right first, then send them again.',
    deadList: 'Messages that were not delivered',
    noDead: 'Everything has arrived. What can’t be delivered for a day is listed here, and can be sent again.',
    allAgain: 'Send all again',
    failed: 'Why',
  },
};
