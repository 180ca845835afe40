import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, statfsSync } from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/postgres/embedded-postgres.ts';

/**
 * Runs beside us in a session of its own, and when its standard input ends, because we closed it or died in whatever
 * way, stops the server and removes its folders. So nothing stays behind, not even after Ctrl-C or a kill -9.
 */
const guard = `
  const fs = require('node:fs');
  const dir = process.argv[1];
  const clean = () => {
    let home = dir + '/postgres';
    try { home = fs.realpathSync(home); } catch {}
    try { process.kill(Number(fs.readFileSync(home + '/data/postmaster.pid', 'utf8').split('\\n')[0]), 'SIGQUIT'); } catch {}
    let tries = 0;
    const remove = () => {
      for (const folder of [home, dir]) try { fs.rmSync(folder, { recursive: true, force: true }); } catch {}
      if ((fs.existsSync(dir) || fs.existsSync(home)) && tries++ < 100) setTimeout(remove, 50);
    };
    setTimeout(remove, 50);
  };
  process.stdin.on('end', clean).on('error', clean).resume();
`;

/**
 * Where there is memory to spare, servers keep their data in it: they sync as the product demands, and nothing waits for a
 * disk. A container's /dev/shm may be too small.
 */
function dataRoot(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > 4 * 2 ** 30) return '/dev/shm';
  } catch {
    // No such folder, as on macOS.
  }
  return os.tmpdir();
}

/** A temporary folder for a server's data, cleaned up by `release()` or by the end of this process. */
export function temporaryDataDir(): { dataDir: string; release(): void } {
  const dataDir = mkdtempSync(path.join(dataRoot(), 'universal-logout-test-'));
  const child = spawn(process.execPath, ['-e', guard, dataDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  (child.stdin as Socket).unref();
  return { dataDir, release: () => child.stdin.end() };
}

export type TemporaryPostgres = EmbeddedPostgres & { dataDir: string };

/** A new server with data in a temporary folder, gone with its `stop()` or with this process. */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  const { dataDir, release } = temporaryDataDir();
  // When we are root the server runs as another user, who has to pass through.
  chmodSync(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir, keep: false });
  const stop = async () => {
    await server.stop();
    release();
  };
  return { ...server, dataDir, stop };
}
