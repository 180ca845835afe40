import type { PoolClient } from 'pg';
import type { Call } from '../api/operation.ts';
import type { By } from '../by.ts';
import type { Initiator } from '../database/generated/client.ts';
import type { Revocation, Revoked } from '../revocation/revocation.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import type { Linking } from '../users/identities.ts';
import { noSuchPerson } from './change-person.ts';

/** Who changes who is who: an administrator, or the operator at the command line. */
export type Changer = Readonly<{ orgId: string; by: By; initiator: Extract<Initiator, 'admin' | 'operator'> }>;

export const changerOf = ({ orgId, by }: Pick<Call, 'orgId' | 'by'>): Changer => ({ orgId, by, initiator: 'admin' });

export type Ended = Omit<Revoked, 'userId'>;

export const revocationOf = (
  { orgId, by, initiator }: Changer,
  asked: unknown,
  [reason, reasonForPerson]: readonly [administrators: string, person: string],
): Revocation => ({ orgId, by, initiator, asked, reason, reasonForPerson });

/** Ends all access of the person whose names change. @throws AppError not_found */
export async function endOf(
  client: PoolClient,
  revocation: Omit<Parameters<typeof revokeAccess>[1], 'subject'>,
  userId: string,
): Promise<Ended> {
  const outcome = await revokeAccess(client, { ...revocation, subject: { userIds: [userId] } });
  if (outcome.result !== 'revoked') throw noSuchPerson();
  const { revocationId, sessionsEnded, grantsEnded, more } = outcome;
  return { revocationId, sessionsEnded, grantsEnded, more };
}

export const counts = ({ byAddress, ifVerified, byHand }: Linking) => ({ byAddress, ifVerified, byHand });
