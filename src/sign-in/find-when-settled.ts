import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { findSignInConnection, type OrgConnection, type WantedConnection } from './find-sign-in-connection.ts';

/**
 * Finds the org and its connection for a start. Right after a revocation in the org it waits until
 * that lies `settleSeconds` back, and looks again: of a session at the IdP that began just before
 * the revocation, whole seconds would hide that it did. Nobody types a password twice for it.
 * @param notBefore the moment, on the database's clock, before which the start would be too early
 */
export async function findWhenSettled(
  pool: Pool,
  orgRef: string,
  wanted: WantedConnection,
  { settleSeconds, notBefore = 0 }: { settleSeconds: number; notBefore?: number },
): Promise<OrgConnection | null> {
  const found = await findSignInConnection(pool, orgRef, wanted);
  if (!found) return null;
  const settled = Math.max(notBefore, found.revokedAt === null ? 0 : found.revokedAt + settleSeconds);
  const seconds = Math.min(settled - found.now, settleSeconds);
  if (seconds <= 0) return found;
  await delay(Math.ceil(seconds * 1000));
  return findSignInConnection(pool, orgRef, wanted);
}
