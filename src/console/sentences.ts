import { calledEndpoints } from '../audit/actions.ts';
import type { Role } from '../database/generated/client.ts';
import { type Html, html } from '../html.ts';
import type { Texts } from '../texts/texts.ts';
import { compose } from '../web/compose.ts';
import { linkTo, partsOf, type ShownEvent, textIn } from './sentence-parts.ts';

type Parts = ReturnType<typeof partsOf>;
type Sentence = (parts: Parts, event: ShownEvent) => Html;

/** An event of the record as a sentence, with links to whom and what it names, and the reason. */
export function sentenceOf(texts: Texts, event: ShownEvent, reader: Role): Html {
  const parts = partsOf(texts, event, reader);
  const { words } = parts;
  // A node of a later version may have written what this one doesn't know.
  const write: Sentence | undefined = sentences[event.action];
  const sentence = write
    ? write(parts, event)
    : compose(words.unknown, { actor: parts.actor(), action: html`<code>${event.action}</code>` });
  return event.reason ? compose(words.withReason, { sentence, reason: event.reason }) : sentence;
}

const withActor =
  (name: NamesOf<'actor'>): Sentence =>
  ({ words, actor }) =>
    compose(words[name] as (parts: { actor: string }) => string, { actor: actor() });

const withTarget =
  (name: NamesOf<'target'>): Sentence =>
  ({ words, target }) =>
    compose(words[name] as (parts: { target: string }) => string, { target: target() });

const withBoth =
  (name: NamesOf<'actor' | 'target'>): Sentence =>
  ({ words, actor, target }) =>
    compose(words[name] as (parts: { actor: string; target: string }) => string, { actor: actor(), target: target() });

const ofDomain =
  (name: NamesOf<'actor' | 'domain'>): Sentence =>
  ({ words, actor }, event) =>
    compose(words[name] as (parts: { actor: string; domain: string }) => string, {
      actor: actor(),
      domain: textIn(event, 'domain') ?? words.something,
    });

const ofApp =
  (name: NamesOf<'actor' | 'app'>): Sentence =>
  ({ words, actor, appBehind }) =>
    compose(words[name] as (parts: { actor: string; app: string }) => string, { actor: actor(), app: appBehind() });

const ofAccount =
  (name: NamesOf<'actor' | 'account'>): Sentence =>
  ({ words, actor, account }) =>
    compose(words[name] as (parts: { actor: string; account: string }) => string, {
      actor: actor(),
      account: account(),
    });

const ofVersion =
  (name: NamesOf<'actor' | 'account' | 'version'>): Sentence =>
  ({ words, actor, account, number }) =>
    compose(words[name] as (parts: { actor: string; account: string; version: string }) => string, {
      actor: actor(),
      account: account(),
      version: number('version'),
    });

const ofRight =
  (name: 'accountRightGiven' | 'accountRightEnded'): Sentence =>
  ({ words, actor, account, holder }, event) => {
    const right = words.accountRights[textIn(event, 'right') === 'manage' ? 'manage' : 'use'];
    return compose(words[name], { actor: actor(), account: account(), holder: holder(), right });
  };

const ofWebhook = (name: NamesOf<'actor' | 'target'>, { words, actor, webhook }: Parts) =>
  compose(words[name] as (parts: { actor: string; target: string }) => string, { actor: actor(), target: webhook() });

/** The texts that are made of just these parts. */
type NamesOf<Part extends string> = {
  [Name in keyof Parts['words']]: Parts['words'][Name] extends (parts: infer Given) => string
    ? keyof Given extends Part
      ? Part extends keyof Given
        ? Name
        : never
      : never
    : never;
}[keyof Parts['words']];

/** What ends rights that nobody takes away. */
const endedBy = ['person_off', 'group_left', 'group_removed'] as const;

/** Typed by the list of actions: a new one needs its sentence. */
const sentences: Readonly<Record<ShownEvent['action'], Sentence>> = {
  'access.revoked': accessRevoked,
  'access.revoked_for_everyone': ({ words, actor, revocation }) =>
    compose(words.everyoneSignedOut, { actor: actor(), revocation: revocation() }),
  'account.added': ofAccount('accountAdded'),
  'account.administrator_known': ({ words, account, owner }) =>
    compose(words.administratorKnown, { account: account(), owner: owner() }),
  'account.changed': ({ words, actor, account }, event) =>
    compose(words.accountChanged, {
      actor: actor(),
      account: account(),
      what: html`<code>${(textIn(event, 'changed') ?? '–').replaceAll(' ', ', ')}</code>`,
    }),
  'account.key_erased': withActor('accountKeyErased'),
  'account.old_works': oldPasswordWorks,
  'account.password_given': ofVersion('passwordGiven'),
  'account.reconciled': ({ words, actor, account, accountResult }) =>
    compose(words.accountReconciled, { actor: actor(), account: account(), result: accountResult() }),
  'account.removed': ofAccount('accountRemoved'),
  'account.revealed': (parts, event) =>
    ofVersion(event.detail.led === true ? 'accountLed' : 'passwordRevealed')(parts, event),
  'account.right_ended': accountRightEnded,
  'account.right_given': ofRight('accountRightGiven'),
  'account.rotated': ({ words, account, number, rotationCause }) =>
    compose(words.accountRotated, { account: account(), version: number('version'), cause: rotationCause() }),
  'account.rotation_asked': ({ words, actor, account, rotationCause }) =>
    compose(words.rotationAsked, { actor: actor(), account: account(), cause: rotationCause() }),
  'account.rotation_confirmed': ofVersion('rotationConfirmed'),
  'account.rotation_manual': ({ words, account, rotationError, moment }) =>
    compose(words.rotationManual, { account: account(), why: rotationError('reason'), until: moment('doUntil') }),
  'account.rotation_uncertain': ({ words, account, rotationError }, event) =>
    compose(event.detail.unset === true ? words.rotationUnset : words.rotationUncertain, {
      account: account(),
      why: rotationError('error'),
    }),
  'account.tested': ({ words, actor, account, accountResult }) =>
    compose(words.accountTested, { actor: actor(), account: account(), result: accountResult() }),
  'api_key.created': withBoth('apiKeyCreated'),
  'api_key.revoked': withBoth('apiKeyRevoked'),
  'app.added': ofApp('appAdded'),
  'app.changed': ({ words, actor, appBehind }, event) =>
    compose(words.appChanged, {
      actor: actor(),
      app: appBehind(),
      what: html`<code>${(textIn(event, 'changed') ?? '–').replaceAll(' ', ', ')}</code>`,
    }),
  'app.people_changed': ofApp('appPeopleChanged'),
  'app.removed': ofApp('appRemoved'),
  'app.secret_made': ofApp('appSecretMade'),
  'app.tested': ofApp('appTested'),
  'call.carried_out': ({ words, actor, target, moment, revocation }) =>
    compose(words.callCarriedOut, {
      actor: actor(),
      target: target(),
      at: moment('askedAt'),
      revocation: revocation(),
    }),
  'call.lapsed': ({ words, actor, moment }) => compose(words.callLapsed, { actor: actor(), at: moment('askedAt') }),
  'call.refused': callRefused,
  'connection.added': withBoth('connectionAdded'),
  'connection.auth_time_missing': withTarget('authTimeMissing'),
  'connection.changed': ({ words, actor, target }, event) =>
    compose(words.connectionChanged, {
      actor: actor(),
      target: target(),
      what: html`<code>${(textIn(event, 'changed') ?? '–').replaceAll(' ', ', ')}</code>`,
    }),
  'connection.proven': withTarget('connectionProven'),
  'connection.tried': withBoth('connectionTried'),
  'connection.subjects_forgotten': ({ words, actor, target, number }) =>
    compose(words.subjectsForgotten, {
      actor: actor(),
      target: target(),
      people: words.people(Number(number('people'))),
    }),
  'delivery.failed': ({ words, target, webhook }, event) => {
    const why = html`<code>${textIn(event, 'error') ?? '–'}</code>`;
    return event.target?.type === 'webhook'
      ? compose(words.webhookFailed, { target: webhook(), why })
      : compose(words.emailFailed, { target: target(), why });
  },
  'delivery.replayed': withActor('deliveryReplayed'),
  'domain.added': ofDomain('domainAdded'),
  'domain.changed': ofDomain('domainChanged'),
  'domain.removed': ofDomain('domainRemoved'),
  'domain.verified': ofDomain('domainVerified'),
  'app.away': ({ words, appBehind }) => compose(words.appAway, { app: appBehind() }),
  'app.back': ({ words, appBehind }) => compose(words.appBack, { app: appBehind() }),
  'app.names_missing': ({ words, appBehind }) => compose(words.appNamesMissing, { app: appBehind() }),
  'forward.failed': ({ words, appBehind, whyNotTold }) =>
    compose(words.forwardFailed, { app: appBehind(), why: whyNotTold() }),
  'forward.replayed': ({ words, actor, appBehind, number }, event) =>
    typeof event.detail.forwards === 'number'
      ? compose(words.forwardsReplayed, { actor: actor(), app: appBehind(), n: number('forwards') })
      : compose(words.forwardReplayed, { actor: actor(), app: appBehind() }),
  'grant.created': ({ words, actor, app }) => compose(words.appSignedIn, { actor: actor(), app: app() }),
  'grant.ended': ({ words, actor, owner, app }, event) => {
    const reason = textIn(event, 'reason');
    if (reason === 'too_many') return compose(words.appDisplaced, { target: owner(), app: app() });
    if (reason === 'token_used_twice') return compose(words.tokenUsedTwice, { target: owner(), app: app() });
    return compose(words.appSignedOut, { actor: actor(), app: app() });
  },
  'group.added': withBoth('groupAdded'),
  'group.changed': ({ words, actor, target, number }, event) => {
    const [added, removed] = [number('membersAdded'), number('membersRemoved')];
    const both = { actor: actor(), target: target() };
    if (event.detail.renamed === true && added === '0' && removed === '0') return compose(words.groupRenamed, both);
    return compose(words.groupChanged, { ...both, added, removed });
  },
  'group.removed': withActor('groupRemoved'),
  'identity.linked': withBoth('identityLinked'),
  'identity.unlinked': withBoth('identityUnlinked'),
  'idp_session.ended': ({ words, actor, target, ended }, event) =>
    textIn(event, 'via') === 'front_channel'
      ? compose(words.idpSessionOver, { target: target(), ended: ended() })
      : compose(words.idpSessionEnded, { actor: actor(), target: target(), ended: ended() }),
  'org.changed': withActor('orgChanged'),
  'org.created': withActor('orgCreated'),
  'policy.changed': ({ words, actor, value }, event) =>
    compose(words.policyChanged, {
      actor: actor(),
      policy: policyOf(words, textIn(event, 'policy')),
      from: html`<q>${value('before')}</q>`,
      to: html`<q>${value('after')}</q>`,
    }),
  'people.exported': withActor('peopleExported'),
  'provisioning.refused': ({ words, actor, target, why }, event) => {
    const about = event.target ? target() : words.something;
    const isPart = Number(event.detail.status) < 400;
    return compose(isPart ? words.provisioningIncomplete : words.provisioningRefused, {
      actor: actor(),
      about,
      why: why(),
    });
  },
  'record.exported': ({ words, actor }, event) =>
    compose(words.recordExported, { actor: actor(), format: (textIn(event, 'format') ?? '–').toUpperCase() }),
  'role.changed': ({ words, actor, target, role }) =>
    compose(words.roleChanged, { actor: actor(), target: target(), from: role('from'), to: role('to') }),
  'session.ended': ({ words, actor, owner }, event) =>
    textIn(event, 'reason') === 'too_many'
      ? compose(words.sessionDisplaced, { target: owner() })
      : compose(words.sessionEnded, { actor: actor() }),
  'sign_in.refused': ({ words, target }, event) => {
    const reasons: Readonly<Record<string, string>> = words.refusals;
    const why = reasons[textIn(event, 'reason') ?? ''] ?? words.noReasonKnown;
    if (!event.target) return html`${words.signInRefused({ why })}`;
    const text = event.target.type === 'user' ? words.signInRefusedAs : words.signInRefusedBy;
    return compose(text, { target: target(), why });
  },
  'sign_in.succeeded': withActor('signedIn'),
  'signal.received': ({ words, actor, target }, event) => {
    const outcome = textIn(event, 'outcome') ?? '';
    const isKnown = Object.hasOwn(words.signals, outcome);
    const text = words.signals[isKnown ? (outcome as keyof typeof words.signals) : 'event_unknown'];
    const type = html`<code>${textIn(event, 'type') ?? '–'}</code>`;
    return compose(text as Parts['words']['signals']['revoked'], { actor: actor(), target: target(), event: type });
  },
  'user.activated': withBoth('userActivated'),
  'user.added': withBoth('userAdded'),
  'user.address_changed': withBoth('addressChanged'),
  'user.address_contested': ({ words, actor, target, revocation }, event) =>
    'revocation' in event.detail
      ? compose(words.addressEndedSeveral, { actor: actor(), revocation: revocation() })
      : compose(words.addressContested, {
          actor: actor(),
          target: target(),
          bearer: linkTo('user', textIn(event, 'bearer'), words.anotherPerson),
        }),
  'user.changed': ({ words, actor, target }, event) => {
    const names: Readonly<Record<string, string>> = words.attributes;
    const attributes = textIn(event, 'attributes')?.split(', ') ?? [words.something];
    const what = attributes.map((name) => names[name] ?? name).join(', ');
    return compose(words.userChanged, { actor: actor(), target: target(), what });
  },
  'user.deactivated': ({ words, actor, target, ended }) =>
    compose(words.userDeactivated, { actor: actor(), target: target(), ended: ended() }),
  'user.erased': withActor('userErased'),
  'user.moved_in': withTarget('userMovedIn'),
  'user.removed': withBoth('userRemoved'),
  'webhook.added': (parts) => ofWebhook('webhookAdded', parts),
  'webhook.changed': (parts, { detail }) => {
    if (detail.reason === 'gone') return ofWebhook('webhookGone', parts);
    if ('secret' in detail) return ofWebhook('webhookSecret', parts);
    if (!('active' in detail) || Object.keys(detail).length > 1) return ofWebhook('webhookChanged', parts);
    return ofWebhook(detail.active ? 'webhookOn' : 'webhookOff', parts);
  },
  'webhook.removed': (parts) => ofWebhook('webhookRemoved', parts),
  'webhook.tested': (parts) => ofWebhook('webhookTested', parts),
};

function accessRevoked({ words, actor, target, ended, revocation }: Parts, event: ShownEvent): Html {
  const both = { actor: actor(), target: target() };
  if ('session' in event.detail) return compose(words.sessionRevoked, { ...both, revocation: revocation() });
  if ('grant' in event.detail) return compose(words.appRevoked, { ...both, revocation: revocation() });
  const isOwn = event.actor.type === 'user' && event.actor.id === event.target?.id;
  return isOwn
    ? compose(words.signedOutThemselves, { actor: both.actor, ended: ended() })
    : compose(words.signedOut, { ...both, ended: ended() });
}

function oldPasswordWorks({ words, account }: Parts, event: ShownEvent): Html {
  const error = textIn(event, 'error');
  if (error === 'connections_not_ended') return compose(words.connectionsLeft, { account: account() });
  // Only without an error was it seen to sign in.
  return compose(error === null ? words.oldPasswordWorks : words.oldPasswordUnproven, { account: account() });
}

/** Taken away by somebody, or ended by what somebody did to the person or the group. */
function accountRightEnded(parts: Parts, event: ShownEvent): Html {
  const { words, actor, account, holder, revocation, number } = parts;
  const cause = endedBy.find((known) => known === textIn(event, 'cause'));
  if (cause === undefined) return ofRight('accountRightEnded')(parts, event);
  const right = words.accountRights[textIn(event, 'right') === 'manage' ? 'manage' : 'use'];
  const people = words.people(Number(number('people')));
  const shared = { actor: actor(), account: account(), right };
  if (cause === 'group_removed') return compose(words.accountRightLost[cause], { ...shared, people });
  const who = { ...shared, holder: 'people' in event.detail ? people : holder() };
  if (cause === 'person_off') return compose(words.accountRightLost[cause], { ...who, revocation: revocation() });
  const group = linkTo('group', textIn(event, 'group'), words.theGroup);
  return compose(words.accountRightLost[cause], { ...who, group });
}

function callRefused({ words, actor, number, why }: Parts, event: ShownEvent): Html {
  const endpoint = calledEndpoints.find((known) => known === textIn(event, 'endpoint')) ?? 'revocation';
  const sentence = compose(words.callsRefused[endpoint], { actor: actor(), why: why() });
  const repeats = Number(number('repeats'));
  return repeats > 0 ? compose(words.repeated, { sentence, times: words.moreTimes(repeats) }) : sentence;
}

function policyOf(words: Parts['words'], policy: string | null): Html {
  if (policy === null) return html`${words.something}`;
  const names: Readonly<Record<string, string>> = words.policies;
  const [, signal] = /^eventActions\.(.+)$/.exec(policy) ?? [];
  if (signal) return compose(words.eventPolicy, { event: html`<code>${signal}</code>` });
  const [, initiator] = /^rotateAfter\.(.+)$/.exec(policy) ?? [];
  if (initiator) return compose(words.rotationPolicy, { initiator: html`<code>${initiator}</code>` });
  return html`${names[policy] ?? html`<code>${policy}</code>`}`;
}
