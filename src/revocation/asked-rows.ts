import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { withRetry } from '../database/errors.ts';
import { newId } from '../database/ids.ts';
import { transaction } from '../database/pool.ts';
import type { Credential } from '../sessions/principal.ts';
import { lockMeantSql } from './meant.ts';
import type { Once } from './once.ts';
import type { AloneRevocation, NewNames, Revocation, RevocationOutcome } from './revocation.ts';
import { endPeopleSql } from './statements.ts';

// Rows that the statements read and answer; statements.ts names their members.

/** The part of an asked row that names the revocation and fills it and its audit event. */
export function recordOf({ orgId, initiator, endpoint, asked, reason, reasonForPerson, by, revocationId }: Revocation) {
  return {
    org: orgId,
    revocation: revocationId ?? newId('revocation'),
    by: {
      event: newId('auditEvent'),
      initiator,
      endpoint,
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

/** `once` as it is asked; JSON leaves an undefined member out. */
export function onceOf(once: Once | undefined) {
  return once && { kind: once.kind, id: once.id, until: once.expiresAt };
}

export const keepOf = (keep: Credential | null | undefined) => (keep ? { [`keep_${keep.type}`]: keep.id } : {});

/** The number of the newest asked row: the order among a node's rows, first come, first served. */
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

/** A row that `endPeopleSql` reads. */
export type AskedRow = ReturnType<typeof askedOf>;

/** A row that `endPeopleSql` answers. */
export type AnswerRow = Readonly<{
  revocation: string;
  /** `held`: another transaction holds the person's row. `behind`, `several`: see `endPeopleIn`. */
  result: RevocationOutcome['result'] | 'held' | 'behind' | 'several';
  user_id: string | null;
  sessions: number;
  grants: number;
  more: boolean;
}>;

/** Ends people's access in one statement that waits for locks; answers are in the rows' order. */
export async function endWaiting(db: Pool | PoolClient, asked: readonly AskedRow[]): Promise<AnswerRow[]> {
  if (asked.length === 0) return [];
  const { rows } = await runStatement<AnswerRow>(db, 'end-people-waiting', endPeopleSql.waiting, asked);
  const answers = new Map(rows.map((row) => [row.revocation, row]));
  return asked.flatMap(({ revocation }) => answers.get(revocation) ?? []);
}

/**
 * Ends the access of everybody whom one row means, all or nothing: mostly one person. Whom an
 * address means is looked up again once they are locked: a sign-in that claims somebody's address
 * locks them, too, so its claim is either seen here, or it sees this revocation.
 */
export async function endMeant(db: Pool | PoolClient, row: AskedRow): Promise<AnswerRow[]> {
  if (row.email_keys.length === 0) return endWaiting(db, [row]);
  const work = async (client: PoolClient) => {
    await lockMeant(client, row);
    const answers = await endWaiting(client, [row]);
    return answers[0]?.result === 'several' ? endSeveral(client, row) : answers;
  };
  return 'release' in db ? work(db) : transaction(db, work);
}

async function lockMeant(client: PoolClient, row: AskedRow) {
  const { rows } = await runStatement<{ id: string; bears: boolean }>(client, 'lock-meant', lockMeantSql, [row]);
  return rows;
}

/**
 * Ends the access of several people whom one name means. Nobody is switched off: whom the caller
 * would have switched off isn't certain. It is on record, for administrators are to put it right.
 */
async function endSeveral(client: PoolClient, row: AskedRow): Promise<AnswerRow[]> {
  const people = await lockMeant(client, row);
  const none = { user_ids: [], email_keys: [], issuers: [], subjects: [] };
  const { deactivate: _, ...alone } = row.alone ?? {};
  const answers: AnswerRow[] = [];
  for (const { id } of people) {
    // The first one spends what is to be spent.
    const own = answers.length === 0 ? {} : { revocation: newId('revocation'), once: undefined };
    const by = { ...row.by, event: newId('auditEvent') };
    const [answer] = await endWaiting(client, [{ ...row, ...none, user_ids: [id], alone, ...own, by }]);
    if (answer?.result === 'replayed') return [answer];
    if (answer?.result === 'revoked') answers.push(answer);
  }
  const bearer = people.find(({ bears }) => bears) ?? people[0];
  const claimant = people.find((person) => person !== bearer);
  if (bearer && claimant)
    await recordEvent(client, {
      orgId: row.org,
      action: 'user.address_contested',
      by: {
        actor: { type: row.by.actor_type, id: row.by.actor_id } as By['actor'],
        ip: row.by.ip,
        requestId: row.by.request_id,
      },
      target: { type: 'user', id: claimant.id },
      detail: { bearer: bearer.id, people: people.length, revocation: row.revocation },
    });
  return answers;
}

/** A client runs it inside its transaction; a pool also retries errors that this may cure. */
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
 * The JSON as it is sent. PostgreSQL's JSON takes neither NUL nor half of a surrogate pair, and one
 * such row would fail them all.
 * @throws Error with PostgreSQL's own code for it, 22P05: the request's fault
 */
export function toJson(asked: object): string {
  const json = JSON.stringify(asked);
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][\da-f]{2})/i.test(json))
    throw Object.assign(new Error('a character that text cannot hold'), { code: '22P05' });
  return json;
}
