import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts';

/**
 * Runs beside us in a session of its own, and when its standard input ends, because we closed it or died in whatever
 * way, stops the server and removes its folder. So nothing stays behind, not even after Ctrl-C or a kill -9.
 */
const guard = `
  const fs = require('node:fs');
  const dir = process.argv[1];
  const clean = () => {
    try { process.kill(Number(fs.readFileSync(dir + '/postgres/data/postmaster.pid', 'utf8').split('\\n')[0]), 'SIGQUIT'); } catch {}
    let tries = 0;
    const remove = () => {
      try { fs.rmSync(dir, { recursive: true, force: true }); } catch {}
      if (fs.existsSync(dir) && tries++ < 100) setTimeout(remove, 50); else process.exit();
    };
    setTimeout(remove, 50);
  };
  process.stdin.on('end', clean).on('error', clean).resume();
`;

export type TemporaryPostgres = EmbeddedPostgres & { dataDir: string };

/** A new server with data in a temporary folder, gone with its `stop()` or with this process. */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-test-'));
  // When we are root the server runs as another user, who has to pass through.
  chmodSync(dataDir, 0o711);
  const child = spawn(process.execPath, ['-e', guard, dataDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  (child.stdin as Socket).unref();
  const server = await startEmbeddedPostgres({ dataDir });
  const stop = async () => {
    await server.stop();
    child.stdin.end();
  };
  return { ...server, dataDir, stop };
}
