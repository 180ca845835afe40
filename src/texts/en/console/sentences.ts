import { count } from './count.ts';

type Actor = { actor: string };
type Two = Actor & { target: string };
type Why = { why: string };
type OfAccount = Actor & { account: string };
type OfVersion = OfAccount & { version: string };
type Right = { holder: string; right: string };

/**
 * The record’s events as sentences, without a full stop. `actor` comes first where there is one:
 * it may begin with an article.
 */
export const sentences = {
  /** Who acts. */
  actors: {
    apiKey: ({ name }: { name: string }) => `The API key ${name}`,
    connection: ({ name }: { name: string }) => `The identity provider ${name}`,
    operator: 'The operator',
    system: 'The system',
    anonymous: 'Somebody unknown',
    at: ({ network }: { network: string }) => `Somebody at ${network}`,
    atManyNetworks: 'Somebody at many networks',
    user: 'Somebody',
  },
  /** Whose name the record no longer has, or never had. */
  nameErased: '(name erased)',
  nameless: '(without a name)',
  nobody: 'somebody',
  something: 'something',
  withReason: ({ sentence, reason }: { sentence: string; reason: string }) => `${sentence}. Reason: “${reason}”`,
  unknown: ({ actor, action }: Actor & { action: string }) => `${actor} did ${action}`,

  browsers: (n: number) => count(n, { one: 'browser', other: 'browsers' }),
  apps: (n: number) => count(n, { one: 'app', other: 'apps' }),
  both: ({ browsers, apps }: { browsers: string; apps: string }) => `${browsers} and ${apps}`,
  andMore: ({ ended }: { ended: string }) => `${ended}, and more that nobody counted`,
  nothingEnded: 'nothing was signed in',
  revocation: 'the revocation',

  signedOut: ({ actor, target, ended }: Two & { ended: string }) =>
    `${actor} signed ${target} out everywhere: ${ended}`,
  signedOutThemselves: ({ actor, ended }: Actor & { ended: string }) => `${actor} signed out everywhere: ${ended}`,
  sessionRevoked: ({ actor, target, revocation }: Two & { revocation: string }) =>
    `${actor} ended one session of ${target} (${revocation})`,
  appRevoked: ({ actor, target, revocation }: Two & { revocation: string }) =>
    `${actor} signed ${target} out of one app (${revocation})`,
  everyoneSignedOut: ({ actor, revocation }: Actor & { revocation: string }) =>
    `${actor} signed everyone out (${revocation})`,
  idpSessionEnded: ({ actor, target, ended }: Two & { ended: string }) =>
    `${actor} ended one of its sessions of ${target}: ${ended}`,
  /** Nothing proves who said so. */
  idpSessionOver: ({ target, ended }: { target: string; ended: string }) =>
    `A session of ${target} at the identity provider ended, by front-channel logout: ${ended}`,

  callCarriedOut: ({ actor, target, at, revocation }: Two & { at: string; revocation: string }) =>
    `${actor} ended the access of ${target} by a call of ${at}, which was carried out late because the database was away (${revocation})`,
  callLapsed: ({ actor, at }: Actor & { at: string }) =>
    `${actor} called at ${at} while the database was away, and the call could not be carried out within a day: whom it meant is not signed out`,
  callsRefused: {
    revocation: ({ actor, why }: Actor & Why) => `${actor} was refused at the revocation endpoint: ${why}`,
    logout_token: ({ actor, why }: Actor & Why) => `${actor} was refused with a logout token: ${why}`,
    security_event: ({ actor, why }: Actor & Why) => `${actor} was refused with a security event: ${why}`,
  },
  repeated: ({ sentence, times }: { sentence: string; times: string }) => `${sentence} (${times})`,
  moreTimes: (n: number) => count(n, { one: 'more time', other: 'more times' }),
  noReasonKnown: 'the event says why',

  signedIn: ({ actor }: Actor) => `${actor} signed in`,
  signInRefused: ({ why }: Why) => `A sign-in was refused: ${why}`,
  signInRefusedAs: ({ target, why }: { target: string } & Why) => `A sign-in as ${target} was refused: ${why}`,
  signInRefusedBy: ({ target, why }: { target: string } & Why) =>
    `A sign-in by the identity provider ${target} was refused: ${why}`,
  refusals: {
    org_unknown: 'the link names no organisation',
    connection_unknown: 'there is no such identity provider, or it is switched off',
    request_malformed: 'the answer of the identity provider could not be read',
    state_missing: 'it was not started in this browser, or cookies are blocked',
    state_expired: 'it took longer than ten minutes',
    state_foreign: 'it was started for another organisation',
    state_spent: 'it was finished before',
    issuer_mixed_up: 'another identity provider answered than was asked',
    cancelled: 'the person cancelled it, or the identity provider does not assign them to this application',
    idp_error: 'the identity provider reported an error',
    idp_unreachable: 'the identity provider did not answer in time',
    idp_garbage: 'the identity provider’s answer could not be understood',
    code_refused: 'the identity provider did not accept the code',
    client_refused: 'the identity provider does not accept our client id, secret or key',
    id_token_invalid: 'the ID token is not valid',
    user_info_invalid: 'the identity provider’s words on the person are not valid',
    email_missing: 'the identity provider told no address',
    email_unusable: 'the address that the identity provider told cannot be used',
    email_unverified: 'the identity provider does not say that the address is verified',
    connection_not_authoritative: 'this identity provider may not speak for the address',
    identity_mismatch: 'the identity provider knows the person by another subject',
    user_unknown: 'nobody here has this address, and first sign-ins create nobody',
    user_inactive: 'the person is switched off',
    not_fresh: 'the person had not authenticated again since they were signed out',
    auth_time_missing: 'the identity provider does not say when the person authenticated',
    overtaken: 'access was ended while the sign-in was under way',
    unavailable: 'the database was away',
    internal: 'a fault here, which the server’s log describes',
  },
  sessionEnded: ({ actor }: Actor) => `${actor} ended one of their own sessions`,
  sessionDisplaced: ({ target }: { target: string }) =>
    `A newer sign-in of ${target} ended their oldest session: there were too many`,
  appSignedIn: ({ actor, app }: Actor & { app: string }) => `${actor} signed in the app “${app}”`,
  appSignedOut: ({ actor, app }: Actor & { app: string }) => `${actor} signed out of the app “${app}”`,
  appDisplaced: ({ target, app }: { target: string; app: string }) =>
    `A newer app of ${target} ended their oldest sign-in of “${app}”: there were too many`,
  tokenUsedTwice: ({ target, app }: { target: string; app: string }) =>
    `The sign-in of ${target} in the app “${app}” was ended: its refresh token was used twice`,
  anApp: 'an app',

  signals: {
    revoked: ({ actor, target, event }: Two & { event: string }) =>
      `${actor} sent the security event ${event} about ${target}, which ended their access`,
    several_revoked: ({ actor, event }: Actor & { event: string }) =>
      `${actor} sent the security event ${event}, which ended the access of several people`,
    recorded: ({ actor, event }: Actor & { event: string }) =>
      `${actor} sent the security event ${event}, which is only put on record here`,
    event_unknown: ({ actor, event }: Actor & { event: string }) =>
      `${actor} sent a security event that does nothing here: ${event}`,
    verified: ({ actor }: Actor) => `${actor} verified that its security events arrive`,
    subject_unknown: ({ actor, event }: Actor & { event: string }) =>
      `${actor} sent the security event ${event} about somebody who is unknown here: nobody’s access ended`,
    subject_unsupported: ({ actor, event }: Actor & { event: string }) =>
      `${actor} sent the security event ${event} with a subject that nobody is found by here: nobody’s access ended`,
  },

  userAdded: ({ actor, target }: Two) => `${actor} added ${target}`,
  userMovedIn: ({ target }: { target: string }) => `Moved here from another organisation: ${target}`,
  userChanged: ({ actor, target, what }: Two & { what: string }) => `${actor} changed ${what} of ${target}`,
  attributes: { displayName: 'the display name', name: 'the name', userName: 'the user name', emails: 'the addresses' },
  userRemoved: ({ actor, target }: Two) => `${actor} removed ${target}`,
  userErased: ({ actor }: Actor) => `${actor} removed somebody for good, with their names on record`,
  userDeactivated: ({ actor, target, ended }: Two & { ended: string }) =>
    `${actor} switched ${target} off and ended all of their access: ${ended}`,
  userActivated: ({ actor, target }: Two) => `${actor} switched ${target} on`,
  addressChanged: ({ actor, target }: Two) => `${actor} changed the address of ${target}`,
  addressContested: ({ actor, target, bearer }: Two & { bearer: string }) =>
    `${actor} gives ${target} an address that belongs to ${bearer} here`,
  addressEndedSeveral: ({ actor, revocation }: Actor & { revocation: string }) =>
    `${actor} ended the access of several people by one address: one person bears it here, and the identity provider gives it to another (${revocation})`,
  anotherPerson: 'somebody else',
  identityLinked: ({ actor, target }: Two) => `${actor} linked ${target} to an account at an identity provider`,
  identityUnlinked: ({ actor, target }: Two) => `${actor} unlinked ${target} from an account at an identity provider`,
  roleChanged: ({ actor, target, from, to }: Two & { from: string; to: string }) =>
    `${actor} changed the role of ${target} from ${from} to ${to}`,

  groupAdded: ({ actor, target }: Two) => `${actor} added ${target}`,
  groupChanged: ({ actor, target, added, removed }: Two & { added: string; removed: string }) =>
    `${actor} changed ${target}: ${added} came, ${removed} left`,
  groupRenamed: ({ actor, target }: Two) => `${actor} renamed ${target}`,
  groupRemoved: ({ actor }: Actor) => `${actor} removed a group`,
  group: 'a group',
  provisioningRefused: ({ actor, about, why }: Actor & Why & { about: string }) =>
    `${actor} was refused when it provisioned ${about}: ${why}`,
  provisioningIncomplete: ({ actor, about, why }: Actor & Why & { about: string }) =>
    `${actor} was refused a part of what it provisioned for ${about}: ${why}`,

  apiKeyCreated: ({ actor, target }: Two) => `${actor} made the API key ${target}`,
  apiKeyRevoked: ({ actor, target }: Two) => `${actor} revoked the API key ${target}`,
  connectionAdded: ({ actor, target }: Two) => `${actor} added the identity provider ${target}`,
  connectionChanged: ({ actor, target, what }: Two & { what: string }) =>
    `${actor} changed the identity provider ${target}: ${what}`,
  connectionTried: ({ actor, target }: Two) => `${actor} tried a sign-in through ${target}`,
  connectionProven: ({ target }: { target: string }) =>
    `A sign-in proved that the identity provider ${target} knows the client that is set here`,
  authTimeMissing: ({ target }: { target: string }) =>
    `The identity provider ${target} does not say when people authenticated (auth_time)`,
  subjectsForgotten: ({ actor, target, people }: Two & { people: string }) =>
    `${actor} unlinked ${people} from their accounts at the identity provider ${target}`,
  people: (n: number) => count(n, { one: 'person', other: 'people' }),

  domainAdded: ({ actor, domain }: Actor & { domain: string }) => `${actor} added the domain ${domain}`,
  domainChanged: ({ actor, domain }: Actor & { domain: string }) => `${actor} changed the domain ${domain}`,
  domainVerified: ({ actor, domain }: Actor & { domain: string }) => `${actor} verified the domain ${domain}`,
  domainRemoved: ({ actor, domain }: Actor & { domain: string }) => `${actor} removed the domain ${domain}`,

  orgCreated: ({ actor }: Actor) => `${actor} made this organisation`,
  orgChanged: ({ actor }: Actor) => `${actor} changed the organisation’s name`,
  policyChanged: ({ actor, policy, from, to }: Actor & { policy: string; from: string; to: string }) =>
    `${actor} changed ${policy} from ${from} to ${to}`,
  policies: {
    globalLogout: 'global logout',
    sessionIdleSeconds: 'the seconds that a session may be idle',
    sessionAbsoluteSeconds: 'the seconds that a session may last',
    grantIdleSeconds: 'the seconds that an app’s sign-in may be idle',
    grantAbsoluteSeconds: 'the seconds that an app’s sign-in may last',
    refreshGraceSeconds: 'the seconds in which an app may use a refresh token again',
    maxSessions: 'the number of sessions that a person may have',
    maxGrants: 'the number of apps that a person may have',
    adminReauthenticationSeconds: 'the seconds after which administrators authenticate again',
    apiKeyCallers: 'calls of API keys',
    jwtCallers: 'calls by signed JWT',
    createUsers: 'the creation of people at their first sign-in',
    auditRetentionDays: 'the days that the record is kept',
    helpText: 'the words on whom to turn to',
    keepNamesOfRemoved: 'the keeping of removed people’s names',
  },
  eventPolicy: ({ event }: { event: string }) => `what the security event ${event} does`,
  rotationPolicy: ({ initiator }: { initiator: string }) =>
    `whether passwords of shared accounts change after a sign-out (${initiator})`,
  on: 'on',
  off: 'off',
  standard: 'the standard',
  peopleExported: ({ actor }: Actor) => `${actor} took out a list of people`,
  recordExported: ({ actor, format }: Actor & { format: string }) => `${actor} exported the record (${format})`,

  appAdded: ({ actor, app }: Actor & { app: string }) => `${actor} added the app ${app}`,
  appChanged: ({ actor, app, what }: Actor & { app: string; what: string }) =>
    `${actor} changed the app ${app}: ${what}`,
  appPeopleChanged: ({ actor, app }: Actor & { app: string }) =>
    `${actor} changed how people are called at the app ${app}`,
  appRemoved: ({ actor, app }: Actor & { app: string }) => `${actor} removed the app ${app}`,
  appSecretMade: ({ actor, app }: Actor & { app: string }) => `${actor} made a new secret for the app ${app}`,
  appTested: ({ actor, app }: Actor & { app: string }) => `${actor} sent a test to the app ${app}`,
  appNamesMissing: ({ app }: { app: string }) =>
    `Sign-outs are not passed on to the app ${app} for people who have no name there`,
  appAway: ({ app }: { app: string }) => `The app ${app} does not answer; what it has to hear is kept`,
  appBack: ({ app }: { app: string }) => `The app ${app} answers again`,
  forwardFailed: ({ app, why }: { app: string } & Why) => `A sign-out could not be passed on to the app ${app}: ${why}`,
  forwardsReplayed: ({ actor, app, n }: Actor & { app: string; n: string }) =>
    `${actor} passed on again to the app ${app} what it had not been told (${n})`,
  forwardReplayed: ({ actor, app }: Actor & { app: string }) =>
    `${actor} had a sign-out passed on again to the app ${app}`,

  accountAdded: ({ actor, account }: OfAccount) => `${actor} added the shared account ${account}`,
  accountChanged: ({ actor, account, what }: OfAccount & { what: string }) =>
    `${actor} changed the shared account ${account}: ${what}`,
  accountRemoved: ({ actor, account }: OfAccount) => `${actor} removed the shared account ${account}`,
  accountRights: { use: 'use', manage: 'manage' },
  accountRightGiven: ({ actor, account, holder, right }: OfAccount & Right) =>
    `${actor} gave ${holder} the right to ${right} the shared account ${account}`,
  accountRightEnded: ({ actor, account, holder, right }: OfAccount & Right) =>
    `${actor} took from ${holder} the right to ${right} the shared account ${account}`,
  /** Because of what somebody did to the person or the group. */
  accountRightLost: {
    person_off: ({ actor, account, holder, right, revocation }: OfAccount & Right & { revocation: string }) =>
      `${actor} switched ${holder} off (${revocation}), which ended the right to ${right} the shared account ${account}`,
    group_left: ({ actor, account, holder, right, group }: OfAccount & Right & { group: string }) =>
      `${actor} took ${holder} out of a group (${group}), which ended the right to ${right} the shared account ${account}`,
    group_removed: ({ actor, account, people, right }: OfAccount & { people: string; right: string }) =>
      `${actor} removed a group of ${people}, which ended its right to ${right} the shared account ${account}`,
  },
  theGroup: 'the group',
  passwordRevealed: ({ actor, account, version }: OfVersion) =>
    `${actor} read the password of the shared account ${account} (version ${version})`,
  accountLed: ({ actor, account, version }: OfVersion) =>
    `${actor} led the shared account ${account} elsewhere, where its password is sent (version ${version}), and so counts as having read it`,
  passwordGiven: ({ actor, account, version }: OfVersion) =>
    `${actor} entered the password of the shared account ${account} (version ${version})`,
  ofRevocations: ({ cause, revocations }: { cause: string; revocations: string }) => `${cause} (${revocations})`,
  moreRevocations: (n: number) => ` and ${n} more`,
  rotationCauses: {
    revocation: 'the access of somebody who may use it ended',
    right_ended: 'somebody has no right to it any more',
    hand: 'it was asked for',
    schedule: 'its time had come',
    reconcile: 'none of the passwords that are kept signed in',
  },
  rotationAsked: ({ actor, account, cause }: OfAccount & { cause: string }) =>
    `${actor} asked for a new password of the shared account ${account}: ${cause}`,
  accountRotated: ({ account, version, cause }: { account: string; version: string; cause: string }) =>
    `The shared account ${account} has a new password (version ${version}): ${cause}`,
  connectionsLeft: ({ account }: { account: string }) =>
    `The shared account ${account} has a new password, but whoever had signed in with the old one is still in`,
  oldPasswordWorks: ({ account }: { account: string }) =>
    `The shared account ${account} has a new password, but the old one still signs in`,
  oldPasswordUnproven: ({ account }: { account: string }) =>
    `The shared account ${account} has a new password, and the old one is not known to be refused`,
  rotationUncertain: ({ account, why }: { account: string } & Why) =>
    `It is not known yet which password of the shared account ${account} signs in: ${why}`,
  rotationUnset: ({ account, why }: { account: string } & Why) =>
    `The password of the shared account ${account} can’t be changed, and what signed in before still does: ${why}`,
  rotationManual: ({ account, why, until }: { account: string; until: string } & Why) =>
    `Somebody has to change the password of the shared account ${account} by hand until ${until}: ${why}`,
  rotationConfirmed: ({ actor, account, version }: OfVersion) =>
    `${actor} confirmed that the password of the shared account ${account} was changed by hand (version ${version})`,
  accountResults: {
    accepted: 'its password signs in',
    refused: 'its password is refused',
    unproven: 'nothing is proven',
    unavailable: 'the system did not answer',
    found: 'one of them signs in',
    rotated: 'none of them signed in, and a new one is set',
  },
  accountTested: ({ actor, account, result }: OfAccount & { result: string }) =>
    `${actor} tested the shared account ${account}: ${result}`,
  accountReconciled: ({ actor, account, result }: OfAccount & { result: string }) =>
    `${actor} compared the shared account ${account} with the passwords that are kept: ${result}`,
  administratorKnown: ({ account, owner }: { account: string; owner: string }) =>
    `The password of the administrator of the shared account ${account} was given by ${owner}, whose access ended and who knows it: change it at the system by hand, and give the new one here`,
  accountKeyErased: ({ actor }: Actor) =>
    `${actor} erased the key of the shared accounts: none of their passwords can be read any more`,

  webhook: 'a webhook',
  webhookAt: ({ host }: { host: string }) => `the webhook at ${host}`,
  webhookAdded: ({ actor, target }: Two) => `${actor} added ${target}`,
  webhookChanged: ({ actor, target }: Two) => `${actor} changed ${target}`,
  webhookSecret: ({ actor, target }: Two) => `${actor} made a new secret for ${target}`,
  webhookOn: ({ actor, target }: Two) => `${actor} switched ${target} on`,
  webhookOff: ({ actor, target }: Two) => `${actor} switched ${target} off`,
  webhookGone: ({ actor, target }: Two) =>
    `${actor} switched ${target} off, because the receiver answered that it is gone`,
  webhookRemoved: ({ actor, target }: Two) => `${actor} removed ${target}`,
  webhookTested: ({ actor, target }: Two) => `${actor} sent a test to ${target}`,
  webhookFailed: ({ target, why }: { target: string } & Why) => `Messages to ${target} could not be delivered: ${why}`,
  emailFailed: ({ target, why }: { target: string } & Why) => `E-mail to ${target} could not be delivered: ${why}`,
  deliveryReplayed: ({ actor }: Actor) => `${actor} had a message sent again`,
};
