import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import { revokeAccess, revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { liveGrants, plantGrants } from '../support/planted-grants.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let orgId: string;
beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
});
afterAll(() => product.stop());

/** The product's own housekeeping may be at it just now. */
async function cleanUp(): Promise<void> {
  while (!(await clean(product.context.pool, chores))) {
    // Once more.
  }
}
async function plant(org: 'whiterabbit' | 'metacortex' = 'whiterabbit', count = 3) {
  const [user] = await plantUsers(product, 1, { org });
  const userId = user?.id as string;
  return { userId, grants: await plantGrants(product, { orgId: product.orgs[org].id, userId }, count) };
}
const tombstones = (ids: string[]) =>
  product.context.prisma.grant.count({
    where: { id: { in: ids }, revokedAt: { not: null }, revocationId: { not: null } },
  });
const revoke = (userId: string) =>
  revokeAccess(product.context.pool, { orgId, subject: { userIds: [userId] }, initiator: 'idp', by: byOperator });

it('ends every grant of the person with the sessions, and counts them', async () => {
  const { userId, grants } = await plant();
  const other = await plant();
  const answer = await product.revoke({ format: 'opaque', id: userId });
  expect(answer.status).toBe(204);
  expect(await liveGrants(product, grants)).toEqual([]);
  expect(await tombstones(grants.map(({ id }) => id))).toBe(3);
  expect(await liveGrants(product, other.grants)).toHaveLength(3);
  const requestId = answer.headers.get('x-request-id') as string;
  const revocation = await product.context.prisma.revocation.findFirstOrThrow({ where: { requestId } });
  expect(revocation).toMatchObject({ userId, sessionsEnded: 1, grantsEnded: 3 });
});

it('counts only the grants that were alive', async () => {
  const { userId, grants } = await plant();
  await product.context.pool.query(`UPDATE grants SET ended_at = now() WHERE id = $1`, [grants[0]?.id]);
  await product.context.pool.query(`UPDATE grants SET idle_expires_at = now() - interval '1 second' WHERE id = $1`, [
    grants[1]?.id,
  ]);
  expect(await revoke(userId)).toMatchObject({ result: 'revoked', grantsEnded: 1 });
  expect(await revoke(userId)).toMatchObject({ result: 'revoked', grantsEnded: 0 });
});

it('leaves the grants of the other org alone when both have a user of the same id', async () => {
  const { userId, grants } = await plant();
  const { pool } = product.context;
  const twinOrg = product.orgs.metacortex.id;
  await pool.query(
    `INSERT INTO users (org_id, id, email, email_key, name) SELECT $1, id, email, email_key, name FROM users WHERE org_id = $2 AND id = $3`,
    [twinOrg, orgId, userId],
  );
  await pool.query(
    `INSERT INTO identities (org_id, id, connection_id, user_id, issuer, subject)
     SELECT $1, 'idn_twin', id, $2, issuer, 'twin' FROM connections WHERE org_id = $1`,
    [twinOrg, userId],
  );
  const twins = await plantGrants(product, { orgId: twinOrg, userId }, 2);
  expect(await revoke(userId)).toMatchObject({ grantsEnded: 3 });
  expect(await liveGrants(product, grants)).toEqual([]);
  expect(await liveGrants(product, twins)).toHaveLength(2);
});

it('ends everyone’s grants with an org-wide sign-out; the tombstones follow, with its time', async () => {
  const { pool, prisma } = product.context;
  const { grants } = await plant();
  const twin = await plant('metacortex');
  const done = await revokeOrgAccess(pool, { orgId, initiator: 'operator', by: byOperator });
  expect(await liveGrants(product, grants)).toEqual([]);
  expect(await tombstones(grants.map(({ id }) => id))).toBe(0);
  await cleanUp();
  const revocation = await prisma.revocation.findFirstOrThrow({ where: { id: done?.revocationId ?? '' } });
  expect(revocation.tombstonesPending).toBe(false);
  const rows = await prisma.grant.findMany({ where: { id: { in: grants.map(({ id }) => id) } } });
  for (const row of rows) expect(row).toMatchObject({ revokedAt: revocation.createdAt, revocationId: revocation.id });
  expect(await liveGrants(product, twin.grants)).toHaveLength(3);
});

it('is swept a day after it could last count, with its tokens; other tokens an hour after they expired', async () => {
  const { pool, prisma } = product.context;
  const old = await plant('whiterabbit', 1);
  const young = await plant('whiterabbit', 2);
  await pool.query(`UPDATE grants SET expires_at = now() - interval '25 hours' WHERE id = $1`, [old.grants[0]?.id]);
  const [expired, kept] = young.grants.map(({ id }) => id);
  await pool.query(`UPDATE tokens SET expires_at = now() - interval '61 minutes' WHERE grant_id = $1`, [expired]);
  await pool.query(`UPDATE tokens SET expires_at = now() - interval '59 minutes' WHERE grant_id = $1`, [kept]);
  await cleanUp();
  const remaining = await prisma.grant.findMany({
    where: { id: { in: [...old.grants, ...young.grants].map(({ id }) => id) } },
    include: { tokens: true },
  });
  const tokensOf = Object.fromEntries(remaining.map((grant) => [grant.id, grant.tokens.length]));
  expect(tokensOf).toEqual({ [expired as string]: 0, [kept as string]: 1 });
  expect(await prisma.token.count({ where: { grantId: old.grants[0]?.id as string } })).toBe(0);
});

it('spends what may be used once with the revocation, and does nothing the second time', async () => {
  const { userId, grants } = await plant();
  const once = { kind: 'caller_jwt', id: `con jti-of-${userId}`, expiresAt: new Date(Date.now() + 60_000) } as const;
  const revocation = { orgId, subject: { userIds: [userId] }, initiator: 'idp', by: byOperator, once } as const;
  expect(await revokeAccess(product.context.pool, revocation)).toMatchObject({ result: 'revoked' });
  expect(await liveGrants(product, grants)).toEqual([]);
  const again = await plantGrants(product, { orgId, userId }, 1);
  expect(await revokeAccess(product.context.pool, revocation)).toEqual({ result: 'replayed' });
  expect(await liveGrants(product, again)).toHaveLength(1);
  // The same id spent by another org is another one.
  const elsewhere = { ...revocation, orgId: product.orgs.metacortex.id };
  expect(await revokeAccess(product.context.pool, elsewhere)).toEqual({ result: 'unknown' });
});
