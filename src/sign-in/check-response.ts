import type { Request } from 'express';
import type { Pool } from 'pg';
import { foreignText } from '../http/foreign-text.ts';
import type { OrgConnection, SignInConnection } from './find-sign-in-connection.ts';
import { idpWords } from './idp-words.ts';
import { SignInRefused } from './refusal.ts';
import { type SealedState, stateLifetime } from './sealed-state.ts';

export type AuthorizationResponse = Readonly<{ state: string; iss: string | null }> &
  (Readonly<{ code: string; error: null }> | Readonly<{ code: null; error: string; description: string | null }>);

/** The codes of RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6, which may be a detail. */
const errorCodes = new Set([
  'access_denied',
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
  'interaction_required',
  'login_required',
  'account_selection_required',
  'consent_required',
]);

/** Takes exactly one state, one of code and error, at most one iss; null for anything else. */
export function parseResponse(req: Request): AuthorizationResponse | null {
  const all = new URLSearchParams(req.url.includes('?') ? req.url.slice(req.url.indexOf('?')) : '');
  const single = (name: string) => {
    const [value, ...more] = all.getAll(name);
    return more.length > 0 || value === '' || (value?.length ?? 0) > 8_192 ? undefined : (value ?? null);
  };
  const [state, code, error, iss] = [single('state'), single('code'), single('error'), single('iss')];
  if (!state || code === undefined || error === undefined || iss === undefined) return null;
  if (code !== null && error === null) return { state, iss, code, error };
  // The description is only for people to read: no form of it makes the answer malformed.
  if (error !== null && code === null) return { state, iss, code, error, description: all.get('error_description') };
  return null;
}

/**
 * Checks that the sealed state is of this org, in time and unused, before anything else in the
 * answer counts. Returns the connection that was asked. @throws SignInRefused
 */
export async function checkState(pool: Pool, found: OrgConnection, state: SealedState): Promise<SignInConnection> {
  if (state.orgId !== found.org.id) throw new SignInRefused('state_foreign');
  const age = found.now - state.startedAt;
  if (age > stateLifetime || age < -stateLifetime) throw new SignInRefused('state_expired');
  if (!found.connection) throw new SignInRefused('connection_unknown');
  // This only spares the IdP a code that can't count any more: the insert decides.
  if (await isSpent(pool, state)) throw new SignInRefused('state_spent');
  return found.connection;
}

/** RFC 9207: who answered must be who was asked (mix-up attack). @throws SignInRefused */
export function checkIssuer(response: AuthorizationResponse, connection: SignInConnection): void {
  if (response.iss === null && !connection.responseIss) return;
  const issuers = [connection.issuer, ...connection.acceptedIssuers];
  if (response.iss !== null && issuers.includes(response.iss)) return;
  const named = foreignText(response.iss, 200);
  const facts = named === null ? {} : { namedIssuer: named, idpVia: 'browser' };
  throw new SignInRefused('issuer_mixed_up', null, { facts });
}

/** The refusal for an answer that is an error. The state has been checked. */
export function errorRefusal(
  { error, description }: Readonly<{ error: string; description: string | null }>,
  state: SealedState,
): SignInRefused {
  const hidden = [state.id, state.nonce, state.verifier];
  return new SignInRefused(
    error === 'access_denied' ? 'cancelled' : 'idp_error',
    errorCodes.has(error) ? error : 'unlisted_error',
    { said: idpWords({ error, error_description: description }, 'browser', hidden) },
  );
}

/** Whether a session was made by this state. The row outlasts the state's time by a minute or more. */
export async function isSpent(pool: Pool, state: Pick<SealedState, 'orgId' | 'id'>): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'sign-in-spent',
    text: `SELECT EXISTS (SELECT FROM spent WHERE org_id = $1 AND kind = 'sign_in_state' AND id = $2) AS spent`,
    values: [state.orgId, state.id],
  });
  return rows[0].spent;
}
