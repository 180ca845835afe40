import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, test } from 'vitest';
import { environmentOf, finished } from './cli/processes.ts';
import { createTestDatabase } from './support/database.ts';
import { spawnWithUs } from './support/end-with-us.ts';
import { freePort } from './support/free-port.ts';

const run = (file: string, args: readonly string[], env: Record<string, string> = {}) => {
  const program = path.resolve(import.meta.dirname, file);
  return spawnWithUs(process.execPath, [program, ...args], { env: environmentOf(env) });
};
const log = (lines: number, end: string) => run('support/logging-process.ts', [String(lines), end]);
const parsed = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const counted = (lines: number) => Array.from({ length: lines }, (_, index) => index + 1);

// More than a pipe holds (64 KB) and than is written at a time.
it.each([
  ['ends by itself', 'nothing', 0],
  ['exits', 'exit', 3],
  ['throws what nobody catches', 'throw', 1],
  ['leaves a rejection unhandled', 'reject', 1],
])('every line is written, whole and in order, when the process %s right after it', async (_how, end, expected) => {
  const { code, stdout } = await finished(log(5_000, end));
  expect(code).toBe(expected);
  expect(parsed(stdout).map(({ line }) => line)).toEqual(counted(5_000));
});

it('a line that waits is written soon, though no other comes', async () => {
  const child = log(3, 'linger');
  let seen = 0;
  for await (const _line of createInterface(child.stdout)) if (++seen === 3) break;
  child.kill('SIGKILL');
  expect(seen).toBe(3);
});

it('what nobody reads is held up to a limit, and what was lost beyond it is said', async () => {
  const child = log(1, 'unread');
  // Nobody listens to its standard output until all is logged.
  for await (const _line of createInterface(child.stderr)) break;
  const messages = new Map<string, number>();
  let said: number | undefined;
  for await (const text of createInterface(child.stdout)) {
    const { msg, lost } = JSON.parse(text);
    messages.set(msg, (messages.get(msg) ?? 0) + 1);
    if (lost !== undefined) said = lost;
  }
  const arrived = messages.get('a long line') as number;
  expect(arrived).toBeGreaterThan(15_000);
  expect(arrived).toBeLessThan(18_000);
  expect(said).toBe(40_000 - arrived);
});

it('a warning waits for nothing, and what came before it is written with it', async () => {
  const child = log(3, 'warn');
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(JSON.parse(line).msg);
    if (lines.length === 4) break;
  }
  child.kill('SIGKILL');
  expect(lines).toEqual(['a line', 'a line', 'a line', 'a warning']);
});

test.each([
  ['stopped', ['SIGTERM'], 0],
  ['stopped and at once stopped again', ['SIGTERM', 'SIGINT'], 1],
] as const)('a server that is %s right after its answers has logged each of them', async (_how, signals, expected) => {
  const database = await createTestDatabase();
  const port = await freePort();
  const child = run('../src/main.ts', [], {
    DATABASE_URL: database.url,
    PUBLIC_URL: 'http://localhost:3333',
    PORT: String(port),
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  });
  const outcome = finished(child);
  const ask = () => fetch(`http://127.0.0.1:${port}/api/users/me`);
  while ((await ask().catch(() => null))?.status !== 401) await new Promise((resolve) => setTimeout(resolve, 50));
  const answers = await Promise.all(Array.from({ length: 200 }, ask));
  for (const signal of signals) {
    child.kill(signal);
    // A signal that is still waiting swallows no other.
    if (signals.length > 1) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { code, stdout } = await outcome;
  expect(code).toBe(expected);
  const logged = new Set(parsed(stdout).map(({ requestId }) => requestId));
  const given = answers.map(({ headers }) => headers.get('x-request-id'));
  expect(given.filter((id) => !logged.has(id))).toEqual([]);
  await database.drop();
});
