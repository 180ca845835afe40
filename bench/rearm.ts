import type { Pool } from 'pg';
import { usualSession } from './fill.ts';
import { insertGrants } from './grants.ts';
import { sessionsEach, sql } from './people.ts';

/**
 * Gives people who were revoked in a round five live sessions again: every measured revocation has
 * something to end, and a store keeps its size. Removes the product's dead rows as the sweeper
 * would.
 */
export async function rearmProduct(pool: Pool, people: readonly number[]): Promise<void> {
  for (let at = 0; at < people.length; at += mostInStatement)
    await rearmSome(pool, people.slice(at, at + mostInStatement));
}

/** As many as any job but a list has. Of 10,000 one statement takes longer than the pool's time limit. */
const mostInStatement = 3_000;

async function rearmSome(pool: Pool, people: readonly number[]): Promise<void> {
  await pool.query(
    `DELETE FROM sessions s USING unnest($1::int[]) n
     WHERE s.org_id = ${sql.orgId('n')} AND s.user_id = ${sql.userId('n')} AND s.revoked_at IS NOT NULL`,
    [people],
  );
  await pool.query(
    `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation, data,
                           user_agent, ip, idle_expires_at, expires_at)
     SELECT u.org_id, 'ses_' || md5(gen_random_uuid()::text), sha256(gen_random_uuid()::text::bytea), u.id, i.connection_id, i.id,
            u.generation, o.generation, '{"locale":"en"}',
            'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '203.0.113.7',
            now() + interval '12 hours', now() + interval '7 days'
     FROM unnest($1::int[]) n
     JOIN users u ON u.org_id = ${sql.orgId('n')} AND u.id = ${sql.userId('n')}
     JOIN orgs o ON o.id = u.org_id
     JOIN identities i ON i.org_id = u.org_id AND i.user_id = u.id AND i.id = 'idn_' || md5('user-' || n)
     CROSS JOIN generate_series(1, ${sessionsEach}) k
     WHERE (SELECT count(*) FROM live_sessions l WHERE l.org_id = u.org_id AND l.user_id = u.id) < ${sessionsEach}
     ORDER BY k, n`,
    [people],
  );
}

/** The same for people who also have grants: all five of each were revoked. */
export async function rearmProductWithGrants(pool: Pool, people: readonly number[]): Promise<void> {
  const { rows } = await pool.query<{ n: number }>(
    `SELECT n FROM unnest($1::int[]) n JOIN users u ON u.org_id = ${sql.orgId('n')} AND u.id = ${sql.userId('n')}
     WHERE NOT EXISTS (SELECT FROM live_grants l WHERE l.org_id = u.org_id AND l.user_id = u.id)`,
    [people],
  );
  const revoked = rows.map(({ n }) => n);
  await pool.query(
    `DELETE FROM grants g USING unnest($1::int[]) n
     WHERE g.org_id = ${sql.orgId('n')} AND g.user_id = ${sql.userId('n')} AND g.revoked_at IS NOT NULL`,
    [revoked],
  );
  await insertGrants(pool, revoked);
  await rearmProduct(pool, people);
}

export async function rearmUsualStack(pool: Pool, people: readonly number[]): Promise<void> {
  await pool.query(
    `INSERT INTO usual.session (sid, sess, expire)
     SELECT 'bench-session-' || n || '-' || k, ${usualSession('n')}, now() + interval '7 days'
     FROM unnest($1::int[]) n CROSS JOIN generate_series(0, ${sessionsEach - 1}) k
     ON CONFLICT DO NOTHING`,
    [people],
  );
}

export async function rearmBetterAuth(pool: Pool, people: readonly number[]): Promise<void> {
  await pool.query(
    `INSERT INTO better_auth.session (id, "expiresAt", token, "createdAt", "updatedAt", "ipAddress", "userAgent", "userId")
     SELECT md5(gen_random_uuid()::text), now() + interval '7 days', 'bench-session-' || n || '-' || k, now(), now(),
            '203.0.113.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', ${sql.userId('n')}
     FROM unnest($1::int[]) n CROSS JOIN generate_series(0, ${sessionsEach - 1}) k
     ON CONFLICT DO NOTHING`,
    [people],
  );
}
