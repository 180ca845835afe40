import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { checkPooler } from '../../src/database/check-pooler.ts';
import { createPool } from '../../src/database/pool.ts';
import { createTestDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { startProduct } from '../support/product.ts';

const binary = process.env.PGBOUNCER ?? '/usr/sbin/pgbouncer';
const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).match(/PgBouncer (\d+)\.(\d+)/) ?? [];
/** From 1.21 on it can keep prepared statements in transaction mode. Debian 12 has 1.18. */
const keepsStatements = Number(version[1]) > 1 || Number(version[2]) >= 21;

let running: { child: ChildProcess; folder: string } | undefined;
afterEach(stopPgBouncer);

async function stopPgBouncer(): Promise<void> {
  if (!running) return;
  running.child.kill('SIGKILL');
  await once(running.child, 'exit');
  rmSync(running.folder, { recursive: true });
  running = undefined;
}

/** PgBouncer in front of a database; returns the URL through it. */
async function startPgBouncer(databaseUrl: string, mode: 'transaction' | 'session', more = ''): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const listen = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-pgbouncer-'));
  chmodSync(folder, 0o755);
  const ini = path.join(folder, 'pgbouncer.ini');
  writeFileSync(
    ini,
    `[databases]
* = host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
${more}
`,
  );
  const asRoot = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(binary, ['-q', ...asRoot, ini], { stdio: 'ignore' });
  running = { child, folder };
  const url = `postgresql://${username}@127.0.0.1:${listen}${pathname}`;
  for (let tries = 0; ; tries += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return url;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function reasons(connectionString: string, pooled = true): Promise<string> {
  const log = pino({ level: 'silent' });
  const pool = createPool({ connectionString, max: 4, applicationName: 'test', log, pooled });
  try {
    await checkPooler(pool);
    return '';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await pool.end();
  }
}

test('a pooler that loses prepared statements is refused, whichever connection it would lend next', async () => {
  const database = await createTestDatabase();
  for (const more of ['', 'server_round_robin = 1', 'min_pool_size = 5']) {
    const loses = keepsStatements ? 'max_prepared_statements = 0' : '';
    const url = await startPgBouncer(database.url, 'transaction', `${more}\n${loses}`);
    for (let i = 0; i < 3; i += 1)
      expect([more, await reasons(url)]).toEqual([more, expect.stringMatching(/loses prepared/)]);
    await stopPgBouncer();
  }
  await database.drop();
});

test('a pooler in session mode is fit, and so is none', async () => {
  const database = await createTestDatabase();
  expect(await reasons(database.url, false)).toBe('');
  expect(await reasons(await startPgBouncer(database.url, 'session'))).toBe('');
  await database.drop();
});

if (keepsStatements)
  test('a pooler in transaction mode that keeps prepared statements carries the product', async () => {
    const database = await createTestDatabase();
    const url = await startPgBouncer(database.url, 'transaction', 'max_prepared_statements = 200');
    expect(await reasons(url)).toBe('');
    const product = await startProduct({ databaseUrl: url, env: { DIRECT_DATABASE_URL: database.url } });
    const browser = await product.signIn();
    expect((await product.revoke()).status).toBe(204);
    expect((await browser.get('/api/users/me')).status).toBe(401);
    await product.stop();
    await stopPgBouncer();
    await database.drop();
  });
