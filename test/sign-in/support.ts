import { pino } from 'pino';
import { byOperator } from '../../src/by.ts';
import { beginWith } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { createOrgs, type NewOrg } from '../../src/orgs/orgs.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { startHostileIdp } from '../support/hostile-idp.ts';
import { type Product, startProduct } from '../support/product.ts';

export type SignInBed = Awaited<ReturnType<typeof startSignInBed>>;

/**
 * The product, and a third org whose IdP is the hostile one; by default its domain is verified and
 * its users are created.
 */
export async function startSignInBed(
  options: { org?: Partial<NewOrg>; env?: Record<string, string>; databaseUrl?: string; settleSeconds?: number } = {},
) {
  const { env, databaseUrl, settleSeconds } = options;
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const product = await startProduct({
    env,
    log,
    settleSeconds,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
  const hostile = await startHostileIdp();
  const org = await addHostileOrg(product, hostile, 'hostile', options.org);
  return {
    product,
    url: product.url,
    hostile,
    org,
    prisma: product.context.prisma,
    pool: product.context.pool,
    /** Goes to the hostile IdP and back up to, not into, the callback. */
    async begin(browser: Browser, query: Record<string, string> = {}, org = 'hostile'): Promise<string> {
      const step = await browser.beginSignIn({ appUrl: product.url, org, query });
      if (!step.callbackUrl) throw new Error(`no callback: ${step.page.status} ${step.page.text}`);
      return step.callbackUrl;
    },
    /**
     * A whole sign-in at the hostile IdP by a new browser: the last answer, and who is signed in
     * afterwards.
     */
    async attempt(browser: Browser = createBrowser({ baseUrl: product.url })) {
      const page = await browser.signIn({ appUrl: product.url, org: 'hostile', email: '', password: '' });
      return { page, browser, me: await browser.get('/api/users/me') };
    },
    /** Reasons of the org's refused sign-ins, oldest first. */
    async refusals(orgId = org.id): Promise<unknown[]> {
      const events = await product.context.prisma.auditEvent.findMany({
        where: { orgId, action: 'sign_in.refused' },
        orderBy: { at: 'asc' },
      });
      return events.map((event) => (event.detail as { reason?: unknown }).reason);
    },
    /** The log's lines about the request that a page was the answer to. */
    logged: (page: { headers: Headers }) => lines.filter((line) => line.requestId === page.headers.get('x-request-id')),
    countSessions: (orgId = org.id) => product.context.prisma.session.count({ where: { orgId } }),
    async stop() {
      await hostile.stop();
      await product.stop();
    },
  };
}

export async function addHostileOrg(
  product: Product,
  hostile: { issuer: string; clientId: string; clientSecret: string },
  slug: string,
  changes: Partial<NewOrg> = {},
) {
  const { prisma, keyring, guardedFetch } = product.context;
  const discovered = await discover(guardedFetch, hostile.issuer);
  return createOrgs({ prisma }).createOrg(
    {
      name: slug,
      slug,
      domains: [{ domain: `${slug}.fake`, verified: true }],
      ...changes,
    },
    byOperator,
    beginWith(keyring, { ...discovered, clientId: hostile.clientId, clientSecret: hostile.clientSecret }, byOperator),
  );
}

/** The page's heading, which says which refusal it is. */
export function heading(page: { text: string }): string | undefined {
  return /<h1>([^<]*)<\/h1>/.exec(page.text)?.[1];
}
