import type { Client, Pool } from 'pg';
import { grantsEach, sql } from './people.ts';

/** Gives people live grants at their current generations, each with access and refresh token. */
export async function insertGrants(db: Client | Pool, people: readonly number[]): Promise<void> {
  await db.query(
    `WITH made AS (
       INSERT INTO grants (org_id, id, client_id, user_id, connection_id, identity_id, session_id, user_generation,
                           org_generation, scope, user_agent, ip, idle_expires_at, expires_at)
       SELECT u.org_id, 'grn_' || md5('grant-' || ${name}), 'mobile-app', u.id, i.connection_id, i.id,
              'ses_' || md5('session-' || n), u.generation, o.generation, 'openid offline_access', 'universal-logout-app/1.0',
              '203.0.113.7', now() + interval '12 hours', now() + interval '7 days'
       FROM ${everyone} RETURNING id
     )
     INSERT INTO tokens (kind, id_hash, org_id, grant_id, payload, expires_at)
     SELECT kind, sha256((prefix || ${name})::bytea), u.org_id, 'grn_' || md5('grant-' || ${name}),
            jsonb_build_object('kind', kind, 'clientId', 'mobile-app', 'accountId', u.org_id || '.' || u.id,
                               'grantId', u.org_id || '.grn_' || md5('grant-' || ${name}), 'scope', 'openid offline_access',
                               'iat', extract(epoch FROM now())::int, 'exp', extract(epoch FROM now())::int + 604800),
            now() + interval '7 days'
     FROM ${everyone} CROSS JOIN (VALUES ('AccessToken', 'bench-token-'), ('RefreshToken', 'bench-refresh-')) of_kind (kind, prefix)
     WHERE (SELECT count(*) FROM made) > 0`,
    [people],
  );
}

/** After each revocation a new name; before the first one, that of `accessTokenOf`. */
const name = `n || '-' || k || CASE WHEN u.generation = 0 THEN '' ELSE '-' || u.generation END`;

const everyone = `unnest($1::int[]) n
  JOIN users u ON u.org_id = ${sql.orgId('n')} AND u.id = ${sql.userId('n')}
  JOIN orgs o ON o.id = u.org_id
  JOIN identities i ON i.org_id = u.org_id AND i.user_id = u.id AND i.id = 'idn_' || md5('user-' || n)
  CROSS JOIN generate_series(0, ${grantsEach - 1}) k`;
