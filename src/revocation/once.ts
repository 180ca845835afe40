import type { PoolClient } from 'pg';

/** A thing that may be used once, such as a JWT's `jti`. */
export type Once = Readonly<{
  kind: 'caller_jwt' | 'logout_token' | 'security_event' | 'confirmation';
  id: string;
  expiresAt: Date;
}>;

/** Spends it in the transaction. It waits for others who spend it; false if it was spent before. */
export async function spend(db: PoolClient, orgId: string, { kind, id, expiresAt }: Once): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'spend',
    text: 'INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    values: [orgId, kind, id, expiresAt],
  });
  return rowCount === 1;
}
