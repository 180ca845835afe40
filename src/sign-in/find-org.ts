import { z } from 'zod';
import { type Operation, operation } from '../api/operation.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { emailDomain } from '../users/email.ts';

/** The org that has verified the domain of an address; null if none has. */
export async function findOrgOfAddress(
  prisma: PrismaClient,
  address: string,
): Promise<{ slug: string; name: string } | null> {
  const domain = emailDomain(address);
  if (domain === null) return null;
  const where = { domain, verifiedAt: { not: null } };
  const found = await prisma.domain.findFirst({ where, select: { org: { select: { slug: true, name: true } } } });
  return found?.org ?? null;
}

/** Which org an address signs in with: what a sign-in page asks before anybody is signed in. */
export function findOrgOperation({ prisma }: { prisma: PrismaClient }): Operation {
  return operation({
    method: 'post',
    path: '/api/openid/check',
    id: 'findOrg',
    tag: 'Sign-in',
    summary: 'Which organisation an address signs in with',
    description: 'By its verified domain alone: never whether a user exists.',
    // A value that is no text is nobody's address, and no fault.
    body: z.object({ username: z.string().trim().catch('') }),
    bodyExample: { username: 'trinity@whiterabbit.fake' },
    security: [],
    success: {
      status: 200,
      description: 'Its short name, as it stands in sign-in links, or null.',
      schema: z.object({ org_id: z.string().nullable() }),
    },
    handle: async ({ body }) => ({ org_id: (await findOrgOfAddress(prisma, body.username))?.slug ?? null }),
  });
}
