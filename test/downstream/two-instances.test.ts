import { afterAll, beforeAll, expect, it } from 'vitest';
import { byOperator } from '../../src/by.ts';
import { createConnections } from '../../src/connections/connections.ts';
import { discover } from '../../src/connections/discovery.ts';
import { gtrSettings, oidcSettings } from '../../src/downstream/app-settings.ts';
import { createApps } from '../../src/downstream/apps.ts';
import { createForwards } from '../../src/downstream/forwards.ts';
import type { Browser } from '../support/browser.ts';
import { plantUsers, statusOfMe } from '../support/planted-sessions.ts';
import { type Product, startProduct } from '../support/product.ts';
import { newBrowser, walk } from '../tokens/support.ts';

/** Two installations that know nothing of each other: a database, keys and people of its own each. */
let here: Product;
let there: Product;

beforeAll(async () => {
  here = await startProduct();
  there = await startProduct();
});
afterAll(async () => {
  await there.stop();
  await here.stop();
});

const org = (product: Product) => product.orgs.whiterabbit.id;
const issuerOf = (product: Product) => `${product.url}/orgs/${org(product)}`;
const appsOf = (product: Product) => createApps({ ...product.context, appFetch: product.context.webhookFetch });

/** At `product`, the other installation's organisation as an identity provider that an operator trusts. */
async function trust(product: Product, other: Product, client: { id: string; secret: string }) {
  const { context } = product;
  const orgId = org(product);
  const found = await discover(context.guardedFetch, issuerOf(other));
  const connections = createConnections(context);
  const given = { ...found, clientId: client.id, clientSecret: client.secret };
  const { id } = await connections.addConnection(orgId, given, byOperator);
  await connections.vouchForConnection(orgId, id, byOperator);
  const domain = await context.prisma.domain.findFirstOrThrow({ where: { orgId } });
  await context.prisma.domainConnection.create({
    data: { orgId, domainId: domain.id, connectionId: id },
  });
  return id;
}

/** `product` passes sign-outs on to `other`, by JWTs that its organisation signs. */
async function passOn(product: Product, other: Product): Promise<void> {
  const endpoint = `${other.url}/global-token-revocation`;
  const settings = gtrSettings.parse({ endpoint, auth: { method: 'signed_jwt', clientId: 'its-neighbour' } });
  await appsOf(product).add(org(product), { kind: 'gtr', name: 'The other', settings }, byOperator);
  await trust(other, product, { id: 'its-neighbour', secret: 'shown to nobody' });
}

async function until<T>(ask: () => Promise<T>, condition: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (condition(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('an installation whose people sign in through the other’s organisation is told by back-channel logout', async () => {
  const settings = oidcSettings.parse({
    redirectUris: [`${there.url}/openid/callback/whiterabbit`],
    backchannelLogoutUri: `${there.url}/openid/backchannel-logout/whiterabbit`,
  });
  const form = { kind: 'oidc' as const, name: 'The other', settings };
  const app = await appsOf(here).add(org(here), form, byOperator);
  const connection = await trust(there, here, { id: app.id, secret: app.clientSecret as string });
  // Two browsers stand for one: cookies know no ports, and both installations are on localhost.
  const signInThere = async (atHome: Browser) => {
    const browser = newBrowser(there);
    const start = await browser.get(`${there.url}/openid/start/whiterabbit?connection=${connection}`);
    const { page, next } = await walk(here, atHome, await atHome.get(start.headers.get('location') as string));
    if (!next?.href.startsWith(there.url)) throw new Error(`${page.status} ${next?.href}\n${page.text}`);
    const back = await browser.finish(next.href);
    if (back.status !== 200) throw new Error(`${back.status}\n${back.text}`);
    return browser;
  };
  const whoThere = async (browser: Browser) => (await browser.get(`${there.url}/api/users/me`)).status;

  const browser = await signInThere(await here.signIn());
  expect(await whoThere(browser)).toBe(200);
  const stranger = newBrowser(there);
  expect(await whoThere(stranger)).toBe(401);
  expect((await here.revoke()).status).toBe(204);
  await until(
    () => whoThere(browser),
    (status) => status === 401,
  );
});

it('one sign-out ends everywhere, and two that pass on to each other stop', async () => {
  await passOn(here, there);
  await passOn(there, here);
  const [person] = await plantUsers(here, 1);
  const email = person?.email as string;
  const [twin] = await plantUsers(there, 1);
  await there.context.pool.query('UPDATE users SET email = $2, email_key = $2 WHERE id = $1', [twin?.id, email]);
  expect(await statusOfMe(there.url, twin?.cookies[0] as string)).toBe(200);

  expect((await here.revoke({ format: 'email', email })).status).toBe(204);
  await until(
    () => statusOfMe(there.url, twin?.cookies[0] as string),
    (status) => status === 401,
  );
  const forwardsAt = (product: Product, user: string) =>
    createForwards({ ...product.context, wake: () => {} }).list(org(product), { user }, { after: null, limit: 100 });
  const revocationsAt = async (product: Product, user: string) =>
    (await product.context.pool.query('SELECT FROM revocations WHERE user_id = $1', [user])).rowCount;
  // Here to there, and back from there: what comes back ended nothing here, and goes no further.
  await until(
    () => revocationsAt(here, person?.id as string),
    (count) => count === 2,
  );
  const isQuiet = async (product: Product) =>
    (
      await product.context.pool.query(
        `SELECT WHERE EXISTS (SELECT FROM forward_outbox) OR EXISTS (SELECT FROM forwards WHERE status = 'pending')`,
      )
    ).rowCount === 0;
  await until(
    async () => (await isQuiet(here)) && (await isQuiet(there)) && (await isQuiet(here)),
    (quiet) => quiet,
  );
  const rows = await forwardsAt(here, person?.id as string);
  expect(rows.map(({ status, error }) => [status, error])).toEqual([
    ['left_out', 'echo'],
    ['delivered', null],
  ]);
  expect(await forwardsAt(there, twin?.id as string)).toMatchObject([{ status: 'delivered', httpStatus: 204 }]);
  expect(await revocationsAt(there, twin?.id as string)).toBe(1);
});

it('what is signed for another audience is refused there, on record on both sides', async () => {
  const endpoint = `${there.url}/global-token-revocation`;
  const auth = { method: 'signed_jwt' as const, clientId: 'its-neighbour', audience: 'https://elsewhere.fake/' };
  const settings = gtrSettings.parse({ endpoint, auth });
  const app = await appsOf(here).add(org(here), { kind: 'gtr', name: 'Misled', settings }, byOperator);
  const [person] = await plantUsers(here, 1);
  expect((await here.revoke({ format: 'email', email: person?.email })).status).toBe(204);
  const refused = await until(
    async () =>
      (await here.context.pool.query('SELECT status, error, http_status FROM forwards WHERE app_id = $1', [app.id]))
        .rows,
    (rows) => rows[0]?.error !== null && rows.length === 1,
  );
  expect(refused).toEqual([{ status: 'pending', error: 'not_authorized', http_status: 401 }]);
  const told = await until(
    async () =>
      (
        await there.context.pool.query(
          `SELECT detail ->> 'reason' AS reason FROM audit_events WHERE action = 'call.refused' AND org_id = $1`,
          [org(there)],
        )
      ).rows,
    (rows) => rows.some(({ reason }) => reason === 'audience'),
  );
  expect(told).not.toContainEqual({ reason: null });
});
