import { type By, isOperator } from '../by.ts';
import type { Prisma } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';

/** How many of each an org may add by itself. The operator may add more. */
const limits = { connections: 50, domains: 500, apiKeys: 100 } as const;

/**
 * Locks the org's row until the caller's transaction ends: many at once don't pass the limit.
 * @throws AppError conflict
 */
export async function refuseTooMany(
  db: Prisma.TransactionClient,
  orgId: string,
  what: keyof typeof limits,
  by: By,
): Promise<void> {
  if (isOperator(by)) return;
  await db.$queryRaw`SELECT id FROM orgs WHERE id = ${orgId} FOR NO KEY UPDATE`;
  const there = await counts[what](db, orgId);
  const most = limits[what];
  if (there >= most) throw new AppError('conflict', ({ answers }) => answers.limits[what]({ there, most }));
}

const counts = {
  connections: (db, orgId) => db.connection.count({ where: { orgId } }),
  domains: (db, orgId) => db.domain.count({ where: { orgId } }),
  apiKeys: (db, orgId) =>
    db.apiKey.count({
      where: { orgId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] },
    }),
} satisfies Record<keyof typeof limits, (db: Prisma.TransactionClient, orgId: string) => Promise<number>>;
