import type { PoolClient } from 'pg';
import type { Call } from '../api/operation.ts';
import { revokeDevice } from '../revocation/end-rows.ts';
import type { Revocation, Revoked } from '../revocation/revocation.ts';
import { revokeAccessOfMany, revokeOrgAccess } from '../revocation/revoke-access.ts';
import { endOf } from './changer.ts';
import {
  type ConcernedDevice,
  type ConcernedEveryone,
  type ConcernedPeople,
  digestOf,
  lookAtDevice,
  lookAtEveryone,
  lookAtGroup,
  lookAtPeople,
  lookAtPerson,
  noSuchSession,
} from './concerned.ts';
import type { Ending } from './end-confirmed.ts';

type Reason = Readonly<{ administrators?: string | undefined; person?: string | undefined }>;
export type EndingCall = Pick<Call, 'orgId' | 'by' | 'principal'> & Readonly<{ body: { reason?: Reason | undefined } }>;

type Ended = Omit<Revoked, 'userId'>;

/** A list or a group gives a result for each person, everyone gives one revocation. */
export type EndedForMany = Readonly<{
  revocationId: string | null;
  results: readonly Readonly<
    { user: string; result: 'revoked' | 'unknown' } & Omit<Ended, 'revocationId'> & { revocationId: string | null }
  >[];
}>;

export const endingOfPerson = (call: EndingCall, userId: string): Ending<ConcernedPeople, Ended> => ({
  confirmed: { action: 'person', target: userId },
  permission: 'access.end',
  look: (db, lock) => lookAtPerson(db, call.orgId, userId, lock),
  end: (client) => endOf(client, byAdministrator(call, { user: userId }), userId),
});

export const endingOfDevice = (
  call: EndingCall,
  userId: string,
  deviceId: string,
): Ending<ConcernedDevice, Omit<Ended, 'more'>> => ({
  confirmed: { action: 'device', target: `${userId} ${deviceId}` },
  permission: 'access.end',
  look: (db, lock) => lookAtDevice(db, call.orgId, { userId, deviceId }, lock),
  end: async (client) => {
    const revocation = byAdministrator(call, { user: userId, session: deviceId });
    const ended = await revokeDevice(client, { ...revocation, userId, id: deviceId });
    if (!ended) throw noSuchSession();
    return ended;
  },
});

export const endingOfList = (call: EndingCall, users: readonly string[]): Ending<ConcernedPeople, EndedForMany> => ({
  confirmed: { action: 'list', target: digestOf([...users].sort()) },
  permission: 'access.end',
  look: (db, lock) => lookAtPeople(db, call.orgId, users, lock),
  end: (client, { userIds }) => endMany(client, byAdministrator(call, { users: users.length }), userIds, users),
});

export const endingOfGroup = (call: EndingCall, group: string): Ending<ConcernedPeople, EndedForMany> => ({
  confirmed: { action: 'group', target: group },
  permission: 'access.end',
  look: (db, lock) => lookAtGroup(db, call.orgId, group, lock),
  end: (client, { userIds }) => endMany(client, byAdministrator(call, { group }), userIds, userIds),
});

export const endingOfEveryone = (call: EndingCall, keepCurrent: boolean): Ending<ConcernedEveryone, EndedForMany> => ({
  confirmed: { action: keepCurrent ? 'everyone_else' : 'everyone', target: call.orgId },
  permission: 'access.end_everyone',
  look: (db, lock) => lookAtEveryone(db, call.orgId, keepCurrent ? call.principal.credential : null, lock),
  end: async (client, { keep }) => {
    const revocation = byAdministrator(call, { everyone: true, keepCurrent });
    const ended = await revokeOrgAccess(client, { ...revocation, keep });
    return { revocationId: ended?.revocationId ?? null, results: [] };
  },
});

/** Ends the access of `userIds`; returns a result for each id asked for, in that order. */
async function endMany(
  client: PoolClient,
  revocation: Revocation,
  userIds: readonly string[],
  asked: readonly string[],
): Promise<EndedForMany> {
  const ended = await revokeAccessOfMany(client, { ...revocation, userIds });
  const revoked = new Map(ended.map((person) => [person.userId, person]));
  const results = asked.map((user) => {
    const { revocationId = null, sessionsEnded = 0, grantsEnded = 0, more = false } = revoked.get(user) ?? {};
    const result = revoked.has(user) ? ('revoked' as const) : ('unknown' as const);
    return { user, result, revocationId, sessionsEnded, grantsEnded, more };
  });
  return { revocationId: null, results };
}

const byAdministrator = ({ orgId, by, body }: EndingCall, asked: unknown): Revocation => ({
  orgId,
  initiator: 'admin',
  by,
  asked,
  reason: body.reason?.administrators ?? null,
  reasonForPerson: body.reason?.person ?? null,
});
