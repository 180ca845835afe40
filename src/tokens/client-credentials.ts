import type { Pool } from 'pg';
import { idHash } from './id-hash.ts';

/**
 * Whose access token of the org's issuer this is, by client credentials: null for every other text,
 * for another org's token, and for an app that was disabled or deleted meanwhile.
 */
export function createFindClientCredentials({ pool }: { pool: Pool }) {
  return async (orgId: string, token: string): Promise<{ appId: string; scopes: readonly string[] } | null> => {
    const { rows } = await pool.query<{ id: string; scope: string | null }>({
      name: 'client-credentials-find',
      text: `SELECT a.id, t.payload ->> 'scope' AS scope
             FROM tokens t JOIN apps a ON a.org_id = $1 AND a.id = t.payload ->> 'clientId'
             WHERE t.kind = 'ClientCredentials' AND t.id_hash = $2 AND t.consumed_at IS NULL AND t.expires_at > now()
               AND a.kind = 'ssf' AND a.state <> 'disabled'`,
      values: [orgId, idHash(orgId, token)],
    });
    return rows[0] ? { appId: rows[0].id, scopes: (rows[0].scope ?? '').split(' ').filter(Boolean) } : null;
  };
}
