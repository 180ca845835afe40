import { type Actor, recordEvent } from '../audit/record.ts';
import { type Domain, Prisma, type PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { domainKey } from '../users/email.ts';
import type { Origin } from './origin.ts';

export type NewDomain = Readonly<{
  domain: string;
  /** The operator vouches that the domain is the organisation's. Only then do sign-ins and look-ups rely on it. */
  verified: boolean;
  /** The connection that is authoritative for the domain's addresses; the org's first one when left out. */
  connectionId?: string | undefined;
}>;

export type Domains = ReturnType<typeof createDomains>;

/** The e-mail domains of orgs. Every change writes its audit event in its transaction. */
export function createDomains({ prisma }: { prisma: PrismaClient }) {
  return {
    /**
     * Adds a domain, or vouches for one that the org already has. Idempotent; never takes a verification back.
     * @throws AppError invalid_request when it isn't a domain; conflict when it is verified for another org; not_found when the org has
     * no such connection.
     */
    addDomain(orgId: string, input: NewDomain, actor: Actor, origin: Origin = {}): Promise<Domain> {
      return prisma.$transaction((transaction) => insertDomain(transaction, orgId, input, actor, origin));
    },

    /** The org's domains, in alphabetical order: all, or `limit` of those after `after`. */
    listDomains(orgId: string, page?: { limit: number; after: string | null }): Promise<Domain[]> {
      const where = { orgId, ...(page?.after ? { domain: { gt: page.after } } : {}) };
      return prisma.domain.findMany({ where, orderBy: { domain: 'asc' }, ...(page && { take: page.limit }) });
    },

    findDomain: (orgId: string, id: string): Promise<Domain> => requireDomain(prisma, orgId, id),

    /** Makes a connection authoritative for the domain's addresses. @throws AppError not_found */
    chooseConnection(
      orgId: string,
      id: string,
      connectionId: string,
      actor: Actor,
      origin: Origin = {},
    ): Promise<Domain> {
      return prisma.$transaction(async (transaction) => {
        const { domain, connectionId: before } = await requireDomain(transaction, orgId, id, { locked: true });
        const connection = await transaction.connection.findUnique({
          where: { orgId_id: { orgId, id: connectionId } },
        });
        if (!connection) throw noSuchConnection(connectionId);
        if (before !== connectionId) {
          await transaction.domain.updateMany({ where: { orgId, id }, data: { connectionId } });
          const detail = { domain, connection: connectionId };
          await recordEvent(transaction, { ...changeOf(orgId, id, 'changed', actor), ...origin, detail });
        }
        return requireDomain(transaction, orgId, id);
      });
    },

    /** Notes that the domain's DNS holds this challenge. @throws AppError not_found; conflict when it is another org's */
    noteVerified(
      orgId: string,
      { id, domain, challenge }: Pick<Domain, 'id' | 'domain' | 'challenge'>,
      actor: Actor,
      origin: Origin = {},
    ): Promise<Domain> {
      return prisma.$transaction(async (transaction) => {
        const { count } = await transaction.domain
          .updateMany({ where: { orgId, id, challenge, verifiedAt: null }, data: { verifiedAt: new Date() } })
          .catch((error: unknown) => refuseTaken(domain, error));
        const detail = { domain, by: 'dns' };
        if (count > 0) await recordEvent(transaction, { ...changeOf(orgId, id, 'verified', actor), ...origin, detail });
        return requireDomain(transaction, orgId, id);
      });
    },

    /** Removes a domain: from then on its addresses lead to nobody's sign-in. @throws AppError not_found */
    removeDomain(orgId: string, id: string, actor: Actor, origin: Origin = {}): Promise<void> {
      return prisma.$transaction(async (transaction) => {
        const { domain, verifiedAt } = await requireDomain(transaction, orgId, id, { locked: true });
        await transaction.domain.deleteMany({ where: { orgId, id } });
        const detail = { domain, verified: verifiedAt !== null };
        await recordEvent(transaction, { ...changeOf(orgId, id, 'removed', actor), ...origin, detail });
      });
    },
  };
}

const changeOf = (orgId: string, id: string, what: 'changed' | 'verified' | 'removed', actor: Actor) => ({
  ...{ orgId, action: `domain.${what}`, actor },
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

/** The index domains_verified_key: whoever comes second, also at the same moment, is told so. */
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
  actor: Actor,
  origin: Origin = {},
): Promise<Domain> {
  const domain = domainKey(input.domain);
  if (domain === null) throw new AppError('invalid_request', `"${input.domain}" is not a domain such as example.com.`);
  const connection = await db.connection.findFirst({
    where: { orgId, ...(input.connectionId === undefined ? {} : { id: input.connectionId }) },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  if (input.connectionId !== undefined && !connection) throw noSuchConnection(input.connectionId);
  const before = await db.domain.findUnique({ where: { orgId_domain: { orgId, domain } } });
  const data = {
    verifiedAt: before?.verifiedAt ?? (input.verified ? new Date() : null),
    connectionId: (input.connectionId ? null : before?.connectionId) ?? connection?.id ?? null,
  };
  const added = await db.domain
    .upsert({
      where: { orgId_domain: { orgId, domain } },
      create: { orgId, id: newId('domain'), domain, ...data },
      update: data,
    })
    .catch((error: unknown) => refuseTaken(domain, error));
  await recordEvent(db, {
    orgId,
    action: before ? 'domain.changed' : 'domain.added',
    actor,
    target: { type: 'domain', id: added.id },
    ...origin,
    detail: { domain, verified: added.verifiedAt !== null, connection: added.connectionId },
  });
  return added;
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
