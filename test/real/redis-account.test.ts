import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { type System, testConnector } from '../accounts/connectors/contract.ts';
import { listen } from '../accounts/connectors/hostile-server.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
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
      aclfile: path.join(dir, 'users.acl'),
      'tls-cert-file': certificates.certFile,
      'tls-key-file': certificates.keyFile,
      'tls-ca-cert-file': certificates.caFile,
      'tls-auth-clients': 'no',
      save: '""',
    };
    writeFileSync(path.join(dir, 'users.acl'), 'user default on >root ~* &* +@all\n');
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
  });
  afterAll(async () => {
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
  });
});
