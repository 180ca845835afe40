import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasSearchIndexes } from '../../src/users/search-index.ts';
import { createBrowser } from '../support/browser.ts';
import { createTestDatabase, freezeServer } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { postgresOf, removeDataDir, runCli, startDev } from './processes.ts';

const run = promisify(execFile);
const hasIpv6 = Object.values(os.networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

describe('npm run dev', () => {
  const dataDir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-dev-')), 'data');
  let env: Record<string, string>;
  const started: ReturnType<typeof startDev>[] = [];
  const start = () => {
    const dev = startDev(env);
    started.push(dev);
    return dev;
  };

  beforeAll(async () => {
    env = { DATA_DIR: dataDir, PORT: String(await freePort()), IDP_PORT: String(await freePort()) };
  });

  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    const left = postgresOf(dataDir);
    if (left !== null) process.kill(left, 'SIGINT');
    while (postgresOf(dataDir) !== null) await pause(50);
    removeDataDir(dataDir);
  });

  it('starts from nothing, prints what a newcomer needs, and the printed curl line works', async () => {
    const { ready, child, outcome } = start();
    const printed = await ready;
    expect(printed.trimEnd().split('\n').at(-1)).toBe(`ready http://localhost:${env.PORT}`);
    expect(printed).toMatch(/trinity@whiterabbit\.fake +Zion123\$ +http:\/\/localhost:\d+\/openid\/start\/1/);
    expect(printed).toContain('131313');
    expect(printed).toContain('242424');
    for (const name of ['wiki', 'CRM']) {
      const url = new RegExp(`(http://localhost:\\d+)  White Rabbit's ${name}`).exec(printed)?.[1] as string;
      expect(await (await fetch(url)).text()).toContain('Sign in');
    }

    // Both Trinitys sign in with what was printed; the curl line ends the sessions of one of them.
    const appUrl = `http://localhost:${env.PORT}`;
    const [one, two] = [createBrowser({ baseUrl: appUrl }), createBrowser({ baseUrl: appUrl })];
    await one.signIn({ appUrl, org: '1', email: 'trinity@whiterabbit.fake', password: 'Zion123$' });
    await two.signIn({ appUrl, org: '2', email: 'trinity@whiterabbit.fake', password: 'Cubicle101$' });
    expect((await one.get('/api/users/me')).json()).toMatchObject({ org: expect.anything(), name: 'Trinity' });
    expect((await one.get('/api/todos')).json()).toMatchObject({ todos: [expect.anything(), expect.anything()] });
    expect((await two.get('/api/users/me')).status).toBe(200);

    const line = printed.split('\n').find((each) => each.startsWith('curl '));
    expect((await run('bash', ['-c', `${line} -s`])).stdout).toMatch(/^HTTP\/1\.1 204 /);
    expect([(await one.get('/api/users/me')).status, (await two.get('/api/users/me')).status]).toEqual([401, 200]);
    const other = line?.replace('131313', '242424').replace('trinity@', 'neo@');
    expect((await run('bash', ['-c', `${other} -s`])).stdout).toMatch(/^HTTP\/1\.1 404 /);

    const about = await fetch(`http://localhost:${env.IDP_PORT}/1/.well-known/openid-configuration`);
    expect(await about.json()).toMatchObject({ issuer: `http://localhost:${env.IDP_PORT}/1` });
    const start1 = await fetch(`http://localhost:${env.PORT}/openid/start/1`, { redirect: 'manual' });
    expect(start1.headers.get('location')).toContain(`http://localhost:${env.IDP_PORT}/1/`);

    const refused = await fetch(`${appUrl}/openid/callback/1?state=s&code=c`);
    const reference = /Reference <code>([^<]+)</.exec(await refused.text())?.[1];

    // The command line works beside it.
    const list = await runCli(['user', 'list', '--org', 'whiterabbit.fake', '--json'], env);
    expect(JSON.parse(list.stdout).map(({ email }: { email: string }) => email)).toEqual([
      'morpheus@whiterabbit.fake',
      'neo@whiterabbit.fake',
      'trinity@whiterabbit.fake',
    ]);
    // Told by the running process, not by the settings of whoever asks.
    const create = ['org', 'create', '--name', 'A', '--slug', 'a', '--domain', 'a.fake', '--json'];
    const created = await runCli(create, { DATA_DIR: dataDir });
    expect(JSON.parse(created.stdout)).toMatchObject({ callbackUrl: `${appUrl}/openid/callback/a` });
    expect(postgresOf(dataDir)).not.toBeNull();

    child.kill('SIGTERM');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    const { code, stdout } = await outcome;
    expect(code).toBe(0);
    expect(postgresOf(dataDir)).toBeNull();
    // The page's reference finds the cause in the terminal.
    const [, refusal] = stdout.split('sign-in refused');
    expect(refusal).toMatch(
      new RegExp(`requestId: "${reference}"[\\s\\S]*reason: "state_missing"[\\s\\S]*hint: ".*cookie`),
    );
  });

  it('keeps its secrets readable by its user only', () => {
    expect(fs.statSync(path.join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('starts a second time, keeps what was changed, and seeds nothing twice', async () => {
    expect((await runCli(['user', 'deactivate', 'neo@whiterabbit.fake', '--org', '1'], env)).code).toBe(0);
    const since = performance.now();
    const { ready, child, outcome } = start();
    await ready;
    // No limit: how long it takes says as much about the machine.
    console.log(`ready the second time after ${Math.round(performance.now() - since)} ms`);
    const users = JSON.parse((await runCli(['user', 'list', '--org', '1', '--json'], env)).stdout);
    expect(users).toHaveLength(3);
    expect(users.find(({ email }: { email: string }) => email.startsWith('neo')).active).toBe(false);
    expect(JSON.parse((await runCli(['api-key', 'list', '--org', '1', '--json'], env)).stdout)).toHaveLength(1);
    child.kill('SIGINT');
    expect((await outcome).code).toBe(0);
  });

  it('just works after a kill -9, and follows another IDP_PORT', async () => {
    const first = start();
    await first.ready;
    first.child.kill('SIGKILL');
    await first.outcome;
    env = { ...env, IDP_PORT: String(await freePort()) };
    const second = start();
    await second.ready;
    const connections = JSON.parse((await runCli(['connection', 'list', '--org', '1', '--json'], env)).stdout);
    expect(connections).toMatchObject([{ issuer: `http://localhost:${env.IDP_PORT}/1` }]);
    second.child.kill('SIGTERM');
    expect((await second.outcome).code).toBe(0);
    expect(postgresOf(dataDir)).toBeNull();
  });

  it('says in one line that it runs already, on other ports too', async () => {
    const first = start();
    await first.ready;
    for (const ports of [{}, { PORT: String(await freePort()), IDP_PORT: String(await freePort()) }]) {
      const { code, stdout, stderr } = await startDev({ ...env, ...ports }).outcome;
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(`http://localhost:${env.PORT}`)]);
      expect(stderr).toContain('running already');
    }
    expect((await fetch(`http://localhost:${env.PORT}/readyz`)).status).toBe(200);
    first.child.kill('SIGTERM');
    expect((await first.outcome).code).toBe(0);
  });

  it.each([
    ['PORT', '127.0.0.1'],
    ['IDP_PORT', '127.0.0.1'],
    ['APPS_PORT', '127.0.0.1'],
    ...(hasIpv6 ? ([['PORT', '::1']] as const) : []),
  ] as const)('says in one line that %s is taken on %s, and leaves nothing running', async (name, address) => {
    const port = env[name] ?? String(await freePort());
    const squatter = createServer().listen(Number(port), address);
    await new Promise((resolve) => squatter.once('listening', resolve));
    const { code, stdout, stderr } = await startDev({ ...env, [name]: port }).outcome;
    squatter.close();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(`Port ${port} is taken`)]);
    expect(stderr).toContain(` ${name},`);
    expect(postgresOf(dataDir)).toBeNull();
  });

  it('lists everything that is wrong with its settings', async () => {
    const { code, stderr } = await startDev({ ...env, PUBLIC_URL: 'nonsense', LOG_LEVEL: 'loud' }).outcome;
    expect(code).toBe(1);
    expect(stderr).toMatch(/PUBLIC_URL[\s\S]*LOG_LEVEL/);
    expect(postgresOf(dataDir)).toBeNull();
  });

  it('notes a revocation while its database stands still, and carries it out afterwards', async () => {
    const { ready, child, outcome } = start();
    const printed = await ready;
    const revoke = async () => {
      const line = printed.split('\n').find((each) => each.startsWith('curl '));
      return (await run('bash', ['-c', `${line} -s`])).stdout;
    };
    expect(await revoke()).toMatch(/^HTTP\/1\.1 204 /);
    const thaw = freezeServer(postgresOf(dataDir) as number);
    try {
      expect(await revoke()).toMatch(/^HTTP\/1\.1 503 [\s\S]*"noted":true/);
    } finally {
      thaw();
    }
    while (fs.readdirSync(path.join(dataDir, 'journal')).length > 0) await pause(50);
    expect(await revoke()).toMatch(/^HTTP\/1\.1 204 /);
    child.kill('SIGTERM');
    expect((await outcome).code).toBe(0);
  });

  it("is not led to a developer's own database by a .env when tests start it", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-env-'));
    fs.writeFileSync(path.join(folder, '.env'), 'DATABASE_URL=mysql://theirs\nLOG_LEVEL=loud\n');
    const { code, stderr } = await startDev({ ...env, PUBLIC_URL: 'nonsense' }, folder).outcome;
    fs.rmSync(folder, { recursive: true });
    expect([code, stderr]).toEqual([1, expect.stringContaining('PUBLIC_URL')]);
    expect(stderr).not.toMatch(/DATABASE_URL|LOG_LEVEL/);
  });

  it('stops cleanly when it is told to while it is starting', async () => {
    const { child, outcome } = start();
    while (postgresOf(dataDir) === null) await pause(10);
    child.kill('SIGINT');
    const { code, stdout } = await outcome;
    expect([code, stdout]).toEqual([0, '']);
    expect(postgresOf(dataDir)).toBeNull();
  });

  it('works on a database of its own (DATABASE_URL)', async () => {
    const database = await createTestDatabase({ empty: true });
    const dev = startDev({ ...env, DATABASE_URL: database.url });
    await dev.ready;
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    expect((await client.query('SELECT slug FROM orgs ORDER BY slug')).rows).toEqual([{ slug: '1' }, { slug: '2' }]);
    expect(await hasSearchIndexes(client)).toBe(true);
    await client.end();
    expect(postgresOf(dataDir)).toBeNull();
    dev.child.kill('SIGTERM');
    expect((await dev.outcome).code).toBe(0);
    await database.drop();
  });
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
