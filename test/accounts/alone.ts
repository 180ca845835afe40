import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Connector } from '../../src/accounts/connectors/connector.ts';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { type Rotator, startRotator } from '../../src/accounts/rotation/rotator.ts';
import { type Times, usualTimes } from '../../src/accounts/rotation/times.ts';
import { createVault } from '../../src/accounts/vault.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';
import { createTestDatabase } from '../support/database.ts';
import { currentPassword, passwordsOf, plantAccount, rotationsOf, until } from './support.ts';
import { type System, startSystem } from './system.ts';

/** Pauses are short; what is done in them is the same. */
const quick: Times = {
  ...usualTimes,
  lease: 60,
  wrong: 0.1,
  unavailable: [0.02],
  denied: [0.02],
  oldWorks: [0.02],
  limitsMs: { set: 1_000, verify: 1_000, endConnections: 1_000 },
};

const log = pino({ level: 'silent' });

/** The rotator alone, on a database of its own, with one account at a server that may have bad days. */
export async function rotateAlone(orgId: string) {
  const database = await createTestDatabase();
  const pool = createPool({ connectionString: database.url, max: 8, applicationName: orgId, log });
  const keyring = createKeyring([Buffer.alloc(32, 3)]);
  const vault = createVault({ pool, keyring });
  const product = { context: { pool, keyring } } as unknown as Parameters<typeof plantAccount>[0];
  const rotators: Rotator[] = [];
  const alone = {
    orgId,
    pool,
    vault,
    product,
    system: undefined as unknown as System,
    account: '',
    plant: (more: object = {}) =>
      plantAccount(product, orgId, {
        userName: 'root',
        password: 'the first password',
        settings: {},
        admin: { userName: 'admin', password: alone.system.state.admin },
        ...more,
      }),
    start(times: Partial<Times> = {}, connector: Partial<Connector<unknown>> = {}) {
      const rotator = startRotator({
        pool,
        vault,
        connectorOf: () => ({ ...alone.system.connector, ...connector }),
        log,
        times: { ...quick, ...times },
      });
      rotators.push(rotator);
      return rotator;
    },
    ask: (more: object = {}) => askRotation(pool, { orgId, accountId: alone.account, cause: 'hand', ...more }),
    rows: () => rotationsOf(product, alone.account),
    last: async () => (await alone.rows()).at(-1),
    untilState: (...states: string[]) => until(async () => states.includes((await alone.last())?.state ?? '')),
    current: () => currentPassword(product, orgId, alone.account),
    versions: () => passwordsOf(product, orgId, alone.account),
    kept: async () => (await alone.versions()).map(({ version, state }) => `${version} ${state}`),
    async told() {
      const { rows } = await pool.query<{ action: string; detail: Record<string, unknown> }>(
        'SELECT action, detail FROM audit_events WHERE org_id = $1 AND target_id = $2 ORDER BY at, id',
        [orgId, alone.account],
      );
      return rows;
    },
    stopAll: () => Promise.all(rotators.splice(0).map((rotator) => rotator.stop())),
  };
  beforeAll(() => pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'alone', 'Alone')`, [orgId]));
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  beforeEach(async () => {
    alone.system = await startSystem('the first password');
    alone.account = await alone.plant();
  });
  afterEach(async () => {
    await alone.stopAll();
    await alone.system.stop();
    await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
    await pool.query('DELETE FROM account_administrator_tries WHERE org_id = $1', [orgId]);
  });
  return alone;
}
