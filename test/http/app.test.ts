import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { PoolClient } from 'pg';
import { pino } from 'pino';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createContext } from '../../src/context.ts';
import { problems } from '../../src/errors.ts';
import { startServer } from '../../src/server.ts';
import { sessionCookie } from '../../src/sessions/session-store.ts';
import { freePort } from '../support/free-port.ts';
import { waitForLock, whileLocked } from '../support/locks.ts';
import { plantAdministrator } from '../support/planted-administrators.ts';
import { plantUsers } from '../support/planted-sessions.ts';
import { type Product, startProduct, trinity } from '../support/product.ts';

let product: Product;
/** Takes connections and never says a word. */
let silent: { port: number; stop: () => void };
beforeAll(async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  silent = {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  product = await startProduct();
});
afterAll(async () => {
  await product.stop();
  silent.stop();
});

const cookieOf = async () => (await plantUsers(product, 1))[0]?.cookies[0] as string;
const send = (path: string, init: RequestInit = {}) => fetch(`${product.url}${path}`, { redirect: 'manual', ...init });

describe('requests from other origins', () => {
  const signOut = async (headers: Record<string, string>) =>
    (await send('/api/signout', { method: 'POST', headers: { cookie: await cookieOf(), ...headers } })).status;

  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a foreign origin that claims to be none', { origin: 'https://evil.example', 'sec-fetch-site': 'none' }],
    ['another port of the same host', { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' }],
    ['an opaque origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a cross-site request without Origin', { 'sec-fetch-site': 'cross-site' }],
    ['a same-site request without Origin', { 'sec-fetch-site': 'same-site' }],
  ])('403 for %s', async (_name, headers) => {
    expect(await signOut(headers as Record<string, string>)).toBe(403);
  });

  it('204 for our own pages, and for clients that are no browsers', async () => {
    expect(await signOut({ origin: product.url, 'sec-fetch-site': 'same-origin' })).toBe(204);
    expect(await signOut({ 'sec-fetch-site': 'same-origin' })).toBe(204);
    expect(await signOut({})).toBe(204);
  });

  it('does not concern the revocation endpoint: its callers have no cookie', async () => {
    const answer = await send('/global-token-revocation', {
      method: 'POST',
      headers: {
        origin: 'https://console.idp.example',
        authorization: `Bearer ${product.orgs.whiterabbit.apiKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ sub_id: { format: 'email', email: trinity.email } }),
    });
    expect(answer.status).toBe(204);
  });
});

describe('answers', () => {
  it('every problem has the type, status, detail and request id (RFC 9457), and its type explains it', async () => {
    const answer = await send('/api/todos/x', { method: 'PATCH', headers: { cookie: await cookieOf() } });
    const body = (await answer.json()) as Record<string, string>;
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status: 405, type: `${product.url}/problems/method_not_allowed` });
    expect(body.requestId).toBe(answer.headers.get('x-request-id'));
    expect(answer.headers.get('allow')).toBe('PUT, DELETE');
    for (const code of Object.keys(problems)) expect((await send(`/problems/${code}`)).status).toBe(200);
  });

  it('404 as a page for a browser, as problem details for everything else', async () => {
    const page = await send('/nowhere', { headers: { accept: 'text/html,application/xhtml+xml' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    const json = await send('/nowhere');
    expect([json.status, ((await json.json()) as { code: string }).code]).toEqual([404, 'not_found']);
    expect((await send('/problems/%E0%A4%A')).status).toBe(400);
    const noSignIn = await send('/openid/start/whiterabbit', { method: 'PUT' });
    expect([noSignIn.status, ((await noSignIn.json()) as { code: string }).code]).toEqual([404, 'not_found']);
  });

  it('401 without a session on everything personal, never stored', async () => {
    for (const path of ['/api/users/me', '/api/todos', '/api/users/me/events']) {
      const answer = await send(path);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([401, 'no-store']);
    }
  });

  it('a parameter that does not exist changes nothing outside of the administration', async () => {
    const headers = { cookie: await cookieOf() };
    for (const path of ['/api/users/me?_=1', '/api/todos?serch=x&serch=y', '/healthz?_=1', '/?utm_source=mail'])
      expect((await send(path, { headers, redirect: 'manual' })).status).toBeLessThan(400);
  });

  it('no HEAD of a stream, which would never end', async () => {
    const answer = await send('/api/users/me/events', { method: 'HEAD', headers: { cookie: await cookieOf() } });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('an id of its own for every request, whatever the caller sends', async () => {
    const answer = await send('/healthz', { headers: { 'x-request-id': 'mine' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('leads a page whose session is dead to the reason, and a stranger to the sign-in', async () => {
    const [user] = await plantUsers(product, 1);
    await product.revoke({ format: 'email', email: user?.email });
    const dead = await send('/todos', { headers: { cookie: user?.cookies[0] as string } });
    expect([dead.status, dead.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^\/signed-out\?reason=revoked&at=/),
    ]);
    expect((await send('/todos')).headers.get('location')).toBe('/');
  });

  it('strict headers', async () => {
    const { headers } = await send('/');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBe(null);
  });
});

describe('service', () => {
  it('is alive and ready, and names the endpoint in its metadata (RFC 8414)', async () => {
    expect(await (await send('/healthz')).json()).toEqual({ status: 'alive' });
    expect(await (await send('/readyz')).json()).toEqual({ status: 'ready' });
    expect(await (await send('/.well-known/oauth-authorization-server')).json()).toMatchObject({
      issuer: product.url,
      global_token_revocation_endpoint: `${product.url}/global-token-revocation`,
      global_token_revocation_endpoint_auth_methods_supported: ['Bearer'],
    });
  });
});

describe('the access log in production', () => {
  const startLogging = async (extra: Record<string, string> = {}) => {
    const lines: string[] = [];
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const port = await freePort();
    const env = { ...product.env, PORT: String(port), LOG_LEVEL: 'info', ...extra };
    const context = createContext(loadConfig(env, 'production'), pino(sink));
    const node = await startServer(context);
    while (!context.liveChannel.isListening()) await new Promise((resolve) => setTimeout(resolve, 20));
    const requests = () => lines.map((line) => JSON.parse(line)).filter((line) => line.msg === 'request');
    return { url: `http://127.0.0.1:${port}`, stop: node.stop, lines, requests };
  };

  it('knows the network of a client that hung up, as the record does its address', async () => {
    const { url, stop, requests } = await startLogging();
    const [person] = await plantUsers(product, 1);
    const { id: orgId } = product.orgs.whiterabbit;
    const admin = await plantAdministrator(product, 'admin');
    const path = `/users/${person?.id}/revocations`;
    const { confirmation } = (await admin.send('POST', path, {})).body;
    await whileLocked(
      product,
      (blocker) => blocker.query('SELECT FROM users WHERE org_id = $1 AND id = $2 FOR UPDATE', [orgId, person?.id]),
      async () => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1');
        const body = JSON.stringify({ confirmation });
        socket.write(
          `POST /api/orgs/current${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${admin.cookie}\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        await waitForLock(product);
        socket.destroy();
        await expect.poll(requests).toMatchObject([{ network: '127.0.0.0/24', method: 'POST' }]);
      },
    );
    const where = { orgId, action: 'access.revoked', targetId: person?.id as string };
    const recorded = () => product.context.prisma.auditEvent.findMany({ where });
    await expect.poll(recorded).toMatchObject([{ ip: '::ffff:127.0.0.1' }]);
    await stop();
  });

  it('has the whole line of a stream at its end, by the client and by a stop', async () => {
    const { url, stop, requests } = await startLogging({ TRUST_PROXY: '1' });
    const headers = { cookie: await cookieOf(), 'x-forwarded-for': '192.0.2.7' };
    const streams = [];
    for (let count = 0; count < 2; count += 1) streams.push(await fetch(`${url}/api/users/me/events`, { headers }));
    const line = {
      requestId: streams[0]?.headers.get('x-request-id'),
      org: product.orgs.whiterabbit.id,
      method: 'GET',
      path: '/api/users/me/events',
      status: 200,
      durationMs: expect.any(Number),
      network: '192.0.2.0/24',
    };
    await streams[0]?.body?.cancel();
    await expect.poll(requests).toMatchObject([line]);
    await stop();
    expect(requests()).toMatchObject([line, { ...line, requestId: streams[1]?.headers.get('x-request-id') }]);
    expect(await streams[1]?.text()).toBe('retry: 1000\n\n');
  });

  it('is JSON lines with id, org, status and duration, and without secrets, bodies, query strings or full addresses', async () => {
    const { url, stop, lines, requests: logged } = await startLogging();
    const cookie = await cookieOf();
    await fetch(`${url}/api/users/me?token=secret-in-query`, { headers: { cookie } });
    await fetch(`${url}/global-token-revocation?access_token=secret-in-query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${product.orgs.whiterabbit.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sub_id: { format: 'email', email: 'secret-in-body@whiterabbit.fake' } }),
    });
    await fetch(`${url}/openid/callback/whiterabbit?code=secret-code&state=secret-state`);
    await stop();
    const requests = logged();
    expect(requests).toHaveLength(3);
    expect(requests[0]).toMatchObject({
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      org: product.orgs.whiterabbit.id,
      method: 'GET',
      path: '/api/users/me',
      status: 200,
      durationMs: expect.any(Number),
      network: '127.0.0.0/24',
    });
    expect(requests[1]).toMatchObject({ org: product.orgs.whiterabbit.id, status: 404 });
    const all = lines.join('');
    const sid = decodeURIComponent(cookie).split('=s:')[1]?.split('.')[0] as string;
    for (const secret of [
      'secret-in',
      'secret-code',
      'secret-state',
      sid,
      product.orgs.whiterabbit.apiKey,
      '127.0.0.1',
    ])
      expect(all).not.toContain(secret);
  });
});

describe('a graceful stop', () => {
  it('says so at /readyz first, then finishes requests in flight and closes streams', async () => {
    const port = await freePort();
    const context = createContext(loadConfig({ ...product.env, PORT: String(port) }, 'development'));
    const node = await startServer(context, { drainMs: 1_000 });
    const url = `http://localhost:${port}`;
    const cookie = await cookieOf();
    while ((await fetch(`${url}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
    const stream = await fetch(`${url}/api/users/me/events`, { headers: { cookie } });
    expect(stream.status).toBe(200);
    let inFlight: Promise<Response> | undefined;
    let stopping: Promise<void> | undefined;
    const lock = (blocker: PoolClient) =>
      blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [product.orgs.whiterabbit.userId]);
    await whileLocked(product, lock, async () => {
      inFlight = product.revoke(undefined, { at: url });
      await waitForLock(product);
      stopping = node.stop();
      // A connection of its own, as a load balancer's check: still answered while it drains.
      const readiness = await request(url).get('/readyz').set('Connection', 'close');
      expect([readiness.status, readiness.headers['retry-after']]).toEqual([503, '2']);
      expect(await stream.text()).not.toContain('signed-out');
    });
    expect((await inFlight)?.status).toBe(204);
    await stopping;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  const quiet = () =>
    createContext(loadConfig({ ...product.env, PORT: '0' }, 'development'), pino({ level: 'silent' }));

  it('does not wait for connections that sent no whole request', async () => {
    const node = await startServer(quiet());
    const sockets = ['', 'GET /healthz HTTP/1.1\r\n'].map((text) => {
      const socket = connect(node.port, 'localhost', () => socket.write(text));
      return socket.on('error', () => {});
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const begin = Date.now();
    await node.stop();
    expect(Date.now() - begin).toBeLessThan(4_500);
    for (const socket of sockets) socket.destroy();
  });

  it('ends after its drain, also where a request does not end', async () => {
    const node = await startServer(quiet(), { drainMs: 2_000 });
    const lock = (blocker: PoolClient) =>
      blocker.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [product.orgs.whiterabbit.userId]);
    await whileLocked(product, lock, async () => {
      const inFlight = product.revoke(undefined, { at: `http://localhost:${node.port}` }).catch(() => 'cut off');
      await waitForLock(product);
      await node.stop();
      expect(await inFlight).toBe('cut off');
    });
  }, 30_000);

  it('does not wait for ever for a database that went silent', async () => {
    const env = { ...product.env, DATABASE_URL: `postgresql://nobody@127.0.0.1:${silent.port}/none`, PORT: '0' };
    const node = await startServer(createContext(loadConfig(env, 'development'), pino({ level: 'silent' })));
    const waiting = fetch(`http://localhost:${node.port}/readyz`).catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await node.stop();
    await waiting;
  });
});

describe('the session cookie', () => {
  it('is __Host-, Secure, HttpOnly and SameSite=Lax on https', async () => {
    const env = { ...product.env, PUBLIC_URL: 'https://app.example.com', TRUST_PROXY: 'loopback' };
    const { name, cookie } = sessionCookie(loadConfig(env, 'production'));
    expect({ name, ...cookie }).toMatchObject({
      name: '__Host-session',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'lax',
    });
  });
});
