import { setTimeout as delay } from 'node:timers/promises';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chores } from '../../src/context.ts';
import { clean } from '../../src/database/chores.ts';
import { createJsonCli } from '../cli/processes.ts';
import { type Product, startProduct } from '../support/product.ts';
import { refresh, tokensOf } from './support.ts';

let product: Product;
let nodes: [string, string];
const { cli, refusal } = createJsonCli(() => ({
  DATABASE_URL: product.databaseUrl,
  ENCRYPTION_KEYS: product.env.ENCRYPTION_KEYS,
}));
type Listed = { id: string; state: string; signsFrom: string; goesAt: string | null };

beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  nodes = product.nodes as [string, string];
});
afterAll(() => product?.stop());

const jwksOf = async (node: string) => (await fetch(`${node}/oauth/jwks`)).json() as Promise<JSONWebKeySet>;
const idsOf = async (node: string) => (await jwksOf(node)).keys.map(({ kid }) => kid as string).toSorted();
const query = (text: string, values: unknown[] = []) => product.context.pool.query(text, values);

async function until(hold: () => Promise<boolean>): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 20_000; await delay(200)) if (await hold()) return;
  throw new Error(`never came to hold: ${hold}`);
}

/** An app that signs in anew at one node all the time, and asks the other for the keys. */
function startApp(at: string, other: string) {
  let done = false;
  const signers: string[] = [];
  const running = (async () => {
    let { refresh_token: token } = await tokensOf(product);
    while (!done) {
      const { status, body } = await refresh(product, token, { at });
      expect(status).toBe(200);
      token = body.refresh_token;
      const idToken = body.id_token as string;
      await jwtVerify(idToken, createLocalJWKSet(await jwksOf(other)), { issuer: product.url, audience: 'mobile-app' });
      signers.push(decodeProtectedHeader(idToken).kid as string);
    }
  })();
  running.catch(() => {});
  return {
    /** By which keys its ID tokens were signed, as they came; each once. */
    signers: () => [...new Set(signers)],
    last: () => signers.at(-1),
    async stop() {
      done = true;
      await running;
    },
  };
}

describe('keys rotate --signing', () => {
  let apps: ReturnType<typeof startApp>[] = [];
  beforeEach(() => {
    apps = [startApp(nodes[0], nodes[1]), startApp(nodes[1], nodes[0])];
  });
  afterEach(async () => {
    for (const app of apps) await app.stop();
  });
  const allSignWith = (id: string) => until(async () => apps.every((app) => app.last() === id));
  const allPublish = (ids: string[]) =>
    until(async () => (await Promise.all(nodes.map(idsOf))).every((found) => `${found}` === `${ids.toSorted()}`));

  it('publishes a new key ahead, signs with it later, keeps the old one a day: every ID token verifies', async () => {
    await until(async () => apps.every((app) => app.last() !== undefined));
    const [{ id: old }] = (await cli('keys', 'status')).signing as [Listed];
    const [made, before] = (await cli('keys', 'rotate', '--signing')) as [Listed, Listed];
    expect([made.state, before.state, before.id]).toEqual(['published', 'signs', old]);
    const inSeconds = (Date.parse(made.signsFrom) - Date.now()) / 1000;
    expect(Math.abs(inSeconds - 24 * 3600)).toBeLessThan(60);
    expect(Date.parse(before.goesAt ?? '') - Date.parse(made.signsFrom)).toBe(24 * 3_600_000);
    expect(await refusal('keys', 'rotate', '--signing')).toMatchObject({ exit: 1, code: 'conflict' });
    await allPublish([old, made.id]);
    expect(apps.map((app) => app.signers())).toEqual([[old], [old]]);

    const [sooner] = (await cli('keys', 'rotate', '--signing', '--now')) as [Listed];
    expect(sooner.id).toBe(made.id);
    expect(Date.parse(sooner.signsFrom) - Date.now()).toBeLessThan(61_000);
    expect(Date.parse(sooner.signsFrom) - Date.now()).toBeGreaterThan(50_000);
    // The minute has passed.
    await query('UPDATE signing_keys SET active_from = now() WHERE id = $1', [made.id]);
    await allSignWith(made.id);
    expect(apps.map((app) => app.signers())).toEqual([
      [old, made.id],
      [old, made.id],
    ]);
    await clean(product.context.pool, chores);
    await allPublish([old, made.id]);
    // A day has passed.
    await query(`UPDATE signing_keys SET active_from = active_from - interval '25 hours'`);
    await clean(product.context.pool, chores);
    await allPublish([made.id]);
    expect((await cli('keys', 'status')).signing).toMatchObject([{ id: made.id, state: 'signs', goesAt: null }]);
  });

  it('goes on while all that is stored is sealed anew', async () => {
    await until(async () => apps.every((app) => app.last() !== undefined));
    const signer = apps[0]?.last();
    await cli('keys', 'rotate');
    await delay(1_000);
    expect(apps.map((app) => app.signers())).toEqual([[signer], [signer]]);
  });
});

it('after a leak the old keys are gone at once, the one that was published ahead too', async () => {
  await tokensOf(product);
  await cli('keys', 'rotate', '--signing');
  const [made, ...others] = (await cli('keys', 'rotate', '--signing', '--leaked')) as Listed[];
  expect([made?.state, others]).toEqual(['signs', []]);
  await until(async () => (await Promise.all(nodes.map(idsOf))).every((ids) => `${ids}` === made?.id));
  const { id_token: idToken } = await tokensOf(product);
  expect(decodeProtectedHeader(idToken as string).kid).toBe(made?.id);
});

it('keeps publishing the keys while they cannot be read again', async () => {
  const before = await idsOf(nodes[1]);
  await query('ALTER TABLE signing_keys RENAME TO signing_keys_away');
  try {
    await delay(10_500);
    expect(await idsOf(nodes[1])).toEqual(before);
  } finally {
    await query('ALTER TABLE signing_keys_away RENAME TO signing_keys');
  }
});
