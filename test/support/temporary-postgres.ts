import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/database/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/postgres/embedded-postgres.ts';

/**
 * Runs beside us in a session of its own, and when its standard input ends, because we closed it or
 * died in whatever way, stops the servers and removes their folders. So nothing stays behind, not
 * even after Ctrl-C or a kill -9.
 */
const guard = `
  const fs = require('node:fs');
  const dir = process.argv[1];
  const clean = () => {
    const homes = fs.readdirSync(dir).map((name) => dir + '/' + name).filter(fs.existsSync).map((home) => fs.realpathSync(home));
    for (const home of homes)
      try { process.kill(Number(fs.readFileSync(home + '/data/postmaster.pid', 'utf8').split('\\n')[0]), 'SIGQUIT'); } catch {}
    let tries = 0;
    const remove = () => {
      const folders = [...homes, dir];
      for (const folder of folders) try { fs.rmSync(folder, { recursive: true, force: true }); } catch {}
      if (folders.some((folder) => fs.existsSync(folder)) && tries++ < 100) setTimeout(remove, 50);
    };
    setTimeout(remove, 50);
  };
  process.stdin.on('end', clean).on('error', clean).resume();
`;

/**
 * A temporary folder for a server's data, cleaned up by `release()` or by the end of this process.
 */
export function temporaryDataDir(root = os.tmpdir()): { dataDir: string; release(): void } {
  const dataDir = mkdtempSync(path.join(root, 'universal-logout-test-'));
  const child = spawn(process.execPath, ['-e', guard, dataDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  (child.stdin as Socket).unref();
  return { dataDir, release: () => child.stdin.end() };
}

/**
 * A folder that the server's user can enter, also when we are root. Where memory is to spare it
 * lies there: the server syncs, as the product demands, and nothing waits for a disk. A container's
 * /dev/shm may be too small.
 */
export function openDataDir() {
  const folder = temporaryDataDir(
    Math.min(roomIn('/dev/shm'), process.availableMemory()) > 4 * 2 ** 30 ? '/dev/shm' : os.tmpdir(),
  );
  chmodSync(folder.dataDir, 0o711);
  return folder;
}

/** Bytes; 0 where there is no such folder. */
function roomIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

export type TemporaryPostgres = EmbeddedPostgres & { dataDir: string };

/**
 * A new server with data in a temporary folder, a copy of `seed` if one is given, gone with its
 * `stop()` or with this process.
 */
export async function startTemporaryPostgres({ seed }: { seed?: string } = {}): Promise<TemporaryPostgres> {
  const { dataDir, release } = openDataDir();
  if (seed) execFileSync('cp', ['-a', `${seed}/.`, path.join(dataDir, 'postgres')]);
  const server = await startEmbeddedPostgres({ dataDir, keep: false });
  const stop = async () => {
    await server.stop();
    release();
  };
  return { ...server, dataDir, stop };
}

/**
 * The files of a stopped server, to be copied rather than made anew: with a migrated database, and
 * a password that is cheap to prove (4,096 rounds of hashing for each connection otherwise).
 */
export async function makeSeed(): Promise<{ seed: string; release(): void }> {
  const { dataDir, release } = openDataDir();
  const server = await startEmbeddedPostgres({ dataDir });
  await migrate(server.databaseUrl);
  const client = new pg.Client({ connectionString: server.databaseUrl });
  await client.connect();
  await client.query('ALTER SYSTEM SET scram_iterations = 1');
  const password = client.escapeLiteral(new URL(server.databaseUrl).password);
  await client.query(`SET scram_iterations = 1; ALTER ROLE CURRENT_USER PASSWORD ${password}`);
  await client.end();
  await server.stop();
  const seed = path.join(dataDir, 'postgres');
  // Each copy takes a port of its own.
  rmSync(path.join(seed, 'port'));
  return { seed, release };
}
