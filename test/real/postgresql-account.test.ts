import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnectors } from '../../src/accounts/connectors/all.ts';
import { type System, testConnector } from '../accounts/connectors/contract.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { openDataDir } from '../support/temporary-postgres.ts';

/** The newest that is installed: Debian 12's is 15, which has other rights than the embedded one. */
const binaries = path.dirname(globSync('/usr/lib/postgresql/*/bin/postgres').sort().at(-1) ?? '/none/postgres');
const asPostgres =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
const admin = { userName: 'rotator', password: 'The administrators own' };
const userName = 'app';

describe.skipIf(!existsSync(binaries))('PostgreSQL of Debian (needs postgresql)', () => {
  let server: ReturnType<typeof spawnWithUs>;
  let owner: pg.Client;
  let folder: ReturnType<typeof openDataDir>;
  let port = 0;
  const command = (name: string, ...args: string[]) =>
    [...asPostgres, path.join(binaries, name), ...args] as [string, ...string[]];

  beforeAll(async () => {
    folder = openDataDir();
    port = await freePort();
    const data = path.join(folder.dataDir, 'data');
    const passwordFile = path.join(folder.dataDir, 'password');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(passwordFile, 'of the owner\n', { mode: 0o644 });
    if (asPostgres.length > 0) execFileSync('chown', ['postgres:', data]);
    const [initdb, ...options] = command(
      'initdb',
      '-D',
      data,
      '-U',
      'owner',
      `--pwfile=${passwordFile}`,
      '-A',
      'scram-sha-256',
      '-N',
    );
    execFileSync(initdb, options, { cwd: '/', stdio: 'pipe' });
    appendFileSync(
      path.join(data, 'postgresql.conf'),
      `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = ''\nshared_preload_libraries = 'passwordcheck'\n`,
    );
    const [postgres, ...args] = command('postgres', '-D', data);
    server = spawnWithUs(postgres, args, { cwd: '/', stdin: 'ignore' });
    for (;;) {
      owner = new pg.Client({ host: '127.0.0.1', port, user: 'owner', password: 'of the owner', database: 'postgres' });
      owner.on('error', () => {});
      const ready = await owner.connect().then(
        () => true,
        () => false,
      );
      if (ready) break;
      await setTimeout(50);
    }
    await owner.query(`CREATE ROLE ${userName} LOGIN`);
    const { rows } = await owner.query("SELECT current_setting('server_version_num')::int >= 160000 AS newer");
    const title = rows[0].newer ? 'PostgreSQL 16 and later' : 'PostgreSQL 15 and older';
    await owner.query(leastRights(title, { "'PASSWORD'": pg.escapeLiteral(admin.password) }));
  });
  afterAll(async () => {
    await owner.end();
    server.kill('SIGINT');
    await once(server, 'exit');
    folder.release();
  });

  const open = async (password: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: userName, password, database: 'postgres' });
    client.on('error', () => {});
    const ended = new Promise((resolve) => client.once('end', resolve));
    await client.connect();
    return { ended, end: () => client.end() };
  };
  const system = (): System => ({
    kind: 'postgresql',
    port,
    target: { userName, settings: { host: '127.0.0.1', port, tls: 'off' }, admin },
    targetAt: (at) => ({ userName, settings: { host: '127.0.0.1', port: at, tls: 'off' }, admin }),
    give: async (password) => {
      await owner.query(`ALTER ROLE ${userName} PASSWORD ${pg.escapeLiteral(password)}`);
    },
    signsIn: (password) =>
      open(password).then(
        ({ end }) => end().then(() => true),
        () => false,
      ),
    open,
  });
  testConnector(system);

  const connector = createConnectors({
    config: {
      mode: 'development',
      accountNetworks: ['127.0.0.0/8'],
      databaseUrl: 'postgresql://-',
      directDatabaseUrl: 'postgresql://-',
    },
  }).connectorOf('postgresql');
  const soon = () => AbortSignal.timeout(20_000);

  test('a password that passwordcheck refuses is rejected: of a verifier it tells the user name', async () => {
    const change = { password: userName, old: null };
    expect(await connector.set(system().target, change, soon())).toEqual({
      result: 'rejected',
      error: 'password_rules',
    });
  });

  test('a superuser is not changed by it', async () => {
    const target = { ...system().target, userName: 'owner' };
    expect(await connector.set(target, { password: 'The new one 1', old: null }, soon())).toEqual({
      result: 'denied',
      error: 'not_permitted',
    });
  });
});
