import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { childrenOf, killServer } from '../support/database.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { openDataDir } from '../support/temporary-postgres.ts';

/** The newest that is installed. */
const postgresBinary =
  globSync('/usr/lib/postgresql/*/bin/postgres').sort().at(-1) ?? '/usr/lib/postgresql/15/bin/postgres';
/** What isn't installed of what a cluster needs. */
export const missing = ['/usr/bin/patroni', '/usr/bin/etcd', '/usr/sbin/haproxy', postgresBinary].filter(
  (file) => !existsSync(file),
);

const manual = readFileSync(path.join(import.meta.dirname, '../../docs/operators.md'), 'utf8');
/** PostgreSQL refuses to run as root. */
const asPostgres =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
/** Of the superuser and of the product's role. */
const password = 'of-the-tests';

/** A server of the cluster, with the Patroni that starts it. */
export type Server = { readonly name: string; port: number; api: string; home: string; patroni: ChildProcess };

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/**
 * Three PostgreSQL servers under Patroni, synchronous and strict, with etcd and haproxy, configured
 * as docs/operators.md shows. All of it ends with this process.
 */
export async function startCluster() {
  const { dataDir: folder, release } = openDataDir();
  const printed: string[] = [];
  const [etcdPort, etcdPeerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const etcd = start('etcd', [
    '--enable-v2',
    `--data-dir=${makeFolder('etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${etcdPeerPort}`,
  ]);
  const servers: Server[] = [];
  for (const name of ['pg1', 'pg2', 'pg3']) servers.push(await startServer(name));
  const haproxyFile = path.join(folder, 'haproxy.cfg');
  const addresses = servers.map(({ port, api }, index) => [
    `10.0.0.${index + 1}:5432 check port 8008`,
    `127.0.0.1:${port} check port ${new URL(api).port}`,
  ]);
  writeFileSync(
    haproxyFile,
    configuration('haproxy', { '10.0.0.20:5432': `127.0.0.1:${port}`, ...Object.fromEntries(addresses) }),
  );
  const haproxy = start('haproxy', ['-db', '-f', haproxyFile]);

  function makeFolder(name: string): string {
    const made = path.join(folder, name);
    mkdirSync(made, { mode: 0o700 });
    if (asPostgres.length > 0) execFileSync('chown', ['postgres:', made]);
    return made;
  }

  function start(command: string, args: readonly string[]): ChildProcess {
    const [file = '', ...rest] = [...asPostgres, command, ...args];
    const child = spawnWithUs(file, rest, { cwd: '/', stdin: 'ignore' });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => printed.push(String(text)));
    return child;
  }

  async function startServer(name: string): Promise<Server> {
    const home = makeFolder(name);
    const [serverPort, apiPort] = [await freePort(), await freePort()];
    writeFileSync(
      configurationOf(name),
      configuration('yaml', {
        pg1: name,
        '10.0.0.1:8008': `127.0.0.1:${apiPort}`,
        '10.0.0.1:5432': `127.0.0.1:${serverPort}`,
        '10.0.0.11:2379': `127.0.0.1:${etcdPort}`,
        '10.0.0.0/24': '127.0.0.1/32',
        '/var/lib/postgresql/universal-logout': home,
        // Shared memory as files of the folder: a server that is killed would leave it behind.
        '/var/run/postgresql': `${home}\n    dynamic_shared_memory_type: mmap`,
        '/usr/lib/postgresql/15/bin': path.dirname(postgresBinary),
        'change-this-of-postgres': password,
      }),
    );
    const patroni = start('patroni', [configurationOf(name)]);
    return { name, port: serverPort, api: `http://127.0.0.1:${apiPort}`, home, patroni };
  }

  function configurationOf(name: string): string {
    return path.join(folder, `${name}.yml`);
  }

  /** Waits for something. @throws Error with what all have printed, after a minute */
  async function until<T>(what: string, find: () => Promise<T | null>): Promise<T> {
    for (const since = performance.now(); ; await sleep(200)) {
      const found = await find().catch(() => null);
      if (found !== null) return found;
      if (performance.now() - since > 60_000) throw new Error(`${what}: not within a minute\n${printed.join('')}`);
    }
  }

  /** The server that takes writes; null while there is none. */
  async function findLeader(): Promise<Server | null> {
    const answers = await Promise.all(
      servers.map(({ api }) => fetch(`${api}/primary`, { signal: AbortSignal.timeout(1_000) }).catch(() => null)),
    );
    return servers[answers.findIndex((answer) => answer?.status === 200)] ?? null;
  }

  const urlOf = (user: string, database: string, at = port) =>
    `postgresql://${user}:${password}@127.0.0.1:${at}/${database}`;

  /** Runs a statement as the superuser. */
  async function execute<T extends pg.QueryResultRow>(sql: string, connectionString: string): Promise<T[]> {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<T>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** The servers have these roles, haproxy leads to the leader, and both others stream from it. */
  async function whole(roles = ['leader', 'replica', 'sync_standby']): Promise<void> {
    await until(`${roles}`, async () => {
      const { api } = (await findLeader()) as Server;
      const { members } = (await (await fetch(`${api}/cluster`)).json()) as { members: { role: string }[] };
      if (`${members.map(({ role }) => role).sort()}` !== `${roles}`) return null;
      const streaming = `SELECT FROM pg_stat_replication WHERE state = 'streaming'`;
      return (await execute(streaming, urlOf('postgres', 'postgres'))).length === 2 ? true : null;
    });
  }

  async function stop(): Promise<void> {
    const children = [...servers.map(({ patroni }) => patroni), haproxy, etcd];
    await Promise.all(children.map(end));
    // This stops the servers, too.
    release();
  }

  try {
    await whole();
    const admin = urlOf('postgres', 'postgres');
    await execute(`CREATE ROLE universal_logout LOGIN PASSWORD '${password}'`, admin);
    await execute('CREATE DATABASE universal_logout OWNER universal_logout', admin);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    /** Through haproxy, to whichever server leads. */
    url: urlOf('universal_logout', 'universal_logout'),
    stop,
    whole,

    /** Runs a statement as the superuser: through haproxy, or at one server. */
    query: <T extends pg.QueryResultRow>(sql: string, server?: Server) =>
      execute<T>(sql, urlOf('postgres', 'universal_logout', server?.port)),

    /** The server that takes writes; `after`: once another than that one does. */
    leader: (after?: Server): Promise<Server> =>
      until('a leader', async () => {
        const leader = await findLeader();
        return leader === after ? null : leader;
      }),

    /** kill -9 of a server and of its Patroni. */
    async kill({ patroni, home }: Server): Promise<void> {
      await end(patroni);
      killServer(postmasterOf(home));
      // Its process id may become another's.
      rmSync(pidFile(home));
    },

    /** A server that was killed joins the others again. */
    async restart(server: Server): Promise<void> {
      server.patroni = start('patroni', [configurationOf(server.name)]);
      await whole();
    },

    /** With SIGSTOP nothing leaves the server for its standbys, up to a SIGCONT. */
    signalSenders({ home }: Server, signal: 'SIGSTOP' | 'SIGCONT'): void {
      const senders = childrenOf(postmasterOf(home)).filter((pid) =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('walsender'),
      );
      if (senders.length < 2) throw new Error('the server has no two standbys');
      for (const pid of senders) process.kill(pid, signal);
    },

    /** Replicates asynchronously from here on. */
    async makeAsynchronous({ api }: Server): Promise<void> {
      const body = JSON.stringify({ synchronous_mode: false, synchronous_mode_strict: false });
      await fetch(`${api}/config`, { method: 'PATCH', body });
      await until('no standby is synchronous', async () => {
        const [row] = await execute('SHOW synchronous_standby_names', urlOf('postgres', 'postgres'));
        return row?.synchronous_standby_names === '' ? row : null;
      });
      await whole(['leader', 'replica', 'replica']);
    },
  };
}

const pidFile = (home: string) => path.join(home, 'data/postmaster.pid');
const postmasterOf = (home: string) => Number(readFileSync(pidFile(home), 'utf8').split('\n')[0]);

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The manual's block of a language, with each of these words replaced. */
function configuration(language: string, replaced: Readonly<Record<string, string>>): string {
  const [, block] = manual.match(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms')) ?? [];
  let text = block ?? '';
  for (const [word, other] of Object.entries(replaced)) {
    if (!text.includes(word)) throw new Error(`${language} in docs/operators.md lacks ${word}`);
    text = text.replaceAll(word, other);
  }
  return text;
}
