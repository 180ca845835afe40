import { type AdapterPayload, Provider } from 'oidc-provider';
import type { Pool } from 'pg';
import { newId } from '../database/ids.ts';
import type { Reference } from './references.ts';
import { toReference } from './references.ts';

export type GrantEnd = 'by_app' | 'token_used_twice';

type GrantRow = { client_id: string; user_id: string; scope: string; iat: number; exp: number };

/**
 * A live grant as the library knows it. The product's own issuer names a person with the org, an
 * org's by the id alone.
 */
export async function findGrant(
  pool: Pool,
  { orgId, id }: Reference,
  withOrg: boolean,
): Promise<AdapterPayload | undefined> {
  const { rows } = await pool.query<GrantRow>({
    name: 'grant-find',
    text: `SELECT client_id, user_id, scope, floor(extract(epoch FROM created_at))::int AS iat, floor(extract(epoch FROM expires_at))::int AS exp
           FROM live_grants WHERE org_id = $1 AND id = $2`,
    values: [orgId, id],
  });
  const row = rows[0];
  return (
    row && {
      kind: 'Grant',
      jti: toReference({ orgId, id }),
      clientId: row.client_id,
      accountId: withOrg ? toReference({ orgId, id: row.user_id }) : row.user_id,
      openid: { scope: row.scope },
      iat: row.iat,
      exp: row.exp,
    }
  );
}

/** The request that the library answers; Express has added to it. */
export const askingRequest = () => (Provider.ctx?.req ?? {}) as { id?: string; ip?: string };

/** Ends a live grant with every token and code under it, and records it; a dead one stays as is. */
export async function endGrant(pool: Pool, { orgId, id }: Reference, why: GrantEnd): Promise<void> {
  const { id: requestId, ip } = askingRequest();
  await pool.query({
    name: 'grant-end',
    text: `
      WITH ended AS (
        UPDATE grants g SET ended_at = clock_timestamp()
        WHERE g.org_id = $1 AND g.id = $2 AND g.revoked_at IS NULL AND g.ended_at IS NULL
          AND EXISTS (SELECT FROM live_grants l WHERE l.org_id = g.org_id AND l.id = g.id)
        RETURNING org_id, id, user_id, client_id
      )
      INSERT INTO audit_events (org_id, id, action, actor_type, actor_id, target_type, target_id, ip, request_id, detail)
      SELECT org_id, $3, 'grant.ended', CASE WHEN $4 = 'by_app' THEN 'user' ELSE 'system' END,
             CASE WHEN $4 = 'by_app' THEN user_id END, 'grant', id, $5, $6,
             jsonb_build_object('client', client_id, 'reason', $4::text, 'user', user_id)
      FROM ended`,
    values: [orgId, id, newId('auditEvent'), why, ip ?? null, requestId ?? null],
  });
}
