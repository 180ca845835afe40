import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { environment as configured, developmentEnvironment } from '../src/config.ts';
import { removeDataDir } from './cli/processes.ts';
import { createBrowser } from './support/browser.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/free-port.ts';

const root = path.resolve(import.meta.dirname, '..');
const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');

/** Every command of README's sh blocks, one a line, continuations joined. */
const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap((block) => (block[1] as string).replaceAll(/\\\n\s*/g, '').split('\n'))
  .filter((line) => line.trim() !== '');

/** Run elsewhere, or it would run itself. */
const elsewhere = new Map([
  ['npm test', '.ci/run'],
  ['npm run check', '.ci/run'],
  ['npm run bench -- --quick', '.ci/run'],
]);
/** Those that stay until they are told to stop, and how one sees that they are there. */
const services: Record<string, RegExp> = {
  'npm run dev': /^ready http/m,
  'npm start': /"msg":"ready"/,
  'PUBLIC_URL=https://your-tunnel.example TRUST_PROXY=loopback npm run dev': /^ready http/m,
  'npm run studio': /http:\/\/localhost:\d+|Prisma Studio is running/,
};

let folder: string;
let database: TestDatabase;
let ports: { app: number; idp: number; second: number; secondIdp: number };
let dev: Awaited<ReturnType<typeof startService>>;

// A folder that looks like a fresh clone, except that a .env made there doesn't end up in ours.
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'readme-'));
  for (const entry of ['package.json', 'bin', 'src', 'prisma', 'prisma.config.ts', 'node_modules', '.env.example'])
    fs.symlinkSync(path.join(root, entry), path.join(folder, entry));
  database = await createTestDatabase({ empty: true });
  ports = { app: await freePort(), idp: await freePort(), second: await freePort(), secondIdp: await freePort() };
  dev = await startService('npm run dev', environment());
});
afterAll(async () => {
  if (dev) await stopService(dev);
  for (const data of ['data', 'second-data']) removeDataDir(path.join(folder, data));
  fs.rmSync(folder, { recursive: true, force: true });
  await database.drop();
});

it('documents commands', () => {
  const ci = fs.readFileSync(path.join(root, '.ci/run'), 'utf8');
  for (const command of elsewhere.keys()) expect(ci).toContain(command);
  expect(commands.length).toBeGreaterThan(20);
  for (const service of Object.keys(services)) expect(commands).toContain(service);
});

it.each(commands.filter((command) => !elsewhere.has(command) && command !== 'npm run dev'))('%s', async (command) => {
  if (command === 'npm start') await fillEnv();
  const pattern = services[command];
  if (pattern) {
    const service = await startService(command, environment(command));
    expect(service.printed()).toMatch(pattern);
    await stopService(service);
    return;
  }
  const { code, output } = await run(command, command.endsWith(' login') ? approve : undefined);
  expect(output).not.toMatch(/Error:|at .*\.ts:\d/);
  expect(code, output).toBe(0);
  if (command.startsWith('curl')) expect(output).toContain('204 No Content');
});

/** What a reader's own values would be here: our ports, an IdP that can be reached, a free database. */
function localised(command: string): string {
  return command
    .replaceAll('localhost:3333', `localhost:${ports.app}`)
    .replaceAll('https://acme.okta.com', `http://localhost:${ports.idp}/1`);
}

function environment(command = ''): NodeJS.ProcessEnv {
  // Absent, not blank: the only .env is the folder's own, which `npm start` has to read.
  const names = Object.keys({ ...configured, ...developmentEnvironment });
  const cleared = Object.fromEntries([...names, 'NODE_ENV', 'VITEST'].map((name) => [name, undefined]));
  const second = command === 'npm start' || command.startsWith('PUBLIC_URL');
  return {
    ...process.env,
    ...cleared,
    NO_COLOR: '1',
    BROWSER: 'none',
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    PORT: String(second ? ports.second : ports.app),
    IDP_PORT: String(second ? ports.secondIdp : ports.idp),
    DATA_DIR: path.join(folder, second ? 'second-data' : 'data'),
    // Commands on the reader's own database come after `npm start`'s .env; the others are for development's.
    ...(command === 'npm run migrate' ? { DATABASE_URL: database.url } : {}),
  };
}

/** Fills in what .env.example leaves open, as the README says, and puts the file aside again after `npm start`. */
async function fillEnv(): Promise<void> {
  const file = path.join(folder, '.env');
  const values: Record<string, string> = {
    DATABASE_URL: database.url,
    PUBLIC_URL: `http://localhost:${ports.second}`,
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  };
  const filled = fs
    .readFileSync(file, 'utf8')
    .replace(/^([A-Z_]+)=.*$/gm, (line, name: string) => (values[name] ? `${name}=${values[name]}` : line));
  fs.writeFileSync(file, filled);
}

/** What the reader does in the browser while `login` waits. */
async function approve(printed: string): Promise<void> {
  const url = `http://localhost:${ports.app}`;
  const browser = createBrowser({ baseUrl: url });
  await browser.signIn({ appUrl: url, org: '1', email: 'morpheus@whiterabbit.fake', password: 'Zion123$' });
  const page = await browser.get(/^or open (\S+)$/m.exec(printed)?.[1] as string);
  const confirm = await browser.submitForm(page, {}, 'user_code');
  const done = await browser.follow(await browser.submitForm(confirm, { confirm: 'yes' }, 'user_code'));
  expect(done.text).toContain('is signed in');
}

function run(
  command: string,
  meanwhile?: (printed: string) => Promise<void>,
): Promise<{ code: number | null; output: string }> {
  // The reader's .env would send development's commands to the other database.
  fs.rmSync(path.join(folder, '.env'), { force: true });
  const child = spawn('sh', ['-c', localised(command)], {
    cwd: folder,
    env: environment(command),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
}

async function collect(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = await once(child, 'close');
  return { code, output };
}

/** A process group of its own, as a terminal gives it, so that a stop reaches npm and the app as Ctrl-C does. */
async function startService(command: string, env: NodeJS.ProcessEnv) {
  const child = spawn('sh', ['-c', `exec ${command.includes('=') ? `env ${command}` : command}`], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = collect(child);
  let output = '';
  const seen = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: string) => {
        output += text;
        if (services[command]?.test(output)) resolve();
      });
    ended.then(({ code }) => reject(new Error(`${command} ended with ${code}:\n${output}`)), reject);
  });
  await seen;
  return { child, ended, printed: () => output };
}

async function stopService({ child, ended }: Awaited<ReturnType<typeof startService>>): Promise<void> {
  process.kill(-(child.pid as number), 'SIGINT');
  await ended;
}
