import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { type System, testConnector } from '../accounts/connectors/contract.ts';
import { startRelay } from '../accounts/connectors/hostile-server.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { mariadbAdmin as admin, mariadbProgram, quoted, startMariadb } from './mariadb.ts';

const userName = 'shared "app"';

describe.skipIf(!existsSync(mariadbProgram))('MariaDB (needs Debian’s mariadb-server)', () => {
  let server: Awaited<ReturnType<typeof startMariadb>>;
  let port = 0;
  const sql = (text: string) => server.sql(text);

  beforeAll(async () => {
    server = await startMariadb();
    port = server.port;
    await sql(`CREATE USER ${quoted(userName)}@'%' IDENTIFIED BY 'the very first one'`);
  });
  afterAll(() => server.stop());

  let given = 0;
  const settingsAt = (at: number) => ({ host: '127.0.0.1', port: at, tls: 'off' });
  const system = (): System => ({
    kind: 'mariadb',
    port,
    target: { userName, settings: { host: 'localhost', port, ca: server.ca }, admin },
    targetAt: (at) => ({ userName, settings: settingsAt(at), admin }),
    give: async (password) => {
      // The history refuses what was there before: it is emptied, as the account is made anew.
      await sql(`DROP USER ${quoted(userName)}@'%'; DELETE FROM mysql.password_reuse_check_history`);
      await sql(`CREATE USER ${quoted(userName)}@'%' IDENTIFIED BY ${quoted(password)}`);
    },
    signsIn: (password) => server.signsIn(userName, password),
    async open(password) {
      given += 1;
      const { args, env } = server.as(userName, password);
      const child = spawnWithUs('mariadb', [...args, '-e', `SELECT SLEEP(100000 + ${given})`], {
        env,
        stdin: 'ignore',
      });
      const ended = once(child, 'exit');
      const seen = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(100000 + ${given})'`;
      while ((await sql(seen)) !== '1') await setTimeout(20);
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
  const connector = connectorOf('mariadb');
  const soon = () => AbortSignal.timeout(20_000);

  test('the server’s own rules refuse a password, and a former one', async () => {
    await system().give('A good one, the first');
    const { target } = system();
    const set = (password: string) => connector.set(target, { password, old: null }, soon());
    expect(await set('short')).toEqual({ result: 'rejected', error: 'password_rules' });
    expect(await set('A good one, the second')).toEqual({ result: 'set' });
    expect(await set('A good one, the first')).toEqual({ result: 'rejected', error: 'password_rules' });
    expect(await connector.verify(target, 'A good one, the second', soon())).toEqual({ result: 'accepted' });
  });

  test('a server that reads backslashes as they are gets the password as it is', async () => {
    await sql("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'");
    const password = "back\\slash ' \\' quote";
    expect(await connector.set(system().target, { password, old: null }, soon())).toEqual({ result: 'set' });
    expect(await connector.verify(system().target, password, soon())).toEqual({ result: 'accepted' });
    await sql("SET GLOBAL sql_mode = ''");
  });

  test('an account that another one shadows proves nothing', async () => {
    await sql("CREATE USER ''@'127.0.0.1' IDENTIFIED BY 'of nobody at all'");
    const verify = (password: string) => connector.verify(system().target, password, soon());
    await system().give('The right one, 1');
    expect(await verify('The right one, 1')).toEqual({ result: 'refused' });
    expect(await verify('of nobody at all')).toEqual({ result: 'unproven', error: 'other_account' });
    await sql("DROP USER ''@'127.0.0.1'");
    expect(await verify('The right one, 1')).toEqual({ result: 'accepted' });
  });

  test('an account changes its own password where it has no administrator', async () => {
    await system().give('The right one, 2');
    const target = { ...system().target, admin: null };
    const change = { password: 'The right one, 3', old: 'The right one, 2' };
    expect(await connector.set(target, change, soon())).toEqual({ result: 'set' });
    expect(await system().signsIn('The right one, 3')).toBe(true);
  });

  test('an account that another one shadows does not change the password of that one', async () => {
    await system().give('Of the account that is meant');
    await sql(`CREATE USER ${quoted(userName)}@'127.0.0.1' IDENTIFIED BY 'Of the nearer one'`);
    const target = { ...system().target, admin: null };
    const change = { password: 'For neither of them', old: 'Of the nearer one' };
    expect(await connector.set(target, change, soon())).toEqual({ result: 'denied', error: 'other_account' });
    expect(await system().signsIn('Of the nearer one')).toBe(true);
    await sql(`DROP USER ${quoted(userName)}@'127.0.0.1'`);
    expect(await system().signsIn('Of the account that is meant')).toBe(true);
  });

  test('an administrator without the right is refused', async () => {
    await sql("CREATE USER 'weak'@'127.0.0.1' IDENTIFIED BY 'weak and weaker'");
    const target = { ...system().target, admin: { userName: 'weak', password: 'weak and weaker' } };
    expect(await connector.set(target, { password: 'The right one, 4', old: null }, soon())).toEqual({
      result: 'denied',
      error: 'not_permitted',
    });
  });

  test.each([
    ['which does not see the connections of others', 'CREATE USER, CONNECTION ADMIN'],
    ['which may not end the connections of others', 'CREATE USER, PROCESS'],
  ])('an administrator %s does not say that there are none', async (_, rights) => {
    await sql("CREATE USER 'blind'@'127.0.0.1' IDENTIFIED BY 'blind and blinder'");
    await sql(`GRANT ${rights} ON *.* TO 'blind'@'127.0.0.1'`);
    await system().give('The right one, 8');
    const opened = await system().open?.('The right one, 8');
    const target = { ...system().target, admin: { userName: 'blind', password: 'blind and blinder' } };
    expect(await connector.endConnections?.(target, soon())).toEqual({ error: 'not_permitted' });
    expect(await connector.endConnections?.(system().target, soon())).toEqual({ ended: 1 });
    await opened?.ended;
    await sql("DROP USER 'blind'@'127.0.0.1'");
  });

  test.each([
    ['nobody signed the certificate', () => ({ host: 'localhost', port })],
    ['it is of another host', () => ({ host: '127.1', port, ca: server.ca })],
  ])('TLS is refused where %s, before the password is sent', async (_, settings) => {
    const target = { ...system().target, settings: settings() };
    expect(await connector.set(target, { password: 'The right one, 5', old: null }, soon())).toEqual({
      result: 'unavailable',
      error: 'certificate',
    });
  });

  test('an address is a name of the certificate, too', async () => {
    await system().give('The right one, 6');
    const target = { ...system().target, settings: { host: '127.0.0.1', port, ca: server.ca } };
    expect(await connector.verify(target, 'The right one, 6', soon())).toEqual({ result: 'accepted' });
  });

  test('without TLS a sign-in shows no password', async () => {
    await system().give('The right one, 7');
    const relay = await startRelay(port);
    const target = system().targetAt(relay.port);
    expect(await connector.verify(target, 'The right one, 7', soon())).toEqual({ result: 'accepted' });
    await relay.close();
    expect(relay.sent().includes('The right one, 7')).toBe(false);
  });
});
