import { execFile } from 'node:child_process';
import { readdirSync, readlinkSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { findRunningDev } from '../../src/cli/running-dev.ts';
import { findDevProcess, holdDevLock } from '../../src/postgres/dev-lock.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/postgres/embedded-postgres.ts';
import { temporaryDataDir } from '../support/temporary-postgres.ts';

const modulePath = path.resolve(import.meta.dirname, '../../src/postgres/embedded-postgres.ts');
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/**
 * A folder as `mkdtemp` makes it: of mode 0700, so that as root the server's user can't enter it.
 */
function newDataDir(): string {
  const { dataDir, release } = temporaryDataDir();
  cleanups.push(release);
  return dataDir;
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, keep: false });
  cleanups.push(() => server.stop());
  return server;
}

/** Does the same in another process, which prints what it got and then waits, leaves or dies. */
async function inAnotherProcess(dataDir: string, then: string): Promise<{ owned: boolean; pid: number; url: string }> {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(modulePath)});
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(JSON.stringify({ owned: server.owned, pid: server.pid, url: server.databaseUrl }));
    ${then}`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  // A process that kills itself fails by design.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return JSON.parse(stdout);
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

/** A child that ended counts until Node has heard of it: so the end is polled for. */
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('starts with fsync on, listens on 127.0.0.1 only, wants its password, and leaves nothing when stopped', async () => {
  const dataDir = newDataDir();
  const server = await startEmbeddedPostgres({ dataDir, keep: false });
  expect(server.owned).toBe(true);
  const settings = `SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS addresses,
    current_setting('data_checksums') AS checksums, current_setting('unix_socket_directories') AS sockets`;
  expect(await query(server.databaseUrl, settings)).toEqual([
    { fsync: 'on', addresses: '127.0.0.1', checksums: 'on', sockets: '' },
  ]);
  const wrong = new URL(server.databaseUrl);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  expect(statSync(path.join(dataDir, 'postgres/password')).mode & 0o777).toBe(0o600);
  await server.stop();
  await expect.poll(() => isAlive(server.pid), { timeout: 20_000 }).toBe(false);
  expect(() => readdirSync(dataDir)).toThrow();
});

test('a link whose target is gone is removed only if that was temporary, and never by looking', async () => {
  const dataDir = newDataDir();
  const link = path.join(dataDir, 'postgres');
  const unmounted = '/mnt/universal-logout-not-mounted/postgres';
  symlinkSync(unmounted, link);
  expect(await findRunningDev(undefined, dataDir)).toBeNull();
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(unmounted);
  expect(readlinkSync(link)).toBe(unmounted);
  unlinkSync(link);
  symlinkSync(path.join(dataDir, 'gone'), link);
  expect((await start(dataDir)).owned).toBe(true);
});

test('several at once make one server', async () => {
  const dataDir = newDataDir();
  const servers = await Promise.all([start(dataDir), start(dataDir), inAnotherProcess(dataDir, 'process.exit()')]);
  expect(new Set(servers.map((server) => server.pid)).size).toBe(1);
  expect(servers.filter((server) => server.owned)).toHaveLength(1);
});

test('joins the server that a killed process left, and finds its data', async () => {
  const dataDir = newDataDir();
  const orphan = await inAnotherProcess(dataDir, `process.kill(process.pid, 'SIGKILL')`);
  expect(isAlive(orphan.pid)).toBe(true);
  await query(orphan.url, 'CREATE TABLE kept AS SELECT 1 AS n');
  const server = await start(dataDir);
  expect(server).toMatchObject({ owned: false, pid: orphan.pid, databaseUrl: orphan.url });
  expect(await query(server.databaseUrl, 'TABLE kept')).toEqual([{ n: 1 }]);
});

test('recovers from a kill -9 of the server, at the same address, with everything committed', async () => {
  const dataDir = newDataDir();
  const first = await start(dataDir);
  await query(first.databaseUrl, 'CREATE TABLE kept AS SELECT 1 AS n');
  process.kill(first.pid, 'SIGKILL');
  const second = await start(dataDir);
  expect(second).toMatchObject({ owned: true, databaseUrl: first.databaseUrl });
  expect(await query(second.databaseUrl, 'TABLE kept')).toEqual([{ n: 1 }]);
});

test('the last one out stops the server, and not before', async () => {
  const dataDir = newDataDir();
  const server = await start(dataDir);
  await inAnotherProcess(dataDir, 'await server.stopIfUnused()');
  expect(isAlive(server.pid)).toBe(true);
  await server.stopIfUnused();
  await expect.poll(() => isAlive(server.pid), { timeout: 20_000 }).toBe(false);
  const alone = await inAnotherProcess(newDataDir(), 'await server.stopIfUnused()');
  expect(alone.owned).toBe(true);
  await expect.poll(() => isAlive(alone.pid), { timeout: 20_000 }).toBe(false);
});

test('one process holds the dev lock, says who it is, and frees it by ending', async () => {
  const server = await start(newDataDir());
  expect(await findDevProcess(server.databaseUrl)).toBeNull();
  const publicUrl = `https://${'long-'.repeat(12)}name.trycloudflare.com`;
  const holder = { pid: 42, port: 3333, publicUrl };
  const lock = await holdDevLock(server.databaseUrl, holder);
  expect(await holdDevLock(server.databaseUrl, { ...holder, pid: 43 })).toBeNull();
  expect(await findDevProcess(server.databaseUrl)).toEqual(holder);
  await lock?.release();
  expect(await findDevProcess(server.databaseUrl)).toBeNull();
});
