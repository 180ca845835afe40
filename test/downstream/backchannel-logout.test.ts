import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import type { ClaimedForward } from '../../src/downstream/forward.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type PlantedApp, plantApp } from '../tokens/planted-apps.ts';
import { sendLogout, signInAt } from './support.ts';

const redirectUri = 'https://app.fake/callback';

let product: Product;
let receiver: Server;
let app: PlantedApp;
let uri: string;
/** Answers to come, the first first; then 204. */
let answers: { status: number; headers?: Record<string, string> }[] = [];
let heard: string[] = [];

beforeAll(async () => {
  product = await startProduct();
  receiver = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    heard.push(new URLSearchParams(body).get('logout_token') ?? `${req.headers['content-type']}`);
    const { status, headers } = answers.shift() ?? { status: 204 };
    res.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  uri = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/backchannel-logout`;
  const web = { kind: 'oidc' as const, redirectUris: [redirectUri], backchannelLogoutUri: uri };
  app = await plantApp(product, product.orgs.whiterabbit, web);
  // The tests send by themselves: of the product nothing comes meanwhile.
  await product.context.prisma.app.updateMany({ data: { state: 'paused' } });
});
afterAll(async () => {
  receiver.close();
  await product.stop();
});
beforeEach(() => {
  answers = [];
  heard = [];
});

const issuer = () => `${product.url}/orgs/${app.orgId}`;

/** The `sid` that the app gets at a sign-in in a new browser. */
const signInThere = async () => signInAt(product, app, redirectUri, await product.signIn());

const send = (change: Partial<ClaimedForward> = {}, settings: object = { backchannelLogoutUri: uri }) =>
  sendLogout(product, app, { redirectUris: [redirectUri], ...settings }, change);

const told = () => heard.map((token) => decodeJwt(token).sid ?? null);

it('names each session that ended, then the person, and never a fresh sign-in', async () => {
  const [first, second] = [await signInThere(), await signInThere()];
  expect((await product.revoke()).status).toBe(204);
  expect(await send()).toEqual({ result: 'delivered', status: 204 });
  expect(told()).toEqual([second, first, null]);
  const keys = createRemoteJWKSet(new URL(`${issuer()}/oauth/jwks`));
  const seen = new Set<unknown>();
  for (const token of heard) {
    const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer: issuer(), audience: app.id });
    expect(protectedHeader).toMatchObject({ typ: 'logout+jwt', alg: 'RS256' });
    expect(payload).toMatchObject({
      sub: product.orgs.whiterabbit.userId,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(payload).not.toHaveProperty('nonce');
    expect(Number(payload.exp) - Number(payload.iat)).toBe(120);
    seen.add(payload.jti);
  }
  expect(seen.size).toBe(3);

  // Told once; the person has signed in there again since, and an old forward comes late.
  const third = await signInThere();
  heard = [];
  expect(await send()).toEqual({ result: 'left_out', status: null, error: 'signed_in' });
  expect(told()).toEqual([]);
  expect((await product.revoke()).status).toBe(204);
  const fourth = await signInThere();
  await send();
  expect(told()).toEqual([third]);
  heard = [];
  expect(await send({ sid: fourth })).toEqual({ result: 'delivered', status: 204 });
  expect(told()).toEqual([fourth]);
});

it('goes on where a try broke off, and forgets no session for the refusal of another', async () => {
  const [first, second] = [await signInThere(), await signInThere()];
  await product.revoke();
  answers = [{ status: 204 }, { status: 503, headers: { 'retry-after': '7' } }];
  expect(await send()).toEqual({ result: 'again', status: 503, error: 'unavailable', afterMs: 7_000 });
  expect(told()).toEqual([second, first]);
  heard = [];
  answers = [{ status: 400 }];
  expect(await send()).toEqual({ result: 'dead', status: 400, error: 'refused' });
  expect(told()).toEqual([first, null]);
});

it.each([
  [429, 'again', 'asked_to_wait'],
  [408, 'again', 'unavailable'],
  [500, 'again', 'unavailable'],
  [401, 'again', 'not_authorized'],
  [404, 'dead', 'refused'],
  [422, 'dead', 'refused'],
])('takes %i for %s', async (status, result, error) => {
  answers = [{ status }];
  expect(await send({ sid: 'of-this-app' })).toEqual({ result, status, error });
});

it('follows no redirect, calls no address of our own network, and needs an endpoint', async () => {
  answers = [{ status: 302, headers: { location: uri } }];
  expect(await send({ sid: 'x' })).toEqual({ result: 'dead', status: null, error: 'redirect' });
  expect(heard).toHaveLength(1);
  const inside = { backchannelLogoutUri: 'https://10.0.0.1/logout' };
  expect(await send({ sid: 'x' }, inside)).toEqual({ result: 'dead', status: null, error: 'refused_address' });
  const nobody = { backchannelLogoutUri: 'http://127.0.0.1:1/logout' };
  expect(await send({ sid: 'x' }, nobody)).toEqual({ result: 'again', status: null, error: 'network' });
  expect(await send({ sid: 'x' }, {})).toEqual({ result: 'left_out', status: null, error: 'no_endpoint' });
});

it('signs as the org that registered the app, whatever address and client id it registered', async () => {
  // Org B's endpoint and client id, registered by org A: B's receiver trusts B's issuer alone.
  const { metacortex } = product.orgs;
  const person = { orgId: metacortex.id, userId: metacortex.userId, sid: 'a-sid-of-b' };
  expect((await send(person)).result).toBe('delivered');
  const keys = createRemoteJWKSet(new URL(`${issuer()}/oauth/jwks`));
  await expect(jwtVerify(heard[0] as string, keys)).rejects.toThrow();
  expect(decodeJwt(heard[0] as string).iss).toBe(`${product.url}/orgs/${metacortex.id}`);
});

it('hears of a session that ends by time where it asks for that, once, and not where it does not', async () => {
  const { pool } = product.context;
  const silent = await signInThere();
  const expire = (sid: string) =>
    pool.query(
      `UPDATE sessions s SET idle_expires_at = now() - interval '1 second' FROM app_sessions t
       WHERE t.org_id = s.org_id AND t.session_id = s.id AND t.id = $1`,
      [sid],
    );
  await expire(silent);
  const tidy = async () => {
    while (!(await clean(pool, chores))) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await tidy();
  const planned = async () => (await pool.query('SELECT sid, "full", status FROM forwards')).rows;
  expect((await planned()).filter(({ sid }) => sid !== null)).toEqual([]);

  await pool.query(`UPDATE apps SET settings = settings || '{"tellExpired": true}' WHERE id = $1`, [app.id]);
  const alive = await signInThere();
  const late = await signInThere();
  await expire(late);
  await tidy();
  await tidy();
  const expired = (await planned()).filter(({ sid }) => sid !== null);
  const sids = expired.map(({ sid }) => sid);
  expect(sids.toSorted()).toEqual([silent, late].toSorted());
  expect(sids).not.toContain(alive);
  expect(expired).toMatchObject([{ full: false }, { full: false }]);
  await pool.query(`UPDATE apps SET state = 'enabled' WHERE id = $1`, [app.id]);
  while (!(await planned()).filter(({ sid }) => sid !== null).every(({ status }) => status === 'delivered'))
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(told()).toEqual(expect.arrayContaining([silent, late]));
  expect(told()).not.toContain(alive);
});
