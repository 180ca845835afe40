import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { expect, inject, test } from 'vitest';
import { byOperator } from '../src/by.ts';
import { loadConfig } from '../src/config.ts';
import { createContext } from '../src/context.ts';
import { createOrgs } from '../src/orgs/orgs.ts';
import { seedApiKeys } from '../src/orgs/seed-keys.ts';
import { explainStartFailure } from '../src/start-failure.ts';
import { environmentOf, finished } from './cli/processes.ts';
import { createTestDatabase } from './support/database.ts';
import { spawnWithUs } from './support/end-with-us.ts';
import { freePort } from './support/free-port.ts';

const main = path.resolve(import.meta.dirname, '../src/main.ts');

function usable(databaseUrl: string): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: 'http://localhost:3333',
    PORT: '0',
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  };
}

/** `npm start` without npm. */
const launch = (env: Record<string, string>) => spawnWithUs(process.execPath, [main], { env: environmentOf(env) });
const start = (databaseUrl: string) => finished(launch(usable(databaseUrl)));

test.each([
  ['is away', 'postgresql://someone:hidden@localhost:1/app', /does not answer \(ECONNREFUSED\)/],
  ['does not exist', changed({ pathname: '/not-there' }), /does not exist/],
  ['wants another password', changed({ password: 'hidden' }), /refuses its user or password/],
])('a database that %s is told in one line that names the variable and not its value', async (_what, url, expected) => {
  const { code, stderr } = await start(url);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(expected)]);
  expect(stderr).toContain('DATABASE_URL');
  expect(stderr).not.toContain('hidden');
});

test('a standby is told from a database that is away', () => {
  const refused = Object.assign(new Error('cannot execute UPDATE'), { code: '25006' });
  expect(explainStartFailure(refused)).toContain('standby');
});

test('a defect keeps its stack', () => {
  expect(explainStartFailure(new TypeError('x is not a function'))).toMatch(/TypeError: x is not a function\n +at /);
});

function changed(change: Partial<Pick<URL, 'pathname' | 'password'>>): string {
  return Object.assign(new URL(inject('adminUrl')), change).href;
}

test('a database with the keys that npm run dev seeds is refused', async () => {
  const database = await createTestDatabase();
  const context = createContext(loadConfig(usable(database.url), 'development'));
  const org = await createOrgs(context).createOrg({ name: 'Customer' }, byOperator);
  await context.apiKeys.create(org.id, { name: 'Demo', key: seedApiKeys.metacortex }, byOperator);
  await context.stop();
  const { code, stderr } = await start(database.url);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/holds the API keys that `npm run dev` seeds/)]);
  await database.drop();
});

test('production starts, applies the migrations, answers, and stops within its drain', async () => {
  const database = await createTestDatabase({ empty: true });
  const port = await freePort();
  const child = launch({ ...usable(database.url), PORT: String(port) });
  const outcome = finished(child);
  while ((await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGTERM');
  const { code, stdout } = await outcome;
  expect(code).toBe(0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).msg);
  expect(lines).toEqual(expect.arrayContaining(['ready', 'request', 'stopping']));
  await database.drop();
});
