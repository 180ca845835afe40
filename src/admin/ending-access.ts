import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { idOf } from '../api/examples.ts';
import { type Call, type Operation, operation, type Success } from '../api/operation.ts';
import { may, type Permission } from '../api/permissions.ts';
import { transaction } from '../database/pool.ts';
import { AppError, problems } from '../errors.ts';
import type { InTurn } from '../http/turns.ts';
import type { Keyring } from '../keyring.ts';
import { revokeDevice } from '../revocation/end-rows.ts';
import { spend } from '../revocation/once.ts';
import type { Revocation } from '../revocation/revocation.ts';
import { revokeAccess, revokeAccessOfMany, revokeOrgAccess } from '../revocation/revoke-access.ts';
import type { Principal } from '../sessions/principal.ts';
import { noSuchPerson } from './change-person.ts';
import { type Confirmed, createConfirmations, notConfirmed } from './confirmation.ts';
import { createReadEffects, effects, type Whose } from './effects.ts';
import { line, reference } from './forms.ts';
import { noSuchGroup } from './groups.ts';

const mostInList = 1_000;
const mostInGroup = 10_000;

const withReason = {
  reason: z
    .strictObject({
      administrators: line(500).optional().describe('For administrators; never shown to the people concerned.'),
      person: line(200).optional().describe('What the people concerned read.'),
    })
    .meta({ id: 'RevocationReason' })
    .optional(),
  confirmation: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe('From the 409 that this request was answered with first.'),
};
const ofPerson = z.strictObject(withReason).meta({ id: 'EndAccess' });
const ofMany = z
  .strictObject({
    users: z.array(reference).min(1).max(mostInList).optional().describe('Ids.'),
    group: reference.optional().describe('The id of a group: everyone who is in it. See `listGroups`.'),
    everyone: z.literal(true).optional().describe('Owners only.'),
    keepCurrent: z.boolean().optional().describe('With `everyone`: what you are signed in with now stays.'),
    ...withReason,
  })
  .refine(({ users, group, everyone }) => [users, group, everyone].filter((one) => one !== undefined).length === 1, {
    message: 'name one of users, group and everyone',
  })
  .refine(({ everyone, keepCurrent }) => everyone || !keepCurrent, { message: 'keepCurrent goes with everyone' })
  .meta({ id: 'EndAccessOfMany' });

const counts = { sessionsEnded: z.int(), grantsEnded: z.int() };
const more = z
  .boolean()
  .describe('They had very many: what is not counted yet has ended like the rest.')
  .meta({ examples: [false] });
const ended = z.object({ revocationId: z.string(), ...counts, more }).meta({ id: 'EndedAccess' });
const endedDevice = z.object({ revocationId: z.string(), ...counts }).meta({ id: 'EndedDevice' });
const endedOfMany = z
  .object({
    revocationId: z
      .string()
      .nullable()
      .describe('The one revocation of everyone.')
      .meta({ examples: [null] }),
    results: z
      .array(
        z.object({
          user: z.string(),
          result: z.enum(['revoked', 'unknown']),
          revocationId: idOf('revocation').nullable(),
          ...counts,
          more,
        }),
      )
      .describe('One for each person of a list or a group.'),
  })
  .meta({ id: 'EndedAccessOfMany' });

/** What is answered first: what would end, and what to send back to say yes. */
const askedBack: Success = {
  status: 409,
  description: '`confirmation_required`: nothing has ended yet.',
  contentTypes: ['application/problem+json'],
  schema: z
    .object({
      type: z.url().meta({ examples: ['https://logout.whiterabbit.fake/problems/confirmation_required'] }),
      title: z.string().meta({ examples: [problems.confirmation_required.title] }),
      status: z.literal(409),
      detail: z
        .string()
        .meta({ examples: ['Look at `effects`, then send the same request again with this `confirmation`.'] }),
      code: z.literal('confirmation_required'),
      requestId: z.string(),
      effects: effects.describe('What would end.'),
      confirmation: z.string().describe('To be sent back with the same request, within five minutes.'),
    })
    .meta({ id: 'ConfirmationRequired', description: 'Problem details (RFC 9457), with what would end.' }),
};

type Db = Pool | PoolClient;
type Ending<Result> = Readonly<{
  confirmed: Omit<Confirmed, 'by'>;
  /** Who is concerned, and how they stand: what a confirmation is bound to. Locked until the transaction ends, if asked. */
  look: (db: Db, lock: boolean) => Promise<{ whose: Whose; standing: string }>;
  end: (client: PoolClient, whose: Whose) => Promise<Result>;
}>;
type EndingCall = Call<unknown, unknown, z.output<typeof ofPerson>>;

/** Ending access as an administrator: nothing ends before who asks has seen what would. */
export function endingAccessOperations(deps: {
  pool: Pool;
  /** What ends access, whatever the other is busy with. */
  accessPool: Pool;
  inTurn: InTurn;
  keyring: Keyring;
  clientNames: ReadonlyMap<string, string>;
  announce: () => void;
}): readonly Operation[] {
  const { pool, accessPool, inTurn, announce } = deps;
  const confirmations = createConfirmations(deps);
  const readEffects = createReadEffects(deps);

  /** Ends it if it is confirmed, all or nothing. @throws AppError confirmation_required with what would end, and how to say yes */
  async function endConfirmed<Result>(call: EndingCall, ending: Ending<Result>): Promise<Result> {
    const { orgId, principal, body } = call;
    const confirmed: Confirmed = { by: principal, ...ending.confirmed };
    try {
      const { id, expiresAt, standing } = await confirmations.open(body.confirmation, confirmed);
      const result = await transaction(accessPool, async (client) => {
        const now = await ending.look(client, true);
        await requireStill(client, principal, typeof now.whose === 'string' ? 'access.end_everyone' : 'access.end');
        if (!(await spend(client, orgId, { kind: 'confirmation', id, expiresAt })))
          throw notConfirmed('The confirmation was used before. Here is a fresh one.');
        if (now.standing !== standing)
          throw notConfirmed(
            'Since the confirmation was given, access has ended otherwise, or who is concerned has changed.',
          );
        return ending.end(client, now.whose);
      });
      announce();
      return result;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'confirmation_required') throw error;
      // Only looking takes turns.
      const [effects, confirmation] = await inTurn(orgId, async () => {
        const { whose, standing } = await ending.look(pool, false);
        return Promise.all([readEffects(principal, whose), confirmations.seal(confirmed, standing)]);
      });
      throw new AppError(error.code, error.detail, { members: { effects, confirmation } });
    }
  }

  return [
    operation({
      method: 'post',
      path: '/api/orgs/current/users/{id}/revocations',
      id: 'revokeUser',
      bodyExample: {
        reason: { administrators: 'Laptop stolen, ticket 4711', person: 'Your laptop was reported stolen.' },
      },
      tag: 'Ending access',
      summary: 'End every session and grant of a person',
      description: 'Without `confirmation` nothing ends: the answer says what would.',
      permission: 'access.end',
      params: z.object({ id: reference }),
      body: ofPerson,
      success: {
        status: 200,
        description: 'From now on no request of theirs is answered.',
        schema: ended,
      },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => {
        const { id } = call.params;
        return endConfirmed(call, {
          confirmed: { action: 'person', target: id },
          look: (db, lock) => lookAtPerson(db, call.orgId, id, lock),
          end: async (client) => {
            const asked = { user: id };
            const outcome = await revokeAccess(client, { ...byAdministrator(call, asked), subject: { userIds: [id] } });
            if (outcome.result !== 'revoked') throw noSuchPerson();
            const { revocationId, sessionsEnded, grantsEnded, more } = outcome;
            return { revocationId, sessionsEnded, grantsEnded, more };
          },
        });
      },
    }),
    operation({
      method: 'post',
      path: '/api/orgs/current/users/{id}/sessions/{sessionId}/revocations',
      id: 'revokeUserSession',
      bodyExample: { reason: { administrators: 'Shared computer' } },
      tag: 'Ending access',
      summary: 'End one session or grant of a person',
      permission: 'access.end',
      params: z.object({ id: reference, sessionId: reference }),
      body: ofPerson,
      success: {
        status: 200,
        description: 'It has ended; everything else of theirs stays.',
        schema: endedDevice,
      },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => {
        const { id: userId, sessionId } = call.params;
        return endConfirmed(call, {
          confirmed: { action: 'device', target: `${userId} ${sessionId}` },
          look: async (db, lock) => {
            const { standing } = await lookAtPerson(db, call.orgId, userId, lock);
            if (!(await isLive(db, call.orgId, userId, sessionId))) throw noSuchSession();
            return { whose: { userIds: [userId], deviceId: sessionId }, standing };
          },
          end: async (client) => {
            const asked = { user: userId, session: sessionId };
            const ended = await revokeDevice(client, { ...byAdministrator(call, asked), userId, id: sessionId });
            if (!ended) throw noSuchSession();
            return ended;
          },
        });
      },
    }),
    operation({
      method: 'post',
      path: '/api/orgs/current/revocations',
      id: 'revokeMany',
      bodyExample: { users: ['usr_01example', 'usr_02example'], reason: { administrators: 'Left the company' } },
      tag: 'Ending access',
      summary: 'End the access of a list of people, a group, or everyone',
      description: `All or nothing: up to ${mostInList} ids, or a group of up to ${mostInGroup}, or everyone, which is for owners. Without \`confirmation\` nothing ends: the answer says what would.`,
      permission: 'access.end',
      body: ofMany,
      success: {
        status: 200,
        description: 'From now on no request of theirs is answered.',
        schema: endedOfMany,
      },
      also: [askedBack],
      problems: ['not_found', 'confirmation_required'],
      handle: (call) => {
        const { users, group, keepCurrent = false } = call.body;
        if (users) return endConfirmed(call, endingOfList(call, [...new Set(users)]));
        if (group !== undefined) return endConfirmed(call, endingOfGroup(call, group));
        requireRole(call.principal.role, 'access.end_everyone');
        return endConfirmed(call, endingOfEveryone(call, keepCurrent));
      },
    }),
  ];
}

type Results = {
  revocationId: string | null;
  results: {
    user: string;
    result: 'revoked' | 'unknown';
    revocationId: string | null;
    sessionsEnded: number;
    grantsEnded: number;
    more: boolean;
  }[];
};

const endingOfList = (call: EndingCall, users: readonly string[]): Ending<Results> => ({
  confirmed: { action: 'list', target: digest([...users].sort()) },
  look: (db, lock) => lookAtPeople(db, call.orgId, users, lock),
  end: (client, whose) => endMany(client, byAdministrator(call, { users: users.length }), users, whose),
});

const endingOfGroup = (call: EndingCall, group: string): Ending<Results> => ({
  confirmed: { action: 'group', target: group },
  look: async (db, lock) => lookAtPeople(db, call.orgId, await membersOf(db, call.orgId, group), lock),
  end: (client, whose) =>
    endMany(client, byAdministrator(call, { group }), typeof whose === 'string' ? [] : whose.userIds, whose),
});

const endingOfEveryone = (call: EndingCall, keepCurrent: boolean): Ending<Results> => ({
  confirmed: { action: keepCurrent ? 'everyone_else' : 'everyone', target: call.orgId },
  look: async (db, lock) => {
    const { rows } = await db.query({
      name: `org-generation-${lock}`,
      text: `SELECT generation FROM orgs WHERE id = $1 ${lock ? 'FOR NO KEY UPDATE' : ''}`,
      values: [call.orgId],
    });
    const whose = keepCurrent ? 'everyone_else' : 'everyone';
    return { whose, standing: String(rows[0].generation) };
  },
  end: async (client) => {
    const keep = keepCurrent ? { keep: call.principal.credential } : {};
    const done = await revokeOrgAccess(client, { ...byAdministrator(call, { everyone: true, keepCurrent }), ...keep });
    return { revocationId: done?.revocationId ?? null, results: [] };
  },
});

async function endMany(
  client: PoolClient,
  revocation: Revocation,
  asked: readonly string[],
  whose: Whose,
): Promise<Results> {
  const userIds = typeof whose === 'string' ? [] : whose.userIds;
  const revoked = new Map(
    (await revokeAccessOfMany(client, { ...revocation, userIds })).map((one) => [one.userId, one]),
  );
  const nothing = { revocationId: null, sessionsEnded: 0, grantsEnded: 0, more: false };
  const results = asked.map((user) => {
    const { userId: _userId, ...ended } = revoked.get(user) ?? { userId: null, ...nothing };
    return { user, result: revoked.has(user) ? ('revoked' as const) : ('unknown' as const), ...ended };
  });
  return { revocationId: null, results };
}

function requireRole(role: Principal['role'], permission: Permission): void {
  if (!may(role, permission))
    throw new AppError('forbidden', `Your role (${role}) does not allow this; it needs "${permission}".`);
}

/**
 * Who asks still may. Asked behind the locks of whom it concerns: while they were waited for, the role, the person or the
 * very session that asks may have gone. @throws AppError forbidden
 */
async function requireStill(client: PoolClient, { orgId, userId, credential }: Principal, permission: Permission) {
  const { rows } = await client.query<Pick<Principal, 'role'>>({
    name: `still-signed-in-${credential.type}`,
    text: `SELECT role FROM live_${credential.type}s WHERE org_id = $1 AND user_id = $2 AND id = $3`,
    values: [orgId, userId, credential.id],
  });
  if (!rows[0]) throw new AppError('forbidden', 'Your own access has ended meanwhile; nothing was done.');
  requireRole(rows[0].role, permission);
}

const byAdministrator = ({ orgId, by, body }: EndingCall, asked: unknown): Revocation => ({
  orgId,
  initiator: 'admin',
  by,
  asked,
  reason: body.reason?.administrators ?? null,
  reasonForPerson: body.reason?.person ?? null,
});

async function lookAtPerson(db: Db, orgId: string, id: string, lock: boolean) {
  const found = await lookAtPeople(db, orgId, [id], lock);
  if (found.whose.userIds.length === 0) throw noSuchPerson();
  return found;
}

/** Those of them who are of the org, with their generations and the org's. Rows are locked in the order of their ids. */
async function lookAtPeople(db: Db, orgId: string, ids: readonly string[], lock: boolean) {
  const { rows } = await db.query<{ id: string; generation: number; org_generation: number }>({
    name: `people-generations-${lock}`,
    text: `SELECT u.id, u.generation, o.generation AS org_generation FROM users u JOIN orgs o ON o.id = u.org_id
           WHERE u.org_id = $1 AND u.id = ANY ($2::text[]) AND u.deleted_at IS NULL
           ORDER BY u.id ${lock ? 'FOR NO KEY UPDATE OF u' : ''}`,
    values: [orgId, ids],
  });
  const standing = digest(rows.map((row) => [row.id, row.generation, row.org_generation]));
  const userIds = rows.map((row) => row.id);
  const found = new Set(userIds);
  return { whose: { userIds, unknown: ids.filter((id) => !found.has(id)) }, standing };
}

/** Who is in a group. @throws AppError not_found; invalid_request for a group that is too large */
async function membersOf(db: Db, orgId: string, group: string): Promise<string[]> {
  const { rows } = await db.query<{ user_id: string | null }>({
    name: 'group-members-to-revoke',
    text: `SELECT m.user_id FROM groups g LEFT JOIN group_members m ON m.org_id = g.org_id AND m.group_id = g.id
           WHERE g.org_id = $1 AND g.id = $2 LIMIT $3`,
    values: [orgId, group, mostInGroup + 1],
  });
  if (rows.length === 0) throw noSuchGroup();
  if (rows.length > mostInGroup)
    throw new AppError('invalid_request', `The group has more than ${mostInGroup} members. Send lists of ids instead.`);
  return rows.flatMap(({ user_id }) => (user_id === null ? [] : [user_id]));
}

async function isLive(db: Db, orgId: string, userId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'device-live',
    text: `SELECT FROM live_sessions WHERE org_id = $1 AND user_id = $2 AND id = $3
           UNION ALL SELECT FROM live_grants WHERE org_id = $1 AND user_id = $2 AND id = $3`,
    values: [orgId, userId, id],
  });
  return rowCount === 1;
}

const noSuchSession = () => new AppError('not_found', 'This person is signed in nowhere under this id.');

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url');
