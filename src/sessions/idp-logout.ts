import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { type Keyring, UnsealError } from '../keyring.ts';
import type { Principal } from './principal.ts';
import { openIdToken } from './sealed-id-token.ts';

export type FindIdpLogout = ReturnType<typeof createFindIdpLogout>;

/**
 * Where a browser goes on to from its sign-out, to sign out at the IdP too (OpenID Connect
 * RP-Initiated Logout 1.0 §2). Null unless the session's connection is set to it. Ask before the
 * session ends: its ID token ends with it.
 */
export function createFindIdpLogout(deps: { pool: Pool; keyring: Keyring; config: Pick<Config, 'publicUrl'> }) {
  return async ({ orgId, credential }: Principal): Promise<string | null> => {
    if (credential.type !== 'session') return null;
    const { rows } = await deps.pool.query<{ endpoint: string; client_id: string; id_token: string | null }>({
      name: 'session-idp-logout',
      text: `SELECT c.end_session_endpoint AS endpoint, c.client_id, s.id_token
             FROM sessions s
             JOIN connections c ON c.org_id = s.org_id AND c.id = s.connection_id
             WHERE s.org_id = $1 AND s.id = $2 AND c.sign_out_at_idp AND c.end_session_endpoint IS NOT NULL`,
      values: [orgId, credential.id],
    });
    const found = rows[0];
    if (!found) return null;
    const url = new URL(found.endpoint);
    const hint = found.id_token === null ? null : await openHint(deps.keyring, orgId, found.id_token);
    if (hint !== null) url.searchParams.set('id_token_hint', hint);
    url.searchParams.set('client_id', found.client_id);
    url.searchParams.set('post_logout_redirect_uri', `${deps.config.publicUrl}/signed-out`);
    // The browser brings `state` back: it tells the page what has happened, and proves nothing.
    url.searchParams.set('state', 'ended');
    return url.href;
  };
}

/** Null where the key is gone: without the hint the IdP asks the person, and sign-out goes on. */
async function openHint(keyring: Keyring, orgId: string, sealed: string): Promise<string | null> {
  try {
    return await openIdToken(keyring, orgId, sealed);
  } catch (error) {
    if (error instanceof UnsealError) return null;
    throw error;
  }
}
