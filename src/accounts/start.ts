import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createPool } from '../database/pool.ts';
import type { Keyring } from '../keyring.ts';
import { createConnectors } from './connectors/all.ts';
import { createKnownDatabase } from './rotation/known-database.ts';
import { startRotator } from './rotation/rotator.ts';
import { createVault } from './vault.ts';

/**
 * The vault, the connectors, and a node's rotator, on connections of its own: no request holds it up,
 * nor it them.
 */
export function startAccounts({
  config,
  log,
  pool,
  keyring,
}: {
  config: Config;
  log: Logger;
  pool: Pool;
  keyring: Keyring;
}) {
  const connectors = createConnectors({ config });
  const ownPool = createPool({
    connectionString: config.directDatabaseUrl,
    max: 4,
    applicationName: 'universal-logout rotations',
    log,
  });
  const { connectorOf } = connectors;
  const database = createKnownDatabase({ pool: ownPool, log });
  const ownVault = createVault({ pool: ownPool, keyring });
  const rotator = startRotator({ pool: ownPool, vault: ownVault, connectorOf, log, database });
  return {
    connectors,
    vault: createVault({ pool, keyring }),
    wakeRotator: rotator.wake,
    rotationsRest: database.rests,
    async stop(): Promise<void> {
      await rotator.stop();
      await ownPool.end();
    },
  };
}
