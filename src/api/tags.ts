/** What each chapter of the reference is about, in the words that stand below its heading. */
export const tags: Readonly<Record<string, string>> = {
  'Global Token Revocation':
    'One request ends every session and every token of a person: `draft-parecki-oauth-global-token-revocation`, for an identity provider (Okta Universal Logout) or anything with an API key.',
  Organisation: 'The organisation of whoever asks, and what their role may do in it.',
  People: 'The people of an organisation, their groups, and what they are signed in with.',
  'Ending access':
    'Ending access as an administrator: of a person, one device, a list, a group, or everyone. Nothing ends before the administrator has seen what would.',
  'The record': 'Everything that happened in an organisation: who did what, to whom, from where.',
  Notifications: 'What administrators are told of in the app and by e-mail.',
  Webhooks: 'What administrators are told of, posted to a receiver of the organisation (Standard Webhooks).',
  Apps: 'What stands behind the organisation and is told when access ends, and what became of each message.',
  'Shared accounts':
    'Names and passwords that several people of an organisation use: who may use them, who has read them, and what changes them.',
  Policies: 'How long sessions last, who may call, what signals do: settings of the organisation.',
  Connections: 'The identity providers that people sign in with (OpenID Connect).',
  Domains: 'The e-mail domains by which people find their sign-in.',
  'API keys': 'Keys that let workflows and identity providers call this backend for the organisation.',
  'Provisioning (SCIM 2.0)':
    'An identity provider keeps people and groups here (RFC 7643, RFC 7644). Deactivating somebody ends all of their access at once.',
  You: 'Who is signed in, where else they are, and signing out.',
  Signals: 'What identity providers send on their own: back-channel logout and security events (CAEP, RISC).',
  'Events for receivers':
    'The Shared Signals Framework 1.0: apps behind an organisation set up a stream of its security events, pushed (RFC 8935) or polled (RFC 8936).',
  'Sign-in': 'Signing in by OpenID Connect at the identity provider of the organisation.',
  'OAuth for your apps': 'The authorization server of mobile apps, extensions and the command line.',
  Todos: 'A small list for each person, so that there is something to be signed out of.',
  Service: 'Health, numbers, and this document.',
  Pages: 'Pages for people in a browser.',
};
