import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'vitest';
import { runCli as runProgram, type Streams } from '../../src/cli/program.ts';
import { developmentEnvironment, environment } from '../../src/config.ts';
import { spawnWithUs } from '../support/end-with-us.ts';

const root = path.resolve(import.meta.dirname, '../..');

export type Env = Record<string, string | undefined>;
export type Outcome = { code: number | null; stdout: string; stderr: string };

/**
 * Our process's environment without what the product reads, and `env` on top; the demo apps are on
 * free ports. Blank, not absent: a
 * name that is absent would be filled in from the developer's own .env, and the tests would work on
 * the developer's own database.
 */
export function environmentOf(env: Env): NodeJS.ProcessEnv {
  const names = Object.keys({ ...environment, ...developmentEnvironment });
  const cleared = Object.fromEntries(names.map((name) => [name, '']));
  return { ...process.env, ...cleared, NO_COLOR: '1', APPS_PORT: '0', ...env };
}

/**
 * Runs a command in this process, as src/cli/main.ts does; README's test runs the commands through
 * npm.
 */
export function runCli(args: string[], env: Env, input = ''): Promise<Outcome> {
  return runWith(args, env, Readable.from([input]), new PassThrough());
}

/** The same where somebody can be asked, who then presses `keys`. */
export function runCliAtTerminal(args: string[], env: Env, keys: string): Promise<Outcome> {
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  // Keys that are pressed before the question count for nothing.
  stderr.once('data', () => stdin.write(keys));
  return runWith(args, env, Object.assign(stdin, { isTTY: true }), Object.assign(stderr, { isTTY: true }));
}

/**
 * The same, while `watch` is given all that was printed for people so far, until it says that it
 * has seen enough.
 */
export function runCliWatched(
  args: string[],
  env: Env,
  watch: (printed: string) => Promise<boolean>,
): Promise<Outcome> {
  const stderr = new PassThrough();
  let printed = '';
  let watching = Promise.resolve(false);
  stderr.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    watching = watching.then((seen) => seen || watch(printed));
  });
  return runWith(args, env, Readable.from(['']), stderr).then(async (outcome) => {
    await watching;
    return outcome;
  });
}

async function runWith(args: string[], env: Env, stdin: Readable, stderr: PassThrough): Promise<Outcome> {
  const stdout = new PassThrough();
  const printed = Promise.all([collect(stdout), collect(stderr)]);
  const streams = { env: environmentOf(env), stdin, stdout, stderr } as unknown as Streams;
  const code = await runProgram(args, streams);
  for (const stream of [stdout, stderr]) stream.end();
  const [out, err] = await printed;
  return { code, stdout: out, stderr: err };
}

async function collect(stream: Readable): Promise<string> {
  let printed = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await once(stream, 'end');
  return printed;
}

export async function finished(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/**
 * `npm run dev` without npm. `ready` resolves with all that was printed up to the line that begins
 * with it.
 */
export function startDev(env: Env, cwd = root, args = [path.join(root, 'src/cli/dev.ts')]) {
  const child = spawnWithUs(process.execPath, args, { cwd, env: environmentOf(env) });
  const outcome = finished(child);
  const ready = new Promise<string>((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (text: string) => {
      printed += text;
      if (/^ready \S+\n/m.test(printed)) resolve(printed);
    });
    outcome.then(({ code, stderr }) => reject(new Error(`dev ended with ${code}: ${stderr}`)), reject);
  });
  ready.catch(() => {});
  return { child, outcome, ready };
}

/** The process id of the embedded server in `dataDir` if it runs. */
export function postgresOf(dataDir: string): number | null {
  try {
    const pid = Number(fs.readFileSync(path.join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

/** Removes a data folder, also where its database lies elsewhere (as root). */
export function removeDataDir(dataDir: string): void {
  const database = path.join(dataDir, 'postgres');
  if (fs.lstatSync(database, { throwIfNoEntry: false })?.isSymbolicLink())
    fs.rmSync(fs.realpathSync(database), { recursive: true, force: true });
  fs.rmSync(path.dirname(dataDir), { recursive: true, force: true });
}

/** Runs commands with `--json`. `env` is asked at each run. */
export function createJsonCli(env: () => Env) {
  return {
    /** Expects success and one document. */
    // biome-ignore lint/suspicious/noExplicitAny: a document's shape is what the tests are about
    async cli(...args: string[]): Promise<any> {
      const { code, stdout, stderr } = await runCli([...args, '--json'], env());
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    },

    /** Expects a failure that is said on standard error only. */
    async refusal(...args: string[]): Promise<{ exit: number | null; code: string; message: string }> {
      const { code: exit, stdout, stderr } = await runCli([...args, '--json'], env());
      expect(stdout).toBe('');
      return { exit, ...JSON.parse(stderr).error };
    },
  };
}
