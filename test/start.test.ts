import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { expect, inject, test } from 'vitest';
import { explainStartFailure } from '../src/start-failure.ts';
import { environmentOf, finished } from './cli/processes.ts';

const main = path.resolve(import.meta.dirname, '../src/main.ts');

/** `npm start` without npm, on a database that it can't have. */
function start(databaseUrl: string) {
  const env = environmentOf({
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: 'http://localhost:3333',
    PORT: '0',
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  });
  return finished(spawn(process.execPath, [main], { env, stdio: 'pipe' }));
}

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

test('a defect keeps its stack', () => {
  expect(explainStartFailure(new TypeError('x is not a function'))).toMatch(/TypeError: x is not a function\n +at /);
});

function changed(change: Partial<Pick<URL, 'pathname' | 'password'>>): string {
  return Object.assign(new URL(inject('adminUrl')), change).href;
}
