import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { startRotator } from '../../src/accounts/rotation/rotator.ts';
import { createVault } from '../../src/accounts/vault.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { currentPassword, plantAccount, rotationsOf, until } from './support.ts';
import { startSystem } from './system.ts';

let database: TestDatabase;
const realNow = Date.now;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  Date.now = realNow;
  await database.drop();
});

it.each([
  ['back by a year', -365],
  ['forward by a year', 365],
])('a node whose clock steps %s changes nothing else: only the database’s clock decides', async (_, days) => {
  const log = pino({ level: 'silent' });
  const orgId = `org_of_clock_${days + 1_000}`;
  const keyring = createKeyring([Buffer.alloc(32, 9)]);
  const pool = createPool({ connectionString: database.url, max: 4, applicationName: 'clock', log });
  const product = { context: { pool, keyring } } as unknown as Parameters<typeof plantAccount>[0];
  await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, $2, 'Clock')`, [orgId, `clock-${days + 1_000}`]);
  const system = await startSystem('the first password');
  const admin = { userName: 'admin', password: system.state.admin };
  const account = { userName: 'root', password: 'the first password', settings: {}, admin };
  const id = await plantAccount(product, orgId, account);
  // Another node has claimed this one for a minute.
  const claimed = await plantAccount(product, orgId, account);
  await askRotation(pool, { orgId, accountId: claimed, cause: 'hand' });
  await pool.query(`UPDATE account_rotations SET claim = 1, due_at = clock_timestamp() + interval '1 minute'`);
  await askRotation(pool, { orgId, accountId: id, cause: 'hand' });
  Date.now = () => realNow() + days * 86_400_000;
  const rotator = startRotator({
    pool,
    vault: createVault({ pool, keyring }),
    connectorOf: () => system.connector,
    log,
  });
  await until(async () => (await rotationsOf(product, id))[0]?.state === 'done');
  expect(await currentPassword(product, orgId, id)).toBe(system.state.password);
  expect((await rotationsOf(product, claimed))[0]).toMatchObject({ claim: 1, state: 'queued' });
  await rotator.stop();
  Date.now = realNow;
  await system.stop();
  await pool.end();
});
