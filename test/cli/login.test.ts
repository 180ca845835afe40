import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { revokeOrgAccess } from '../../src/revocation/revoke-access.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { approveDevice, beginDevice, poll } from '../tokens/support.ts';
import { type Env, environmentOf, finished, runCli, runCliWatched } from './processes.ts';

let product: Product;
/** Where trinity approves. */
let browser: Browser;
let env: Env;
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-home-'));
beforeAll(async () => {
  product = await startProduct();
  browser = await product.signIn();
});
afterAll(async () => {
  await product.stop();
  fs.rmSync(home, { recursive: true, force: true });
});
let homes = 0;
beforeEach(() => {
  homes += 1;
  env = { XDG_CONFIG_HOME: path.join(home, String(homes)), DATA_DIR: path.join(home, 'none') };
});

const file = () => path.join(String(env.XDG_CONFIG_HOME), 'universal-logout/credentials.json');
const kept = () => JSON.parse(fs.readFileSync(file(), 'utf8'));
const keep = (tokens: object) => {
  fs.mkdirSync(path.dirname(file()), { recursive: true });
  fs.writeFileSync(file(), JSON.stringify({ [product.url]: tokens }));
};
const run = (...args: string[]) => runCli([...args, '--url', product.url], env);
const expire = () => keep({ ...kept()[product.url], expiresAt: '2026-01-01T00:00:00.000Z' });
const grants = async () => {
  const { rows } = await product.context.pool.query<{ id: string }>(
    `SELECT id FROM live_grants WHERE client_id = 'cli' ORDER BY created_at`,
  );
  return rows.map(({ id }) => id);
};
const refreshTokens = () => product.context.prisma.token.count({ where: { kind: 'RefreshToken' } });
/** A sign-in of trinity's own that no revocation so far has ended. */
const approve = async (code: string) => {
  if ((await browser.get('/api/users/me')).status !== 200) {
    browser = createBrowser({ baseUrl: product.url });
    await browser.signIn({ appUrl: product.url, org: 'whiterabbit', ...trinity });
  }
  expect((await approveDevice(product, browser, code)).text).toContain('is signed in');
};

/** Runs login, and lets the person do `answer` with the code that it shows. */
async function login(answer: (code: string) => Promise<unknown> = approve, ...more: string[]) {
  return runCliWatched(['login', '--url', product.url, ...more], env, async (printed) => {
    const code = /\b[A-Z]{4}-[A-Z]{4}\b/.exec(printed)?.[0];
    if (code) await answer(code);
    return code !== undefined;
  });
}

/**
 * What login leaves behind, without its wait of five seconds before it first asks for the tokens.
 */
async function signIn() {
  const { device_code, user_code } = await beginDevice(product);
  await approve(user_code);
  const { body } = await poll(product, device_code);
  const expiresAt = new Date(Date.now() + Number(body.expires_in) * 1000).toISOString();
  keep({ accessToken: body.access_token, refreshToken: body.refresh_token, expiresAt });
}

/** The server gives no usable answer while `work` runs. */
async function whileAway(work: () => Promise<void>) {
  await product.context.pool.query('ALTER TABLE tokens RENAME TO tokens_away');
  await work().finally(() => product.context.pool.query('ALTER TABLE tokens_away RENAME TO tokens'));
}

describe('login', () => {
  it('shows the address and the code, waits, and keeps the tokens for their owner alone', async () => {
    const { code, stdout, stderr } = await login();
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`${product.url}/oauth/device`) });
    expect(stdout).toMatch(/E-mail +trinity@whiterabbit\.fake/);
    expect(Object.keys(kept())).toEqual([product.url]);
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(file())).mode & 0o777).toBe(0o700);
    expect(fs.readdirSync(path.dirname(file()))).toEqual(['credentials.json']);
    for (const { accessToken, refreshToken } of Object.values(kept()) as Record<string, string>[])
      for (const secret of [accessToken, refreshToken]) expect(stdout + stderr).not.toContain(secret);
  });

  it('answers one document with --json, and the code as another beside it', async () => {
    const { stdout, stderr } = await login(approve, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      id: product.orgs.whiterabbit.userId,
      email: trinity.email,
      url: product.url,
    });
    expect(JSON.parse(stderr)).toMatchObject({ address: `${product.url}/oauth/device`, code: expect.any(String) });
  });

  it('says that it was refused', async () => {
    const { code, stderr } = await login(async (code) => {
      const first = await browser.get('/oauth/device');
      const confirm = await browser.submitForm(first, { user_code: code }, 'user_code');
      await browser.submitForm(confirm, { abort: 'yes' }, 'user_code');
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining('The sign-in was refused.')]);
    expect(fs.existsSync(file())).toBe(false);
  });

  it('ends the sign-in that it replaces', async () => {
    await signIn();
    const before = await grants();
    await login();
    const after = await grants();
    expect([after.length, after.at(-1) === before.at(-1)]).toEqual([before.length, false]);
    expect((await run('whoami')).code).toBe(0);
  });

  it('goes on waiting while the server is away for a moment', async () => {
    const { code, stdout } = await login(async (userCode) => {
      await approve(userCode);
      // Longer than the five seconds after which it asks for the tokens.
      await whileAway(() => delay(6_500));
    });
    expect([code, stdout]).toEqual([0, expect.stringContaining(trinity.email)]);
  });

  it('asks less often when it is told to slow down', async () => {
    const { pool } = product.context;
    const slowedDown = async () =>
      (await pool.query(`SELECT FROM tokens WHERE kind = 'DeviceCode' AND poll_seconds = 10`)).rowCount === 1;
    let told = 0;
    const { code, stdout } = await login(async (userCode) => {
      // Its first question, after five seconds, comes too early.
      await pool.query(`UPDATE tokens SET poll_after = now() + interval '7 seconds' WHERE kind = 'DeviceCode'`);
      await expect.poll(slowedDown, { timeout: 15_000 }).toBe(true);
      told = performance.now();
      await approve(userCode);
    });
    expect([code, stdout]).toEqual([0, expect.stringContaining(trinity.email)]);
    expect(performance.now() - told).toBeGreaterThan(9_000);
  });

  it('does not complete when the person is revoked between the approval and its next question', async () => {
    const { code, stdout, stderr } = await login(async (userCode) => {
      await approve(userCode);
      expect((await product.revoke()).status).toBe(204);
    });
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('Run login again.')]);
    expect(fs.existsSync(file())).toBe(false);
  });
});

describe('whoami', () => {
  it('says who, also as JSON', async () => {
    await signIn();
    expect((await run('whoami')).stdout).toMatch(/Organisation +whiterabbit/);
    expect(JSON.parse((await run('whoami', '--json')).stdout)).toMatchObject({ orgSlug: 'whiterabbit' });
  });

  it('refreshes an access token that is over before its time', async () => {
    await signIn();
    const { refreshToken } = kept()[product.url];
    await product.context.pool.query(`UPDATE tokens SET expires_at = now() WHERE kind = 'AccessToken'`);
    expect((await run('whoami')).code).toBe(0);
    expect(kept()[product.url].refreshToken).not.toBe(refreshToken);
  });

  it('asks to log in where nobody is', async () => {
    const { code, stderr } = await run('whoami', '--json');
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'not_signed_in']);
  });

  it('refreshes an access token that has expired, and keeps the new ones', async () => {
    await signIn();
    const before = kept()[product.url];
    expire();
    expect((await run('whoami')).code).toBe(0);
    expect(kept()[product.url].refreshToken).not.toBe(before.refreshToken);
    expect(Date.parse(kept()[product.url].expiresAt)).toBeGreaterThan(Date.now());
  });

  it.each(['in one process', 'in processes of their own'])(
    'refreshes once for many commands at once, %s',
    async (how) => {
      await signIn();
      expire();
      const before = await refreshTokens();
      const inProcess = () =>
        finished(
          spawn(process.execPath, ['src/cli/main.ts', 'whoami', '--url', product.url], { env: environmentOf(env) }),
        );
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => (how === 'in one process' ? run('whoami') : inProcess())),
      );
      expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual(outcomes.map(() => [0, '']));
      expect((await refreshTokens()) - before).toBe(1);
      expect((await run('whoami')).code).toBe(0);
    },
  );

  const byOrganisation = /^Your organisation signed you out at \d\d:\d\d\. Run login again\.\n$/;
  const ends: [string, RegExp, () => Promise<unknown>][] = [
    ['their identity provider revoked', byOrganisation, () => product.revoke()],
    [
      'everybody in the organisation was signed out',
      byOrganisation,
      () =>
        revokeOrgAccess(product.context.pool, {
          orgId: product.orgs.whiterabbit.id,
          initiator: 'operator',
          by: byOperator,
        }),
    ],
    [
      'they ended it on their page',
      /^You signed out at \d\d:\d\d\. Run login again\.\n$/,
      async () => browser.delete(`/api/users/me/sessions/${(await grants()).at(-1)}`),
    ],
    [
      'they signed out everywhere else',
      /^You signed out at \d\d:\d\d\. Run login again\.\n$/,
      () => browser.post('/api/users/me/sessions/revoke', { json: { keepCurrent: true } }),
    ],
    [
      'it was idle for too long',
      /^Your sign-in expired at \d\d:\d\d\. Run login again\.\n$/,
      async () =>
        product.context.pool.query(
          `UPDATE grants SET idle_expires_at = now() - interval '1 second' WHERE id = ANY ($1)`,
          [await grants()],
        ),
    ],
    [
      'nobody knows the tokens',
      /^Your sign-in no longer counts\. Run login again\.\n$/,
      async () => keep({ ...kept()[product.url], accessToken: 'x', refreshToken: 'y' }),
    ],
  ];
  it.each(ends)(
    'says that %s, fails, and forgets the tokens; whether they had expired or not',
    async (_end, text, end) => {
      for (const expired of [false, true]) {
        await signIn();
        await end();
        if (expired) expire();
        const { code, stdout, stderr } = await run('whoami');
        expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(text) });
        expect(kept()).toEqual({});
        expect((await run('whoami')).stderr).toContain('Run login first.');
      }
    },
  );

  it('says why their organisation ended it, and whom to turn to', async () => {
    const owner = await plantAdministrator(product, 'owner');
    const { userId } = product.orgs.whiterabbit;
    expect((await owner.send('PATCH', '/policies', { helpText: 'Help desk\n+1 555 0100' })).status).toBe(200);
    await signIn();
    const body = { reason: { person: 'Your laptop was found.' } };
    const { confirmation } = (await owner.send('POST', `/users/${userId}/revocations`, body)).body;
    const ended = await owner.send('POST', `/users/${userId}/revocations`, { ...body, confirmation });
    expect(ended.status).toBe(200);
    expect((await run('whoami')).stderr).toMatch(
      /^Your organisation signed you out at \d\d:\d\d: Your laptop was found\. Run login again\.\nWhom to turn to: Help desk\n\+1 555 0100\n$/,
    );
    expect((await owner.send('PATCH', '/policies', { helpText: null })).status).toBe(200);
  });

  it('forgets nothing while the server is away', async () => {
    await signIn();
    expire();
    await whileAway(async () => {
      const { code, stderr } = await run('whoami', '--json');
      expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'unavailable']);
    });
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
    const own = (await grants()).at(-1);
    expect((await run('logout')).stdout).toBe(`You are signed out at ${product.url}.\n`);
    expect(await grants()).not.toContain(own);
    expect(kept()).toEqual({});
    expect(await run('logout')).toMatchObject({ code: 1, stderr: expect.stringContaining('Run login first.') });
  });

  it('is the person’s sign-out: with global logout on it ends all they have, which a login anew does not', async () => {
    const where = { id: product.orgs.whiterabbit.id };
    await product.context.prisma.org.updateMany({ where, data: { globalLogout: true } });
    const other = await product.signIn();
    await signIn();
    expect((await login()).code).toBe(0);
    expect((await other.get('/api/users/me')).status).toBe(200);
    expect((await run('logout')).code).toBe(0);
    expect((await other.get('/api/users/me')).status).toBe(401);
    await product.context.prisma.org.updateMany({ where, data: { globalLogout: false } });
  });

  it('of what has ended already is done', async () => {
    await signIn();
    expect((await product.revoke()).status).toBe(204);
    expect((await run('logout')).code).toBe(0);
    expect(kept()).toEqual({});
  });

  it('keeps what it could not end', async () => {
    await signIn();
    await whileAway(async () => {
      expect((await run('logout')).code).toBe(1);
    });
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
