import { existsSync } from 'node:fs';
import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { askRotation } from '../../src/accounts/rotation/ask-rotation.ts';
import { type Rotator, startRotator } from '../../src/accounts/rotation/rotator.ts';
import { usualTimes } from '../../src/accounts/rotation/times.ts';
import { createVault } from '../../src/accounts/vault.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';
import { passwordsOf, plantAccount, rotationsOf, until } from '../accounts/support.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { redisAdmin as admin, redisProgram, startRedis } from './redis.ts';

type Server = Awaited<ReturnType<typeof startRedis>>;
const first = 'The-former-one';
const orgId = 'org_of_redis';
const log = pino({ level: 'silent' });
const keyring = createKeyring([Buffer.alloc(32, 3)]);
const { connectorOf } = createConnectors({
  config: {
    mode: 'development',
    accountNetworks: ['127.0.0.0/8'],
    databaseUrl: 'postgresql://-',
    directDatabaseUrl: 'postgresql://-',
  },
});

// Redis holds its users in memory. What isn't in its file when it dies, it has forgotten.
describe.skipIf(!existsSync(redisProgram))('a start of Redis (needs Debian’s redis-server)', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let rotator: Rotator | null = null;
  const servers: Server[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool({ connectionString: database.url, max: 4, applicationName: 'redis', log });
    await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'redis', 'Redis')`, [orgId]);
  });
  afterEach(async () => {
    await rotator?.stop();
    await pool.query('DELETE FROM accounts WHERE org_id = $1', [orgId]);
    for (const server of servers.splice(0)) await server.stop();
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  /** An account whose rotation begins, at a server that knows its former password after each start. */
  async function rotating(aclFile: boolean, before: (server: Server) => void = () => {}) {
    const server = await startRedis({ aclFile, users: [`user app on >${first} ~* +@all`] });
    servers.push(server);
    before(server);
    const product = { context: { pool, keyring } } as unknown as Parameters<typeof plantAccount>[0];
    const settings = { host: '127.0.0.1', port: server.port, tls: 'off' };
    const account = await plantAccount(product, orgId, {
      ...{ connector: 'redis', userName: 'app', settings, admin, password: first },
    });
    await askRotation(pool, { orgId, accountId: account, cause: 'hand', userId: null });
    const times = { ...usualTimes, wrong: 0.1, unavailable: [0.02], denied: [0.02], oldWorks: [0.02] };
    rotator = startRotator({ pool, vault: createVault({ pool, keyring }), connectorOf, log, times });
    return {
      server,
      last: async () => (await rotationsOf(product, account)).at(-1),
      /** Each kept version, the latest first: its number, its state, and whether it signs in. */
      async versions() {
        const said: string[] = [];
        for (const { version, state, password } of await passwordsOf(product, orgId, account))
          said.push(`${version} ${state} ${(await server.signsIn('app', password)) ? 'works' : 'is refused'}`);
        return said;
      },
    };
  }
  const isNotSaved = { state: 'old_works', error: 'not_saved', told: ['old_works'] };
  const changed = ['2 current works', '1 former is refused'];

  test('what could not be written is told, and saved when it can be', async () => {
    const { server, last, versions } = await rotating(true, ({ takeAway }) => takeAway());
    await until(async () => ['old_works', 'done'].includes((await last())?.state ?? ''));
    expect(await last()).toMatchObject(isNotSaved);
    expect(await versions()).toEqual(changed);
    server.giveBack();
    await until(async () => (await last())?.state === 'done');
    expect(await last()).toMatchObject({ error: null });
    await server.startAnew();
    expect(await versions()).toEqual(changed);
  });

  test('what could not be written, and was lost by a kill -9, is set again', async () => {
    const { server, last, versions } = await rotating(true, ({ takeAway }) => takeAway());
    await until(async () => ['old_works', 'done'].includes((await last())?.state ?? ''));
    await server.kill();
    server.giveBack();
    await server.restart();
    await until(async () => (await last())?.state === 'done');
    expect(await versions()).toEqual(changed);
    await server.kill();
    await server.restart();
    expect(await versions()).toEqual(changed);
  });

  test('without an ACL file it is told, and what a kill -9 has lost is set again', async () => {
    const { server, last, versions } = await rotating(false);
    await until(async () => ['old_works', 'done'].includes((await last())?.state ?? ''));
    expect(await last()).toMatchObject(isNotSaved);
    expect(await versions()).toEqual(changed);
    await server.kill();
    await server.restart();
    await until(async () => (await versions())[0] === changed[0] && (await last())?.state === 'old_works');
    expect(await last()).toMatchObject({ ...isNotSaved, told: ['old_works', 'forgotten'] });
    expect(await versions()).toEqual(changed);
  });
});
