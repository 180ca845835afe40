import { variousNetworks } from '../audit/actions.ts';
import type { Role } from '../database/generated/client.ts';
import type { Texts } from '../texts/texts.ts';
import type { Kind, OutboxAction } from './kinds.ts';
import { whyRefused } from './why-refused.ts';

/** The facts that a notification's text is made of. */
export type Told = Readonly<{
  kind: Kind;
  action: OutboxAction;
  actorType: string;
  targetType: string | null;
  count: number;
  parts: Parts;
}>;

/** Flat: names as they were at the time, and the members of the event's detail. */
export type Parts = Readonly<Record<string, string | number | boolean | null>>;

/** One line of plain text. Names in it are other people's words: the caller escapes them. */
export function describe(texts: Texts, told: Told): string {
  const text = sentence(texts, told);
  const { kind, action, count } = told;
  const isCounted = (kind === 'refused_calls' && action !== 'call.lapsed') || kind === 'refused_provisioning';
  return count > 1 && !isCounted ? texts.notifications.repeated({ text, count }) : text;
}

type Words = Texts['notifications'];

function sentence(texts: Texts, { kind, action, actorType, targetType, count, parts }: Told): string {
  const words = texts.notifications;
  const actor = nameOfActor(words.actors, actorType, parts);
  const target = named(parts.targetName) ?? words.somebody;
  const both = { actor, target };
  if (action === 'access.revoked_for_everyone') return words.everyoneSignedOut({ actor });
  if (action === 'idp_session.ended')
    return parts.via === 'front_channel' ? words.idpSessionOver({ target }) : words.idpSessionEnded(both);
  if (action === 'user.deactivated') return words.switchedOff(both);
  const at = named(parts.askedAt) ?? words.something;
  if (action === 'call.carried_out') return words.callCarriedOut({ ...both, at });
  if (action === 'call.lapsed') return words.callLapsed({ actor, at });
  if (kind === 'revocation' && 'session' in parts) return words.sessionEnded(both);
  if (kind === 'revocation' && 'grant' in parts) return words.appSignedOut(both);
  if (kind === 'revocation') return words.accessEnded(both);
  if (kind === 'refused_calls') return refusedCalls(texts, { action, actorType, actor, count, parts });
  if (kind === 'refused_sign_in' && parts.reason === 'identity_mismatch') return words.signInMismatched({ target });
  if (kind === 'refused_provisioning') {
    const about = named(parts.about) ?? words.something;
    const told = { actor, count, about, why: whyRefused(texts, parts) ?? words.unknownReason };
    return Number(parts.status) < 400 ? words.provisioningIncomplete(told) : words.provisioningRefused(told);
  }
  if (kind === 'refused_sign_in')
    return targetType === 'user' ? words.signInRefused({ target }) : words.idpRefused({ target });
  if (kind === 'contested_address')
    return 'revocation' in parts ? words.addressEndedSeveral(both) : words.addressContested(both);
  if (action === 'identity.linked') return words.identityLinked(both);
  if (action === 'identity.unlinked') return words.identityUnlinked(both);
  if (action === 'user.address_changed') return words.addressChanged(both);
  if (action === 'user.erased') return words.personErased({ actor });
  if (action === 'connection.subjects_forgotten') return words.subjectsForgotten(both);
  if (action === 'connection.auth_time_missing') return words.authTimeMissing({ target });
  if (kind === 'api_key') return words.apiKeyMade(both);
  if (kind === 'role_change')
    return words.roleChanged({ ...both, from: roleOf(words, parts.from), to: roleOf(words, parts.to) });
  if (kind === 'shared_account') return sharedAccount(texts, action, both, parts);
  if (targetType === 'app') {
    const app = { app: named(parts.name) ?? words.something };
    if (action === 'app.away') return words.appAway(app);
    if (action === 'app.names_missing') return words.appNamesMissing(app);
    return action === 'app.back' ? words.appBack(app) : words.forwardFailed(app);
  }
  return targetType === 'webhook' ? words.webhookFailed({ target }) : words.emailFailed({ target });
}

function oldPasswordWorks(words: Words, account: string, error: string | null): string {
  if (error === 'connections_not_ended') return words.connectionsLeft({ account });
  // Only without an error was it seen to sign in.
  return error === null ? words.oldPasswordWorks({ account }) : words.oldPasswordUnproven({ account });
}

function sharedAccount(
  texts: Texts,
  action: OutboxAction,
  { actor, target: account }: Readonly<{ actor: string; target: string }>,
  parts: Parts,
): string {
  const words = texts.notifications;
  const why = whyNotYet(texts, parts.error ?? parts.reason);
  if (action === 'account.old_works') return oldPasswordWorks(words, account, named(parts.error));
  if (action === 'account.rotation_uncertain')
    return parts.unset === true ? words.rotationUnset({ account, why }) : words.rotationUncertain({ account, why });
  if (action === 'account.rotation_manual')
    return words.rotationManual({ account, why, at: named(parts.doUntil) ?? words.something });
  if (action === 'account.administrator_known') return words.administratorKnown({ account });
  return action === 'account.key_erased'
    ? words.accountKeyErased({ actor })
    : words.ownAccountRights[parts.right === 'manage' ? 'manage' : 'use']({ actor, account });
}

/** In words; null for a word that this version doesn't know: a newer one may have written it. */
export function whyNotYet({ rotationErrors }: Texts, error: unknown): string | null {
  const known: Readonly<Record<string, string>> = rotationErrors;
  const word = String(error);
  return Object.hasOwn(known, word) ? (known[word] ?? null) : null;
}

/** A stranger's refusals have no reason in the text: it would be as long as the network is many. */
function refusedCalls(
  texts: Texts,
  {
    action,
    actorType,
    actor,
    count,
    parts,
  }: Pick<Told, 'action' | 'actorType' | 'count' | 'parts'> & { actor: string },
): string {
  const words = texts.notifications;
  if (action === 'signal.received')
    return parts.outcome === 'subject_unknown'
      ? words.eventsOfNobody({ actor, count })
      : words.eventsUnsupported({ actor, count });
  const isAnonymous = actorType === 'anonymous';
  const isMany = isAnonymous && parts.network === variousNetworks;
  const calls = { actor, count, isMany, why: isAnonymous ? null : whyRefused(texts, parts) };
  if (parts.endpoint === 'logout_token') return words.logoutTokensRefused(calls);
  if (parts.endpoint === 'security_event') return words.eventsRefused(calls);
  return words.callsRefused(calls);
}

function nameOfActor(words: Words['actors'], type: string, parts: Parts): string {
  const name = named(parts.actorName);
  if (!name && parts.network === variousNetworks) return words.atManyNetworks;
  if (!name && typeof parts.network === 'string') return words.at({ network: parts.network });
  if (type === 'api_key') return name ? words.apiKeyNamed({ name }) : words.apiKey;
  if (type === 'connection') return name ? words.connectionNamed({ name }) : words.connection;
  if (name) return name;
  return type === 'operator' || type === 'system' ? words[type] : words.somebody;
}

function named(value: Parts[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function roleOf({ roles, unknownRole }: Words, value: Parts[string] | undefined): string {
  const names: Readonly<Record<Role, string>> = roles;
  return Object.hasOwn(names, String(value)) ? names[value as Role] : unknownRole;
}
