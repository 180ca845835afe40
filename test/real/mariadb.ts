import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { startMortal } from '../support/mortal-process.ts';

const run = promisify(execFile);

export const mariadbProgram = '/usr/sbin/mariadbd';
export const mariadbAdmin = { userName: 'rotator', password: "The 'administrator's own" };
export const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/**
 * Debian's server with an administrator that has the least rights of docs/accounts.md. It has rules
 * for passwords, and refuses former ones.
 */
export async function startMariadb() {
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
  const options = [
    `--socket=${dir}/socket`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--ssl-cert=${certificates.certFile}`,
    `--ssl-key=${certificates.keyFile}`,
    '--plugin-load-add=simple_password_check',
    '--simple-password-check-minimal-length=8',
    '--simple-password-check-digits=0',
    '--simple-password-check-letters-same-case=0',
    '--simple-password-check-other-characters=0',
    '--plugin-load-add=password_reuse_check',
  ];
  const server = await startMortal(
    () => spawnWithUs(mariadbProgram, [...own, ...options], { stdin: 'ignore' }),
    async () => (await sql('SELECT 1').catch(() => '')) === '1',
  );
  const rights = { PASSWORD: mariadbAdmin.password.replaceAll("'", "''"), ROTATOR_HOST: '127.0.0.1' };
  await sql(leastRights('MariaDB', rights));
  /** The client's arguments for somebody who comes by TCP. */
  const as = (user: string, password: string) => ({
    args: ['--no-defaults', '-h', '127.0.0.1', '-P', String(port), '-u', user, '-N'],
    env: { ...process.env, MYSQL_PWD: password },
  });
  return {
    port,
    ca: certificates.ca,
    sql,
    as,
    /** Whether it lets somebody in. Anything but a refused password is thrown. */
    async signsIn(user: string, password: string): Promise<boolean> {
      const { args, env } = as(user, password);
      return run('mariadb', [...args, '-e', 'SELECT 1'], { env }).then(
        () => true,
        (error) => {
          if (String(error.stderr).includes('ERROR 1045')) return false;
          throw error;
        },
      );
    },
    kill: server.kill,
    restart: server.restart,
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
      certificates.remove();
    },
  };
}
