import { recordEvent } from '../audit/record.ts';
import type { By } from '../by.ts';
import type { Connection, Prisma, PrismaClient } from '../database/generated/client.ts';
import { AppError } from '../errors.ts';

/** A proof is about these: when one of them changes, it no longer counts. */
export const provenMembers = ['issuer', 'acceptedIssuers', 'clientId', 'tokenEndpoint', 'jwksUri'] as const;

type AtIdp = Readonly<{ issuer: string; acceptedIssuers: readonly string[]; clientId: string }>;
export type ProvenMembers = AtIdp & Readonly<Pick<Connection, 'tokenEndpoint' | 'jwksUri'>>;

/** Selects connections of this client id that share an issuer with it. */
export function atIdp({ issuer, acceptedIssuers, clientId }: AtIdp) {
  const issuers = [issuer, ...acceptedIssuers];
  return {
    clientId,
    OR: [{ issuer: { in: issuers } }, { acceptedIssuers: { hasSome: issuers } }],
  } satisfies Prisma.ConnectionWhereInput;
}

/** Until the transaction ends nobody else decides about connections of this client id. */
export async function lockClient(db: Prisma.TransactionClient, clientId: string): Promise<void> {
  await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${clientId}, 0))`;
}

/** Which connections may speak for their IdPs. */
export function createConnectionProofs(prisma: PrismaClient) {
  const proofs = {
    /**
     * Notes that the connection is its IdP's: from then on its JWTs count. Only if it still is as
     * it was seen (`seen`), and never beside another proven connection, of whatever org, that has
     * the same client id and an issuer in common: of two at once one loses. `unchanged`: it was
     * proven before, is no longer as it was seen, or needs the operator's word.
     */
    proveConnection(
      orgId: string,
      id: string,
      seen: ProvenMembers,
      by: By,
      { vouched = false } = {},
    ): Promise<'proven' | 'taken' | 'unchanged'> {
      const { issuer, clientId, tokenEndpoint, jwksUri } = seen;
      const acceptedIssuers = [...seen.acceptedIssuers];
      return prisma.$transaction(async (transaction) => {
        await lockClient(transaction, clientId);
        const other = await transaction.connection.findFirst({
          where: { ...atIdp(seen), active: true, provenAt: { not: null }, NOT: { orgId, id } },
          select: { id: true },
        });
        if (other) return 'taken';
        const as = { issuer, acceptedIssuers: { equals: acceptedIssuers }, clientId, tokenEndpoint, jwksUri };
        const { count } = await transaction.connection.updateMany({
          where: {
            orgId,
            id,
            active: true,
            provenAt: null,
            ...as,
            ...(vouched ? {} : { vouchingNeeded: false }),
          },
          data: { provenAt: new Date() },
        });
        if (count === 0) return 'unchanged';
        const target = { type: 'connection', id };
        await recordEvent(transaction, {
          orgId,
          action: 'connection.proven',
          by,
          target,
          detail: { issuer, clientId },
        });
        return 'proven';
      });
    },

    /**
     * An operator vouches for the connection as it is, in place of a first sign-in.
     * @throws AppError not_found; conflict when it is switched off, or its IdP has another proven
     * one
     */
    async vouchForConnection(orgId: string, id: string, by: By): Promise<Omit<Connection, 'clientSecret'>> {
      const find = () =>
        prisma.connection.findUnique({ where: { orgId_id: { orgId, id } }, omit: { clientSecret: true } });
      const before = await find();
      if (!before) throw new AppError('not_found', `The organisation has no connection ${id}.`);
      const outcome = await proofs.proveConnection(orgId, id, before, by, { vouched: true });
      if (outcome === 'taken')
        throw new AppError('conflict', `Another connection is the proven one of ${before.issuer} and this client id.`);
      const after = await find();
      if (after?.provenAt) return after;
      throw new AppError('conflict', `The connection ${id} is switched off or was just changed, so it stays unproven.`);
    },
  };
  return proofs;
}
