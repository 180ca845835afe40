import type { Pool, PoolClient } from 'pg';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { withSecondLook } from '../database/errors.ts';
import { transaction } from '../database/pool.ts';

type Identity = Readonly<{ orgId: string; connectionId: string; userId: string; identityId: string }>;

/** The address that the IdP names in a verified token. `issuedAt`: seconds, the IdP's clock. */
export type Claim = Readonly<{ email: string; emailKey: string; verified: boolean; issuedAt: number }>;

type Standing = Readonly<{
  /** The claim differs from the one before, or that one is from another day. */
  news: boolean;
  believed: boolean;
  /** Provisioning owns the person's address. */
  provisioned: boolean;
  /** The look-up form of the person's present address. */
  addressKey: string;
  /** Somebody else who bears the address, or whose user name it is. */
  bearer: string | null;
}>;

/**
 * Keeps what the IdP calls the person today: from now on they are found by it. A believed address
 * that nobody else bears becomes theirs. That bumps no generation, for it would overtake its own
 * sign-in. Where somebody else bears it, nothing is taken, and administrators are told.
 * Returns whether the claim counts: not if a later token's was kept before.
 */
export async function noteClaim(pool: Pool, identity: Identity, claim: Claim, by: By): Promise<boolean> {
  if (await keepSettled(pool, identity, claim)) return true;
  return withSecondLook(() => transaction(pool, (client) => takeAddress(client, identity, claim, by)));
}

/**
 * The common case in one statement: the address is the person's own, or not theirs to take, and is
 * claimed as before.
 */
async function keepSettled(
  pool: Pool,
  { orgId, connectionId, identityId, userId }: Identity,
  claim: Claim,
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'claim-settled',
    text: `UPDATE identities i SET claimed_at = clock_timestamp(), claim_issued_at = to_timestamp($6)
           FROM users u
           WHERE i.org_id = $1 AND i.id = $2 AND u.org_id = $1 AND u.id = $3 AND i.user_id = u.id
             AND i.connection_id = $8 AND (u.email_key = $7 OR u.provisioned) AND i.claimed_email = $4 AND i.claim_verified = $5
             AND coalesce(i.claim_issued_at <= to_timestamp($6), true)`,
    values: [orgId, identityId, userId, claim.email, claim.verified, claim.issuedAt, claim.emailKey, connectionId],
  });
  return rowCount === 1;
}

async function takeAddress(client: PoolClient, identity: Identity, claim: Claim, by: By): Promise<boolean> {
  const { orgId, userId, connectionId } = identity;
  const { email, emailKey, verified } = claim;
  // The lock that revocations and provisioning take, first as they do.
  await client.query({
    name: 'sign-in-lock',
    text: `SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE`,
    values: [orgId, userId],
  });
  const { rows } = await client.query<Standing>({
    name: 'claim-keep',
    text: `WITH before AS (
             SELECT claimed_email_key AS address, claimed_at AS at FROM identities WHERE org_id = $1 AND id = $4
           ), kept AS (
             UPDATE identities SET claimed_email = $5, claimed_email_key = $3, claim_verified = $6, claimed_at = clock_timestamp(),
                                   claim_issued_at = to_timestamp($7)
             WHERE org_id = $1 AND id = $4 AND user_id = $8 AND connection_id = $2 AND coalesce(claim_issued_at <= to_timestamp($7), true)
             RETURNING org_id
           )
           SELECT before.address IS DISTINCT FROM $3 OR before.at < now() - interval '1 day' AS news,
                  is_believed($2, $3, $6, u) AS believed, u.provisioned, u.email_key AS "addressKey",
                  (SELECT b.id FROM users b
                   WHERE b.org_id = $1 AND (b.email_key = $3 OR b.user_name_key = $3) AND b.id <> u.id LIMIT 1) AS bearer
           FROM kept, before, users u WHERE u.org_id = $1 AND u.id = $8 AND u.deleted_at IS NULL`,
    values: [orgId, connectionId, emailKey, identity.identityId, email, verified, claim.issuedAt, userId],
  });
  const standing = rows[0];
  if (!standing) return false;
  if (!standing.believed) return true;
  const target = { type: 'user', id: userId } as const;
  if (standing.bearer !== null) {
    const detail = { connection: connectionId, bearer: standing.bearer };
    if (standing.news) await recordEvent(client, { orgId, action: 'user.address_contested', by, target, detail });
    return true;
  }
  if (standing.provisioned || standing.addressKey === emailKey) return true;
  await client.query({
    name: 'claim-take',
    text: `UPDATE users SET email = $3, email_key = $4, updated_at = clock_timestamp() WHERE org_id = $1 AND id = $2`,
    values: [orgId, userId, email, emailKey],
  });
  const detail = { connection: connectionId };
  await recordEvent(client, { orgId, action: 'user.address_changed', by, target, detail });
  return true;
}
