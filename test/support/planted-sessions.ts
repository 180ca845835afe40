import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Product } from './product.ts';

export type PlantedUser = { id: string; email: string; cookies: string[] };

/**
 * People with live sessions, straight into the database: for trials by the thousand. The rows are
 * those that a sign-in inserts; each cookie is signed as express-session signs it, ready for a
 * Cookie header.
 */
export async function plantUsers(
  product: Pick<Product, 'context' | 'orgs' | 'env'>,
  count: number,
  { sessions = 1, org = 'whiterabbit' as keyof Product['orgs'] } = {},
): Promise<PlantedUser[]> {
  const { pool } = product.context;
  const orgId = product.orgs[org].id;
  const batch = randomBytes(6).toString('hex');
  const users = Array.from({ length: count }, (_, index) => {
    const id = `usr_${batch}_${index}`;
    const sids = Array.from({ length: sessions }, () => randomBytes(24).toString('base64url'));
    return { id, email: `${id}@whiterabbit.fake`.toLowerCase(), sids };
  });
  const { rows } = await pool.query('SELECT id FROM connections WHERE org_id = $1', [orgId]);
  const connectionId = rows[0].id;
  await pool.query(
    `INSERT INTO users (org_id, id, email, email_key, name)
     SELECT $1, id, email, email, 'Planted' FROM unnest($2::text[], $3::text[]) AS planted (id, email)`,
    [orgId, users.map((user) => user.id), users.map((user) => user.email)],
  );
  await refreshPlans(product, count, 'users');
  await pool.query(
    `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
     SELECT $1, 'idn_' || id, $2, id, $3, id FROM unnest($4::text[]) AS planted (id)`,
    [orgId, connectionId, product.orgs[org].issuer, users.map((user) => user.id)],
  );
  await refreshPlans(product, count, 'identities');
  const flat = users.flatMap((user) => user.sids.map((sid) => ({ user, sid })));
  await pool.query(
    `INSERT INTO sessions (org_id, id, sid_hash, user_id, connection_id, identity_id, user_generation, org_generation,
                           idle_expires_at, expires_at)
     SELECT $1, 'ses_' || encode(sid_hash, 'hex'), sid_hash, u.id, $2, 'idn_' || u.id, u.generation, o.generation,
            now() + interval '1 hour', now() + interval '1 day'
     FROM unnest($3::text[], $4::bytea[]) AS planted (user_id, sid_hash)
     JOIN users u ON u.org_id = $1 AND u.id = planted.user_id
     JOIN orgs o ON o.id = $1`,
    [
      orgId,
      connectionId,
      flat.map(({ user }) => user.id),
      flat.map(({ sid }) => createHash('sha256').update(sid).digest()),
    ],
  );
  await refreshPlans(product, count, 'sessions');
  const secret = product.env.SESSION_SECRETS as string;
  return users.map(({ id, email, sids }) => ({ id, email, cookies: sids.map((sid) => signedCookie(sid, secret)) }));
}

/**
 * A plan that was made while tables were empty, a foreign key's too, reads everybody of an org for
 * each person. Autovacuum ends that within a minute or so; trials by the hundred are over by then.
 */
export async function refreshPlans(
  { context }: Pick<Product, 'context'>,
  planted: number,
  tables: string,
): Promise<void> {
  if (planted >= 100) await context.pool.query(`ANALYZE ${tables}`);
}

function signedCookie(sid: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '');
  return `session=${encodeURIComponent(`s:${sid}.${signature}`)}`;
}

/** The status of GET /api/users/me with this cookie, at a node. */
export async function statusOfMe(node: string, cookie: string): Promise<number> {
  const response = await fetch(`${node}/api/users/me`, { headers: { cookie } });
  await response.arrayBuffer();
  return response.status;
}

/** Runs `work` on every item, at most `limit` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** How many of these people's cookies still open something, asked on all nodes in turn. */
export async function survivorsOf(
  { nodes }: Pick<Product, 'nodes'>,
  people: readonly Pick<PlantedUser, 'cookies'>[],
): Promise<number> {
  const cookies = people.flatMap((person) => person.cookies);
  const statuses = await Promise.all(
    cookies.map((cookie, index) => statusOfMe(nodes[index % nodes.length] as string, cookie)),
  );
  return statuses.filter((status) => status !== 401).length;
}
