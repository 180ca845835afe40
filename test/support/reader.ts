import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { developmentEnvironment, environment } from '../../src/config.ts';
import { removeDataDir, runCli } from '../cli/processes.ts';
import { spawnWithUs } from './end-with-us.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** How a document calls the command line. */
export const cli = 'npm run -s cli -- ';

export type Outcome = { code: number | null; output: string };

/** Every command of a document's sh blocks: a line, or as many as its quotes or its here-document have. */
export function commandsOf(document: string): string[] {
  const text = fs.readFileSync(path.join(root, document), 'utf8');
  const commands: string[] = [];
  for (const [, block = ''] of text.matchAll(/^```sh\n(.*?)^```/gms)) {
    let begun: string[] = [];
    for (const line of block.replaceAll(/\\\n\s*/g, '').split('\n')) {
      if (begun.length === 0 && line.trim() === '') continue;
      begun.push(line);
      if (isOpen(begun.join('\n'))) continue;
      commands.push(begun.join('\n'));
      begun = [];
    }
  }
  return commands;
}

/** Whether a command goes on in the next line. */
function isOpen(command: string): boolean {
  const end = /<<'(\w+)'/.exec(command)?.[1];
  if (end !== undefined) return !command.endsWith(`\n${end}`);
  return (command.match(/'/g)?.length ?? 0) % 2 === 1;
}

/**
 * Whoever types a document's commands: in a folder that looks like a fresh clone, except that a
 * .env which is made there doesn't end up in ours.
 */
export function createReader() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reader-'));
  const config = path.join(folder, 'config');
  for (const entry of ['package.json', 'bin', 'src', 'prisma', 'prisma.config.ts', 'node_modules', '.env.example'])
    fs.symlinkSync(path.join(root, entry), path.join(folder, entry));

  /** Absent, not blank: the only .env is the folder's own, which `npm start` has to read. */
  const environmentOf = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
    const names = [...Object.keys({ ...environment, ...developmentEnvironment }), 'NODE_ENV', 'VITEST'];
    const cleared = Object.fromEntries(names.map((name) => [name, undefined]));
    const own = { NO_COLOR: '1', BROWSER: 'none', XDG_CONFIG_HOME: config };
    return { ...process.env, ...cleared, ...own, ...env };
  };
  const start = (command: string, env: NodeJS.ProcessEnv, group = false) =>
    spawnWithUs('sh', ['-c', command], { cwd: folder, env: environmentOf(env), stdin: 'ignore', group });

  return {
    folder,

    /**
     * Runs a command; `meanwhile` gets what it printed for people once that names a page to open.
     */
    run(command: string, env: NodeJS.ProcessEnv, meanwhile?: (printed: string) => Promise<void>): Promise<Outcome> {
      // The reader's .env would send development's commands to the other database.
      fs.rmSync(path.join(folder, '.env'), { force: true });
      const child = start(command, env);
      const outcome = collect(child);
      if (!meanwhile) return outcome;
      return new Promise((resolve, reject) => {
        let printed = '';
        let begun = false;
        child.stderr.on('data', (text: string) => {
          printed += text;
          if (begun || !/^or open \S+\n/m.test(printed)) return;
          begun = true;
          meanwhile(printed).catch(reject);
        });
        outcome.then(resolve, reject);
      });
    },

    /**
     * Runs a command of ours in this process, its words split by the shell; README's commands go
     * through npm.
     */
    async runHere(command: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
      const split = `set -- ${command.replace(cli, '')}; printf '%s\\0' "$@"`;
      const args = execFileSync('sh', ['-c', split], { encoding: 'utf8' }).split('\0').slice(0, -1);
      const { code, stdout, stderr } = await runCli(args, { XDG_CONFIG_HOME: config, ...env });
      return { code, output: stdout + stderr };
    },

    /** Starts what stays until it is told to stop, and waits until it prints `ready`. */
    async startService(command: string, env: NodeJS.ProcessEnv, ready: RegExp) {
      // A process group of its own, as a terminal gives it, so that a stop reaches npm and the app
      // as Ctrl-C does.
      const child = start(`exec ${command.includes('=') ? `env ${command}` : command}`, env, true);
      const ended = collect(child);
      let output = '';
      await new Promise<void>((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (text: string) => {
            output += text;
            if (ready.test(output)) resolve();
          });
        ended.then(({ code }) => reject(new Error(`${command} ended with ${code}:\n${output}`)), reject);
      });
      return {
        printed: () => output,
        async stop() {
          process.kill(-(child.pid as number), 'SIGINT');
          await ended;
        },
      };
    },

    remove(...dataDirs: string[]) {
      for (const data of dataDirs) removeDataDir(path.join(folder, data));
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function collect(child: ChildProcess): Promise<Outcome> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = await once(child, 'close');
  return { code, output };
}
