import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';
import { createPool, createPrisma } from './database/pool.ts';
import { createGuardedFetch } from './http/guarded-fetch.ts';
import { createKeyring } from './keyring.ts';
import { createApiKeys } from './orgs/api-keys.ts';
import { startHousekeeping } from './sessions/housekeeping.ts';
import { createLiveChannel } from './sessions/live-channel.ts';

export type Context = ReturnType<typeof createContext>;

/** The composition root: everything that lives as long as the process, made once. `stop` undoes it in reverse order. */
export function createContext(config: Config, log: Logger = createLog(config)) {
  const pool = createPool({
    connectionString: config.databaseUrl,
    max: config.databasePoolSize,
    applicationName: 'universal-logout',
    log,
    pooled: config.directDatabaseUrl !== config.databaseUrl,
  });
  const prisma = createPrisma(pool);
  const liveChannel = createLiveChannel({ pool, directDatabaseUrl: config.directDatabaseUrl, log });
  const housekeeping = startHousekeeping({ pool, log });
  let stopping = false;
  return {
    config,
    log,
    pool,
    prisma,
    keyring: createKeyring(config.encryptionKeys),
    guardedFetch: createGuardedFetch({ mode: config.mode, privateHosts: config.privateIdpHosts }),
    apiKeys: createApiKeys({ pool, prisma }),
    liveChannel,
    isStopping: () => stopping,
    /** From here on /readyz says no and open pages' streams are closed; requests are still answered. */
    async beginStop() {
      stopping = true;
      await liveChannel.stop();
    },
    async stop() {
      stopping = true;
      await liveChannel.stop();
      await housekeeping.stop();
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

export function createLog(config: Pick<Config, 'logLevel'>): Logger {
  const options = { level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  // Written beside the requests, not between them; what is left is flushed when the process ends.
  return pino(options, pino.destination({ dest: 1, sync: false }));
}
