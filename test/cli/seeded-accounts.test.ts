import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedOrgs } from '../../src/cli/seed-data.ts';
import { createBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { removeDataDir, startDev } from './processes.ts';

// The demo's two shared accounts, from the outside: what `npm run dev` makes of them.

let dev: ReturnType<typeof startDev>;
let url: string;
let lights: string;
const dataDir = path.join(mkdtempSync(path.join(os.tmpdir(), 'seeded-accounts-')), 'data');
beforeAll(start);
afterAll(async () => {
  await stop();
  removeDataDir(dataDir);
});

async function start() {
  const port = await freePort();
  dev = startDev({ DATA_DIR: dataDir, PORT: String(port), IDP_PORT: '0' });
  const printed = await dev.ready;
  url = `http://localhost:${port}`;
  lights = /(http:\/\/localhost:\d+) {2}Lights/.exec(printed)?.[1] as string;
}
async function stop() {
  dev?.child.kill('SIGTERM');
  await dev?.outcome;
}

/** Signs somebody in through the demo identity provider. */
async function signIn(name: string) {
  const browser = createBrowser({ baseUrl: url });
  let page = await browser.follow(await browser.get('/openid/start/1'));
  page = await browser.follow(
    await browser.submitForm(page, { email: `${name}@whiterabbit.fake`, password: 'Zion123$' }),
  );
  return browser;
}
type Account = { id: string; name: string; userName: string; version: number; state: string };
const accountsOf = async (browser: Awaited<ReturnType<typeof signIn>>) => {
  const answer = await browser.get('/api/users/me/accounts');
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json<{ items: Account[] }>().items;
};

type Who = Awaited<ReturnType<typeof signIn>>;
async function reveal(browser: Who, { id }: Account): Promise<string> {
  const answer = await browser.post(`/api/users/me/accounts/${id}/reveal`, { json: {} });
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json<{ password: string }>().password;
}
const named = (accounts: readonly Account[], name: string) => accounts.find((each) => each.name === name) as Account;

async function revokeTrinity(): Promise<number> {
  const answer = await fetch(`${url}/global-token-revocation`, {
    method: 'POST',
    headers: { authorization: `Bearer ${seedOrgs[0]?.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sub_id: { format: 'email', email: 'trinity@whiterabbit.fake' } }),
  });
  return answer.status;
}
async function haveVersion(browser: Who, wanted: number): Promise<boolean> {
  const accounts = await accountsOf(browser);
  return accounts.length === 2 && accounts.every(({ version }) => version === wanted);
}

/** Whether a password signs in at the PostgreSQL of development, or at the lights. */
async function isRightAtReports(password: string): Promise<boolean> {
  const port = Number(readFileSync(path.join(dataDir, 'postgres/port'), 'utf8'));
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'reports', password, database: 'postgres' });
  client.on('error', () => {});
  const outcome = await client.connect().then(
    () => true,
    (error: { code?: string }) => error.code,
  );
  await client.end();
  if (outcome !== true && outcome !== '28P01') throw new Error(`unexpected: ${outcome}`);
  return outcome === true;
}
async function isRightAtLights(password: string): Promise<boolean> {
  const browser = createBrowser({ baseUrl: lights });
  const answer = await browser.submitForm(await browser.get('/'), { user: 'crew', password });
  return answer.status === 303 && (await browser.get('/')).text.includes('Signed in as crew');
}

it('are changed by one sign-out of Trinity: Neo reads the new passwords, she does once she signs in afresh', async () => {
  const [trinity, neo] = [await signIn('trinity'), await signIn('neo')];
  const before = await accountsOf(trinity);
  expect(before.map(({ name, userName }) => [name, userName])).toEqual([
    ['Lights', 'crew'],
    ['Reports', 'reports'],
  ]);
  const old = {
    lights: await reveal(trinity, named(before, 'Lights')),
    reports: await reveal(trinity, named(before, 'Reports')),
  };
  expect([await isRightAtLights(old.lights), await isRightAtReports(old.reports)]).toEqual([true, true]);
  expect(await isRightAtReports('anything')).toBe(false);

  expect(await revokeTrinity()).toBe(204);
  const refused = await trinity.post(`/api/users/me/accounts/${named(before, 'Lights').id}/reveal`, { json: {} });
  expect(refused.status).toBe(401);

  await expect.poll(() => haveVersion(neo, 2), { timeout: 120_000 }).toBe(true);
  const areSteady = async () => (await accountsOf(neo)).every(({ state }) => state === 'steady');
  await expect.poll(areSteady, { timeout: 120_000 }).toBe(true);
  expect([await isRightAtLights(old.lights), await isRightAtReports(old.reports)]).toEqual([false, false]);
  const after = await accountsOf(neo);
  const current = {
    lights: await reveal(neo, named(after, 'Lights')),
    reports: await reveal(neo, named(after, 'Reports')),
  };
  expect([await isRightAtLights(current.lights), await isRightAtReports(current.reports)]).toEqual([true, true]);
  const again = await signIn('trinity');
  expect(await reveal(again, named(after, 'Reports'))).toBe(current.reports);
});

it('are the same after another start, by the passwords of then, and are changed where they are now', async () => {
  const neo = await signIn('neo');
  const before = await accountsOf(neo);
  const passwords = [await reveal(neo, named(before, 'Lights')), await reveal(neo, named(before, 'Reports'))] as const;
  await stop();
  await start();
  const again = await signIn('neo');
  const after = await accountsOf(again);
  expect(after.map(({ id, version }) => [id, version])).toEqual(before.map(({ id, version }) => [id, version]));
  expect([await isRightAtLights(passwords[0]), await isRightAtReports(passwords[1])]).toEqual([true, true]);
  expect(await reveal(again, named(after, 'Lights'))).toBe(passwords[0]);

  expect(await revokeTrinity()).toBe(204);
  await expect.poll(() => haveVersion(again, 3), { timeout: 120_000 }).toBe(true);
  expect([await isRightAtLights(passwords[0]), await isRightAtReports(passwords[1])]).toEqual([false, false]);
  expect(await isRightAtLights(await reveal(again, named(after, 'Lights')))).toBe(true);
});
