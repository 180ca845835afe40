import { hash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { lookUp } from '../database/patience.ts';

/** A thing that may be used once, such as a JWT's `jti`. */
export type Once = Readonly<{
  kind: 'caller_jwt' | 'logout_token' | 'security_event' | 'confirmation' | 'form';
  id: string;
  expiresAt: Date;
}>;

/** Spends it by a statement of its own; false if it was spent before. */
export const spendNow = (pool: Pool, orgId: string, once: Once): Promise<boolean> => insert(pool, orgId, once);

/** Spends it in the transaction. It waits for others who spend it; false if it was spent before. */
export const spend = (db: PoolClient, orgId: string, once: Once): Promise<boolean> => insert(db, orgId, once);

/** Notes that what it was spent for is done. */
export async function settle(pool: Pool, orgId: string, { kind, id }: Pick<Once, 'kind' | 'id'>): Promise<void> {
  await pool.query({
    name: 'settle',
    text: 'UPDATE spent SET ended_at = now() WHERE org_id = $1 AND kind = $2 AND id = $3',
    values: [orgId, kind, id],
  });
}

/** Whether what it was spent for is known to be done. */
export async function isSettled(pool: Pool, orgId: string, { kind, id }: Pick<Once, 'kind' | 'id'>): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'is-settled',
    text: 'SELECT FROM spent WHERE org_id = $1 AND kind = $2 AND id = $3 AND ended_at IS NOT NULL',
    values: [orgId, kind, id],
  });
  return rowCount === 1;
}

/** Lets it be spent again, where nothing came of it. */
export async function giveBack(pool: Pool, orgId: string, { kind, id }: Pick<Once, 'kind' | 'id'>): Promise<void> {
  await pool.query({
    name: 'give-back',
    text: 'DELETE FROM spent WHERE org_id = $1 AND kind = $2 AND id = $3',
    values: [orgId, kind, id],
  });
}

async function insert(db: Pool | PoolClient, orgId: string, { kind, id, expiresAt }: Once): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'spend',
    text: 'INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    values: [orgId, kind, id, expiresAt],
  });
  return rowCount === 1;
}

/**
 * Whether a noted call with this JWT and this body ended somebody's access after its sender had
 * heard that nobody was signed out yet: its repeat is answered as done.
 */
export async function wasCarriedOut(
  pool: Pool,
  { orgId, once }: Readonly<{ orgId: string; once?: Once }>,
  body: unknown,
): Promise<boolean> {
  if (!once) return false;
  const { rowCount } = await lookUp(pool, {
    name: 'noted-call-known',
    text: 'SELECT FROM spent WHERE org_id = $1 AND kind = $2 AND id = $3 AND body_hash = $4',
    values: [orgId, once.kind, once.id, hashOfBody(JSON.stringify(body))],
  });
  return rowCount === 1;
}

/** Keeps the body, as JSON, of the noted call that ended access by the JWT. */
export async function keepBody(db: PoolClient, orgId: string, once: Once, body: string): Promise<void> {
  await db.query({
    name: 'noted-call-body',
    text: 'UPDATE spent SET body_hash = $4 WHERE org_id = $1 AND kind = $2 AND id = $3',
    values: [orgId, once.kind, once.id, hashOfBody(body)],
  });
}

const hashOfBody = (body: string): Buffer => hash('sha256', body, 'buffer');
