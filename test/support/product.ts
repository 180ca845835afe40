import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { byOperator } from '../../src/by.ts';
import { loadConfig } from '../../src/config.ts';
import { beginWith, createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { createContext } from '../../src/context.ts';
import { createOrgs } from '../../src/orgs/orgs.ts';
import { startServer } from '../../src/server.ts';
import type { Languages } from '../../src/texts/texts.ts';
import { insertUser } from '../../src/users/users.ts';
import { type Browser, createBrowser } from './browser.ts';
import { createTestDatabase } from './database.ts';
import { freePort } from './free-port.ts';
import { startTestIdp, type TestIdp } from './idp.ts';

export type Product = Awaited<ReturnType<typeof startProduct>>;
export type TestOrg = {
  id: string;
  slug: string;
  apiKey: string;
  userId: string;
  issuer: string;
  /** Proven: an operator vouched for it. */
  connectionId: string;
};

const secrets = {
  SESSION_SECRETS: 'a-secret-of-the-tests-of-32-letters',
  ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
};

/** The same address in both orgs: two people. */
export const trinity = { email: 'trinity@whiterabbit.fake', password: 'Zion123$' };
export const twin = { email: 'trinity@whiterabbit.fake', password: 'Other-Zion-456$' };

/**
 * The whole product on a database of its own with two orgs, whiterabbit and metacortex, each with
 * its tenant at a real OpenID provider and a person of the same address. `processes` starts that
 * many more nodes, each a process of its own, on the same database; the first node lives in the
 * test's process and its `context` can be looked into.
 */
export async function startProduct(
  options: {
    processes?: number;
    databaseUrl?: string;
    env?: Record<string, string> | undefined;
    languages?: Languages | undefined;
    /** 0, as tests sign in right after a revocation: what that leaves open has tests of its own. */
    settleSeconds?: number | undefined;
    /** Where the first node logs. */
    log?: Logger | undefined;
  } = {},
) {
  const database = options.databaseUrl
    ? { url: options.databaseUrl, drop: async () => {} }
    : await createTestDatabase();
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const env = {
    DATABASE_URL: database.url,
    PUBLIC_URL: url,
    PORT: String(port),
    LOG_LEVEL: 'silent',
    ...secrets,
    ...options.env,
  };
  const config = { ...loadConfig(env, 'development'), settleSeconds: options.settleSeconds ?? 0 };
  const context = createContext(config, options.log, options.languages);
  const idp = await startTestIdp({
    tenants: [tenant('whiterabbit', 'White Rabbit', url, trinity), tenant('metacortex', 'Metacortex', url, twin)],
  });
  const orgs = {
    whiterabbit: await createTestOrg(context, idp, 'whiterabbit', 'whiterabbit.fake'),
    metacortex: await createTestOrg(context, idp, 'metacortex', 'metacortex.fake'),
  };
  const node = await startServer(context);
  const others = await Promise.all(Array.from({ length: options.processes ?? 0 }, () => startNode(env)));

  return {
    url,
    /** Every node's own address; the first is `url`. */
    nodes: [url, ...others.map((other) => other.url)],
    /** The processes behind the nodes after the first. */
    processes: others.map((other) => other.process),
    env,
    databaseUrl: database.url,
    context,
    idp,
    orgs,
    /** A browser that has signed in as trinity of whiterabbit, or as whom is given. */
    async signIn(
      org: keyof typeof orgs = 'whiterabbit',
      credentials = org === 'whiterabbit' ? trinity : twin,
    ): Promise<Browser> {
      const browser = createBrowser({ baseUrl: url });
      const page = await browser.signIn({ appUrl: url, org, ...credentials });
      const me = await browser.get('/api/users/me');
      if (me.status !== 200) throw new Error(`the sign-in failed at ${page.url}: ${page.status}\n${page.text}`);
      return browser;
    },
    /** Posts to the revocation endpoint as an IdP does. */
    revoke(
      subject: unknown = { format: 'email', email: trinity.email },
      { apiKey = orgs.whiterabbit.apiKey, at = url } = {},
    ) {
      return fetch(`${at}/global-token-revocation`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ sub_id: subject }),
      });
    },
    async stop() {
      for (const other of others) await stopProcess(other.process);
      await node.stop();
      await idp.stop();
      await database.drop();
    },
  };
}

/** Two nodes, each a process of its own, on one database. */
export async function startTwoNodes(): Promise<{ product: Product; nodes: [string, string] }> {
  const product = await startProduct({ processes: 2 });
  return { product, nodes: product.nodes.slice(1) as [string, string] };
}

function tenant(path: string, name: string, url: string, { email, password }: typeof trinity) {
  const redirectUris = [`${url}/openid/callback/${path}`];
  const postLogoutRedirectUris = [`${url}/signed-out`];
  const client = { id: `${path}-app`, secret: `the secret of ${path}`, redirectUris, postLogoutRedirectUris };
  const person = { subject: `${path}-trinity`, email, name: `Trinity of ${name}`, password };
  const neo = {
    subject: `${path}-neo`,
    email: 'neo@whiterabbit.fake',
    name: `Neo of ${name}`,
    password: 'Neo-and-123$',
  };
  const app = {
    name: 'The product',
    revocationEndpoint: `${url}/global-token-revocation`,
    backchannelLogoutUri: `${url}/openid/backchannel-logout/${path}`,
  };
  return { path, name, client, users: [person, neo], app };
}

async function createTestOrg(
  { prisma, keyring, guardedFetch, apiKeys }: ReturnType<typeof createContext>,
  idp: TestIdp,
  slug: string,
  domain: string,
): Promise<TestOrg> {
  const discovered = await discover(guardedFetch, `${idp.url}/${slug}`);
  const org = await createOrgs({ prisma }).createOrg(
    {
      name: slug,
      slug,
      domains: [{ domain, verified: true }],
    },
    byOperator,
    beginWith(keyring, { ...discovered, clientId: `${slug}-app`, clientSecret: `the secret of ${slug}` }, byOperator),
  );
  const connections = createConnections({ prisma, keyring });
  const [connection] = await connections.listConnections(org.id);
  await connections.vouchForConnection(org.id, connection?.id ?? '', byOperator);
  const { apiKey } = await apiKeys.create(org.id, { name: 'test' }, byOperator);
  const user = await prisma.$transaction((db) =>
    insertUser(db, org.id, { email: trinity.email, name: 'Trinity' }, byOperator),
  );
  const connectionId = connection?.id ?? '';
  return { id: org.id, slug, apiKey, userId: user.id, issuer: discovered.issuer, connectionId };
}

/** One more node on the same database, in a process of its own. */
export async function startNode(
  env: Record<string, string>,
  entry = `${import.meta.dirname}/node-process.ts`,
): Promise<{ url: string; process: ChildProcess }> {
  const child = fork(entry, { env: { ...process.env, ...env, PORT: '0' } });
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof message !== 'object' || message === null) throw new Error(`the node ended with ${message}`);
  return { url: `http://localhost:${message.port}`, process: child };
}

/** Lets the process of a node end by itself, if it still runs. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
