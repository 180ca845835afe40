import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startUntil } from './start-server.ts';

/** Where Debian's mariadb-server puts it. */
export const mariadbProgram = '/usr/sbin/mariadbd';
const run = promisify(execFile);

/** A string literal. */
export const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

export type Mariadb = Awaited<ReturnType<typeof startMariadb>>;

/** A MariaDB of its own on loopback, with TLS. It ends when this process does. `options`: more of its command line. */
export async function startMariadb(options: readonly string[] = []) {
  const certificates = makeCertificates();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-mariadb-'));
  chmodSync(dir, 0o755);
  const port = await freePort();
  // It refuses to run as root, unless root is named.
  const own = ['--no-defaults', `--datadir=${dir}/data`, `--user=${os.userInfo().username}`];
  execFileSync('mariadb-install-db', [...own, '--auth-root-authentication-method=socket'], { stdio: 'pipe' });
  /** As root, by the server's socket. */
  const sql = async (text: string) =>
    (
      await run('mariadb', ['--no-defaults', '-S', path.join(dir, 'socket'), '-u', 'root', '-N', '-e', text])
    ).stdout.trim();
  const isReady = async () => (await sql('SELECT 1').catch(() => '')) === '1';
  const server = await startUntil(isReady, mariadbProgram, [
    ...own,
    `--socket=${dir}/socket`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--ssl-cert=${certificates.certFile}`,
    `--ssl-key=${certificates.keyFile}`,
    ...options,
  ]);
  return {
    port,
    certificates,
    sql,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
      certificates.remove();
    },
  };
}
