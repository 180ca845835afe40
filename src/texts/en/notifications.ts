import { plural } from './forms.ts';

/** One line each; names in them are other people's words. */
export const notifications = {
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
    atManyNetworks: 'Strangers at many networks',
    somebody: 'Somebody',
  },
  roles: { member: 'member', admin: 'admin', super_admin: 'super admin', owner: 'owner' },
  unknownRole: 'an unknown one',
  everyoneSignedOut: ({ actor }: { actor: string }) => `${actor} signed everyone out`,
  idpSessionEnded: ({ actor, target }: Two) => `${actor} ended an IdP session of ${target}`,
  /** Nothing proves who said so. */
  idpSessionOver: ({ target }: { target: string }) => `An IdP session of ${target} ended, by front-channel logout`,
  switchedOff: ({ actor, target }: Two) => `${actor} switched ${target} off and ended all of their access`,
  sessionEnded: ({ actor, target }: Two) => `${actor} ended one session of ${target}`,
  appSignedOut: ({ actor, target }: Two) => `${actor} signed ${target} out of one app`,
  accessEnded: ({ actor, target }: Two) => `${actor} ended the access of ${target}`,
  callCarriedOut: ({ actor, target, at }: Two & { at: string }) =>
    `A call of ${actor}, which came at ${moment(at)} while the database was away, was carried out late: it ended the access of ${target}`,
  callLapsed: ({ actor, at }: { actor: string; at: string }) =>
    `A call of ${actor}, which came at ${moment(at)} while the database was away, could not be carried out within a day. Whom it meant is not signed out: send it again`,
  callsRefused: (calls: RefusedCalls) => refused(calls, 'at the revocation endpoint', 'in a row'),
  logoutTokensRefused: (calls: RefusedCalls) => refused(calls, 'with a logout token'),
  eventsRefused: (calls: RefusedCalls) => refused(calls, 'with a security event'),
  eventsOfNobody: ({ actor, count }: { actor: string; count: number }) =>
    `${actor} sent ${plural(count, { one: `${count} security event`, other: `${count} security events` })} about people who are unknown here, so nobody’s access was ended`,
  eventsUnsupported: ({ actor, count }: { actor: string; count: number }) =>
    `${actor} sent ${plural(count, { one: 'a security event', other: `${count} security events` })} whose subject nobody is found by here, so nobody’s access was ended`,
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
  authTimeMissing: ({ target }: { target: string }) =>
    `The identity provider ${target} does not say when people authenticated (auth_time): whoever is signed out from here cannot sign in again through it. Let it send the claim, switch on “Ask for auth_time” in the connection’s settings (requestAuthTime), or choose “Being asked is enough” there (reauthentication: best_effort)`,
  connectionsLeft: ({ account }: { account: string }) =>
    `The shared account ${account} has a new password, but whoever had signed in with the old one is still in`,
  oldPasswordWorks: ({ account }: { account: string }) =>
    `The shared account ${account} has a new password, but the old one still signs in`,
  oldPasswordUnproven: ({ account }: { account: string }) =>
    `The shared account ${account} has a new password, and the old one is not known to be refused`,
  rotationUncertain: ({ account, why }: { account: string; why: string | null }) =>
    `It is not known yet which password of the shared account ${account} signs in${because(why)}`,
  rotationUnset: ({ account, why }: { account: string; why: string | null }) =>
    `The password of the shared account ${account} can’t be changed, and what signed in before still does${because(why)}`,
  rotationManual: ({ account, why, at }: { account: string; why: string | null; at: string }) =>
    `Somebody has to change the password of the shared account ${account} by hand until ${moment(at)}${because(why)}`,
  administratorKnown: ({ account }: { account: string }) =>
    `Somebody whose access ended gave the password of the administrator of the shared account ${account}, and knows it: change it at the system by hand, and give the new one here`,
  accountKeyErased: ({ actor }: { actor: string }) =>
    `${actor} erased the key of the shared accounts: none of their passwords can be read any more`,
  ownAccountRights: {
    use: ({ actor, account }: { actor: string; account: string }) =>
      `${actor} gave themself the right to use the shared account ${account}`,
    manage: ({ actor, account }: { actor: string; account: string }) =>
      `${actor} gave themself the right to manage the shared account ${account}`,
  },
  appNamesMissing: ({ app }: { app: string }) =>
    `Sign-outs are not passed on to the app ${app} for people who have no name there`,
  appAway: ({ app }: { app: string }) => `The app ${app} does not answer; what it has to hear is kept`,
  appBack: ({ app }: { app: string }) => `The app ${app} answers again`,
  forwardFailed: ({ app }: { app: string }) => `Sign-outs could not be passed on to the app ${app}`,
  webhookFailed: ({ target }: { target: string }) => `Messages to the webhook at ${target} could not be delivered`,
  emailFailed: ({ target }: { target: string }) => `E-mail to ${target} could not be delivered`,
  repeated: ({ text, count }: { text: string; count: number }) =>
    `${text} (${plural(count, { one: `${count} time`, other: `${count} times` })})`,
};

/** A moment in ISO 8601, to the second. */
const moment = (at: string) => at.replace(/^(.{10})T(.{8}).*/, '$1 $2 UTC');

const because = (why: string | null) => (why === null ? '' : `: ${why}`);

// Nobody sees the signals between refused ones that were taken and ended nothing: no row is told.
function refused({ actor, count, isMany, why }: RefusedCalls, how: string, row = ''): string {
  const times = `${plural(count, { one: `${count} time`, other: `${count} times` })} ${row}`.trim();
  return `${actor} ${isMany ? 'were' : 'was'} refused ${how} ${times}${why === null ? '' : `, the last time: ${why}`}`;
}

type Two = { actor: string; target: string };
/** `isMany`: the actor stands in the plural. */
type RefusedCalls = { actor: string; count: number; isMany: boolean; why: string | null };
type Refused = { actor: string; count: number; about: string; why: string };
