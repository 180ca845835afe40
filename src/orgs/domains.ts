import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { isUniqueViolation } from '../database/errors.ts';
import type { Connection, Domain, Prisma, PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { domainKey } from '../users/email.ts';
import { refuseTooMany } from './limits.ts';

export type NewDomain = Readonly<{
  domain: string;
  /** The operator vouches for the domain. Only then do sign-ins and look-ups rely on it. */
  verified: boolean;
  /** Authoritative for the domain's addresses; the org's first connection when left out. */
  connectionId?: string | undefined;
}>;

export type Domains = ReturnType<typeof createDomains>;

/** The e-mail domains of orgs. Every change writes its audit event in its transaction. */
export function createDomains({ prisma }: { prisma: PrismaClient }) {
  return {
    /**
     * Adds a domain, or vouches for one of the org's. Idempotent; never takes a verification back.
     * @throws AppError invalid_request when it isn't a domain; conflict when it is verified for
     * another org; not_found when the org has no such connection
     */
    addDomain(orgId: string, input: NewDomain, by: By): Promise<Domain> {
      return prisma.$transaction((transaction) => insertDomain(transaction, orgId, input, by));
    },

    /** The org's domains, in alphabetical order: all, or `limit` of those after `after`. */
    listDomains(orgId: string, page?: { limit: number; after: string | null }): Promise<Domain[]> {
      const where = { orgId, ...(page?.after ? { domain: { gt: page.after } } : {}) };
      return prisma.domain.findMany({ where, orderBy: { domain: 'asc' }, ...(page && { take: page.limit }) });
    },

    findDomain: (orgId: string, id: string): Promise<Domain> => requireDomain(prisma, orgId, id),

    /** Makes a connection authoritative for the domain's addresses. @throws AppError not_found */
    chooseConnection(orgId: string, id: string, connectionId: string, by: By): Promise<Domain> {
      return prisma.$transaction(async (transaction) => {
        const { domain, connectionId: before } = await requireDomain(transaction, orgId, id, { locked: true });
        const connection = await transaction.connection.findUnique({
          where: { orgId_id: { orgId, id: connectionId } },
        });
        if (!connection) throw noSuchConnection(connectionId);
        if (before !== connectionId) {
          refuseInactive(connection);
          await transaction.domain.updateMany({ where: { orgId, id }, data: { connectionId } });
          const detail = { domain, connection: connectionId };
          await recordEvent(transaction, { ...changeOf(orgId, id, 'changed', by), detail });
        }
        return requireDomain(transaction, orgId, id);
      });
    },

    /** Notes that the DNS holds the challenge. @throws AppError not_found; conflict if taken */
    noteVerified(
      orgId: string,
      { id, domain, challenge }: Pick<Domain, 'id' | 'domain' | 'challenge'>,
      by: By,
    ): Promise<Domain> {
      return prisma.$transaction(async (transaction) => {
        const { count } = await transaction.domain
          .updateMany({ where: { orgId, id, challenge, verifiedAt: null }, data: { verifiedAt: new Date() } })
          .catch((error: unknown) => refuseTaken(domain, error));
        const detail = { domain, by: 'dns' };
        if (count > 0) await recordEvent(transaction, { ...changeOf(orgId, id, 'verified', by), detail });
        const after = await requireDomain(transaction, orgId, id);
        if (after.verifiedAt !== null) return after;
        throw new AppError(
          'conflict',
          `The record that ${domain} is to publish has changed meanwhile. Look at it again.`,
        );
      });
    },

    /** Removes a domain: its addresses then lead to nobody's sign-in. @throws AppError not_found */
    removeDomain(orgId: string, id: string, by: By): Promise<void> {
      return prisma.$transaction(async (transaction) => {
        const { domain, verifiedAt } = await requireDomain(transaction, orgId, id, { locked: true });
        await transaction.domain.deleteMany({ where: { orgId, id } });
        const detail = { domain, verified: verifiedAt !== null };
        await recordEvent(transaction, { ...changeOf(orgId, id, 'removed', by), detail });
      });
    },
  };
}

const changeOf = (orgId: string, id: string, what: 'changed' | 'verified' | 'removed', by: By) => ({
  orgId,
  action: `domain.${what}` as const,
  by,
  target: { type: 'domain', id },
});

async function requireDomain(
  db: Prisma.TransactionClient,
  orgId: string,
  id: string,
  { locked = false } = {},
): Promise<Domain> {
  if (locked) await db.$queryRaw`SELECT id FROM domains WHERE org_id = ${orgId} AND id = ${id} FOR UPDATE`;
  const domain = await db.domain.findUnique({ where: { orgId_id: { orgId, id } } });
  if (domain) return domain;
  throw new AppError('not_found', 'The organisation has no domain of this id.');
}

const noSuchConnection = (id: string) => new AppError('not_found', `The organisation has no connection ${id}.`);

/** Refuses the second org that verifies a domain, also at once (domains_verified_key). */
function refuseTaken(domain: string, error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  const detail = `${domain} is verified for another organisation. A verified domain belongs to one organisation only.`;
  throw new AppError('conflict', detail, { cause: error });
}

/** `addDomain` inside the caller's transaction. */
export async function insertDomain(
  db: Prisma.TransactionClient,
  orgId: string,
  input: NewDomain,
  by: By,
): Promise<Domain> {
  const domain = domainKey(input.domain);
  if (domain === null) throw new AppError('invalid_request', `"${input.domain}" is not a domain such as example.com.`);
  const connection = await db.connection.findFirst({
    where: { orgId, ...(input.connectionId === undefined ? {} : { id: input.connectionId }) },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  if (input.connectionId !== undefined && !connection) throw noSuchConnection(input.connectionId);
  const where = { orgId_domain: { orgId, domain } };
  if ((await db.domain.findUnique({ where })) === null) await refuseTooMany(db, orgId, 'domains', by);
  // The row is added unverified, so that it can meet only the org's own row of this name.
  const { count: added } = await db.domain.createMany({
    data: [{ orgId, id: newId('domain'), domain }],
    skipDuplicates: true,
  });
  // From here on nobody else verifies, changes or removes it; changes made meanwhile are seen.
  await db.$queryRaw`SELECT id FROM domains WHERE org_id = ${orgId} AND domain = ${domain} FOR UPDATE`;
  const before = await db.domain.findUnique({ where });
  if (!before) throw new AppError('conflict', `Somebody removed ${domain} at the same moment. Try again.`);
  const connectionId = input.connectionId ?? before.connectionId ?? connection?.id ?? null;
  const data = {
    ...(input.verified && before.verifiedAt === null ? { verifiedAt: new Date() } : {}),
    ...(connectionId === before.connectionId ? {} : { connectionId }),
  };
  if (input.connectionId !== undefined && 'connectionId' in data && connection) refuseInactive(connection);
  const differs = Object.keys(data).length > 0;
  if (added === 0 && !differs) return before;
  const after = differs
    ? await db.domain.update({ where, data }).catch((error: unknown) => refuseTaken(domain, error))
    : before;
  await recordEvent(db, {
    orgId,
    action: added > 0 ? 'domain.added' : 'domain.changed',
    by,
    target: { type: 'domain', id: after.id },
    detail: { domain, verified: after.verifiedAt !== null, connection: after.connectionId },
  });
  return after;
}

function refuseInactive({ id, active }: Pick<Connection, 'id' | 'active'>): void {
  if (active) return;
  throw new AppError('conflict', `The connection ${id} is switched off. Switch it on first, or choose another one.`);
}
