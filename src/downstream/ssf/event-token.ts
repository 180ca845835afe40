import type { SignClaims } from '../../signing/org-keys.ts';
import { eventTypes, type SsfSettings } from '../app-settings.ts';
import type { ClaimedForward, Said } from '../forward.ts';
import { isStreamEvent, streamEvents, uriOf } from './event-uris.ts';

/** What an event token is made of; a forward that was claimed is more than that. */
export type EventToSend = Pick<
  ClaimedForward,
  'userId' | 'type' | 'names' | 'said' | 'jti' | 'revocationId' | 'revokedAt'
>;

/**
 * A security event token (RFC 8417, SSF 1.0 §4) in the org's name. Its `jti` is the forward's, the
 * same at each try. It has no `sub` and no `exp`. Null for a type that we don't know.
 */
export function makeEventToken(
  sign: SignClaims,
  { audience, naming }: Pick<SsfSettings, 'audience' | 'naming'>,
  event: EventToSend,
): Promise<string> | null {
  const events = eventOf(event);
  if (events === null) return null;
  return sign(
    { typ: 'secevent+jwt' },
    {
      aud: audience,
      iat: Math.floor(Date.now() / 1000),
      jti: event.jti as string,
      // All events of one cause have the same.
      txn: event.revocationId ?? event.said.revocation ?? (event.jti as string),
      sub_id: subjectOf(event, naming),
      events,
    },
  );
}

function eventOf({ type, names, said, revokedAt }: EventToSend): Record<string, object> | null {
  if (type === 'verification') {
    const { state } = said;
    return { [streamEvents.verification]: typeof state === 'string' ? { state } : {} };
  }
  if (type === 'stream-updated') {
    const { status, reason } = said;
    return { [streamEvents['stream-updated']]: { status, ...(reason ? { reason } : {}) } };
  }
  const known = eventTypes.find((name) => name === type);
  if (!known) return null;
  const moment = { event_timestamp: Math.floor(revokedAt.getTime() / 1000) };
  if (known === 'session-revoked') return { [uriOf[known]]: { ...moment, ...causeOf(said) } };
  if (known === 'credential-change') return { [uriOf[known]]: { ...moment, ...newPasswordOf(names, said) } };
  return { [uriOf[known]]: moment };
}

/**
 * Whether the receiver would not know whom the event is about. Planning leaves out who has no name of
 * the receiver's kind; the kind may be another one since.
 */
export function isNameless(
  { type, names }: Pick<EventToSend, 'type' | 'names'>,
  { naming }: Pick<SsfSettings, 'naming'>,
): boolean {
  if (isStreamEvent(type) || type === 'credential-change') return false;
  return naming === 'iss_sub' ? !names.issuer || !names.subject : !names.email;
}

/**
 * RFC 9493. An event about a stream names the stream. A shared account is nobody whom an identity
 * provider knows: its id here is all that there is to tell it by.
 */
function subjectOf({ type, userId, names }: EventToSend, naming: SsfSettings['naming']): object {
  if (isStreamEvent(type) || type === 'credential-change') return { format: 'opaque', id: userId };
  if (naming === 'iss_sub') return { format: 'iss_sub', iss: names.issuer, sub: names.subject };
  return { format: 'email', email: names.email };
}

type Initiator = NonNullable<Said['initiator']>;

/** CAEP 1.0 §2: who, and why in words for administrators, which the interoperability profile wants. */
const causes: Readonly<Record<Initiator, readonly [entity: 'admin' | 'user' | 'policy' | 'system', reason: string]>> = {
  idp: ['system', 'The identity provider ended all access.'],
  admin: ['admin', 'An administrator ended all access.'],
  user: ['user', 'The person signed out everywhere.'],
  scim: ['system', 'Provisioning ended all access.'],
  signal: ['system', 'A security event ended all access.'],
  policy: ['policy', 'A policy of the organisation ended all access.'],
  operator: ['admin', 'An operator ended all access.'],
};

function causeOf({ initiator, reasonAdmin, reasonUser }: Said): object {
  const [entity, reason] = causes[initiator ?? 'signal'];
  return {
    initiating_entity: entity,
    reason_admin: { en: reasonAdmin || reason },
    ...(reasonUser ? { reason_user: { en: reasonUser } } : {}),
  };
}

/** Why a password was replaced, where nobody's access ended for it: src/accounts has the causes. */
const causesOfPasswords: Readonly<Record<string, readonly [entity: 'admin' | 'policy' | 'system', reason: string]>> = {
  right_ended: ['admin', 'Somebody who knew the password has no right to the account any more.'],
  hand: ['admin', 'Somebody who manages the account asked for a new password.'],
  schedule: ['policy', 'The password is replaced from time to time.'],
  reconcile: ['system', 'It was found out which password counts.'],
};

/** CAEP 1.0 §3.2. */
function newPasswordOf({ account }: EventToSend['names'], { initiator, cause }: Said): object {
  const [entity, reason] =
    initiator === null
      ? (causesOfPasswords[cause ?? ''] ?? ['system', 'The password was replaced.'])
      : [causes[initiator][0], 'The access of somebody who may use the account ended.'];
  return {
    credential_type: 'password',
    change_type: 'update',
    ...(account ? { friendly_name: account } : {}),
    initiating_entity: entity,
    reason_admin: { en: reason },
  };
}
