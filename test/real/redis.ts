import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { leastRights } from '../accounts/connectors/least-rights.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';
import { startMortal } from '../support/mortal-process.ts';

const run = promisify(execFile);

export const redisProgram = '/usr/bin/redis-server';
export const redisAdmin = { userName: 'rotator', password: 'The-administrators-own' };

/**
 * Debian's server with an administrator that has the least rights of docs/accounts.md. Its users
 * stand in an ACL file; `aclFile: false`: in redis.conf, with these lines beside the administrator's.
 */
export async function startRedis({ aclFile = true, users = [] as readonly string[] } = {}) {
  const certificates = makeCertificates();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-redis-'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const acl = path.join(dir, 'acl');
  mkdirSync(acl);
  const [, , ...rights] = leastRights('Redis', { PASSWORD: redisAdmin.password }).trim().split(' ');
  const all = ['user default on >root ~* &* +@all', `user ${rights.join(' ')} on`, ...users];
  if (aclFile) writeFileSync(path.join(acl, 'users.acl'), all.map((line) => `${line}\n`).join(''));
  const lines = [
    `port ${port}`,
    `tls-port ${tlsPort}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `tls-cert-file ${certificates.certFile}`,
    `tls-key-file ${certificates.keyFile}`,
    `tls-ca-cert-file ${certificates.caFile}`,
    'tls-auth-clients no',
    'save ""',
    ...(aclFile ? [`aclfile ${path.join(acl, 'users.acl')}`] : all),
  ];
  writeFileSync(path.join(dir, 'redis.conf'), lines.join('\n'));
  const cli = async (user: string, password: string, ...command: string[]) =>
    (
      await run('redis-cli', ['-p', String(port), '--user', user, ...command], {
        env: { ...process.env, REDISCLI_AUTH: password },
      })
    ).stdout.trim();
  const server = await startMortal(
    () => spawnWithUs(redisProgram, [path.join(dir, 'redis.conf')], { stdin: 'ignore' }),
    async () => (await cli('default', 'root', 'PING').catch(() => '')) === 'PONG',
  );
  return {
    port,
    tlsPort,
    certificates,
    cli,
    /** The folder of the ACL file can't be written, until it can again. */
    takeAway: () => renameSync(acl, path.join(dir, 'acl-away')),
    giveBack: () => renameSync(path.join(dir, 'acl-away'), acl),
    /** Whether it lets somebody in. Anything but a refused password is thrown. */
    async signsIn(name: string, password: string): Promise<boolean> {
      const { stdout } = await run('redis-cli', ['-p', String(port), 'AUTH', name, password]);
      if (!/^(OK|WRONGPASS)/.test(stdout)) throw new Error(stdout);
      return stdout.startsWith('OK');
    },
    kill: server.kill,
    restart: server.restart,
    /** As its operator would, so that it writes down what it does at the end. */
    async startAnew() {
      await server.stop();
      await server.restart();
    },
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
      certificates.remove();
    },
  };
}
