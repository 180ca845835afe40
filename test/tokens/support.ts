import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts';
import type { Product } from '../support/product.ts';

export type TokenAnswer = {
  status: number;
  headers: Headers;
  body: {
    access_token: string;
    refresh_token?: string;
    id_token?: string;
    expires_in?: number;
    scope?: string;
    error?: string;
    [member: string]: unknown;
  };
};

export const mobileRedirect = 'http://127.0.0.1:51234/callback';
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const scope = 'openid email profile offline_access';

type Params = Record<string, string | undefined>;
export type Started = ReturnType<typeof startOf>;

const given = (params: Params) =>
  Object.fromEntries(Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** A request of the code flow as an app makes it. */
export function startOf(product: Pick<Product, 'url'>, params: Params = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const query = given({
    response_type: 'code',
    client_id: 'mobile-app',
    redirect_uri: mobileRedirect,
    scope,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...params,
  });
  const redirectUri = params.redirect_uri ?? mobileRedirect;
  return {
    url: `${product.url}/oauth/authorize?${new URLSearchParams(query)}`,
    verifier,
    state,
    redirectUri,
    clientId: params.client_id ?? 'mobile-app',
  };
}

/** The page that asks whether an app may be signed in. */
export const asksForYes = (page: { text: string }) => page.text.includes('name="seal"');

/**
 * Follows redirects within the product, and says yes where a page asks; stops before one that
 * leaves it, or at another page.
 */
export async function walk(
  product: Pick<Product, 'url'>,
  browser: Browser,
  first: BrowserResponse,
  until: (url: URL) => boolean = () => false,
): Promise<{ page: BrowserResponse; next?: URL }> {
  let page = first;
  for (let step = 0; step < 12; step += 1) {
    const location = page.headers.get('location');
    if (location === null && asksForYes(page)) {
      page = await browser.submitForm(page, {}, 'seal');
      continue;
    }
    if (location === null) return { page };
    const next = new URL(location, page.url);
    if (next.origin !== product.url || until(next)) return { page, next };
    page = await browser.get(next.href);
  }
  throw new Error('too many redirects');
}

/** The code for a browser that is signed in. */
export async function codeOf(product: Product, browser: Browser, started: Started): Promise<string> {
  const { next, page } = await walk(product, browser, await browser.get(started.url));
  if (!next?.href.startsWith(started.redirectUri.split('?')[0] as string))
    throw new Error(`no code: ${page.status} ${next?.href}\n${page.text}`);
  expect(next.searchParams.get('state')).toBe(started.state);
  expect(next.searchParams.get('iss')).toBe(product.url);
  const code = next.searchParams.get('code');
  if (!code) throw new Error(`no code: ${next.href}`);
  return code;
}

/** Posts a form to an endpoint of the authorization server, as an app does. */
export async function post(
  product: Pick<Product, 'url'>,
  path: string,
  form: Params,
  { at = product.url, headers = {} as Record<string, string> } = {},
): Promise<TokenAnswer> {
  const response = await fetch(`${at}${path}`, { method: 'POST', body: new URLSearchParams(given(form)), headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} };
}

export function exchange(
  product: Pick<Product, 'url'>,
  started: Started,
  code: string,
  params: Params = {},
  at?: string,
): Promise<TokenAnswer> {
  const form = {
    grant_type: 'authorization_code',
    code,
    client_id: started.clientId,
    redirect_uri: started.redirectUri,
    code_verifier: started.verifier,
    ...params,
  };
  return post(product, '/oauth/token', form, at === undefined ? {} : { at });
}

export function refresh(
  product: Pick<Product, 'url'>,
  token: string | undefined,
  { clientId = 'mobile-app', at = product.url } = {},
): Promise<TokenAnswer> {
  const form = { grant_type: 'refresh_token', refresh_token: token, client_id: clientId };
  return post(product, '/oauth/token', form, { at });
}

/** A whole sign-in of an app in a browser that is signed in, or in a new one. */
export async function tokensOf(product: Product, params: Params = {}, browser?: Browser): Promise<TokenAnswer['body']> {
  const started = startOf(product, params);
  const code = await codeOf(product, browser ?? (await product.signIn()), started);
  const answer = await exchange(product, started, code);
  expect(answer.status).toBe(200);
  return answer.body;
}

export async function api(
  product: Pick<Product, 'url'>,
  token: string,
  { method = 'GET', path = '/api/users/me', json = undefined as unknown, headers = {}, at = product.url } = {},
) {
  const response = await fetch(`${at}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: json === undefined ? null : JSON.stringify(json),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null };
}

export async function beginDevice(product: Pick<Product, 'url'>, params: Params = {}) {
  const answer = await post(product, '/oauth/device/code', { client_id: 'cli', scope, ...params });
  expect(answer.status).toBe(200);
  return answer.body as unknown as {
    device_code: string;
    user_code: string;
    verification_uri: string;
    verification_uri_complete: string;
    interval: number;
  };
}

export function poll(product: Pick<Product, 'url'>, deviceCode: string, { clientId = 'cli', at = product.url } = {}) {
  return post(
    product,
    '/oauth/token',
    { grant_type: deviceGrant, device_code: deviceCode, client_id: clientId },
    { at },
  );
}

/** Polls as a device does that waits for its interval, without the wait. */
export async function pollInTime(product: Product, deviceCode: string): Promise<TokenAnswer> {
  await product.context.pool.query(`UPDATE tokens SET poll_after = now() WHERE kind = 'DeviceCode'`);
  return poll(product, deviceCode);
}

/** Types the code and says yes; the last page. */
export async function approveDevice(product: Product, browser: Browser, userCode: string): Promise<BrowserResponse> {
  const first = await browser.get(`${product.url}/oauth/device`);
  const confirm = await browser.submitForm(first, { user_code: userCode }, 'user_code');
  const answer = await browser.submitForm(confirm, { confirm: 'yes' }, 'user_code');
  return (await walk(product, browser, answer)).page;
}

export const heading = (page: { text: string }) => /<h1>([^<]*)/.exec(page.text)?.[1];

export const newBrowser = (product: Pick<Product, 'url'>) => createBrowser({ baseUrl: product.url });

export const grantsOf = (product: Product, orgId = product.orgs.whiterabbit.id) =>
  product.context.prisma.grant.findMany({ where: { orgId }, orderBy: { createdAt: 'asc' } });
