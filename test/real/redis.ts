import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../accounts/connectors/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startUntil } from './start-server.ts';

/** Where Debian's redis-server puts it. */
export const redisProgram = '/usr/bin/redis-server';
const run = promisify(execFile);

export type Redis = Awaited<ReturnType<typeof startRedis>>;

/**
 * A Redis of its own on loopback, whose users stand in a file, with a port for TLS beside the plain
 * one. It ends when this process does.
 */
export async function startRedis() {
  const certificates = makeCertificates();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-redis-'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const aclDir = path.join(dir, 'acl');
  const lines = {
    port,
    'tls-port': tlsPort,
    bind: '127.0.0.1',
    dir,
    aclfile: path.join(aclDir, 'users.acl'),
    'tls-cert-file': certificates.certFile,
    'tls-key-file': certificates.keyFile,
    'tls-ca-cert-file': certificates.caFile,
    'tls-auth-clients': 'no',
    save: '""',
  };
  mkdirSync(aclDir);
  writeFileSync(path.join(aclDir, 'users.acl'), 'user default on >root ~* &* +@all\n');
  const conf = Object.entries(lines).map((line) => line.join(' '));
  writeFileSync(path.join(dir, 'redis.conf'), conf.join('\n'));
  const cli = async (user: string, password: string, ...command: string[]) =>
    (
      await run('redis-cli', ['-p', String(port), '--user', user, ...command], {
        env: { ...process.env, REDISCLI_AUTH: password },
      })
    ).stdout.trim();
  const asRoot = (...command: string[]) => cli('default', 'root', ...command);
  const isReady = async () => (await asRoot('PING').catch(() => '')) === 'PONG';
  const start = () => startUntil(isReady, redisProgram, [path.join(dir, 'redis.conf')]);
  let server = await start();
  return {
    port,
    tlsPort,
    certificates,
    /** The folder of the file of the users. */
    aclDir,
    cli,
    asRoot,
    async restart() {
      await server.stop();
      server = await start();
    },
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true });
      certificates.remove();
    },
  };
}
