import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askRotation } from '../../src/accounts/ask-rotation.ts';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { startRotator } from '../../src/accounts/rotator.ts';
import { usualTimes } from '../../src/accounts/times.ts';
import { createVault } from '../../src/accounts/vault.ts';
import { createPool } from '../../src/database/pool.ts';
import { createKeyring } from '../../src/keyring.ts';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { type System, testConnector } from '../accounts/connectors/contract.ts';
import { listen } from '../accounts/connectors/hostile-server.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
import { currentPassword, plantAccount, rotationsOf, until } from '../accounts/support.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';

const program = '/usr/bin/redis-server';
const admin = { userName: 'rotator', password: 'The-administrators-own' };
const userName = 'app';
const run = promisify(execFile);

describe.skipIf(!existsSync(program))('Redis (needs Debian’s redis-server)', () => {
  let certificates: ReturnType<typeof makeCertificates>;
  let dir = '';
  let server: ReturnType<typeof spawnWithUs>;
  let port = 0;
  let tlsPort = 0;
  let database: TestDatabase;
  let pool: pg.Pool;
  const log = pino({ level: 'silent' });
  const cli = async (user: string, password: string, ...command: string[]) =>
    (
      await run('redis-cli', ['-p', String(port), '--user', user, ...command], {
        env: { ...process.env, REDISCLI_AUTH: password },
      })
    ).stdout.trim();
  const start = async () => {
    server = spawnWithUs(program, [path.join(dir, 'redis.conf')], { stdin: 'ignore' });
    while ((await cli('default', 'root', 'PING').catch(() => '')) !== 'PONG') await setTimeout(20);
  };
  const stop = async () => {
    server.kill('SIGTERM');
    await once(server, 'exit');
  };

  beforeAll(async () => {
    certificates = makeCertificates();
    dir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-redis-'));
    [port, tlsPort] = [await freePort(), await freePort()];
    const lines = {
      port,
      'tls-port': tlsPort,
      bind: '127.0.0.1',
      dir,
      aclfile: path.join(dir, 'acl', 'users.acl'),
      'tls-cert-file': certificates.certFile,
      'tls-key-file': certificates.keyFile,
      'tls-ca-cert-file': certificates.caFile,
      'tls-auth-clients': 'no',
      save: '""',
    };
    mkdirSync(path.join(dir, 'acl'));
    writeFileSync(path.join(dir, 'acl', 'users.acl'), 'user default on >root ~* &* +@all\n');
    writeFileSync(
      path.join(dir, 'redis.conf'),
      Object.entries(lines)
        .map((line) => line.join(' '))
        .join('\n'),
    );
    await start();
    const [command, ...rest] = leastRights('Redis', { PASSWORD: admin.password }).trim().split(' ');
    expect(await cli('default', 'root', command as string, ...rest)).toBe('OK');
    expect(await cli('default', 'root', 'ACL', 'SETUSER', userName, 'on', '~*', '+@all')).toBe('OK');
    database = await createTestDatabase();
    pool = createPool({ connectionString: database.url, max: 4, applicationName: 'redis', log });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
    await stop();
    rmSync(dir, { recursive: true });
    certificates.remove();
  });

  const settingsAt = (at: number) => ({ host: '127.0.0.1', port: at, tls: 'off' });
  const system = (): System => ({
    kind: 'redis',
    port,
    target: { userName, settings: { host: 'localhost', port: tlsPort, ca: certificates.ca }, admin },
    targetAt: (at) => ({ userName, settings: settingsAt(at), admin }),
    securedAt: (at) => ({ userName, settings: { host: 'localhost', port: at, ca: certificates.ca }, admin }),
    hostile: (misdeed) => listen(misdeed, certificates),
    give: async (password) => {
      expect(await cli('default', 'root', 'ACL', 'SETUSER', userName, 'resetpass', `>${password}`)).toBe('OK');
    },
    signsIn: async (password) => (await cli(userName, password, 'PING')) === 'PONG',
    async open(password) {
      const waiting = async () => ((await cli('default', 'root', 'CLIENT', 'LIST')).match(/cmd=blpop/g) ?? []).length;
      const before = await waiting();
      const child = spawnWithUs('redis-cli', ['-p', String(port), '--user', userName, 'BLPOP', 'nothing', '0'], {
        env: { ...process.env, REDISCLI_AUTH: password },
        stdin: 'ignore',
      });
      const ended = once(child, 'exit');
      while ((await waiting()) === before) await setTimeout(20);
      return { ended };
    },
  });
  testConnector(system);

  const { connectorOf } = createConnectors({
    config: {
      mode: 'development',
      accountNetworks: ['127.0.0.0/8', '::1/128'],
      databaseUrl: 'postgresql://-',
      directDatabaseUrl: 'postgresql://-',
    },
  });
  const connector = connectorOf('redis');
  const soon = () => AbortSignal.timeout(20_000);

  test('a new password outlives a start of the server', async () => {
    const { target } = system();
    expect(await connector.set(target, { password: 'It-lasts', old: null }, soon())).toEqual({ result: 'set' });
    await stop();
    await start();
    expect(await connector.verify(target, 'It-lasts', soon())).toEqual({ result: 'accepted' });
  });

  describe('where the file of the users can not be written', () => {
    const away = () => renameSync(path.join(dir, 'acl'), path.join(dir, 'acl-away'));
    const back = () => renameSync(path.join(dir, 'acl-away'), path.join(dir, 'acl'));

    test('a new password is set, and not saved', async () => {
      const { target } = system();
      away();
      const set = await connector.set(target, { password: 'Not-for-long', old: null }, soon());
      const unsaved = await connector.save?.(target, soon());
      back();
      expect([set, unsaved]).toEqual([{ result: 'set' }, 'not_saved']);
      expect(await connector.verify(target, 'Not-for-long', soon())).toEqual({ result: 'accepted' });
      const wrong = { ...target, admin: { ...admin, password: 'wrong' } };
      expect(await connector.save?.(wrong, soon())).toBe('denied');
      expect(await connector.save?.(target, soon())).toBe('saved');
      await stop();
      await start();
      expect(await connector.verify(target, 'Not-for-long', soon())).toEqual({ result: 'accepted' });
    });

    test('a rotation says so and stays open until it is saved', async () => {
      const orgId = 'org_of_redis';
      const keyring = createKeyring([Buffer.alloc(32, 3)]);
      const product = { context: { pool, keyring } } as unknown as Parameters<typeof plantAccount>[0];
      await pool.query(`INSERT INTO orgs (id, slug, name) VALUES ($1, 'redis', 'Redis')`, [orgId]);
      await system().give('The-former-one');
      const { target } = system();
      const account = await plantAccount(product, orgId, {
        ...{ connector: 'redis', userName, settings: target.settings, admin, password: 'The-former-one' },
      });
      const times = { ...usualTimes, wrong: 0.1, unavailable: [0.02], denied: [0.02], oldWorks: [0.02] };
      away();
      await askRotation(pool, { orgId, accountId: account, cause: 'hand', userId: null });
      const rotator = startRotator({ pool, vault: createVault({ pool, keyring }), connectorOf, log, times });
      const last = async () => (await rotationsOf(product, account)).at(-1);
      await until(async () => ['old_works', 'done'].includes((await last())?.state ?? ''));
      expect(await last()).toMatchObject({ state: 'old_works', error: 'not_saved', told: ['old_works'] });
      back();
      await until(async () => (await last())?.state === 'done');
      expect(await last()).toMatchObject({ error: null });
      await rotator.stop();
      await stop();
      await start();
      const current = await currentPassword(product, orgId, account);
      expect(await connector.verify(target, current, soon())).toEqual({ result: 'accepted' });
      expect(await connector.verify(target, 'The-former-one', soon())).toEqual({ result: 'refused' });
    });
  });

  test('a user that needs no password proves nothing', async () => {
    await cli('default', 'root', 'ACL', 'SETUSER', 'open', 'on', 'nopass', '+@all');
    const target = { ...system().target, userName: 'open' };
    expect(await connector.verify(target, 'any', soon())).toEqual({ result: 'unproven', error: 'no_password_asked' });
  });

  test('an administrator without the right is refused', async () => {
    await cli('default', 'root', 'ACL', 'SETUSER', 'weak', 'on', '>weak', '-@all', '+acl|getuser');
    const target = { ...system().target, admin: { userName: 'weak', password: 'weak' } };
    expect(await connector.set(target, { password: 'new', old: null }, soon())).toEqual({
      result: 'denied',
      error: 'not_permitted',
    });
    expect(await connector.endConnections?.(target, soon())).toEqual({ error: 'not_permitted' });
  });
});
