import { count } from './count.ts';

/** What an administrator sees first. */
export const consoleOverview = {
  overview: {
    findPerson: 'Find a person',
    findHint: 'Name, address or user name',
    figures: 'Right now',
    orMore: ({ n }: { n: string }) => `${n} or more`,
    signedIn: 'People signed in',
    signedInHint: 'with a browser or an app',
    revocations: 'Revocations',
    today: ({ n }: { n: string }) => `${n} today`,
    week: ({ n }: { n: string }) => `${n} in 7 days`,
    utc: 'Days in UTC',
    day: 'Day',
    perDay: 'Revocations on each of the last seven days',
    refusedCalls: 'Refused calls',
    refusedHint: 'They asked to end access, and ended none',
    attention: 'Needs attention',
    nothing: 'Nothing needs your attention.',
    putRight: {
      auth_time_missing: 'Set it up',
      no_caller: 'Set up callers',
      connection_unproven: 'Prove it',
      domain_unverified: 'Verify it',
      no_second_owner: 'Choose one',
      dead_deliveries: 'Look at them',
      dead_forwards: 'Look at them',
      app_away: 'Look at it',
      app_group_gone: 'Look at it',
      rotations_rest: 'Look at them',
      account_uncertain: 'Look at it',
      account_old_works: 'Look at it',
      account_failing: 'Look at it',
      account_manual: 'Do it',
      email_unavailable: 'Mail settings',
      api_key_expires: 'Make a new one',
    },
    needs: {
      auth_time_missing: ({ name }: { name: string }) =>
        `${name} does not say when people authenticated (auth_time): whoever is signed out from here cannot sign in again through it.`,
      no_caller: 'Nobody can call the revocation endpoint: there is no usable API key and no proven identity provider.',
      connection_unproven: ({ name }: { name: string }) =>
        `${name} is not proven yet: its calls and logout tokens are refused until somebody signs in through it.`,
      domain_unverified: ({ name }: { name: string }) =>
        `The domain ${name} is not verified: no identity provider speaks for its addresses.`,
      no_second_owner: 'There is no second owner: if the only one cannot sign in, nobody can help.',
      dead_deliveries: (n: number) =>
        `${count(n, { one: 'message', other: 'messages' })} could not be delivered and will not be tried again.`,
      dead_forwards: ({ name, signOuts }: { name: string; signOuts: string }) =>
        `${name} could not be told of ${signOuts}: these people may be signed in there still.`,
      app_away: ({ name, at }: { name: string; at: string }) =>
        `${name} has not answered since ${at}: what it has to hear is kept, and it is tried once a minute.`,
      app_group_gone: ({ name }: { name: string }) =>
        `${name} is told of members of groups, and one of these groups is not there any more.`,
      rotations_rest:
        'No password of a shared account is changed at the moment: the database is a copy, or was restored. The operator can say that it is the real one (shared-account resume).',
      account_uncertain: ({ name }: { name: string }) =>
        `Nobody knows at the moment which password of the shared account ${name} signs in: it is tried again.`,
      account_old_works: ({ name }: { name: string }) =>
        `The shared account ${name} has a new password, and the old one is not known to be refused there.`,
      account_failing: ({ name, at }: { name: string; at: string }) =>
        `The password of the shared account ${name} cannot be changed (since ${at}). Nothing new was set: what signed in before still does.`,
      account_manual: ({ name, at }: { name: string; at: string }) =>
        `The password of the shared account ${name} has to be changed by hand until ${at}.`,
      email_unavailable:
        'Somebody wants to be told by e-mail, but none can be sent: the operator has not set up a mail server (SMTP_URL).',
      api_key_expires: ({ name, at }: { name: string; at: string }) =>
        `The API key ${name} expires ${at}: its calls are refused from then on.`,
    },
    more: (n: number) => `And ${count(n, { one: 'more account', other: 'more accounts' })} of this kind.`,
    showMore: 'Show them',
    signOuts: (n: number) => count(n, { one: 'sign-out', other: 'sign-outs' }),
    newest: 'Newest events',
    whole: 'The whole record',
    noEvents: 'Nothing has happened yet. Sign-ins, sign-outs and changes appear here as they happen.',
  },
};
