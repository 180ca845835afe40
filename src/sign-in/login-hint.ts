import type { Pool } from 'pg';
import type { ProvenSignIn } from './attempt.ts';

/** The user name that the IdP may fill in. It is only a hint: no plain short text, no hint. */
export function plainHint(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > 320) return null;
  return /\p{C}/u.test(value) ? null : value;
}

/** The hint, if it is short enough for the sealed cookie: a browser may keep four of these. */
export function shortHint(hint: string | null): string | null {
  return hint !== null && Buffer.byteLength(JSON.stringify(hint)) <= 320 ? hint : null;
}

/** The hint for whoever has to authenticate anew: the address by which the IdP, or we, know them. */
export async function hintOf(pool: Pool, { found, connection, verified }: ProvenSignIn): Promise<string | null> {
  const { sub, email } = verified.claims;
  const claimed = plainHint(email);
  if (claimed !== null) return claimed;
  const { rows } = await pool.query<{ address: string }>({
    name: 'sign-in-hint',
    text: `SELECT coalesce(i.claimed_email, u.email) AS address
           FROM identities i JOIN users u ON u.org_id = i.org_id AND u.id = i.user_id
           WHERE i.org_id = $1 AND i.connection_id = $2 AND i.issuer = ANY ($3::text[]) AND i.subject = $4 LIMIT 1`,
    values: [found.org.id, connection.id, [connection.issuer, ...connection.acceptedIssuers], sub],
  });
  return plainHint(rows[0]?.address);
}
