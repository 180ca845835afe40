import { type Actor, recordEvent } from '../audit/record.ts';
import { type Domain, Prisma, type PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { domainKey } from '../users/email.ts';

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
    addDomain(orgId: string, input: NewDomain, actor: Actor): Promise<Domain> {
      return prisma.$transaction((transaction) => insertDomain(transaction, orgId, input, actor));
    },

    /** The org's domains, in alphabetical order. */
    listDomains(orgId: string): Promise<Domain[]> {
      return prisma.domain.findMany({ where: { orgId }, orderBy: { domain: 'asc' } });
    },
  };
}

/** `addDomain` inside the caller's transaction. */
export async function insertDomain(
  db: Prisma.TransactionClient,
  orgId: string,
  input: NewDomain,
  actor: Actor,
): Promise<Domain> {
  const domain = domainKey(input.domain);
  if (domain === null) throw new AppError('invalid_request', `"${input.domain}" is not a domain such as example.com.`);
  const connection = await db.connection.findFirst({
    where: { orgId, ...(input.connectionId === undefined ? {} : { id: input.connectionId }) },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  if (input.connectionId !== undefined && !connection)
    throw new AppError('not_found', `The organisation has no connection ${input.connectionId}.`);
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
    .catch((error: unknown) => {
      // The index domains_verified_key: whoever comes second, also at the same moment, is told so.
      if (!isUniqueViolation(error)) throw error;
      const detail = `${domain} is verified for another organisation. A verified domain belongs to one organisation only.`;
      throw new AppError('conflict', detail, { cause: error });
    });
  await recordEvent(db, {
    orgId,
    action: before ? 'domain.changed' : 'domain.added',
    actor,
    target: { type: 'domain', id: added.id },
    detail: { domain, verified: added.verifiedAt !== null, connection: added.connectionId },
  });
  return added;
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
