import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/pool.ts';
import { endIdpSession, type IdpSessionEnd } from './end-rows.ts';
import { spend } from './once.ts';
import { revokeAccess, revokeAccessOfMany } from './revoke-access.ts';

/**
 * Ends all access of whoever holds a session at an org's IdP, in one transaction: of the person
 * whom the IdP names (`of`), and of the connection's people whose sessions or grants, dead ones too
 * until they are swept, carry the `sid`. The `sid`, and the name of a person whom nobody knows, are
 * remembered, so that sign-ins under way with them fail.
 */
export function endHoldersOfIdpSession(
  pool: Pool,
  { once, of, ...end }: Omit<IdpSessionEnd, 'frontChannel'>,
): Promise<void> {
  const { connectionId, sid, ...rest } = end;
  const revocation = { ...rest, initiator: 'idp' } as const;
  return transaction(pool, async (db) => {
    if (once && !(await spend(db, end.orgId, once))) return;
    const named =
      of && (await revokeAccess(db, { ...revocation, subject: { identities: [of] }, reach: { connectionId } }));
    const endedBefore = named?.result === 'revoked' ? named.userId : null;
    const userIds = (await holdersOf(db, end.orgId, connectionId, sid)).filter((id) => id !== endedBefore);
    if (userIds.length > 0) await revokeAccessOfMany(db, { ...revocation, userIds });
    // Nothing of these people is left for it to end.
    await endIdpSession(db, { ...rest, connectionId, sid });
  });
}

async function holdersOf(db: PoolClient, orgId: string, connectionId: string, sid: string): Promise<string[]> {
  const carrying = (table: 'sessions' | 'grants') => `
    SELECT d.user_id FROM ${table} d
    JOIN identities i ON i.org_id = d.org_id AND i.connection_id = d.connection_id AND i.user_id = d.user_id
    WHERE d.org_id = $1 AND d.connection_id = $2 AND d.idp_sid = $3`;
  const { rows } = await db.query<{ user_id: string }>({
    name: 'idp-session-holders',
    text: `${carrying('sessions')} UNION ${carrying('grants')}`,
    values: [orgId, connectionId, sid],
  });
  return rows.map(({ user_id }) => user_id);
}
