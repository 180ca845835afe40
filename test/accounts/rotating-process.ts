import { pino } from 'pino';
import { startAccounts } from '../../src/accounts/start.ts';
import { loadConfig } from '../../src/config.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';

// What of a node carries out rotations, in a process of its own: it starts in a fraction of a whole
// node's time.
const config = loadConfig(process.env, 'development');
const log = pino({ level: config.logLevel });
const pool = createPool({ connectionString: config.databaseUrl, max: 2, applicationName: 'rotating', log });
const accounts = startAccounts({ config, log, pool, keyring: createKeyring(config.encryptionKeys) });
process.send?.({ port: 0 });
// Whoever started it may die without a word.
process.on('disconnect', () => void accounts.stop().then(() => process.exit(0)));
