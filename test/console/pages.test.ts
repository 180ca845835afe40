import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { type Product, startProduct } from '../support/product.ts';
import { consolePaths, filledWith, plantOrgWithEverything } from './world.ts';

// Every page of the console, as everybody: a page that is forgotten here fails the first test.

let product: Product;
let ids: Readonly<Record<string, string>>;
let theirs: Readonly<Record<string, string>>;
let cookies: Record<'owner' | 'super_admin' | 'admin' | 'member', string>;

beforeAll(async () => {
  product = await startProduct();
  ids = await plantOrgWithEverything(product, 'whiterabbit');
  theirs = await plantOrgWithEverything(product, 'metacortex');
  const roles = ['owner', 'super_admin', 'admin', 'member'] as const;
  const planted = await Promise.all(roles.map((role) => plantAdministrator(product, role)));
  cookies = Object.fromEntries(roles.map((role, index) => [role, planted[index]?.cookie])) as typeof cookies;
});
afterAll(() => product?.stop());

const get = (path: string, cookie?: string) =>
  fetch(product.url + path, {
    redirect: 'manual',
    headers: { accept: 'text/html', ...(cookie ? { cookie } : {}) },
  });
const post = (path: string, cookie: string, form: Record<string, string>) =>
  fetch(product.url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form),
  });
it('are all known here', async () => {
  const paths = await consolePaths(product);
  expect(paths.map((path) => filledWith(path, ids)).filter((path) => path.includes('{'))).toEqual([]);
  expect(paths.length).toBeGreaterThan(4);
});

/** Asks for every page, and returns what isn't as it should be. */
async function wrongOf(
  ask: (path: string) => Promise<Response>,
  check: (answer: { status: number; text: string; path: string; location: string | null; headers: Headers }) => boolean,
  paths: readonly string[],
  values = ids,
) {
  const wrong: unknown[] = [];
  for (const pattern of paths) {
    const path = filledWith(pattern, values);
    const response = await ask(path);
    const { status, headers } = response;
    const answer = { status, headers, path, location: headers.get('location'), text: await response.text() };
    if (!check(answer)) wrong.push({ pattern, status, location: answer.location, text: answer.text.slice(0, 9_000) });
  }
  return wrong;
}

describe('every page', () => {
  const titles = /<title>[^<]+ · Universal Logout<\/title>/;
  const inline = / style=| on[a-z]+="|<script(?! type="module" src="\/assets\/)/;
  const unfilled = /\bundefined\b|\[object |\bNaN\b|Invalid Date/;

  it('opens for an owner, with one heading and a title, never to be stored, without anything inline', async () => {
    const wrong = await wrongOf(
      (path) => get(path, cookies.owner),
      ({ status, text, headers }) =>
        status === 200 &&
        headers.get('cache-control') === 'no-store' &&
        text.match(/<h1[ >]/g)?.length === 1 &&
        titles.test(text) &&
        !inline.test(text) &&
        !unfilled.test(text),
      await consolePaths(product),
    );
    expect(wrong).toEqual([]);
  });

  it('opens for other administrators, or says that it is not for them', async () => {
    const paths = await consolePaths(product);
    for (const role of ['super_admin', 'admin'] as const)
      expect(
        await wrongOf(
          (path) => get(path, cookies[role]),
          ({ status, text }) => [200, 403].includes(status) && text.includes('id="menu"'),
          paths,
        ),
      ).toEqual([]);
  });

  it('is not for members, who learn who administers', async () => {
    const check = ({ status, text }: { status: number; text: string }) => status === 403 && !text.includes('id="menu"');
    expect(await wrongOf((path) => get(path, cookies.member), check, await consolePaths(product))).toEqual([]);
  });

  it('leads whoever is not signed in to the sign-in, and back', async () => {
    const check = ({ status, location, path }: { status: number; location: string | null; path: string }) =>
      status === 303 && location === `/?${new URLSearchParams({ returnTo: path }).toString()}`;
    expect(await wrongOf((path) => get(path), check, await consolePaths(product))).toEqual([]);
  });

  it('shows nothing of another organisation', async () => {
    const named = (await consolePaths(product)).filter((path) => path.includes('{'));
    expect(named.length).toBeGreaterThan(3);
    expect(
      await wrongOf(
        (path) => get(path, cookies.owner),
        ({ status }) => status === 404,
        named,
        theirs,
      ),
    ).toEqual([]);
  });

  it('does nothing by a button that it doesn’t have, and nothing for another site', async () => {
    const paths = await consolePaths(product, 'post');
    const byUnknown = (path: string) =>
      post(path, cookies.owner, { do: 'constructor', once: `mark-${crypto.randomUUID()}` });
    expect(await wrongOf(byUnknown, ({ status }) => status === 400, paths)).toEqual([]);
    const fromElsewhere = (path: string) =>
      fetch(product.url + path, {
        method: 'POST',
        headers: { cookie: cookies.owner, 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
      });
    expect(await wrongOf(fromElsewhere, ({ status }) => status === 403, paths)).toEqual([]);
  });
});

describe('every page of an account, beside one’s own', () => {
  /** Who manages the account, and has no role. */
  let manager: string;
  beforeAll(async () => {
    const planted = await plantAdministrator(product, 'member');
    const owner = await plantAdministrator(product, 'owner');
    await owner.send('POST', `/accounts/${ids['/accounts']}/rights`, { userId: planted.id, right: 'manage' });
    manager = planted.cookie;
  });
  const paths = (method?: 'get' | 'post') => consolePaths(product, method, '/accounts');

  it('opens for whoever manages it, and has no menu of the console', async () => {
    expect((await paths()).length).toBeGreaterThan(4);
    const wrong = await wrongOf(
      (path) => get(path, manager),
      ({ status, text, headers }) =>
        status === 200 &&
        headers.get('cache-control') === 'no-store' &&
        text.match(/<h1[ >]/g)?.length === 1 &&
        !/ style=| on[a-z]+="|<script(?! type="module" src="\/assets\/)/.test(text) &&
        !/\bundefined\b|\[object |\bNaN\b|Invalid Date|href="\/admin/.test(text) &&
        !text.includes('id="menu"'),
      await paths(),
    );
    expect(wrong).toEqual([]);
  });

  it('is closed to members without a right, and to other organisations', async () => {
    const named = (await paths()).filter((path) => path.includes('{'));
    const isClosed = ({ status, text }: { status: number; text: string }) =>
      [403, 404].includes(status) && !text.includes('db.internal') && !text.includes('Longname');
    expect(await wrongOf((path) => get(path, cookies.member), isClosed, named)).toEqual([]);
    expect(await wrongOf((path) => get(path, manager), isClosed, named, theirs)).toEqual([]);
  });

  it('leads whoever is not signed in to the sign-in, and back', async () => {
    const check = ({ status, location, path }: { status: number; location: string | null; path: string }) =>
      status === 303 && location === `/?${new URLSearchParams({ returnTo: path }).toString()}`;
    expect(await wrongOf((path) => get(path), check, await paths())).toEqual([]);
  });

  it('does nothing by a button that it doesn’t have, and nothing for another site', async () => {
    const byUnknown = (path: string) => post(path, manager, { do: 'constructor', once: `mark-${crypto.randomUUID()}` });
    expect(await wrongOf(byUnknown, ({ status }) => status === 400, await paths('post'))).toEqual([]);
    const fromElsewhere = (path: string) =>
      fetch(product.url + path, {
        method: 'POST',
        headers: { cookie: manager, 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
      });
    expect(await wrongOf(fromElsewhere, ({ status }) => status === 403, await paths('post'))).toEqual([]);
  });
});
