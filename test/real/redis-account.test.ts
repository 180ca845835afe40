import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { type System, testConnector } from '../accounts/connectors/contract.ts';
import { listen } from '../accounts/connectors/hostile-server.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { redisAdmin as admin, redisProgram, startRedis } from './redis.ts';

const userName = 'app';

describe.skipIf(!existsSync(redisProgram))('Redis (needs Debian’s redis-server)', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let port = 0;
  let tlsPort = 0;
  const cli = (user: string, password: string, ...command: string[]) => server.cli(user, password, ...command);

  beforeAll(async () => {
    server = await startRedis();
    ({ port, tlsPort } = server);
    expect(await cli('default', 'root', 'ACL', 'SETUSER', userName, 'on', '~*', '+@all')).toBe('OK');
  });
  afterAll(() => server.stop());

  const settingsAt = (at: number) => ({ host: '127.0.0.1', port: at, tls: 'off' });
  const system = (): System => ({
    kind: 'redis',
    port,
    target: { userName, settings: { host: 'localhost', port: tlsPort, ca: server.certificates.ca }, admin },
    targetAt: (at) => ({ userName, settings: settingsAt(at), admin }),
    securedAt: (at) => ({ userName, settings: { host: 'localhost', port: at, ca: server.certificates.ca }, admin }),
    hostile: (misdeed) => listen(misdeed, server.certificates),
    give: async (password) => {
      expect(await cli('default', 'root', 'ACL', 'SETUSER', userName, 'resetpass', `>${password}`)).toBe('OK');
    },
    signsIn: (password) => server.signsIn(userName, password),
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
    await server.startAnew();
    expect(await connector.verify(target, 'It-lasts', soon())).toEqual({ result: 'accepted' });
  });

  test('where the file of the users can not be written, a new password is set, and not saved', async () => {
    const { target } = system();
    server.takeAway();
    const set = await connector.set(target, { password: 'Not-for-long', old: null }, soon());
    const unsaved = await connector.save?.(target, soon());
    server.giveBack();
    expect([set, unsaved]).toEqual([{ result: 'set' }, 'not_saved']);
    expect(await connector.verify(target, 'Not-for-long', soon())).toEqual({ result: 'accepted' });
    const wrong = { ...target, admin: { ...admin, password: 'wrong' } };
    expect(await connector.save?.(wrong, soon())).toBe('denied');
    expect(await connector.save?.(target, soon())).toBe('saved');
    await server.startAnew();
    expect(await connector.verify(target, 'Not-for-long', soon())).toEqual({ result: 'accepted' });
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
