import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrowser } from '../support/browser.ts';

const cookies = [
  'plain=1; Path=/',
  'deep=1; Path=/deep',
  'gone=1; Max-Age=0',
  'lax=1; Path=/; SameSite=Lax',
  'strict=1; Path=/; SameSite=Strict',
  '__Host-bad=1; Path=/',
  'foreign=1; Domain=example.com',
];

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  if (request.url === '/set') response.setHeader('set-cookie', cookies);
  if (request.url === '/loop') response.writeHead(302, { location: '/loop' });
  response.end(JSON.stringify({ method: request.method, headers: request.headers }));
});
let base: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://localhost:${(server.address() as { port: number }).port}`;
});
afterAll(() => void server.close().closeAllConnections());

type Echo = { method: string; headers: Record<string, string> };

test('keeps and sends cookies as browsers do', async () => {
  const browser = createBrowser({ baseUrl: base });
  await browser.get('/set');
  expect(await browser.cookiesFor('/')).toBe('plain=1; lax=1; strict=1');
  expect(await browser.cookiesFor('/deep/er')).toContain('deep=1');
  expect((await browser.get('/')).json<Echo>().headers.cookie).toBe('plain=1; lax=1; strict=1');
  expect((await browser.get('/', { crossSite: true })).json<Echo>().headers.cookie).toBe('plain=1; lax=1');
  expect((await browser.post('/', { crossSite: true })).json<Echo>().headers.cookie).toBe('plain=1');
});

test('sends Origin and fetch metadata, and leaves out what it is told to', async () => {
  const browser = createBrowser({ baseUrl: base });
  const own = (await browser.post('/', { json: {} })).json<Echo>();
  expect(own.headers).toMatchObject({
    origin: base,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  });
  const foreign = (await browser.put('/', { json: {}, crossSite: true })).json<Echo>();
  expect(foreign.headers).toMatchObject({ origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' });
  const bare = (
    await browser.delete('/', { headers: { origin: undefined, 'sec-fetch-site': undefined } })
  ).json<Echo>();
  expect(Object.keys(bare.headers).filter((name) => /^(origin|sec-fetch-site)$/.test(name))).toEqual([]);
});

test('gives up on a redirect loop', async () => {
  const browser = createBrowser({ baseUrl: base });
  await expect(browser.follow(await browser.get('/loop'))).rejects.toThrow('more than 20 redirects');
});
