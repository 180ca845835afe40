import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { transaction } from '../database/pool.ts';
import { AppError } from '../errors.ts';
import { actionOf, type EventAction } from '../orgs/event-actions.ts';
import { type Once, spend } from '../revocation/once.ts';
import { subjectOf } from '../revocation/refused-calls.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import { problemOfSubject, toSubject } from '../revocation/subject-identifier.ts';
import type { SignalConnection } from './find-connection.ts';
import { SignalRefused } from './refusal.ts';
import type { SecurityEvent } from './security-event.ts';

type Received = Readonly<{
  connection: SignalConnection;
  event: SecurityEvent;
  by: By;
}>;

type Result = Readonly<{
  outcome:
    | 'revoked'
    /** The address means several people: all are signed out, nobody is switched off. */
    | 'several_revoked'
    | 'recorded'
    | 'verified'
    | 'event_unknown'
    | 'subject_unknown'
    /** The subject is well-formed, but nobody can be found by it here. */
    | 'subject_unsupported'
    | 'replayed';
  userId?: string;
}>;

/** Repeats are known for longer than a token of the greatest age can be sent again. */
const rememberedMs = 8 * 86_400_000;

/**
 * Does what the org has set for this event, and records that it came, in one transaction: a repeat,
 * also at the same moment on another node, does nothing. People whom the connection doesn't reach
 * are unknown to it. @throws SignalRefused
 */
export function receiveEvent(pool: Pool, received: Received): Promise<Result> {
  const { connection, event } = received;
  const action =
    event.event === null || event.event === 'verification' ? null : actionOf(event.event, connection.eventActions);
  return transaction(pool, async (db) => {
    const result = await act(db, received, action);
    if (result.outcome !== 'replayed') await record(db, received, action, result);
    return result;
  });
}

async function act(db: PoolClient, received: Received, action: EventAction | null): Promise<Result> {
  const { connection, event, by } = received;
  const once: Once = {
    kind: 'security_event',
    id: `${connection.id} ${event.jti}`,
    expiresAt: new Date(Date.now() + rememberedMs),
  };
  const subject = action === null || action === 'record' || event.subject === null ? null : findable(event.subject);
  if (subject === null) {
    if (!(await spend(db, connection.orgId, once))) return { outcome: 'replayed' };
    if (event.event === 'verification') return { outcome: 'verified' };
    if (action === null) return { outcome: 'event_unknown' };
    return { outcome: action === 'record' ? 'recorded' : 'subject_unsupported' };
  }
  const revoked = await revokeAccess(db, {
    orgId: connection.orgId,
    subject,
    once,
    by,
    initiator: 'signal',
    endpoint: 'security_event',
    reach: { connectionId: connection.id },
    asked: event.subject,
    reason: event.reason,
    deactivate: action === 'revoke_and_deactivate',
  });
  if (revoked.result === 'ambiguous')
    throw new SignalRefused(
      'invalid_request',
      'ambiguous_subject',
      'The identifiers of the subject name different users.',
    );
  if (revoked.result === 'revoked') {
    const several = revoked.others.length > 0;
    return { outcome: several ? 'several_revoked' : 'revoked', userId: revoked.userId };
  }
  const problem = revoked.result === 'unknown' && event.subject ? problemOfSubject(event.subject) : null;
  if (problem) throw new AppError('invalid_subject', problem);
  if (revoked.result === 'replayed') return { outcome: 'replayed' };
  return { outcome: isOfAccount(event) ? 'recorded' : 'subject_unknown' };
}

/** Another instance of this product has a new password for a shared account, which is nobody here. */
const isOfAccount = ({ event, subject }: SecurityEvent): boolean =>
  event === 'credential-change' && subject?.format === 'opaque' && /^acc_[\da-f]{32}$/.test(subject.id);

/** Null for the formats that no user is found by. @throws AppError invalid_subject */
function findable(subject: NonNullable<SecurityEvent['subject']>) {
  try {
    return toSubject(subject);
  } catch (error) {
    if (error instanceof AppError && error.code === 'unsupported_subject_format') return null;
    throw error;
  }
}

function record(
  db: PoolClient,
  { connection, event, by }: Received,
  action: EventAction | null,
  { outcome, userId }: Result,
): Promise<void> {
  // Whom it named stands nowhere else; where somebody is found, the record names the person.
  const missed = outcome === 'subject_unknown' || outcome === 'subject_unsupported';
  return recordEvent(db, {
    orgId: connection.orgId,
    action: 'signal.received',
    by,
    target: userId === undefined ? undefined : { type: 'user', id: userId },
    detail: {
      type: event.event ?? (/^[\x21-\x7e]{1,200}$/.test(event.uri) ? event.uri : 'unreadable'),
      action,
      outcome,
      ...(missed ? subjectOf(event) : { format: event.subject?.format ?? null }),
      happenedAt: event.happenedAt?.toISOString() ?? null,
    },
  });
}
