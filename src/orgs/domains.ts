import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { isUniqueViolation } from '../database/errors.ts';
import type { Domain, Prisma, PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { domainKey } from '../users/email.ts';
import { refuseTooMany } from './limits.ts';

export type NewDomain = Readonly<{
  domain: string;
  /** The operator vouches for the domain. Only then do sign-ins and look-ups rely on it. */
  verified: boolean;
  /** Authoritative for the domain's addresses. Left out: a new domain gets the org's first one. */
  connectionIds?: readonly string[] | undefined;
}>;

/** A domain and its authoritative connections; `connectionId` is the first of them, or null. */
export type DomainView = Domain & Readonly<{ connectionIds: string[] }>;

export type Domains = ReturnType<typeof createDomains>;

/** The e-mail domains of orgs. Every change writes its audit event in its transaction. */
export function createDomains({ prisma }: { prisma: PrismaClient }) {
  return {
    /**
     * Adds a domain, or vouches for one of the org's. Idempotent; never takes a verification back.
     * @throws AppError invalid_request when it isn't a domain; conflict when it is verified for
     * another org; not_found when the org has no such connection
     */
    addDomain(orgId: string, input: NewDomain, by: By): Promise<DomainView> {
      return prisma.$transaction((transaction) => insertDomain(transaction, orgId, input, by));
    },

    /** The org's domains, in alphabetical order: all, or `limit` of those after `after`. */
    async listDomains(orgId: string, page?: { limit: number; after: string | null }): Promise<DomainView[]> {
      const where = { orgId, ...(page?.after ? { domain: { gt: page.after } } : {}) };
      const asked = { where, orderBy: { domain: 'asc' }, include, ...(page && { take: page.limit }) } as const;
      return (await prisma.domain.findMany(asked)).map(toView);
    },

    findDomain: (orgId: string, id: string): Promise<DomainView> => requireDomain(prisma, orgId, id),

    /**
     * Makes these connections, and no others, authoritative for the domain's addresses. Without any
     * the domain is open: no connection speaks for it.
     * @throws AppError not_found; conflict for one that is newly named and switched off
     */
    chooseConnections(orgId: string, id: string, connectionIds: readonly string[], by: By): Promise<DomainView> {
      return prisma.$transaction(async (transaction) => {
        const before = await requireDomain(transaction, orgId, id, { locked: true });
        await requireConnections(transaction, before, connectionIds);
        if (!(await setConnections(transaction, before, connectionIds))) return before;
        const after = await requireDomain(transaction, orgId, id);
        const detail = { domain: after.domain, ...authoritative(after) };
        await recordEvent(transaction, { ...changeOf(orgId, id, 'changed', by), detail });
        return after;
      });
    },

    /** Notes that the DNS holds the challenge. @throws AppError not_found; conflict if taken */
    noteVerified(
      orgId: string,
      { id, domain, challenge }: Pick<Domain, 'id' | 'domain' | 'challenge'>,
      by: By,
    ): Promise<DomainView> {
      return prisma.$transaction(async (transaction) => {
        const { count } = await transaction.domain
          .updateMany({ where: { orgId, id, challenge, verifiedAt: null }, data: { verifiedAt: new Date() } })
          .catch((error: unknown) => refuseTaken(domain, error));
        const detail = { domain, by: 'dns' };
        if (count > 0) await recordEvent(transaction, { ...changeOf(orgId, id, 'verified', by), detail });
        const after = await requireDomain(transaction, orgId, id);
        if (after.verifiedAt !== null) return after;
        throw new AppError('conflict', ({ answers }) => answers.recordChanged({ domain }));
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

const include = { connections: { select: { connectionId: true }, orderBy: { connectionId: 'asc' } } } as const;

/** The list alone says who they are: the row may be read a moment before it. */
function toView({ connections, ...domain }: Domain & { connections: readonly { connectionId: string }[] }): DomainView {
  const all = connections.map(({ connectionId }) => connectionId);
  const first = all.filter((id) => id === domain.connectionId);
  const connectionIds = [...first, ...all.filter((id) => id !== domain.connectionId)];
  return { ...domain, connectionId: connectionIds[0] ?? null, connectionIds };
}

/** As an event tells it: its detail is flat. */
const authoritative = ({ connectionId, connectionIds }: DomainView) => ({
  connection: connectionId,
  connections: connectionIds.join(' '),
});

async function requireDomain(
  db: Prisma.TransactionClient,
  orgId: string,
  id: string,
  { locked = false } = {},
): Promise<DomainView> {
  if (locked) await db.$queryRaw`SELECT id FROM domains WHERE org_id = ${orgId} AND id = ${id} FOR UPDATE`;
  const domain = await db.domain.findUnique({ where: { orgId_id: { orgId, id } }, include });
  if (domain) return toView(domain);
  throw new AppError('not_found', 'The organisation has no domain of this id.');
}

/**
 * Makes these connections the authoritative ones of a domain that the caller has locked. Returns
 * whether that is a change.
 */
async function setConnections(
  db: Prisma.TransactionClient,
  { orgId, id, connectionId: first, connectionIds: before }: DomainView,
  wanted: readonly string[],
): Promise<boolean> {
  const connectionIds = [...new Set(wanted)];
  const [connectionId = null] = connectionIds;
  const sameOnes = connectionIds.length === before.length && connectionIds.every((each) => before.includes(each));
  if (sameOnes && connectionId === first) return false;
  // A trigger makes a new first one the only one: see `keep_authority` in prisma/rules/people.sql.
  await db.domain.updateMany({ where: { orgId, id }, data: { connectionId } });
  await db.domainConnection.deleteMany({ where: { orgId, domainId: id, connectionId: { notIn: connectionIds } } });
  await db.domainConnection.createMany({
    data: connectionIds.map((each) => ({ orgId, domainId: id, connectionId: each })),
    skipDuplicates: true,
  });
  return true;
}

/** One that was authoritative before may stay so while it is switched off. */
async function requireConnections(
  db: Prisma.TransactionClient,
  { orgId, connectionIds: before }: DomainView,
  ids: readonly string[],
): Promise<void> {
  const found = await db.connection.findMany({
    where: { orgId, id: { in: [...ids] } },
    select: { id: true, active: true },
  });
  for (const id of ids) {
    const connection = found.find((each) => each.id === id);
    if (!connection) throw new AppError('not_found', `The organisation has no connection ${id}.`);
    if (!connection.active && !before.includes(id))
      throw new AppError('conflict', ({ answers }) => answers.connectionOff({ id }), { field: 'connectionIds' });
  }
}

/** Refuses the second org that verifies a domain, also at once (domains_verified_key). */
function refuseTaken(domain: string, error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError('conflict', ({ answers }) => answers.domainTaken({ domain }), { cause: error });
}

/** Of those that are in use, if there are any. */
async function firstConnection(db: Prisma.TransactionClient, orgId: string): Promise<string[]> {
  const first = await db.connection.findFirst({
    where: { orgId },
    orderBy: [{ active: 'desc' }, { createdAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  return first ? [first.id] : [];
}

/** `addDomain` inside the caller's transaction. */
export async function insertDomain(
  db: Prisma.TransactionClient,
  orgId: string,
  input: NewDomain,
  by: By,
): Promise<DomainView> {
  const domain = domainKey(input.domain);
  if (domain === null)
    throw new AppError('invalid_request', ({ answers }) => answers.notDomain({ domain: input.domain }), {
      field: 'domain',
    });
  const where = { orgId_domain: { orgId, domain } };
  if ((await db.domain.findUnique({ where })) === null) await refuseTooMany(db, orgId, 'domains', by);
  // The row is added unverified, so that it can meet only the org's own row of this name.
  const { count: added } = await db.domain.createMany({
    data: [{ orgId, id: newId('domain'), domain }],
    skipDuplicates: true,
  });
  // From here on nobody else verifies, changes or removes it; changes made meanwhile are seen.
  await db.$queryRaw`SELECT id FROM domains WHERE org_id = ${orgId} AND domain = ${domain} FOR UPDATE`;
  const found = await db.domain.findUnique({ where, include });
  if (!found) throw new AppError('conflict', ({ answers }) => answers.domainGone({ domain }));
  const before = toView(found);
  const { id } = before;
  if (input.connectionIds) await requireConnections(db, before, input.connectionIds);
  const wanted = input.connectionIds ?? (added > 0 ? await firstConnection(db, orgId) : before.connectionIds);
  const chosen = await setConnections(db, before, wanted);
  const vouched = input.verified && before.verifiedAt === null;
  if (vouched)
    await db.domain
      .update({ where, data: { verifiedAt: new Date() } })
      .catch((error: unknown) => refuseTaken(domain, error));
  if (added === 0 && !chosen && !vouched) return before;
  const after = await requireDomain(db, orgId, id);
  await recordEvent(db, {
    orgId,
    action: added > 0 ? 'domain.added' : 'domain.changed',
    by,
    target: { type: 'domain', id },
    detail: { domain, verified: after.verifiedAt !== null, ...authoritative(after) },
  });
  return after;
}
