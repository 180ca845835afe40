import type { Pool } from 'pg';
import type { Role } from '../database/generated/client.ts';
import { userNameKey } from './email.ts';

/** Somebody whom a name means. */
export type Meant = Readonly<{ id: string; name: string; email: string; role: Role; active: boolean }>;

/**
 * The people whom each name means now, in the order of the names: an id, an address, a user name,
 * or an address that a believed identity provider named last. Nobody, where it is nobody's.
 */
export async function findNamed(pool: Pool, orgId: string, names: readonly string[]): Promise<readonly Meant[][]> {
  const { rows } = await pool.query<{ n: number; user: Meant }>({
    name: 'people-by-names',
    text: namedSql,
    values: [orgId, names.map(userNameKey), names.map((name) => name.trim())],
  });
  const found = Map.groupBy(rows, ({ n }) => n);
  return names.map((_, index) => (found.get(index + 1) ?? []).map(({ user }) => user));
}

const namedSql = `
  SELECT given.n::int AS n,
         jsonb_build_object('id', u.id, 'name', u.name, 'email', u.email, 'role', u.role, 'active', u.active) AS user
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (key, id, n)
  CROSS JOIN LATERAL (
    SELECT user_id FROM named_by_address($1, given.key, NULL)
    UNION SELECT u.id FROM users u WHERE u.org_id = $1 AND u.id = given.id
  ) AS meant
  JOIN users u ON u.org_id = $1 AND u.id = meant.user_id AND u.deleted_at IS NULL
  ORDER BY given.n, u.email_key`;
