import type { RequestHandler } from 'express';
import type { PrismaClient } from '../database/generated/client.ts';
import { emailDomain } from '../users/email.ts';

/**
 * Which org an address signs in with: by its verified domain alone, so that nobody learns whether a user exists. The
 * answer's `org_id` is the slug, as it stands in sign-in links.
 */
export function createOpenIdCheck(deps: { prisma: PrismaClient }): RequestHandler {
  return async (req, res) => {
    const body: { username?: unknown } = req.body ?? {};
    const domain = emailDomain(typeof body.username === 'string' ? body.username.trim() : null);
    const found = domain
      ? await deps.prisma.domain.findFirst({
          where: { domain, verifiedAt: { not: null } },
          select: { org: { select: { slug: true } } },
        })
      : null;
    res.set('Cache-Control', 'no-store').json({ org_id: found?.org.slug ?? null });
  };
}
