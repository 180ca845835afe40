import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Binaries, canReach, makeSharedDirectory } from './binaries.ts';

/** The files of a database server: PGDATA, and those that we keep beside it. */
export type Cluster = Readonly<{
  /** The folder around the others; not always below DATA_DIR when we are root. */
  home: string;
  data: string;
  log: string;
  portFile: string;
  password: string;
}>;

/** The cluster below `dataDir`; null when there is none, or no right to see it. Changes nothing. */
export function openCluster(dataDir: string): Cluster | null {
  const link = path.join(dataDir, 'postgres');
  if (!fs.existsSync(link)) return null;
  try {
    const home = fs.realpathSync(link);
    return describe(home, fs.readFileSync(path.join(home, 'password'), 'utf8'));
  } catch (cause) {
    throw new Error(
      `The database in ${link} can't be read: it belongs to another user, or is damaged. Run as that user, or choose another DATA_DIR.`,
      { cause },
    );
  }
}

/**
 * Makes a cluster in a folder of its own and renames the whole into place: a kill leaves no half
 * cluster, and of two processes at once the loser takes the winner's.
 */
export async function createCluster(dataDir: string, keep: boolean, binaries: Binaries): Promise<Cluster> {
  const { runAs } = binaries;
  // 0711: when we are root, the server's user has to pass through; the files inside have modes of
  // their own.
  fs.mkdirSync(dataDir, { recursive: true, mode: runAs.uid === undefined ? 0o700 : 0o711 });
  removeLeftovers(dataDir);
  const place = path.join(dataDir, 'postgres');
  removeDanglingLink(place);
  const elsewhere = runAs.uid !== undefined && !canReach(dataDir, runAs);
  const parent = elsewhere ? (keep ? makeSharedDirectory() : os.tmpdir()) : dataDir;
  if (parent !== dataDir) removeAbandoned(parent);
  const draft = path.join(parent, `postgres.${process.pid}.${randomBytes(6).toString('hex')}`);
  fs.mkdirSync(draft, { mode: 0o711 });
  try {
    await initialise(draft, keep, binaries);
    if (elsewhere) fs.writeFileSync(path.join(draft, 'origin'), dataDir, { mode: 0o600 });
    if (elsewhere) fs.symlinkSync(draft, place);
    else fs.renameSync(draft, place);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    if (!fs.existsSync(place)) throw error;
  }
  const cluster = openCluster(dataDir);
  if (!cluster) throw new Error(`The database in ${place} vanished while it was made.`);
  return cluster;
}

async function initialise(home: string, keep: boolean, { initdb, runAs }: Binaries): Promise<void> {
  const cluster = describe(home, randomBytes(24).toString('hex'));
  fs.mkdirSync(cluster.data, { mode: 0o700 });
  fs.writeFileSync(path.join(home, 'password'), cluster.password, { mode: 0o600 });
  const passwordFile = path.join(home, 'initdb-password');
  fs.writeFileSync(passwordFile, `${cluster.password}\n`, { mode: 0o600 });
  if (runAs.uid !== undefined)
    for (const file of [cluster.data, passwordFile]) fs.chownSync(file, runAs.uid, runAs.gid);
  // Collation and messages are the same on every machine; every connection uses scram.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  const access = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  // A cluster that is removed at the stop need not be synced before the start; the server syncs.
  const speed = keep ? [] : ['--no-sync'];
  const child = spawn(initdb, ['-D', cluster.data, ...locale, ...access, ...speed], {
    ...runAs,
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code] = await once(child, 'close');
  fs.rmSync(passwordFile, { force: true });
  if (code !== 0) throw new Error(`PostgreSQL's initdb failed (${code}): ${errors.trim()}`);
}

/**
 * Removes a link into a temporary folder that is gone. Any other target may be on a disk that isn't
 * mounted now: a new cluster would hide its data. @throws Error that names it
 */
function removeDanglingLink(link: string): void {
  if (fs.existsSync(link) || !fs.lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const target = fs.readlinkSync(link);
  if (!isTemporary(target))
    throw new Error(
      `${link} leads to ${target}, which is not there. Bring it back, or delete the link to begin afresh.`,
    );
  fs.rmSync(link, { force: true });
}

function isTemporary(file: string): boolean {
  return [os.tmpdir(), fs.realpathSync(os.tmpdir())].some((folder) => file.startsWith(folder + path.sep));
}

/** Removes the drafts of processes that were killed in the middle. */
function removeLeftovers(dataDir: string): void {
  for (const name of fs.readdirSync(dataDir)) {
    const pid = Number(/^postgres\.(\d+)\.[0-9a-f]{12}$/.exec(name)?.[1] ?? 0);
    if (pid > 0 && !isAlive(pid)) fs.rmSync(path.join(dataDir, name), { recursive: true, force: true });
  }
}

/**
 * Removes data that was kept elsewhere for a temporary folder that is gone (a test's). Data of any
 * other folder is never removed here: it may be on a disk that isn't mounted now.
 */
function removeAbandoned(parent: string): void {
  for (const name of fs.readdirSync(parent)) {
    const home = path.join(parent, name);
    const origin = path.join(home, 'origin');
    if (!/^postgres\.\d+\.[0-9a-f]{12}$/.test(name) || !fs.existsSync(origin)) continue;
    const dataDir = fs.readFileSync(origin, 'utf8');
    const maker = Number(name.split('.')[1]);
    if (!isTemporary(dataDir) || fs.existsSync(dataDir) || isAlive(maker)) continue;
    if (!fs.existsSync(path.join(home, 'data/postmaster.pid'))) fs.rmSync(home, { recursive: true, force: true });
  }
}

/** Whether a process has this id, another user's process included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function describe(home: string, password: string): Cluster {
  return {
    home,
    data: path.join(home, 'data'),
    log: path.join(home, 'server.log'),
    portFile: path.join(home, 'port'),
    password,
  };
}
