import type { Pool } from 'pg';
import { bySystem } from '../by.ts';
import type { Config } from '../config.ts';
import { createConnections } from '../connections/connections.ts';
import { discover } from '../connections/discovery.ts';
import type { Org, PrismaClient } from '../database/generated/client.ts';
import { newId } from '../database/ids.ts';
import { connectionSecretPurpose } from '../database/sealed-places.ts';
import type { DemoAppUrls } from '../demo-apps/demo-apps.ts';
import type { GuardedFetch } from '../http/guarded-fetch.ts';
import { hashSecret, type Keyring } from '../keyring.ts';
import type { ApiKeys } from '../orgs/api-keys.ts';
import { createOrgs } from '../orgs/orgs.ts';
import { orgIssuer } from '../signing/org-keys.ts';
import { emailKey } from '../users/email.ts';
import { createUsers } from '../users/users.ts';
import { seedAccounts } from './seed-accounts.ts';
import { crmClientId, seedApps } from './seed-apps.ts';
import { type SeedOrg, seedOrgs } from './seed-data.ts';

type Deps = Readonly<{
  config: Pick<Config, 'publicUrl'>;
  pool: Pool;
  prisma: PrismaClient;
  keyring: Keyring;
  apiKeys: ApiKeys;
  guardedFetch: GuardedFetch;
  webhookFetch: GuardedFetch;
}>;

const seeder = bySystem('seed');

/**
 * Adds the missing parts of the two demo orgs and leaves the rest: a developer's changes stay. Only
 * the connections follow the demo identity provider at `idpUrl`, and the apps their addresses: ports
 * may have changed. `postgres`: the server of development, where the database is its own. Returns what
 * the apps of the first org need to know.
 */
export async function seed(deps: Deps, idpUrl: string, apps: DemoAppUrls, postgres: string | null) {
  await refuseForeignDatabase(deps);
  const seeded: Org[] = [];
  for (const described of seedOrgs) {
    const org = await seedOrg(deps, described);
    await seedConnection(deps, org, described, `${idpUrl}/${described.slug}`);
    await seedApiKey(deps, org, described);
    for (const person of described.people) await seedPerson(deps, org, person);
    seeded.push(org);
  }
  const [org, { people }] = [seeded[0] as Org, seedOrgs[0] as SeedOrg];
  const known = { org: org.name, issuer: orgIssuer(deps.config, org.id) };
  const client = await seedApps(deps, org.id, apps);
  await seedAccounts(deps, org.id, { lights: apps.lights, postgres, people: await idsOf(deps, org.id, people) });
  return { wiki: { ...known, ...client }, crm: { ...known, clientId: crmClientId, people } };
}

/** The ids of people by their subjects at the identity provider; whoever was removed has none. */
async function idsOf(
  { prisma }: Deps,
  orgId: string,
  people: SeedOrg['people'],
): Promise<Readonly<Record<string, string>>> {
  const found = await prisma.user.findMany({
    where: { orgId, deletedAt: null, active: true },
    select: { id: true, emailKey: true },
  });
  const byKey = new Map(found.map((user) => [user.emailKey, user.id]));
  return Object.fromEntries(
    people.flatMap(({ subject, email }) => {
      const id = byKey.get(emailKey(email) ?? '');
      return id === undefined ? [] : [[subject, id]];
    }),
  );
}

export class NotForSeedError extends Error {
  override readonly name = 'NotForSeedError';
}

/**
 * A DATABASE_URL may lead to real customers: no key that everybody knows is put beside them.
 * @throws NotForSeedError
 */
async function refuseForeignDatabase({ prisma }: Deps): Promise<void> {
  const slugs = seedOrgs.map(({ slug }) => slug);
  const [seeded, any] = await Promise.all([prisma.org.count({ where: { slug: { in: slugs } } }), prisma.org.count()]);
  if (any > 0 && seeded === 0)
    throw new NotForSeedError(
      'This database holds organisations that `npm run dev` did not make. It seeds API keys that everybody knows: unset DATABASE_URL, or name an empty database.',
    );
}

async function seedOrg(deps: Deps, { slug, name, domain }: SeedOrg): Promise<Org> {
  const found = await deps.prisma.org.findUnique({ where: { slug } });
  return found ?? createOrgs(deps).createOrg({ slug, name, domains: [{ domain, verified: true }] }, seeder);
}

async function seedConnection(deps: Deps, org: Org, { name, client }: SeedOrg, issuer: string): Promise<void> {
  const { prisma, keyring, guardedFetch } = deps;
  const connections = createConnections(deps);
  const found = await prisma.connection.findFirst({
    where: { orgId: org.id, clientId: client.id },
    orderBy: { createdAt: 'asc' },
  });
  const credentials = { clientId: client.id, clientSecret: client.secret };
  if (!found) {
    const endpoints = await discover(guardedFetch, issuer);
    const described = { name: `${name} (demo IdP)`, ...endpoints, ...credentials };
    const added = await connections.addConnection(org.id, described, seeder);
    await connections.vouchForConnection(org.id, added.id, seeder);
    return;
  }
  const purpose = connectionSecretPurpose(org.id, found.id);
  const secret = await keyring.decrypt(found.clientSecret, purpose).catch(() => null);
  if (found.issuer === issuer && secret === client.secret) return;
  const endpoints = await discover(guardedFetch, issuer);
  // The same people under the issuer's new port.
  const orgId = org.id;
  await prisma.identity.updateMany({ where: { orgId, connectionId: found.id }, data: { issuer } });
  await connections.updateConnection(orgId, found.id, { ...endpoints, ...credentials }, seeder);
  if (found.active) await connections.vouchForConnection(orgId, found.id, seeder);
}

async function seedApiKey({ prisma, apiKeys }: Deps, org: Org, { apiKey }: SeedOrg): Promise<void> {
  const keyHash = new Uint8Array(hashSecret(apiKey));
  if (await prisma.apiKey.findUnique({ where: { keyHash } })) return;
  await apiKeys.create(org.id, { name: 'Demo', key: apiKey }, seeder);
}

async function seedPerson(deps: Deps, org: Org, person: SeedOrg['people'][number]): Promise<void> {
  const { email, name, givenName, familyName, todos, role } = person;
  const key = emailKey(email) ?? '';
  if (await deps.prisma.user.findUnique({ where: { orgId_emailKey: { orgId: org.id, emailKey: key } } })) return;
  const user = await createUsers(deps).addUser(org.id, { email, name, givenName, familyName, role }, seeder);
  await deps.prisma.todo.createMany({
    data: todos.map((task) => ({ orgId: org.id, id: newId('todo'), userId: user.id, task })),
  });
}
