import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Installs bench/package-lock.json, once for each version of it. npm may leave better-auth out. */
export function installPeers(progress: (text: string) => void): void {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const lock = readFileSync(`${folder}package-lock.json`, 'utf8');
  const stamp = `${folder}node_modules/.installed-lock`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  progress('installing the peers (npm ci in bench/)');
  const cli = process.env.npm_execpath;
  const [command, first] = cli ? [process.execPath, [cli]] : ['npm', []];
  const { status, error } = spawnSync(command, [...first, 'ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} failed${error ? `: ${error.message}` : ''}`);
  writeFileSync(stamp, lock);
}
