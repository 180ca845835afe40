import { createHash, randomBytes } from 'node:crypto';
import { plantUsers, refreshPlans } from '../support/planted-sessions.ts';
import type { Product } from '../support/product.ts';
import { deviceGrant, mobileRedirect, post, type TokenAnswer } from './support.ts';

export type Kind = 'AuthorizationCode' | 'RefreshToken' | 'DeviceCode';
/** What an app holds and may exchange for tokens, of a person of its own. */
export type Holding = { userId: string; grantId: string; secret: string; redeem: (at: string) => Promise<TokenAnswer> };

const verifier = 'v'.repeat(64);
const scope = 'offline_access';

/**
 * People with a session and one approved code, refresh token or device code each, as the
 * authorization server stores them: for trials by the thousand.
 */
export async function plantHoldings(
  product: Pick<Product, 'context' | 'orgs' | 'env' | 'url'>,
  kind: Kind,
  count: number,
): Promise<Holding[]> {
  const { pool } = product.context;
  const orgId = product.orgs.whiterabbit.id;
  const users = await plantUsers(product, count);
  const clientId = kind === 'DeviceCode' ? 'cli' : 'mobile-app';
  const made = users.map((user) => ({
    userId: user.id,
    grantId: `grn_${randomBytes(12).toString('hex')}`,
    secret: randomBytes(32).toString('base64url'),
  }));
  const payload = {
    kind,
    clientId,
    scope,
    gty: kind === 'RefreshToken' ? 'authorization_code' : undefined,
    ...(kind === 'AuthorizationCode'
      ? {
          redirectUri: mobileRedirect,
          codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
          codeChallengeMethod: 'S256',
        }
      : {}),
  };
  await pool.query(
    `WITH made AS (
       INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation,
                           org_generation, scope, idle_expires_at, expires_at)
       SELECT s.org_id, planted.id, $2, s.user_id, s.connection_id, s.identity_id, s.id, s.user_generation, s.org_generation, $3,
              now() + interval '1 hour', now() + interval '1 day'
       FROM unnest($4::text[], $5::text[]) AS planted (id, user_id)
       JOIN sessions s ON s.org_id = $1 AND s.user_id = planted.user_id
       RETURNING id
     )
     INSERT INTO tokens (kind, id_hash, org_id, grant_id, payload, expires_at)
     SELECT $6, planted.hash, $1, planted.id,
            $7::jsonb || jsonb_build_object('accountId', $1 || '.' || planted.user_id,
              'iat', extract(epoch FROM now())::int, 'exp', extract(epoch FROM now())::int + 3600),
            now() + interval '1 hour'
     FROM unnest($4::text[], $5::text[], $8::bytea[]) AS planted (id, user_id, hash)
     WHERE (SELECT count(*) FROM made) > 0`,
    [
      ...[orgId, clientId, scope, made.map((one) => one.grantId), made.map((one) => one.userId), kind, payload],
      made.map((one) => createHash('sha256').update(one.secret).digest()),
    ],
  );
  await refreshPlans(product, count, 'grants, tokens');
  return made.map((one) => ({
    ...one,
    redeem: (at) => post(product, '/oauth/token', formOf(kind, one.secret), { at }),
  }));
}

function formOf(kind: Kind, secret: string): Record<string, string> {
  if (kind === 'DeviceCode') return { grant_type: deviceGrant, device_code: secret, client_id: 'cli' };
  if (kind === 'RefreshToken') return { grant_type: 'refresh_token', refresh_token: secret, client_id: 'mobile-app' };
  return {
    grant_type: 'authorization_code',
    code: secret,
    client_id: 'mobile-app',
    redirect_uri: mobileRedirect,
    code_verifier: verifier,
  };
}
