import type { PoolClient } from 'pg';

/** What may be used once, such as a JWT's `jti`. */
export type Once = Readonly<{
  kind: 'caller_jwt' | 'logout_token' | 'security_event' | 'confirmation';
  id: string;
  expiresAt: Date;
}>;

export const onceValues = ({ kind, id, expiresAt }: Once) => [kind, id, expiresAt];

/**
 * Spends it, within a statement whose $1 is the org and whose parameters from `first` on are `onceValues`. One row, or none
 * if it was spent before: whoever comes second waits until the first has committed.
 */
export const spending = (first: number) =>
  `INSERT INTO spent (org_id, kind, id, expires_at) VALUES ($1, $${first}, $${first + 1}, $${first + 2}) ON CONFLICT DO NOTHING RETURNING id`;

/** Spends it in the transaction. False if it was spent before. */
export async function spend(db: PoolClient, orgId: string, once: Once): Promise<boolean> {
  const { rowCount } = await db.query({ name: 'spend', text: spending(2), values: [orgId, ...onceValues(once)] });
  return rowCount === 1;
}
