import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAppServer } from './app-server.ts';
import { type Env, runCli, runCliWatched } from './processes.ts';

let server: Awaited<ReturnType<typeof startAppServer>>;
let env: Env;
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-home-'));
beforeAll(async () => {
  server = await startAppServer();
});
afterAll(async () => {
  await server.stop();
  fs.rmSync(home, { recursive: true, force: true });
});
let homes = 0;
beforeEach(() => {
  homes += 1;
  env = { XDG_CONFIG_HOME: path.join(home, String(homes)), DATA_DIR: path.join(home, 'none') };
});

const file = () => path.join(String(env.XDG_CONFIG_HOME), 'universal-logout/credentials.json');
const kept = () => JSON.parse(fs.readFileSync(file(), 'utf8'));
const run = (...args: string[]) => runCli([...args, '--url', server.url], env);
const expire = () => {
  const all = kept();
  for (const tokens of Object.values(all) as { expiresAt: string }[]) tokens.expiresAt = '2026-01-01T00:00:00.000Z';
  fs.writeFileSync(file(), JSON.stringify(all));
};

/** Runs login, and lets the person do `answer` with the code that it shows. */
async function login(answer: (code: string) => Promise<unknown> = server.approve, ...more: string[]) {
  return runCliWatched(['login', '--url', server.url, ...more], env, async (printed) => {
    const code = /\b[A-Z]{4}-[A-Z]{4}\b/.exec(printed)?.[0];
    if (code) await answer(code);
    return code !== undefined;
  });
}

/** What login leaves behind, without its wait of five seconds before it first asks for the tokens. */
async function signIn() {
  type Answer = Record<string, string>;
  const metadata = (await (await fetch(`${server.url}/.well-known/openid-configuration`)).json()) as Answer;
  const post = async (address: string, form: Answer) => {
    const body = new URLSearchParams({ client_id: 'cli', ...form });
    return (await (await fetch(String(metadata[address]), { method: 'POST', body })).json()) as Answer;
  };
  const scope = 'openid profile email offline_access';
  const { device_code, user_code } = await post('device_authorization_endpoint', { scope });
  await server.approve(String(user_code));
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  const tokens = await post('token_endpoint', { grant_type, device_code: String(device_code) });
  const expiresAt = new Date(Date.now() + Number(tokens.expires_in) * 1000).toISOString();
  fs.mkdirSync(path.dirname(file()), { recursive: true });
  const own = { accessToken: tokens.access_token, refreshToken: tokens.refresh_token, expiresAt };
  fs.writeFileSync(file(), JSON.stringify({ [server.url]: own }));
}

describe('login', () => {
  it('shows the address and the code, waits, and keeps the tokens for their owner alone', async () => {
    const { code, stdout, stderr } = await login();
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`${server.url}/device`) });
    expect(stdout).toMatch(/E-mail +trinity@whiterabbit\.fake/);
    expect(Object.keys(kept())).toEqual([server.url]);
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(file())).mode & 0o777).toBe(0o700);
    expect(fs.readdirSync(path.dirname(file()))).toEqual(['credentials.json']);
    for (const { accessToken, refreshToken } of Object.values(kept()) as Record<string, string>[])
      for (const secret of [accessToken, refreshToken]) expect(stdout + stderr).not.toContain(secret);
  });

  it('answers one document with --json, and the code as another beside it', async () => {
    const { stdout, stderr } = await login(server.approve, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ id: 'usr_1', email: 'trinity@whiterabbit.fake', url: server.url });
    expect(JSON.parse(stderr)).toMatchObject({ address: `${server.url}/device`, code: expect.any(String) });
  });

  it('says that it was refused', async () => {
    const { code, stderr } = await login(server.deny);
    expect([code, stderr]).toEqual([1, expect.stringContaining('The sign-in was refused.')]);
    expect(fs.existsSync(file())).toBe(false);
  });

  it('ends the sign-in that it replaces', async () => {
    await signIn();
    const before = await server.liveGrants();
    await login();
    expect(await server.liveGrants()).toBe(before);
    expect((await run('whoami')).code).toBe(0);
  });
});

describe('whoami', () => {
  it('says who, also as JSON', async () => {
    await signIn();
    expect((await run('whoami')).stdout).toMatch(/Organisation +White Rabbit/);
    expect(JSON.parse((await run('whoami', '--json')).stdout)).toMatchObject({ orgSlug: 'whiterabbit' });
  });

  it('asks to log in where nobody is', async () => {
    const { code, stderr } = await run('whoami', '--json');
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'not_signed_in']);
  });

  it('refreshes an access token that has expired, and keeps the new ones', async () => {
    await signIn();
    const before = kept()[server.url];
    expire();
    expect((await run('whoami')).code).toBe(0);
    expect(kept()[server.url].refreshToken).not.toBe(before.refreshToken);
    expect(Date.parse(kept()[server.url].expiresAt)).toBeGreaterThan(Date.now());
  });

  it('refreshes once for many commands at the same moment', async () => {
    await signIn();
    expire();
    const before = server.refreshes();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => run('whoami')));
    expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map(() => 0));
    expect(server.refreshes() - before).toBe(1);
    expect((await run('whoami')).code).toBe(0);
  });

  it.each([
    ['session_revoked', /^Your organisation signed you out at \d\d:\d\d\. Run login again\.\n$/],
    ['session_ended', /^You signed out at \d\d:\d\d\. Run login again\.\n$/],
    ['invalid_token', /^Your sign-in no longer counts\. Run login again\.\n$/],
  ])('says why it ended (%s), fails, and forgets the tokens; whether they had expired or not', async (why, message) => {
    for (const expired of [false, true]) {
      await signIn();
      if (expired) expire();
      await server.revoke({ code: why, signedOutAt: new Date().toISOString() });
      const { code, stdout, stderr } = await run('whoami');
      expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
      expect(kept()).toEqual({});
      expect((await run('whoami')).stderr).toContain('Run login first.');
    }
  });

  it('forgets nothing while the server is away', async () => {
    await signIn();
    expire();
    server.setUnavailable(true);
    const { code, stderr } = await run('whoami', '--json');
    server.setUnavailable(false);
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'unavailable']);
    expect((await run('whoami')).code).toBe(0);
  });

  it('says so when its file cannot be understood', async () => {
    fs.mkdirSync(path.dirname(file()), { recursive: true });
    fs.writeFileSync(file(), '{"x": 1');
    const { code, stderr } = await run('whoami');
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot be understood')]);
  });
});

describe('logout', () => {
  it('ends the sign-in at the server and here', async () => {
    await signIn();
    const before = await server.liveGrants();
    expect((await run('logout')).stdout).toBe(`You are signed out at ${server.url}.\n`);
    expect(await server.liveGrants()).toBe(before - 1);
    expect(kept()).toEqual({});
    expect(await run('logout')).toMatchObject({ code: 1, stderr: expect.stringContaining('Run login first.') });
  });

  it('keeps what it could not end', async () => {
    await signIn();
    server.setUnavailable(true);
    expect((await run('logout')).code).toBe(1);
    server.setUnavailable(false);
    expect((await run('whoami')).code).toBe(0);
  });
});

describe('each of them', () => {
  it.each(['login', 'whoami', 'logout'])(
    '%s never sends tokens in the clear, and takes an origin alone',
    async (name) => {
      for (const url of ['http://app.example.com', 'ftp://localhost', 'localhost', 'https://app.example.com/path'])
        expect(await runCli([name, '--url', url], env), url).toMatchObject({ code: 2, stdout: '' });
    },
  );

  it('keeps servers apart', async () => {
    await signIn();
    expect((await runCli(['whoami', '--url', 'http://localhost:4'], env)).stderr).toContain('not signed in');
  });
});
