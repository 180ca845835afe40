import type { Pool } from 'pg';
import { pino } from 'pino';
import { createAccounts } from '../accounts/accounts.ts';
import { createConnectors } from '../accounts/connectors/all.ts';
import { createRights } from '../accounts/rights.ts';
import type { Mode } from '../config.ts';
import { createConnections } from '../connections/connections.ts';
import type { Org } from '../database/generated/client.ts';
import { migrate } from '../database/migrate.ts';
import { createNotes } from '../database/notes.ts';
import { createPool, createPrisma } from '../database/pool.ts';
import { createAppPeople } from '../downstream/app-people.ts';
import { createApps } from '../downstream/apps.ts';
import { createForwards } from '../downstream/forwards.ts';
import { AppError } from '../errors.ts';
import { createGuardedFetch } from '../http/guarded-fetch.ts';
import { createKeyring, type Keyring } from '../keyring.ts';
import { createApiKeys } from '../orgs/api-keys.ts';
import { createDomains } from '../orgs/domains.ts';
import { createOrgs } from '../orgs/orgs.ts';
import { holdsSeedKeys } from '../orgs/seed-keys.ts';
import { findDevProcess } from '../postgres/dev-lock.ts';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { announceSql } from '../sessions/live-channel.ts';
import { createUsers } from '../users/users.ts';
import type { Settings } from './settings.ts';

/** A database, with the call that leaves it. */
export type Database = Readonly<{ url: string; directUrl: string; embedded: boolean; close: () => Promise<void> }>;

/** DATABASE_URL if set; else the embedded one in DATA_DIR, running already or started now. */
export async function openDatabase(settings: Settings): Promise<Database> {
  const { databaseUrl, directDatabaseUrl } = settings;
  if (databaseUrl)
    return { url: databaseUrl, directUrl: directDatabaseUrl ?? databaseUrl, embedded: false, close: async () => {} };
  const server = await startEmbeddedPostgres({ dataDir: settings.dataDir });
  return {
    url: server.databaseUrl,
    directUrl: server.databaseUrl,
    embedded: true,
    close: () => server.stopIfUnused(),
  };
}

export type Workspace = Awaited<ReturnType<typeof openWorkspace>>;

/**
 * What the commands work with. The embedded database is migrated first; operators migrate others.
 */
export async function openWorkspace(settings: Settings) {
  const database = await openDatabase(settings);
  const pool = createPool({
    connectionString: database.url,
    max: 4,
    applicationName: 'universal-logout cli',
    log: pino({ level: 'silent' }),
    pooled: database.url !== database.directUrl,
  });
  const prisma = createPrisma(pool);
  const close = async () => {
    await prisma.$disconnect();
    await pool.end();
    await database.close();
  };
  const mode = await prepare(database, pool).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  // Only commands that write a secret need the keys.
  const encryptionKeys = () => settings.encryptionKeys(mode);
  const keyring: Keyring = {
    encrypt: async (text, purpose) => createKeyring(encryptionKeys()).encrypt(text, purpose),
    decrypt: async (sealed, purpose) => createKeyring(encryptionKeys()).decrypt(sealed, purpose),
  };
  const orgs = createOrgs({ prisma });
  const appFetch = createGuardedFetch({ mode, privateHosts: [] });
  return {
    pool,
    prisma,
    keyring,
    /** @throws ConfigError where they are missing */
    encryptionKeys,
    journalDir: settings.journalDir,
    orgs,
    domains: createDomains({ prisma }),
    connections: createConnections({ prisma, keyring }),
    /** To public addresses alone: any org names apps. */
    appFetch,
    apps: createApps({ pool, keyring, appFetch }),
    appPeople: createAppPeople({ pool }),
    accounts: createAccounts({ pool, keyring }),
    accountRights: createRights({ pool }),
    /** To networks that the operator allows. */
    connectors: createConnectors({
      config: {
        mode,
        accountNetworks: settings.accountNetworks(mode),
        databaseUrl: database.url,
        directDatabaseUrl: database.directUrl,
      },
    }),
    // The forwarder of a node looks for itself, soon.
    forwards: createForwards({ pool, wake: () => {} }),
    apiKeys: createApiKeys({ pool, prisma, note: createNotes({ pool }) }),
    users: createUsers({ prisma }),
    guardedFetch: createGuardedFetch({ mode, privateHosts: settings.privateIdpHosts }),

    /** Tells open pages of a revocation at once; without the call they hear within a second. */
    async announce(): Promise<void> {
      await pool.query(announceSql).catch(() => {});
    },

    /** Finds an org by slug, id or verified domain. @throws AppError not_found */
    async requireOrg(ref: string): Promise<Org> {
      const org = await orgs.findOrg(ref);
      if (org) return org;
      throw new AppError('not_found', `There is no organisation with the slug, id or verified domain "${ref}".`);
    },

    /**
     * The origin for people and IdPs: that of a `npm run dev` on this database, if there is one.
     */
    async publicUrl(): Promise<string> {
      const dev = mode === 'development' ? await findDevProcess(database.directUrl) : null;
      return dev?.publicUrl ?? settings.publicUrl(mode);
    },

    close,
  };
}

/**
 * Brings the embedded database up to date, and returns the mode: a database is development's only
 * if `npm run dev` seeded it. Variables beside DATABASE_URL say nothing about that.
 */
async function prepare({ embedded, directUrl }: Database, pool: Pool): Promise<Mode> {
  if (embedded) await migrate(directUrl);
  return embedded || (await holdsSeedKeys(pool)) ? 'development' : 'production';
}
