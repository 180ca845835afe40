import type { Request, Response } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { PrismaClient } from '../database/generated/client.ts';
import { isReference } from '../database/ids.ts';
import { toGoal } from '../http/return-to.ts';
import type { Looks } from '../orgs/looks.ts';
import { renderOnward } from '../web/onward-page.ts';
import { sendPage } from '../web/send-page.ts';
import { renderSignIn, type SignInPage } from '../web/sign-in-page.ts';
import { findOrgOfAddress } from './find-org.ts';
import { findSignInConnection } from './find-sign-in-connection.ts';

type Deps = Readonly<{ config: Config; pool: Pool; prisma: PrismaClient; lookOrNone: Looks['lookOrNone'] }>;
type Wrong = NonNullable<SignInPage['wrong']>;

// A field that comes twice counts as empty.
const text = z.string().trim().optional().catch('');

/** What the sign-in page sends: one of the first two, and what came with the page's own address. */
export const signInForm = z.object({
  username: text.describe('A work address.'),
  organisation: text.describe('The short name of an organisation, or its sign-in link.'),
  returnTo: text.describe('A path here, to come back to.'),
  prompt: text.describe('`login`: authenticate anew.'),
  org: text.describe('Whose look the page had.'),
});

/**
 * `POST /openid/start`, by the form of the sign-in page: leads on to `/openid/start/:org`, or shows
 * the page again with what is wrong.
 */
export function createStartByPage(deps: Deps) {
  return async (req: Request, res: Response): Promise<void> => {
    const form = signInForm.parse(req.body ?? {});
    const goal = toGoal(form);
    const { username = '', organisation } = form;
    const found = await (organisation === undefined ? byAddress(deps, username) : byOrganisation(deps, organisation));
    if ('problem' in found) {
      const { status, ...wrong } = found;
      const look = await deps.lookOrNone(form.org);
      return sendPage(res, status, (texts) => renderSignIn(texts, { ...goal, look, wrong }));
    }
    const query = new URLSearchParams({
      ...found.query,
      returnTo: goal.returnTo,
      ...(goal.anew && { prompt: 'login' }),
    });
    const href = `/openid/start/${found.org.slug}?${query}`;
    sendPage(res, 200, (texts) => renderOnward(texts, { title: texts.signIn.leaving({ org: found.org.name }), href }));
  };
}

type Found =
  | Readonly<{ org: { slug: string; name: string }; query: Record<string, string> }>
  | (Wrong & Readonly<{ status: 400 | 404 }>);

async function byAddress({ prisma }: Deps, typed: string): Promise<Found> {
  const wrong = { field: 'username', typed } as const;
  if (!/^[^\s@]+@[^\s@]+$/.test(typed)) return { ...wrong, status: 400, problem: 'enterEmail' };
  const org = await findOrgOfAddress(prisma, typed);
  return org === null ? { ...wrong, status: 404, problem: 'nobodys' } : { org, query: { login_hint: typed } };
}

async function byOrganisation({ config, pool }: Deps, typed: string): Promise<Found> {
  const wrong = { field: 'organisation', typed } as const;
  const named = readOrganisation(config, typed);
  if (!named) return { ...wrong, status: 400, problem: 'enterOrganisation' };
  const found = await findSignInConnection(pool, named.org, {});
  if (!found) return { ...wrong, status: 404, problem: 'noOrganisation' };
  return { org: found.org, query: named.connection === null ? {} : { connection: named.connection } };
}

/** A short name, or a link of ours. Only its name and connection count, never where it leads. */
function readOrganisation(
  { publicUrl, appUrl }: Pick<Config, 'publicUrl' | 'appUrl'>,
  typed: string,
): { org: string; connection: string | null } | null {
  if (isReference(typed)) return { org: typed, connection: null };
  if (!URL.canParse(typed, publicUrl)) return null;
  const { origin, pathname, searchParams } = new URL(typed, publicUrl);
  const org = /^\/openid\/start\/([^/]+)\/?$/.exec(pathname)?.[1];
  if ((origin !== publicUrl && origin !== appUrl) || !org || !isReference(org)) return null;
  return { org, connection: searchParams.get('connection') };
}
