import type { Pool } from 'pg';
import type { SignInTicket } from '../sessions/principal.ts';
import { readStanding } from './freshness.ts';
import type { SealedState } from './sealed-state.ts';

/**
 * Why a proven sign-in's session was not inserted: the person was switched off, access ended (by a
 * revocation, or the IdP's session by back-channel logout), or the state had been used before.
 */
export async function whyNotInserted(
  pool: Pool,
  ticket: SignInTicket,
  { state, ...signIn }: Readonly<{ sessionId: string; subject: string; state: SealedState }>,
): Promise<'user_inactive' | 'overtaken' | 'state_spent'> {
  const { orgId, userId, connectionId } = ticket;
  const now = await readStanding(pool, { orgId, userId, emailKey: null, connectionId, ...signIn }, state);
  if (!now.active) return 'user_inactive';
  const revoked = now.userGeneration !== ticket.userGeneration || now.orgGeneration !== ticket.orgGeneration;
  return revoked || (await hasIdpSessionEnded(pool, ticket)) ? 'overtaken' : 'state_spent';
}

/** Whether the IdP said that its session of this `sid` is over. */
export async function hasIdpSessionEnded(
  pool: Pool,
  { orgId, connectionId, idpSid }: Pick<SignInTicket, 'orgId' | 'connectionId' | 'idpSid'>,
): Promise<boolean> {
  if (idpSid === null) return false;
  const { rows } = await pool.query({
    name: 'sign-in-idp-session-ended',
    text: 'SELECT idp_session_ended($1, $2, $3) AS ended',
    values: [orgId, connectionId, idpSid],
  });
  return rows[0].ended;
}
