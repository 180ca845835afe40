import type { Pool } from 'pg';
import type { By } from '../by.ts';
import type { Batches } from '../revocation/batches.ts';
import { revokeAccess } from '../revocation/revoke-access.ts';
import type { Principal } from '../sessions/principal.ts';

/**
 * A person's own "sign out everywhere", or "everywhere else": then the credential of the request
 * stays, if no other revocation comes at the same time. Counts what ended; null when the person is
 * gone.
 */
export function createSignOutEverywhere({ pool, batches }: { pool: Pool; batches: Batches }) {
  return async (
    { orgId, userId, credential }: Principal,
    { keepCurrent, by }: { keepCurrent: boolean; by: By },
  ): Promise<{ sessionsEnded: number; grantsEnded: number } | null> => {
    const revocation = { orgId, subject: { userIds: [userId] }, initiator: 'user', by } as const;
    const outcome = await (keepCurrent
      ? revokeAccess(pool, { ...revocation, keep: credential })
      : revokeAccess(batches, revocation));
    if (outcome.result !== 'revoked') return null;
    return { sessionsEnded: outcome.sessionsEnded, grantsEnded: outcome.grantsEnded };
  };
}
