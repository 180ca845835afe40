import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { lightsAdmin, lightsUser } from '../../src/cli/seed-accounts.ts';
import { crmClientId, seedApps } from '../../src/cli/seed-apps.ts';
import { startDemoApps } from '../../src/demo-apps/demo-apps.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { createSignAsOrg, orgIssuer } from '../../src/signing/org-keys.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';
import { newBrowser, walk } from '../tokens/support.ts';

const people = [
  { name: 'Trinity', email: trinity.email },
  { name: 'Neo', email: 'neo@whiterabbit.fake' },
];

let product: Product;
let demo: Awaited<ReturnType<typeof startDemoApps>>;
let orgId: string;
beforeAll(async () => {
  product = await startProduct();
  orgId = product.orgs.whiterabbit.id;
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'lights-')), 'lights.json');
  demo = await startDemoApps(0, { lights: { file, user: lightsUser, admin: lightsAdmin } });
  const client = await seedApps(product.context, orgId, demo.urls);
  const known = { org: 'White Rabbit', issuer: orgIssuer(product.context.config, orgId) };
  demo.serve({ wiki: { ...known, ...client }, crm: { ...known, clientId: crmClientId, people } });
});
afterAll(async () => {
  await demo?.stop();
  await product?.stop();
});

async function signInAtWiki(browser: Browser): Promise<Browser> {
  const asked = await walk(product, browser, await browser.get(`${demo.urls.wiki}/login`));
  if (!asked.next?.href.startsWith(`${demo.urls.wiki}/callback`)) throw new Error(`${asked.next}\n${asked.page.text}`);
  await browser.get(asked.next.href, { crossSite: true });
  return browser;
}
async function signInAtCrm(email: string): Promise<Browser> {
  const browser = createBrowser({ baseUrl: demo.urls.crm });
  await browser.follow(await browser.submitForm(await browser.get('/'), { email }));
  return browser;
}
const isIn = async (browser: Browser, url: string) => (await browser.get(`${url}/still-signed-in`)).status === 204;
const page = async (browser: Browser, url: string) => (await browser.get(`${url}/`)).text;

describe('after a revocation', () => {
  it('both apps say who was signed out, and by what; others stay; a fresh sign-in counts', async () => {
    const wiki = await signInAtWiki(await product.signIn());
    const [crm, neo] = [await signInAtCrm(trinity.email), await signInAtCrm('neo@whiterabbit.fake')];
    expect(await page(wiki, demo.urls.wiki)).toContain(trinity.email);
    expect(await page(crm, demo.urls.crm)).toContain(trinity.email);

    expect((await product.revoke()).status).toBe(204);
    await expect.poll(() => isIn(wiki, demo.urls.wiki), { timeout: 60_000 }).toBe(false);
    await expect.poll(() => isIn(crm, demo.urls.crm), { timeout: 60_000 }).toBe(false);
    expect(await page(wiki, demo.urls.wiki)).toMatch(
      /you were signed out[\s\S]*White Rabbit[\s\S]*back-channel logout/,
    );
    expect(await page(crm, demo.urls.crm)).toMatch(
      /you were signed out[\s\S]*White Rabbit[\s\S]*Global Token Revocation/,
    );
    expect(await isIn(neo, demo.urls.crm)).toBe(true);

    expect(await isIn(await signInAtWiki(await product.signIn()), demo.urls.wiki)).toBe(true);
    expect(await isIn(await signInAtCrm(trinity.email), demo.urls.crm)).toBe(true);
  });

  it('a browser that was never here, or left by itself, is told nothing', async () => {
    for (const url of Object.values(demo.urls))
      expect(await page(newBrowser(product), url)).not.toContain('you were signed out');
    const crm = await signInAtCrm(trinity.email);
    await crm.follow(await crm.submitForm(await crm.get('/'), {}));
    expect(await page(crm, demo.urls.crm)).toContain('Sign in as');
    expect(await page(crm, demo.urls.crm)).not.toContain('you were signed out');
  });
});

describe('the CRM takes calls', () => {
  const endpoint = () => `${demo.urls.crm}/global-token-revocation`;
  const now = () => Math.floor(Date.now() / 1000);
  const claims = () => ({ jti: randomUUID(), sub: crmClientId, aud: endpoint(), iat: now(), exp: now() + 300 });
  const sign = (changed: object = {}, { org = orgId, typ = 'global-token-revocation+jwt' } = {}) =>
    createSignAsOrg(product.context)(org, { typ }, { ...claims(), ...changed });
  const call = async (token: string, body: unknown = { sub_id: { format: 'email', email: trinity.email } }) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return (await fetch(endpoint(), { method: 'POST', headers, body: JSON.stringify(body) })).status;
  };
  let crm: Browser;
  beforeEach(async () => {
    crm = await signInAtCrm(trinity.email);
  });

  it.each([
    ['of another organisation', () => sign({}, { org: product.orgs.metacortex.id })],
    ['for another address', () => sign({ aud: 'https://other.fake/global-token-revocation' })],
    ['for another client', () => sign({ sub: 'another' })],
    ['of another type', () => sign({}, { typ: 'logout+jwt' })],
    ['from yesterday', () => sign({ iat: now() - 86_400, exp: now() - 86_100 })],
    ['without an id', () => sign({ jti: undefined })],
    ['that is none', async () => 'x.y.z'],
  ])('but none by a JWT %s', async (_what, make) => {
    expect(await call(await make())).toBe(401);
    expect(await isIn(crm, demo.urls.crm)).toBe(true);
  });

  it('once, and about people whom it knows', async () => {
    expect(await call(await sign(), { sub_id: { format: 'email', email: 'nobody@whiterabbit.fake' } })).toBe(404);
    for (const body of [{}, { sub_id: { format: 'opaque', id: 'x' } }, { sub_id: { format: 'email', email: 7 } }])
      expect(await call(await sign(), body)).toBe(400);
    const token = await sign();
    expect(await call(token)).toBe(204);
    expect(await isIn(crm, demo.urls.crm)).toBe(false);
    const again = await signInAtCrm(trinity.email);
    expect(await call(token)).toBe(401);
    expect(await isIn(again, demo.urls.crm)).toBe(true);
  });
});

it('docs/administrators.md configures an Express app word for word as the wiki is', () => {
  const read = (file: string) => readFileSync(path.resolve(import.meta.dirname, '../..', file), 'utf8');
  const configurationIn = (text: string) =>
    /oidc\.auth\(\{(.*?)\n *\}\)/s
      .exec(text)?.[1]
      ?.split('\n')
      .map((line) => line.trim());
  const documented = configurationIn(read('docs/administrators.md'));
  expect(documented?.length).toBeGreaterThan(5);
  expect(documented).toEqual(configurationIn(read('src/demo-apps/wiki.ts')));
});

describe('the seed', () => {
  const apps = () => createApps({ ...product.context, appFetch: product.context.webhookFetch });
  const events = () => product.context.prisma.auditEvent.count({ where: { orgId, targetType: 'app' } });

  it('keeps what is there, and what a developer changed', async () => {
    const before = await seedApps(product.context, orgId, demo.urls);
    const crm = (await apps().list(orgId)).find(({ kind }) => kind === 'gtr');
    await apps().change(orgId, crm?.id ?? '', { state: 'paused' }, byOperator);
    const count = await events();
    expect(await seedApps(product.context, orgId, demo.urls)).toEqual(before);
    expect(await events()).toBe(count);
    expect(await apps().list(orgId)).toMatchObject([{ state: 'paused' }, { state: 'enabled' }]);
    await apps().change(orgId, crm?.id ?? '', { state: 'enabled' }, byOperator);
  });

  it('follows other ports, and makes a secret where the old one is lost', async () => {
    const before = await seedApps(product.context, orgId, demo.urls);
    const moved = { wiki: 'http://localhost:1', crm: 'http://localhost:2' };
    expect(await seedApps(product.context, orgId, moved)).toEqual(before);
    expect((await apps().list(orgId)).map(({ settings }) => settings)).toMatchObject([
      { endpoint: 'http://localhost:2/global-token-revocation' },
      { redirectUris: ['http://localhost:1/callback'], backchannelLogoutUri: 'http://localhost:1/backchannel-logout' },
    ]);
    const data = { clientSecret: 'sealed by a key that is gone' };
    await product.context.prisma.app.updateMany({ where: { orgId, kind: 'oidc' }, data });
    const made = await seedApps(product.context, orgId, demo.urls);
    expect(made.clientId).toBe(before.clientId);
    expect(made.clientSecret).not.toBe(before.clientSecret);
    expect(await seedApps(product.context, orgId, demo.urls)).toEqual(made);
  });
});
