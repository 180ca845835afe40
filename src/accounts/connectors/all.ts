import type { z } from 'zod';
import type { Config } from '../../config.ts';
import { createCheckedAddress, type LookUp } from './checked-address.ts';
import type { CheckedAddress, Connector, Target } from './connector.ts';
import type { ConnectorError } from './errors.ts';
import { createHttp } from './http.ts';
import { createLdap } from './ldap.ts';
import { manual } from './manual.ts';
import { createMariadb } from './mariadb.ts';
import { createPostgresql } from './postgresql.ts';
import { createRedis } from './redis.ts';
import { createScim } from './scim.ts';

type Deps = Readonly<{ reach: CheckedAddress }>;

/** A file each; the name is the connector's `kind`. */
const makers = {
  postgresql: ({ reach }: Deps) => checkingSettings(createPostgresql(reach)),
  mariadb: ({ reach }: Deps) => checkingSettings(createMariadb(reach)),
  redis: ({ reach }: Deps) => checkingSettings(createRedis(reach)),
  ldap: ({ reach }: Deps) => checkingSettings(createLdap(reach)),
  scim: ({ reach }: Deps) => checkingSettings(createScim(reach)),
  http: ({ reach }: Deps) => checkingSettings(createHttp(reach)),
  manual: () => checkingSettings(manual),
};

export type ConnectorKind = keyof typeof makers;

type KeysOf<T> = T extends unknown ? (string extends keyof T ? never : Extract<keyof T, string>) : never;
/** The name of a setting of any kind of connector. */
export type SettingName = {
  [Kind in keyof typeof makers]: ReturnType<(typeof makers)[Kind]> extends Checked<infer Settings>
    ? KeysOf<Settings>
    : never;
}[keyof typeof makers];
export const connectorKinds = Object.keys(makers) as [ConnectorKind, ...ConnectorKind[]];

/** It remembers for the compiler alone what its settings are. */
type Checked<Settings> = AnyConnector & Readonly<{ itsSettings?: (given: Settings) => Settings }>;

/** A connector of any kind: its settings are what the database holds, and are read by its form. */
export type AnyConnector = Connector<unknown>;
export type Connectors = ReturnType<typeof createConnectors>;

export function createConnectors({
  config,
  lookUp,
}: Readonly<{
  config: Pick<Config, 'mode' | 'accountNetworks' | 'databaseUrl' | 'directDatabaseUrl'>;
  /** How names are resolved; the system's own way where nothing is said. */
  lookUp?: LookUp;
}>) {
  const deps: Deps = { reach: createCheckedAddress(config, lookUp) };
  const all = Object.fromEntries(connectorKinds.map((kind) => [kind, makers[kind](deps)])) as Record<
    ConnectorKind,
    AnyConnector
  >;
  return {
    ...deps,
    all,
    /** @throws Error where there is no such kind: a form has let none through */
    connectorOf(kind: string): AnyConnector {
      const connector = Object.hasOwn(all, kind) ? all[kind as ConnectorKind] : null;
      if (!connector) throw new Error(`There is no connector ${kind}.`);
      return connector;
    },
  };
}

/** What each kind is, for forms and pages: these reach nothing. */
export const connectors: Readonly<Record<ConnectorKind, AnyConnector>> = createConnectors({
  config: {
    mode: 'production',
    accountNetworks: [],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
}).all;

/** Reads the settings of each call by the form: those that were stored may be of an older one. */
function checkingSettings<Settings>(connector: Connector<Settings>): Checked<Settings> {
  const read = (target: Target<unknown>): Target<Settings> | null => {
    const parsed = connector.settings.safeParse(target.settings);
    return parsed.success ? { ...target, settings: parsed.data } : null;
  };
  const { save, verifyAdmin, endConnections } = connector;
  const unusable = { result: 'unavailable', error: 'settings' satisfies ConnectorError } as const;
  return {
    ...connector,
    settings: connector.settings as z.ZodType<unknown>,
    // An empty password is none: LDAP signs in anybody with it, as nobody.
    set: async (target, change, signal) => {
      if (change.password === '') return { result: 'rejected', error: 'password_rules' satisfies ConnectorError };
      const known = read(target);
      return known ? connector.set(known, change, signal) : unusable;
    },
    verify: async (target, password, signal) => {
      if (password === '') return { result: 'refused' };
      const known = read(target);
      return known ? connector.verify(known, password, signal) : unusable;
    },
    ...(save && {
      save: async (target, signal) => {
        const known = read(target);
        return known ? save(known, signal) : 'unavailable';
      },
    }),
    ...(verifyAdmin && {
      verifyAdmin: async (target, signal) => {
        const known = read(target);
        return known ? verifyAdmin(known, signal) : unusable;
      },
    }),
    ...(endConnections && {
      endConnections: async (target, signal) => {
        const known = read(target);
        return known ? endConnections(known, signal) : { error: unusable.error };
      },
    }),
  };
}
