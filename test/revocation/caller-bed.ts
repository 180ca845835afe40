import { createConnections } from '../../src/connections/connections.ts';
import { startSignInBed } from '../sign-in/support.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { callerJwt, type JwtOptions, postRevocation } from '../support/idp-jwt.ts';

export type CallerBed = Awaited<ReturnType<typeof startCallerBed>>;

export const mallory = { format: 'email', email: 'mallory@hostile.fake' };

/**
 * The product with an org whose IdP signs whatever it is told, and whose connection a first sign-in
 * has proven.
 */
export async function startCallerBed(options: { env?: Record<string, string>; databaseUrl?: string } = {}) {
  const bed = await startSignInBed({ ...options, env: { TRUST_PROXY: 'loopback', ...options.env } });
  const { prisma, keyring } = bed.product.context;
  const connections = createConnections({ prisma, keyring });
  const connection = (await connections.listConnections(bed.org.id))[0];
  if (!connection) throw new Error('the org has no connection');
  await bed.attempt();
  const shared = `${bed.url}/global-token-revocation`;
  const own = `${shared}/${connection.id}`;
  const jwksCount = () => bed.hostile.requests.filter(({ endpoint }) => endpoint === 'jwks').length;
  return {
    ...bed,
    connections,
    connectionId: connection.id,
    /** The endpoint's URLs: everybody's, and the connection's own. */
    shared,
    own,
    /** A JWT of the IdP for the shared URL. */
    jwt: (options?: JwtOptions) => callerJwt(bed.hostile, shared, options),
    /** Posts at the shared URL with a JWT made as told. */
    revokeBy: (options?: JwtOptions, subject: unknown = mallory) =>
      postRevocation(shared, callerJwt(bed.hostile, shared, options), subject),
    post: postRevocation,
    /** How often the IdP's keys were fetched. */
    jwksCount,
    /** From here on the connection's keys are at an address of which nothing is known yet. */
    async forgetKeys(jwksUri = `${bed.hostile.issuer}/jwks?${crypto.randomUUID()}`) {
      await prisma.connection.updateMany({ where: { orgId: bed.org.id }, data: { jwksUri } });
    },
    /** Somebody who has just signed in at the IdP, as mallory. */
    async signedIn(): Promise<Browser> {
      const { browser, me } = await bed.attempt(createBrowser({ baseUrl: bed.url }));
      if (me.status !== 200) throw new Error(`the sign-in failed: ${me.status}`);
      return browser;
    },
  };
}

/** The statuses of GET /api/users/me. */
export const statusOf = async (browser: Browser) => (await browser.get('/api/users/me')).status;
