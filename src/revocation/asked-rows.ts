import type { Pool, PoolClient } from 'pg';
import { withRetry } from '../database/errors.ts';
import { newId } from '../database/ids.ts';
import type { Credential } from '../sessions/principal.ts';
import type { Once } from './once.ts';
import type { AloneRevocation, NewNames, Revocation, RevocationOutcome } from './revocation.ts';
import { endPeopleSql } from './statements.ts';

// What the statements read and answer: rows whose members have the names that statements.ts gives
// them.

/** Which revocation it is, and what is written into it and its audit event. */
export function recordOf({ orgId, initiator, asked, reason, reasonForPerson, by }: Revocation) {
  return {
    org: orgId,
    revocation: newId('revocation'),
    by: {
      event: newId('auditEvent'),
      initiator,
      asked,
      reason,
      reason_for_person: reasonForPerson,
      actor_type: by.actor.type,
      actor_id: by.actor.id,
      ip: by.ip,
      request_id: by.requestId,
    },
  };
}

/** A member that is undefined isn't sent. */
export function onceOf(once: Once | undefined) {
  return once && { kind: once.kind, id: once.id, until: once.expiresAt };
}

export const keepOf = (keep: Credential | null | undefined) => (keep ? { [`keep_${keep.type}`]: keep.id } : {});

/** Where a row stands among those that this node was asked: first come, first served. */
let rowsSoFar = 0;

export function askedOf(revocation: AloneRevocation) {
  const { subject, reach, once, keep, deactivate, rename } = revocation;
  const identities = subject.identities ?? [];
  rowsSoFar += 1;
  return {
    n: rowsSoFar,
    ...recordOf(revocation),
    user_ids: subject.userIds ?? [],
    email_keys: subject.emailKeys ?? [],
    issuers: identities.map(({ issuer }) => issuer),
    subjects: identities.map(({ subject }) => subject),
    reach: reach?.connectionId,
    once: onceOf(once),
    alone: keep || deactivate || rename ? aloneOf(revocation) : undefined,
  };
}

const aloneOf = ({ keep, deactivate, rename }: AloneRevocation) => ({
  ...keepOf(keep),
  ...(deactivate ? { deactivate } : {}),
  ...(rename ? { rename: namesOf(rename) } : {}),
});

const namesOf = ({ email, emailKey, userName, userNameKey }: NewNames) => ({
  email,
  email_key: emailKey,
  user_name: userName,
  user_name_key: userNameKey,
});

/** What one row of `endPeopleSql` is asked, by the names of its members. */
export type AskedRow = ReturnType<typeof askedOf>;

/** What it answers. */
export type AnswerRow = Readonly<{
  revocation: string;
  /**
   * `held`: somebody else holds the person's row. `behind`: an earlier row of the same statement is
   * about the same person.
   */
  result: RevocationOutcome['result'] | 'held' | 'behind';
  user_id: string | null;
  sessions: number;
  grants: number;
  more: boolean;
}>;

/**
 * Ends people's access in one statement that waits for whoever holds their rows; the answers are in
 * the rows' order.
 */
export async function endWaiting(db: Pool | PoolClient, asked: readonly AskedRow[]): Promise<AnswerRow[]> {
  if (asked.length === 0) return [];
  const { rows } = await runStatement<AnswerRow>(db, 'end-people-waiting', endPeopleSql.waiting, asked);
  const answers = new Map(rows.map((row) => [row.revocation, row]));
  return asked.flatMap(({ revocation }) => answers.get(revocation) ?? []);
}

/**
 * With a client inside its transaction; with a pool by itself, and again after a failure that a
 * second try may cure.
 */
export function runStatement<Row extends object>(
  db: Pool | PoolClient,
  name: string,
  text: string,
  asked: readonly object[],
) {
  const query = { name, text, values: [toJson(asked)] };
  return 'release' in db ? db.query<Row>(query) : withRetry(() => db.query<Row>(query));
}

/**
 * As it is sent. PostgreSQL's JSON holds neither NUL nor half of a surrogate pair, and would refuse
 * all rows for one.
 * @throws Error with the code that PostgreSQL gives it, 22P05: the request's fault
 */
export function toJson(asked: object): string {
  const json = JSON.stringify(asked);
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][\da-f]{2})/i.test(json))
    throw Object.assign(new Error('a character that text cannot hold'), { code: '22P05' });
  return json;
}
