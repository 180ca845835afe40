import { randomBytes } from 'node:crypto';
import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import { isUniqueViolation } from '../database/errors.ts';
import type { Org, Prisma, PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { AppError } from '../errors.ts';
import { domainKey } from '../users/email.ts';
import { insertDomain, type NewDomain } from './domains.ts';
import { changePolicies, type PolicyChanges } from './policies.ts';

export type NewOrg = Readonly<{
  name: string;
  /** Random when left out: a slug stands in links, and a chosen one tells who the customers are. */
  slug?: string | undefined;
  /** Whether a first sign-in may create the user; default true. */
  createUsers?: boolean;
  domains?: readonly Omit<NewDomain, 'connectionIds'>[];
}>;

export type OrgChanges = PolicyChanges & Readonly<{ name?: string }>;

export type Orgs = ReturnType<typeof createOrgs>;

const slugForm = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The tenants. Every change writes its audit event in its transaction. */
export function createOrgs({ prisma }: { prisma: PrismaClient }) {
  return {
    /**
     * Creates an org with its domains, all or nothing. `begin` adds what it begins with: a
     * connection becomes authoritative for the domains.
     * @throws AppError conflict when the slug is taken or a domain is verified for another org;
     * invalid_request.
     */
    createOrg(
      input: NewOrg,
      by: By,
      begin?: (db: Prisma.TransactionClient, orgId: string) => Promise<unknown>,
    ): Promise<Org> {
      const slug = input.slug ?? randomBytes(10).toString('hex');
      if (!slugForm.test(slug))
        throw new AppError('invalid_request', 'A slug is 1 to 63 of a-z, 0-9 and -, and does not begin with -.');
      return prisma.$transaction(async (transaction) => {
        const org = await transaction.org
          .create({ data: { id: newId('org'), slug, name: input.name, createUsers: input.createUsers ?? true } })
          .catch((error: unknown) => {
            if (!isUniqueViolation(error)) throw error;
            throw new AppError('conflict', `The slug "${slug}" is taken. Choose another one.`, { cause: error });
          });
        const target = { type: 'org', id: org.id };
        await recordEvent(transaction, { orgId: org.id, action: 'org.created', by, target, detail: { slug } });
        await begin?.(transaction, org.id);
        for (const domain of input.domains ?? []) await insertDomain(transaction, org.id, domain, by);
        return org;
      });
    },

    /**
     * Changes what is given and leaves the rest; policies have passed `policyChangesForm`.
     * @throws AppError not_found; invalid_request when policies contradict each other.
     */
    updateOrg(orgId: string, { name, ...policies }: OrgChanges, by: By): Promise<Org> {
      return prisma.$transaction(async (transaction) => {
        const org = await changePolicies(transaction, orgId, policies, by);
        if (name === undefined || name === org.name) return org;
        const target = { type: 'org', id: orgId };
        await recordEvent(transaction, {
          orgId,
          action: 'org.changed',
          by,
          target,
          detail: { changed: 'name' },
        });
        return transaction.org.update({ where: { id: orgId }, data: { name } });
      });
    },

    /** All orgs, oldest first. For operators only: the one list that isn't of one org. */
    listOrgs() {
      return prisma.org.findMany({
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        include: { domains: { orderBy: { domain: 'asc' } }, _count: { select: { users: true, connections: true } } },
      });
    },

    /** By slug, id or verified domain, or null. None collide: a slug has no `.` and no `_`. */
    findOrg(ref: string): Promise<Org | null> {
      const domain = domainKey(ref);
      return prisma.org.findFirst({
        where: domain
          ? { domains: { some: { domain, verifiedAt: { not: null } } } }
          : { OR: [{ slug: ref.toLowerCase() }, { id: ref }] },
      });
    },
  };
}
