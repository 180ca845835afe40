import type { Pool } from 'pg';
import type { By } from '../by.ts';
import type { Principal } from '../sessions/principal.ts';
import { revokeAccess } from './revoke-access.ts';

/**
 * A person's own "sign out everywhere", or "everywhere else": then what the request came with stays, if no other revocation
 * comes at the same time. Counts what ended; null when the person is gone.
 */
export function createSignOutEverywhere({ pool }: { pool: Pool }) {
  return async (
    { orgId, userId, credential }: Principal,
    { keepCurrent, by }: { keepCurrent: boolean; by: By },
  ): Promise<{ sessionsEnded: number; grantsEnded: number } | null> => {
    const outcome = await revokeAccess(pool, {
      orgId,
      subject: { userIds: [userId] },
      initiator: 'user',
      by,
      ...(keepCurrent ? { keep: credential } : {}),
    });
    if (outcome.result !== 'revoked') return null;
    return { sessionsEnded: outcome.sessionsEnded, grantsEnded: outcome.grantsEnded };
  };
}
