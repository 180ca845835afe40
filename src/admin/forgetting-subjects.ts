import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { Revocation } from '../revocation/revocation.ts';
import { revokeAccessOfMany, revokeOrgAccess } from '../revocation/revoke-access.ts';
import { ownReasons } from '../sessions/own-reasons.ts';
import { readLinking, releaseAllIdentities, releaseIdentities } from '../users/identities.ts';
import { type Changer, counts, revocationOf } from './changer.ts';
import { type ConcernedEveryone, type ConcernedPeople, digestOf, lookAtEveryone, lookAtPeople } from './concerned.ts';
import type { Ending } from './end-confirmed.ts';
import { type NamedConnection, requireConnection } from './known-names.ts';

/** `revocationId`: of everyone's access in the org; null where the people's alone was ended. */
export type Forgotten = Readonly<{ people: number; revocationId: string | null }>;

/**
 * Most people whose access ends one by one. Their rows are locked meanwhile, for 0.4 s on a busy
 * machine, and a revocation of one of them waits.
 */
const mostOneByOne = 1_000;

/**
 * Releases everybody's subject at a connection: its identity provider knows them by others now. All
 * access of these people ends. Where they are many the org's generation does it: one row in place
 * of theirs. @throws AppError not_found
 */
export function forgettingSubjects(
  changer: Changer,
  connectionId: string,
): Ending<(ConcernedPeople | ConcernedEveryone) & { connection: NamedConnection }, Forgotten> {
  const { orgId, by } = changer;
  return {
    confirmed: { action: 'subjects', target: connectionId },
    permission: 'identity.change',
    look: async (db, lock) => {
      const connection = await requireConnection(db, orgId, connectionId, lock);
      const ids = await readLinkedPeople(db, orgId, connectionId);
      // The org's row isn't locked until the end: the connection's keeps a second one waiting.
      const everyone = await lookAtEveryone(db, orgId, null, false);
      const { whose } = ids.length > mostOneByOne ? everyone : await lookAtPeople(db, orgId, ids, lock);
      // Among many somebody's access ends all the time, and changes nothing of what was confirmed.
      return { whose: { ...whose, connection }, standing: digestOf([whose.kind, everyone.standing]) };
    },
    tell: async (db, whose, words) => {
      const connection = whose.connection.name;
      const linking = await readLinking(db, orgId, { connectionId, userIds: null });
      const { byAddress, ifVerified, byHand, noOwnerLeft } = linking;
      const means = [
        words.forgetMeans({ people: byAddress + ifVerified + byHand, connection }),
        whose.kind === 'everyone' ? words.forgetEndsEveryone({ most: mostOneByOne }) : words.forgetEnds,
        words.forgetTrust({ connection }),
        ...(byAddress ? [words.forgetByAddress({ people: byAddress })] : []),
        ...(ifVerified ? [words.forgetIfVerified({ people: ifVerified })] : []),
        ...(byHand ? [words.forgetByHand({ people: byHand, connection })] : []),
        ...(noOwnerLeft ? [words.noOwnerLeft] : []),
      ];
      return { means, linking: counts(linking) };
    },
    end: async (client, whose) => {
      const why = ['The subjects of a connection were forgotten.', ownReasons.identityChanged] as const;
      const revocation = revocationOf(changer, { connection: connectionId }, why);
      const forgotten =
        whose.kind === 'people'
          ? await forgetOfPeople(client, revocation, { connectionId, userIds: whose.userIds })
          : await forgetOfEveryone(client, revocation, connectionId);
      const target = { type: 'connection', id: connectionId };
      const detail = { people: forgotten.people };
      await recordEvent(client, { orgId, by, action: 'connection.subjects_forgotten', target, detail });
      return forgotten;
    },
  };
}

/** Whoever is linked meanwhile stays linked: their access isn't among what ends. */
async function forgetOfPeople(
  client: PoolClient,
  revocation: Revocation,
  of: Readonly<{ connectionId: string; userIds: readonly string[] }>,
): Promise<Forgotten> {
  const people = await releaseIdentities(client, revocation.orgId, of);
  await revokeAccessOfMany(client, { ...revocation, userIds: of.userIds });
  return { people, revocationId: null };
}

async function forgetOfEveryone(client: PoolClient, revocation: Revocation, connectionId: string): Promise<Forgotten> {
  const people = await releaseAllIdentities(client, revocation.orgId, connectionId);
  const ended = await revokeOrgAccess(client, revocation);
  return { people, revocationId: ended?.revocationId ?? null };
}

/** Ids of the people who have a subject at the connection; one more than are ended one by one. */
async function readLinkedPeople(db: Pool | PoolClient, orgId: string, connectionId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'people-of-connection',
    text: `SELECT u.id FROM identities i JOIN users u ON u.org_id = i.org_id AND u.id = i.user_id
           WHERE i.org_id = $1 AND i.connection_id = $2 AND u.deleted_at IS NULL LIMIT ${mostOneByOne + 1}`,
    values: [orgId, connectionId],
  });
  return rows.map(({ id }) => id);
}
