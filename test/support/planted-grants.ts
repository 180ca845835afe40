import { createHash, randomBytes } from 'node:crypto';
import type { Product } from './product.ts';

export type PlantedGrant = { id: string; accessToken: string };

/**
 * Live grants of a person, each with a live access token, straight into the database as an approval
 * and a token request would leave them: for trials by the thousand. The person needs an identity.
 */
export async function plantGrants(
  product: Pick<Product, 'context'>,
  { orgId, userId }: { orgId: string; userId: string },
  count: number,
  { clientId = 'mobile-app', idpSid = null as string | null, scope = 'openid offline_access' } = {},
): Promise<PlantedGrant[]> {
  const grants = Array.from({ length: count }, () => ({
    id: `grn_${randomBytes(12).toString('hex')}`,
    accessToken: randomBytes(32).toString('base64url'),
  }));
  await product.context.pool.query(
    `WITH made AS (
       INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation,
                           org_generation, idp_sid, scope, idle_expires_at, expires_at)
       SELECT u.org_id, planted.id, $3, u.id, i.connection_id, i.id, 'ses_of_' || planted.id, u.generation, o.generation, $4,
              $7, now() + interval '1 hour', now() + interval '1 day'
       FROM unnest($5::text[]) AS planted (id)
       JOIN users u ON u.org_id = $1 AND u.id = $2
       JOIN orgs o ON o.id = $1
       JOIN LATERAL (SELECT * FROM identities i WHERE i.org_id = $1 AND i.user_id = u.id LIMIT 1) i ON true
       RETURNING org_id, id
     )
     INSERT INTO tokens (kind, id_hash, org_id, grant_id, payload, expires_at)
     SELECT 'AccessToken', planted.hash, $1, planted.id, jsonb_build_object(
              'kind', 'AccessToken', 'clientId', $3::text, 'accountId', $1 || '.' || $2, 'grantId', planted.id,
              'scope', $7::text, 'iat', extract(epoch FROM now())::int, 'exp', extract(epoch FROM now())::int + 300),
            now() + interval '5 minutes'
     FROM unnest($5::text[], $6::bytea[]) AS planted (id, hash)
     WHERE (SELECT count(*) FROM made) > 0`,
    [
      ...[orgId, userId, clientId, idpSid, grants.map((grant) => grant.id)],
      grants.map((grant) => createHash('sha256').update(grant.accessToken).digest()),
      scope,
    ],
  );
  return grants;
}

/** Those of the grants that are alive. */
export async function liveGrants(
  product: Pick<Product, 'context'>,
  grants: readonly PlantedGrant[],
): Promise<string[]> {
  const ids = grants.map((grant) => grant.id);
  const { rows } = await product.context.pool.query<{ id: string }>('SELECT id FROM live_grants WHERE id = ANY ($1)', [
    ids,
  ]);
  return rows.map((row) => row.id);
}
