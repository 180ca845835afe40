import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { clockSkew } from '../connections/idp-keys.ts';
import { AppError } from '../errors.ts';
import { quote, seconds, wrongMembers } from '../issues.ts';
import { eventOfUri, type KnownEvent, verificationEvents } from '../orgs/event-actions.ts';
import { parseSubject, type SubjectIdentifier } from '../revocation/subject-identifier.ts';
import type { SignalConnection } from './find-connection.ts';
import { type RefusalReason, SignalRefused } from './refusal.ts';

/** A security event token that has been verified, as far as it concerns us. */
export type SecurityEvent = Readonly<{
  jti: string;
  /** An event of ours, SSF's verification, or null for an event that means nothing here. */
  event: KnownEvent | 'verification' | null;
  uri: string;
  /** The person; null where the event names only a device, a tenant or the IdP's session. */
  subject: SubjectIdentifier | null;
  /** The reason in words for administrators. */
  reason: string | null;
  /** When the event happened, as far as the token tells. */
  happenedAt: Date | null;
}>;

/** Seconds: transmitters try again for days. */
const oldest = 7 * 86_400;
const longestReason = 500;

const object = z.record(z.string(), z.unknown());
const claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]),
  iat: z.number(),
  exp: z.number().optional(),
  jti: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\x20-\x7e]+$/),
  events: z.record(z.string(), object).refine((events) => Object.keys(events).length === 1),
  sub_id: z.unknown().optional(),
});

/**
 * RFC 8417 §2.2 and SSF 1.0 §4.1 without the signature. The age is judged, for SSF forbids `exp`.
 * @param receiver the address that events are pushed to, which `aud` names, or else the client id.
 * @param now seconds.
 * @throws SignalRefused
 */
export function readSecurityEvent(
  payload: object,
  connection: SignalConnection,
  receiver: string,
  now: number,
): SecurityEvent {
  const { iss } = payload as { iss?: unknown };
  if (!connection.issuers.some((issuer) => issuer === iss)) throw wrongIssuer(`It is ${quote(iss)}.`);
  const parsed = claims.safeParse(payload);
  if (!parsed.success)
    throw malformed(
      'claims',
      `These claims are missing or malformed: ${wrongMembers(parsed.error, 'all').join(', ')}.`,
    );
  const { aud, iat, exp, jti, events, sub_id: subId } = parsed.data;
  // Both may have the typ "JWT": an ID token has a nonce, an event has none.
  if ('nonce' in payload) throw malformed('claims', 'A security event token has no nonce.');
  if (![aud].flat().some((audience) => audience === receiver || audience === connection.clientId)) {
    const description = 'The audience names neither this address nor the client.';
    throw new SignalRefused('invalid_audience', 'audience', description, `It is ${quote(aud)}.`);
  }
  if (iat > now + clockSkew)
    throw malformed('not_yet', 'The token is dated in the future.', `By ${seconds(iat - now)}.`);
  if (iat < now - oldest)
    throw malformed('too_old', 'The token is too old.', `By its iat it is ${seconds(now - iat)} old.`);
  if (exp !== undefined && exp < now - clockSkew)
    throw malformed('expired', 'The token has expired.', `That was ${seconds(now - exp)} ago.`);
  const [[uri, details]] = Object.entries(events) as [[string, Record<string, unknown>]];
  const event = verificationEvents.includes(uri) ? 'verification' : eventOfUri(uri);
  const isOfAPerson = event !== null && event !== 'verification';
  return {
    jti,
    event,
    uri,
    subject: isOfAPerson ? readSubject(subId, details.subject) : null,
    reason: readReason(details.reason_admin ?? details.reason),
    happenedAt: readMoment(details.event_timestamp),
  };
}

/** SSF 1.0 §3.1 puts the subject beside the events; Okta, like SSF's drafts, into the event. */
function readSubject(subId: unknown, inEvent: unknown): SubjectIdentifier | null {
  const given = [subId, inEvent].filter((subject) => subject !== undefined && subject !== null).map(readPerson);
  const [subject, other] = given;
  if (subject === undefined) throw malformed('subject', 'The event names no subject.');
  if (other !== undefined && !isDeepStrictEqual(subject, other))
    throw malformed('subject', 'The event names two subjects that differ.');
  return subject;
}

/** SSF 1.0 §3.2: the members of a complex subject. */
const complexMembers = ['user', 'device', 'session', 'application', 'tenant', 'org_unit', 'group'];

/** Of a complex subject the user counts, on all devices. Older ones have no `format`. */
function readPerson(given: unknown): SubjectIdentifier | null {
  const subject = inToday(given);
  const { success, data } = object.safeParse(subject);
  const { format } = data ?? {};
  const isComplex =
    format === 'complex' || (format === undefined && success && complexMembers.some((member) => member in data));
  if (isComplex && !(data && 'user' in data)) return null;
  try {
    return parseSubject(isComplex ? inToday(data?.user) : subject);
  } catch (error) {
    throw error instanceof AppError ? malformed('subject', error.detail) : error;
  }
}

/**
 * A subject as the drafts of RISC have it, and Google still sends it: `subject_type` in place of
 * `format`, with hyphens or without. `id_token_claims` says issuer and subject, too.
 */
function inToday(subject: unknown): unknown {
  const { success, data } = object.safeParse(subject);
  if (!success || data.format !== undefined || typeof data.subject_type !== 'string') return subject;
  const { subject_type: type, ...members } = data;
  const format = type.replaceAll('-', '_');
  if (['iss_sub', 'id_token_claims'].includes(format)) return { format: 'iss_sub', iss: members.iss, sub: members.sub };
  return { format, ...members };
}

/** A text, or texts by language (CAEP 1.0 §2). No other words of the IdP are kept. */
function readReason(given: unknown): string | null {
  const { data: byLanguage = {} } = object.safeParse(given);
  const text = typeof given === 'string' ? given : (byLanguage.en ?? Object.values(byLanguage)[0]);
  if (typeof text !== 'string') return null;
  const plain = text
    .slice(0, longestReason)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  return plain === '' ? null : plain;
}

/** Seconds, or milliseconds as Okta sends them. */
function readMoment(timestamp: unknown): Date | null {
  if (typeof timestamp !== 'number' || !(timestamp >= 0)) return null;
  const moment = new Date(timestamp < 1e11 ? timestamp * 1000 : timestamp);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

export const wrongIssuer = (found?: string) =>
  new SignalRefused('invalid_issuer', 'issuer', 'The issuer is not the one of the connection.', found);

function malformed(reason: RefusalReason, description: string, found?: string): SignalRefused {
  return new SignalRefused('invalid_request', reason, description, found);
}
