import { setTimeout } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBrowser, hasLoginForm } from '../support/browser.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { type Product, startProduct, twin } from '../support/product.ts';
import { type Client, provision } from './support.ts';

const neo = { email: 'neo@whiterabbit.fake', password: 'Neo-and-123$' };

let product: Product;
let client: Client & { orgId: string };
let other: string;
beforeAll(async () => {
  product = await startProduct({ processes: 1 });
  client = await provision(product);
  other = product.nodes[1] ?? '';
});
afterAll(() => product?.stop());

const createUsers = (createUsers: boolean) =>
  product.context.prisma.org.update({ where: { id: client.orgId }, data: { createUsers } });
const me = (browser: Browser, node = other) => browser.get(`${node}/api/users/me`);
const newBrowser = () => createBrowser({ baseUrl: product.url });
type Browser = ReturnType<typeof newBrowser>;

/** Authenticates at the IdP and stops before the callback. */
async function begin(org = 'whiterabbit') {
  const browser = newBrowser();
  const step = await browser.beginSignIn({ appUrl: product.url, org });
  return { browser, callback: await browser.submitLogin(step, neo) };
}

/** Enters the callback at the other node. */
async function enter({ browser, callback }: Awaited<ReturnType<typeof begin>>) {
  const { pathname, search } = new URL(callback);
  const page = await browser.finish(`${other}${pathname}${search}`);
  return { asked: hasLoginForm(page), page, me: (await me(browser)).status };
}

describe('a sign-in that was under way when the person was removed', () => {
  let id: string;
  beforeEach(async () => {
    await createUsers(true);
    const { body } = await client.search('/Users', `userName eq "${neo.email}"`);
    for (const left of body.Resources) await client.remove(`/Users/${left.id}`);
    id = (await client.user(neo.email)).id;
  });
  const remove = async (which = id) => expect((await client.remove(`/Users/${which}`)).status).toBe(204);
  const rename = async (address: string) => {
    const changed = await client.patch(`/Users/${id}`, [
      { op: 'replace', value: { userName: address, emails: [{ value: address, primary: true }] } },
    ]);
    expect(changed.status).toBe(200);
  };
  const stale = { asked: true, me: 401 };

  it.each([
    ['who had signed in before', true],
    ['who had never signed in', false],
  ])('makes nobody new of somebody %s, on another node', async (_who, linked) => {
    if (linked) await product.signIn('whiterabbit', neo);
    const underWay = await begin();
    await remove();
    expect(await enter(underWay)).toMatchObject(stale);
    expect((await client.search('/Users', `userName eq "${neo.email}"`)).body.totalResults).toBe(0);
  });

  it.each([
    ['who had signed in before', true],
    ['who had never signed in', false],
  ])('signs nobody in who was provisioned anew, %s', async (_who, linked) => {
    await createUsers(false);
    if (linked) await product.signIn('whiterabbit', neo);
    const underWay = await begin();
    await remove();
    await client.user(neo.email);
    expect(await enter(underWay)).toMatchObject(stale);
  });

  it.each([
    ['provisioned', false],
    ['let in', true],
  ])('signs nobody in who was %s anew, and has signed in since', async (_how, create) => {
    await createUsers(create);
    const underWay = await begin();
    await remove();
    if (!create) await client.user(neo.email);
    const browser = await product.signIn('whiterabbit', neo);
    expect(await enter(underWay)).toMatchObject(stale);
    expect((await me(browser)).status).toBe(200);
  });

  it('is known by its subject where the address is another', async () => {
    await product.signIn('whiterabbit', neo);
    await rename('moved@whiterabbit.fake');
    const underWay = await begin();
    await remove();
    expect(await enter(underWay)).toMatchObject(stale);
  });

  it('makes nobody of an address that somebody gave up', async () => {
    const underWay = await begin();
    await rename('one@whiterabbit.fake');
    expect(await enter(underWay)).toMatchObject(stale);
    await remove();
  });

  it('signs nobody in when somebody of the name came and went while a person was being made', async () => {
    await remove();
    const underWay = await begin();
    let entered: ReturnType<typeof enter> | undefined;
    let passing: PoolClient | undefined;
    await whileLocked(
      product,
      async (blocker) => {
        passing = blocker;
        await blocker.query(
          `INSERT INTO users (org_id, id, email, email_key, name) VALUES ($1, 'usr_passing', $2, $2, 'Passing')`,
          [client.orgId, neo.email],
        );
      },
      async () => {
        entered = enter(underWay);
        await waitForLock(product, 1);
        await passing?.query(
          `UPDATE users SET email_key = 'gone@whiterabbit.fake', generation = 1 WHERE id = 'usr_passing'`,
        );
      },
    );
    expect(await entered).toMatchObject(stale);
  });

  it('lets the person in who signs in afresh, and is asked to authenticate for it', async () => {
    const browser = await product.signIn('whiterabbit', neo);
    const before = (await me(browser)).json().id;
    await remove();
    expect((await me(browser)).status).toBe(401);
    // Right after it the IdP is told to ask at once; later it answers by itself.
    await setTimeout(5_100);
    const silent = await browser.beginSignIn({ appUrl: product.url, org: 'whiterabbit' });
    const form = await browser.finish(silent.callbackUrl ?? '');
    expect([hasLoginForm(form), (await me(browser)).status]).toEqual([true, 401]);
    await browser.finish(await browser.submitLogin({ page: form }, neo));
    const after = await me(browser);
    expect(after.status).toBe(200);
    expect(after.json().id).not.toBe(before);
    expect(before).toBe(id);
  });

  it('is another matter in another organisation, whose namesake completes and stays', async () => {
    const signedIn = await product.signIn('metacortex', twin);
    const namesake = await product.signIn('metacortex', neo);
    const underWay = await begin('metacortex');
    await remove();
    expect(await enter(underWay)).toMatchObject({ asked: false, me: 200 });
    for (const browser of [signedIn, namesake]) expect((await me(browser)).status).toBe(200);
  });
});
