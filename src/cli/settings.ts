import { z } from 'zod';
import {
  accountNetworksOf,
  ConfigError,
  developmentEnvironment,
  type Environment,
  environment,
  type Mode,
  wrongVariables,
} from '../config.ts';
import { developmentJournal, findDevelopmentSecrets, loadDevelopmentSecrets } from './development.ts';

/** The command line's variables: the server's, each required only when a command needs it. */
const form = z.object({
  DATABASE_URL: environment.DATABASE_URL.optional(),
  DIRECT_DATABASE_URL: environment.DIRECT_DATABASE_URL,
  PORT: environment.PORT,
  PUBLIC_URL: environment.PUBLIC_URL.optional(),
  ENCRYPTION_KEYS: environment.ENCRYPTION_KEYS.optional(),
  PRIVATE_IDP_HOSTS: environment.PRIVATE_IDP_HOSTS,
  ACCOUNT_NETWORKS: environment.ACCOUNT_NETWORKS,
  SESSION_IDLE_SECONDS: environment.SESSION_IDLE_SECONDS,
  SESSION_ABSOLUTE_SECONDS: environment.SESSION_ABSOLUTE_SECONDS,
  GRANT_IDLE_SECONDS: environment.GRANT_IDLE_SECONDS,
  GRANT_ABSOLUTE_SECONDS: environment.GRANT_ABSOLUTE_SECONDS,
  JOURNAL_DIR: environment.JOURNAL_DIR,
  ...developmentEnvironment,
});

export type Settings = ReturnType<typeof loadSettings>;

/** @throws ConfigError listing every variable with an unusable value */
export function loadSettings(env: Environment) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = form.safeParse(given);
  if (!parsed.success) throw wrongVariables(parsed.error, env);
  const data = parsed.data;
  return {
    databaseUrl: data.DATABASE_URL ?? null,
    directDatabaseUrl: data.DIRECT_DATABASE_URL ?? data.DATABASE_URL ?? null,
    dataDir: data.DATA_DIR,
    /** Where this machine's node notes calls while the database is away. */
    journalDir: data.JOURNAL_DIR ?? (data.DATABASE_URL ? null : developmentJournal(data.DATA_DIR)),
    /** PUBLIC_URL if it is set. */
    givenPublicUrl: data.PUBLIC_URL ?? null,
    privateIdpHosts: data.PRIVATE_IDP_HOSTS,
    /** Where shared accounts may be. */
    accountNetworks: (mode: Mode) => accountNetworksOf(mode, data.ACCOUNT_NETWORKS),
    /** The limits that an organisation's own settings can't exceed. */
    lifetimes: {
      sessionIdleSeconds: data.SESSION_IDLE_SECONDS,
      sessionAbsoluteSeconds: data.SESSION_ABSOLUTE_SECONDS,
      grantIdleSeconds: data.GRANT_IDLE_SECONDS,
      grantAbsoluteSeconds: data.GRANT_ABSOLUTE_SECONDS,
    },

    /** @throws ConfigError: an address that is entered at an IdP must not be guessed. */
    publicUrl(mode: Mode): string {
      if (data.PUBLIC_URL) return data.PUBLIC_URL;
      if (mode === 'production') throw new ConfigError(['PUBLIC_URL is missing']);
      return `http://localhost:${data.PORT}`;
    },

    /** @throws ConfigError: the server can't read secrets that another key has sealed. */
    encryptionKeys(mode: Mode): readonly Uint8Array[] {
      if (data.ENCRYPTION_KEYS) return data.ENCRYPTION_KEYS;
      const find = data.DATABASE_URL ? findDevelopmentSecrets : loadDevelopmentSecrets;
      const made = mode === 'development' ? find(data.DATA_DIR) : null;
      if (!made) throw new ConfigError(['ENCRYPTION_KEYS is missing']);
      return environment.ENCRYPTION_KEYS.parse(made.ENCRYPTION_KEYS);
    },
  };
}
