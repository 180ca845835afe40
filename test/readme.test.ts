import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBrowser } from './support/browser.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { freePort } from './support/free-port.ts';
import { commandsOf, createReader } from './support/reader.ts';

const root = path.resolve(import.meta.dirname, '..');
/** In the order in which somebody reads them. */
const documents = [
  'README.md',
  'docs/accounts.md',
  'docs/integrating.md',
  'docs/workshop.md',
  'docs/operators.md',
  'docs/keys.md',
];
const commands = documents.flatMap(commandsOf);

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

let reader: ReturnType<typeof createReader>;
let database: TestDatabase;
let ports: { app: number; idp: number; second: number; secondIdp: number };
let dev: Awaited<ReturnType<typeof reader.startService>>;

beforeAll(async () => {
  reader = createReader();
  database = await createTestDatabase({ empty: true });
  ports = { app: await freePort(), idp: await freePort(), second: await freePort(), secondIdp: await freePort() };
  dev = await reader.startService('npm run dev', environment(), services['npm run dev'] as RegExp);
});
afterAll(async () => {
  await dev?.stop();
  reader.remove('data', 'second-data');
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
    const service = await reader.startService(command, environment(command), pattern);
    expect(service.printed()).toMatch(pattern);
    await service.stop();
    return;
  }
  const { code, output } = await reader.run(
    localised(command),
    environment(command),
    / login( |$)/.test(command) ? approve : undefined,
  );
  expect(output).not.toMatch(/Error:|at .*\.ts:\d/);
  expect(code, output).toBe(0);
  if (command.startsWith('curl')) expect(output).toContain('204 No Content');
});

/**
 * What a reader's own values would be here: our ports, an IdP that can be reached, a free database.
 */
function localised(command: string): string {
  return command
    .replaceAll('localhost:3333', `localhost:${ports.app}`)
    .replaceAll('https://acme.okta.com', `http://localhost:${ports.idp}/1`);
}

function environment(command = ''): NodeJS.ProcessEnv {
  const second = command === 'npm start' || command.startsWith('PUBLIC_URL');
  return {
    PORT: String(second ? ports.second : ports.app),
    APPS_PORT: '0',
    IDP_PORT: String(second ? ports.secondIdp : ports.idp),
    DATA_DIR: path.join(reader.folder, second ? 'second-data' : 'data'),
    // Commands on the reader's own database come after `npm start`'s .env; the others are for
    // development's.
    ...(command === 'npm run migrate' ? { DATABASE_URL: database.url } : {}),
  };
}

/**
 * Fills in what .env.example leaves open, as the README says, and puts the file aside again after
 * `npm start`.
 */
async function fillEnv(): Promise<void> {
  const file = path.join(reader.folder, '.env');
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
