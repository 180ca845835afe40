import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Browser } from '../support/browser.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { approveDevice, beginDevice, poll } from '../tokens/support.ts';
import { type Env, runCli, runCliAtTerminal, runCliWatched } from './processes.ts';

let product: Product;
let browser: Browser;
let env: Env;
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'universal-logout-api-'));
beforeAll(async () => {
  product = await startProduct();
  await product.context.prisma.user.updateMany({ where: { email: trinity.email }, data: { role: 'owner' } });
});
afterAll(async () => {
  await product.stop();
  fs.rmSync(home, { recursive: true, force: true });
});
let homes = 0;
beforeEach(async () => {
  homes += 1;
  env = { XDG_CONFIG_HOME: path.join(home, String(homes)), DATA_DIR: path.join(home, 'none') };
  browser = await product.signIn();
});

const file = () => path.join(String(env.XDG_CONFIG_HOME), 'universal-logout/credentials.json');
const kept = () => JSON.parse(fs.readFileSync(file(), 'utf8'))[product.url];
const keep = (tokens: object, url = product.url) => {
  fs.mkdirSync(path.dirname(file()), { recursive: true });
  fs.writeFileSync(file(), JSON.stringify({ [url]: tokens }));
};
const urlOf = (server: Server) => `http://localhost:${(server.address() as AddressInfo).port}`;
/** What login --admin leaves behind, without its wait. */
async function signIn(scope = 'openid email profile offline_access admin') {
  const { device_code, user_code } = await beginDevice(product, { scope });
  await approveDevice(product, browser, user_code);
  const { body } = await poll(product, device_code);
  const expiresAt = new Date(Date.now() + Number(body.expires_in) * 1000).toISOString();
  keep({ accessToken: body.access_token, refreshToken: body.refresh_token, expiresAt });
}
const args = (...given: string[]) => ['api', ...given, '--url', product.url];
const api = (...given: string[]) => runCli(args(...given), env);
const neo = async () => {
  await product.signIn('whiterabbit', { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' });
  return JSON.parse((await api('get', '/api/orgs/current/users?search=neo')).stdout).items[0].id as string;
};

describe('api', () => {
  it('prints the JSON of what login --admin opens', async () => {
    const { code } = await runCliWatched(['login', '--admin', '--url', product.url], env, async (printed) => {
      const code = /\b[A-Z]{4}-[A-Z]{4}\b/.exec(printed)?.[0];
      if (code) await approveDevice(product, browser, code);
      return code !== undefined;
    });
    expect(code).toBe(0);
    const { stdout, stderr } = await api('GET', '/api/orgs/current');
    expect([JSON.parse(stdout).slug, stderr]).toEqual(['whiterabbit', '']);
  });

  it('sends data, as JSON or from a file', async () => {
    await signIn();
    const id = await neo();
    const changed = await api('PATCH', `/api/orgs/current/users/${id}`, '--data', '{"role": "admin"}');
    expect(JSON.parse(changed.stdout)).toMatchObject({ id, role: 'admin' });
    const data = path.join(home, 'data.json');
    fs.writeFileSync(data, '{"role": "member"}');
    const again = await api('patch', `/api/orgs/current/users/${id}`, '--data', `@${data}`);
    expect(JSON.parse(again.stdout)).toMatchObject({ id, role: 'member' });
  });

  it('refreshes a token that has expired', async () => {
    await signIn();
    const before = kept();
    keep({ ...before, expiresAt: '2026-01-01T00:00:00.000Z' });
    expect((await api('GET', '/api/orgs/current')).code).toBe(0);
    expect(kept().refreshToken).not.toBe(before.refreshToken);
  });

  it('fails with the problem’s own text', async () => {
    await signIn();
    const { code, stdout, stderr } = await api('GET', '/api/orgs/current/users/nobody', '--json');
    expect([code, stdout, JSON.parse(stderr).error.code]).toEqual([1, '', 'not_found']);
    const gone = await api('GET', '/nothing');
    expect([gone.code, gone.stderr]).toEqual([1, 'There is nothing at this address.\n']);
  });

  it('prints what is no JSON as it comes', async () => {
    await signIn();
    expect((await api('GET', '/assets/icon.svg')).stdout).toBe(fs.readFileSync('src/web/assets/icon.svg', 'utf8'));
  });

  it.each([
    ['no login at all', async () => {}, 'Run login first.'],
    ['a login without --admin', () => signIn('openid email profile offline_access'), 'Run login --admin.'],
  ])('says what to do with %s', async (_what, begin, says) => {
    await begin();
    expect(await api('GET', '/api/orgs/current')).toMatchObject({ code: 1, stderr: expect.stringContaining(says) });
  });

  it('says to log in again where the last authentication is too long ago', async () => {
    await signIn();
    await product.context.pool.query(`UPDATE grants SET authenticated_at = now() - interval '2 hours'`);
    const id = product.orgs.whiterabbit.userId;
    const refused = await api('PATCH', `/api/orgs/current/users/${id}`, '--data', '{}');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Run login --admin again.') });
  });

  it('shows what would end, and ends it only when that is confirmed', async () => {
    await signIn();
    const path = `/api/orgs/current/users/${await neo()}/revocations`;
    const sessions = () =>
      product.context.prisma.session.count({ where: { revokedAt: null, user: { email: 'neo@whiterabbit.fake' } } });
    const before = await sessions();
    const unsure = await api('POST', path, '--data', '{}');
    expect([unsure.code, await sessions()]).toEqual([1, before]);
    expect(unsure.stderr).toContain('neo@whiterabbit.fake');
    expect(unsure.stderr).toContain('--yes');
    const no = await runCliAtTerminal(args('POST', path, '--data', '{}'), env, 'no\n');
    expect([no.code, await sessions()]).toEqual([1, before]);
    const yes = await runCliAtTerminal(args('POST', path, '--data', '{}'), env, 'yes\n');
    expect([yes.code, await sessions()]).toEqual([0, 0]);
    await neo();
    const done = await api('POST', path, '--data', '{"reason": {"person": "Lost laptop"}}', '--yes');
    expect(JSON.parse(done.stdout)).toMatchObject({ sessionsEnded: 1 });
  });

  it.each([
    ['text/html', '<h1>Conflict</h1>'],
    ['application/json', '<h1>Conflict</h1>'],
    ['application/json', 'null'],
  ])('takes a conflict that a proxy answers as %s with %s for what it is', async (type, conflict) => {
    await signIn();
    const proxy = createServer(async (req, res) => {
      if (req.method === 'POST') {
        res.writeHead(409, { 'content-type': type }).end(conflict);
        return;
      }
      const { authorization } = req.headers;
      const answer = await fetch(product.url + req.url, { headers: { ...(authorization && { authorization }) } });
      const text = (await answer.text()).replaceAll(product.url, urlOf(proxy));
      res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(text);
    });
    await once(proxy.listen(0, 'localhost'), 'listening');
    keep(kept(), urlOf(proxy));
    const refused = await runCli(['api', 'POST', '/api/orgs/current/webhooks', '--url', urlOf(proxy)], env);
    proxy.close();
    expect(refused).toMatchObject({ code: 1, stderr: 'The server answered 409.\n' });
  });

  it('sends its token to no other server, however the path is written', async () => {
    await signIn();
    for (const path of ['//evil.example/x', '/\\evil.example/x', '/\t/evil.example/x'])
      expect(await api('GET', path), path).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('is not a path of'),
      });
  });

  it.each([
    ['an unknown method', ['TRACE', '/api/orgs/current']],
    ['an address', ['GET', 'http://localhost/api']],
    ['data that is no JSON', ['POST', '/api/orgs/current', '--data', '{']],
    ['a file that is not there', ['POST', '/api/orgs/current', '--data', '@/nowhere']],
  ])('refuses %s', async (_what, given) => {
    expect((await api(...given)).code).toBe(2);
  });
});
